"""The systems whose orders of learning are compared, and the tree that keeps what each recovered, task by task.

A system is whoever learns: a network within a task, exact Bayes, a gradient learner from scratch. What they have in
common is an overlap with every mode of every task at every moment of their own time.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.order.readouts import Overlaps
from comparisons.order.trajectories import Recoveries
from comparisons.provenance import versions
from comparisons.tree import ORDER_SCHEMA, validate

Role = Literal["network", "Bayes", "learner", "control"]


IN_DISTRIBUTION = "in distribution"


class System(NamedTuple):
    """One system under one condition: what it was tested on."""

    name: str
    role: Role
    condition: str
    reference: str
    """The name of the exact Bayes that it is held against, under the same condition."""
    recoveries: Recoveries
    times: Float[np.ndarray, "time"]
    """The moments of its learning, in `time_unit`."""
    time_unit: str
    mode_labels: tuple[str, ...]
    stages: tuple[int, ...]
    """At which stage of strictly sequential learning each mode comes; modes of one stage come together."""


class OuterRecoveries(NamedTuple):
    """What networks recovered at checkpoints of their meta-training, at one moment within the task."""

    moment: str
    """That moment, in words."""
    steps: Float[np.ndarray, "step"]
    overlaps: Float[np.ndarray, "training_seed step task mode"]
    strengths: Float[np.ndarray, "task mode"]
    mode_labels: tuple[str, ...]


class Score(NamedTuple):
    """A number per task of one system, of which the mean or the median is reported."""

    name: str
    system: str
    unit: str
    statistic: Literal["mean", "median"]
    values: Float[np.ndarray, "training_seed task"]


class Course(NamedTuple):
    """A number per task and trial of one system."""

    kind: Literal["accuracy", "divergence"]
    system: str
    role: Role
    unit: str
    values: Float[np.ndarray, "training_seed task time"]


def system_of(
    name: str,
    role: Role,
    found: Overlaps,
    *,
    condition: str = IN_DISTRIBUTION,
    reference: str = "Bayes",
    times: np.ndarray,
    time_unit: str,
    modes: tuple[tuple[str, int], ...],
) -> System:
    """A system from its overlaps, with or without a leading axis `training_seed`; a mode is its label and its stage."""
    overlaps = np.asarray(found.overlaps, float)
    overlaps = overlaps if overlaps.ndim == 4 else overlaps[None]
    labels, stages = zip(*modes, strict=True)
    recoveries = Recoveries(overlaps, np.asarray(found.strengths, float))
    return System(name, role, condition, reference, recoveries, np.asarray(times, float), time_unit, labels, stages)


def order_tree(
    systems: Sequence[System],
    *,
    outer: Sequence[OuterRecoveries],
    scores: Sequence[Score],
    courses: Sequence[Course],
    attributes: Mapping[str, str],
    notes: Sequence[str],
) -> xr.DataTree:
    """Everything that was measured of the order of learning, as a tree that can be saved."""
    groups: dict[str, xr.Dataset] = {}
    for index, system in enumerate(systems):
        groups[f"systems/{index:02d}"] = _system_dataset(system)
    for index, one in enumerate(outer):
        groups[f"outer/{index:02d}"] = _outer_dataset(one)
    for index, score in enumerate(scores):
        values = xr.Dataset({"values": (("training_seed", "task"), score.values)})
        groups[f"scores/{index:02d}"] = values.assign_attrs(
            name=score.name, system=score.system, unit=score.unit, statistic=score.statistic
        )
    for index, course in enumerate(courses):
        values = xr.Dataset({"values": (("training_seed", "task", "time"), course.values.astype(np.float32))})
        groups[f"courses/{index:02d}"] = values.assign_attrs(
            kind=course.kind, system=course.system, role=course.role, unit=course.unit
        )
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": ORDER_SCHEMA,
        "notes": json.dumps(list(notes)),
        "versions": json.dumps(versions()),
        **attributes,
    }
    return validate(tree)


def systems_of(tree: xr.DataTree) -> list[System]:
    """The systems that a tree keeps."""
    return [_system(node.to_dataset()) for node in tree["systems"].children.values()]


def outer_of(tree: xr.DataTree) -> list[OuterRecoveries]:
    """What a tree keeps of meta-training; nothing if its networks came without checkpoints."""
    return [_outer(node.to_dataset()) for node in _children(tree, "outer")]


def scores_of(tree: xr.DataTree) -> list[Score]:
    """The numbers per task that a tree keeps."""
    return [
        Score(d.attrs["name"], d.attrs["system"], d.attrs["unit"], d.attrs["statistic"], d["values"].to_numpy())
        for d in (node.to_dataset() for node in _children(tree, "scores"))
    ]


def courses_of(tree: xr.DataTree) -> list[Course]:
    """The numbers per task and trial that a tree keeps."""
    return [
        Course(
            d.attrs["kind"], d.attrs["system"], d.attrs["role"], d.attrs["unit"], d["values"].to_numpy().astype(float)
        )
        for d in (node.to_dataset() for node in _children(tree, "courses"))
    ]


def _children(tree: xr.DataTree, group: str) -> list[xr.DataTree]:
    return list(tree[group].children.values()) if group in tree.children else []


def _system_dataset(system: System) -> xr.Dataset:
    dataset = xr.Dataset(
        {
            "overlaps": (("training_seed", "task", "time", "mode"), system.recoveries.overlaps.astype(np.float32)),
            "strengths": (("task", "mode"), system.recoveries.strengths),
            "times": (("time",), system.times),
            "stages": (("mode",), np.array(system.stages)),
        }
    )
    labels = json.dumps(system.mode_labels)
    return dataset.assign_attrs(
        name=system.name,
        role=system.role,
        condition=system.condition,
        reference=system.reference,
        time_unit=system.time_unit,
        mode_labels=labels,
    )


def _system(dataset: xr.Dataset) -> System:
    attributes = dataset.attrs
    if attributes["role"] not in get_args(Role):
        raise ValueError(f"role must be one of {', '.join(get_args(Role))}; got {attributes['role']!r}")
    overlaps, strengths = dataset["overlaps"].to_numpy().astype(float), dataset["strengths"].to_numpy()
    return System(
        attributes["name"],
        attributes["role"],
        attributes["condition"],
        attributes["reference"],
        Recoveries(overlaps, strengths),
        dataset["times"].to_numpy(),
        attributes["time_unit"],
        tuple(json.loads(attributes["mode_labels"])),
        tuple(int(stage) for stage in dataset["stages"].to_numpy()),
    )


def _outer_dataset(outer: OuterRecoveries) -> xr.Dataset:
    dataset = xr.Dataset(
        {
            "overlaps": (("training_seed", "step", "task", "mode"), outer.overlaps.astype(np.float32)),
            "strengths": (("task", "mode"), outer.strengths),
            "steps": (("step",), outer.steps),
        }
    )
    return dataset.assign_attrs(moment=outer.moment, mode_labels=json.dumps(outer.mode_labels))


def _outer(dataset: xr.Dataset) -> OuterRecoveries:
    overlaps = dataset["overlaps"].to_numpy().astype(float)
    labels = tuple(json.loads(dataset.attrs["mode_labels"]))
    return OuterRecoveries(
        dataset.attrs["moment"], dataset["steps"].to_numpy(), overlaps, dataset["strengths"].to_numpy(), labels
    )
