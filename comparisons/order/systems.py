"""The systems whose orders of learning are compared, and the tree that keeps what each recovered, task by task.

A system learns: a network within a task, exact Bayes, or a gradient learner from scratch. All have an overlap with
every mode of every task at every moment of their own time.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.order.readouts import Overlaps
from comparisons.order.trajectories import Recoveries
from comparisons.order.tree import SCHEMA
from comparisons.provenance import versions
from comparisons.tree import validate

Role = Literal["network", "Bayes", "learner", "control"]


IN_DISTRIBUTION = "in distribution"


class System(NamedTuple):
    """One system under one condition, the tasks that it was tested on."""

    name: str
    role: Role
    condition: str
    reference: str
    """The name of the exact Bayes that it is compared with, under the same condition."""
    recoveries: Recoveries
    times: Float[np.ndarray, "time"]
    """The moments of its learning, in `time_unit`."""
    time_unit: str
    mode_labels: tuple[str, ...]
    stages: tuple[int, ...]
    """The stage of strictly sequential learning at which each mode comes; modes of one stage come together."""
    is_ranked: bool = False
    """Whether modes are exchangeable, and ranked within each task."""
    in_training: tuple[bool, ...] = ()
    """Whether training contained each mode; empty if it contained all."""


class OuterRecoveries(NamedTuple):
    """Recoveries of networks at checkpoints of their meta-training, at one moment within the task."""

    moment: str
    """That moment, in words."""
    steps: Float[np.ndarray, "step"]
    overlaps: Float[np.ndarray, "training_seed step task mode"]
    strengths: Float[np.ndarray, "task mode"]
    mode_labels: tuple[str, ...]


class Score(NamedTuple):
    """A number per task of one system; its mean or its median is reported."""

    name: str
    system: str
    unit: str
    statistic: Literal["mean", "median"]
    values: Float[np.ndarray, "training_seed task"]
    num_contexts: int = 0
    """Contexts of its tasks, where they are not those of the experiment."""


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
    in_training: tuple[bool, ...] = (),
) -> System:
    """Return a system from its overlaps, with or without an axis `training_seed`; a mode is a label and a stage."""
    overlaps = np.asarray(found.overlaps, float)
    overlaps = overlaps if overlaps.ndim == 4 else overlaps[None]
    labels, stages = zip(*modes, strict=True)
    recoveries = Recoveries(overlaps, np.asarray(found.strengths, float))
    timed = (np.asarray(times, float), time_unit)
    return System(name, role, condition, reference, recoveries, *timed, labels, stages, in_training=in_training)


def order_tree(
    systems: Sequence[System],
    *,
    outer: Sequence[OuterRecoveries],
    scores: Sequence[Score],
    courses: Sequence[Course],
    attributes: Mapping[str, str],
    notes: Sequence[str],
) -> xr.DataTree:
    """Return all scores of the order of learning, as a tree that can be saved."""
    groups: dict[str, xr.Dataset] = {}
    for index, system in enumerate(systems):
        groups[f"systems/{index:02d}"] = _system_dataset(system)
    for index, one in enumerate(outer):
        groups[f"outer/{index:02d}"] = _outer_dataset(one)
    for index, score in enumerate(scores):
        values = xr.Dataset({"values": (("training_seed", "task"), score.values)})
        groups[f"scores/{index:02d}"] = values.assign_attrs(
            name=score.name,
            system=score.system,
            unit=score.unit,
            statistic=score.statistic,
            num_contexts=score.num_contexts,
        )
    for index, course in enumerate(courses):
        values = xr.Dataset({"values": (("training_seed", "task", "time"), course.values.astype(np.float32))})
        groups[f"courses/{index:02d}"] = values.assign_attrs(
            kind=course.kind, system=course.system, role=course.role, unit=course.unit
        )
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": SCHEMA.name,
        "kind": "comparisons.order",
        "notes": json.dumps(list(notes)),
        "versions": json.dumps(versions()),
        **attributes,
    }
    return validate(tree, SCHEMA)


def systems_of(tree: xr.DataTree) -> list[System]:
    """Return the systems of a tree."""
    return [_system(node.to_dataset()) for node in tree["systems"].children.values()]


def outer_of(tree: xr.DataTree) -> list[OuterRecoveries]:
    """Return recoveries over meta-training; none if the networks came without checkpoints."""
    return [_outer(node.to_dataset()) for node in _children(tree, "outer")]


def scores_of(tree: xr.DataTree) -> list[Score]:
    """Return the scores per task of a tree."""
    return [_score(node.to_dataset()) for node in _children(tree, "scores")]


def courses_of(tree: xr.DataTree) -> list[Course]:
    """Return the scores per task and trial of a tree."""
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
        is_ranked=int(system.is_ranked),
        in_training=json.dumps(system.in_training),
    )


def _system(dataset: xr.Dataset) -> System:
    attributes = dataset.attrs
    if attributes["role"] not in get_args(Role):
        raise ValueError(f"role must be one of {', '.join(get_args(Role))}; got {attributes['role']!r}")
    overlaps, strengths = dataset["overlaps"].to_numpy().astype(float), dataset["strengths"].to_numpy()
    labels = tuple(json.loads(attributes["mode_labels"]))
    if "is_ranked" in attributes:
        is_ranked, in_training = bool(attributes["is_ranked"]), tuple(json.loads(attributes["in_training"]))
    else:  # a tree from before these were fields
        is_ranked = labels[0].startswith("context ranked")
        in_training = tuple("stop band" not in label for label in labels) if "stop band" in "".join(labels) else ()
    return System(
        attributes["name"],
        attributes["role"],
        attributes["condition"],
        attributes["reference"],
        Recoveries(overlaps, strengths),
        dataset["times"].to_numpy(),
        attributes["time_unit"],
        labels,
        tuple(int(stage) for stage in dataset["stages"].to_numpy()),
        is_ranked,
        in_training,
    )


def _score(dataset: xr.Dataset) -> Score:
    attributes = dataset.attrs
    system, num_contexts = attributes["system"], int(attributes.get("num_contexts", 0))
    if "num_contexts" not in attributes and attributes["name"] == "time_to_learn_all":  # a tree from before
        system, counted = system.rsplit(", ", 1)
        num_contexts = int(counted.split()[0])
    values = dataset["values"].to_numpy()
    return Score(attributes["name"], system, attributes["unit"], attributes["statistic"], values, num_contexts)


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
