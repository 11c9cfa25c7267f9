"""Small comparisons of the order of learning, made by hand after known curves: nothing is trained for them."""

import json
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.order.trajectories import half_times, spread, staggering
from comparisons.order.tree import SCHEMA
from comparisons.rows import Entry, Over, Row, Table, table_of
from comparisons.statistics.intervals import Interval

IN_DISTRIBUTION = "in distribution"
PAIRS = np.arange(21.0)
STEPS = np.array([0, *np.unique(np.geomspace(1, 3000, 40).astype(int))], float)
OUTER_STEPS = np.array([0.0, 100, 200, 400, 800, 1600, 3200, 6400])


class Variant(NamedTuple):
    """One experiment: what its modes are called, how strong they are, and who learns them."""

    name: str
    labels: tuple[str, ...]
    strengths: tuple[float, ...]
    learners: tuple[str, ...]
    controls: tuple[str, ...]
    conditions: tuple[str, ...]
    unit: str
    is_bandit: bool


_SINGULAR = (1.6, 1.2, 0.8, 0.4, 0.2)
_LINEAR = ("SGD, depth 2", "Adam, depth 2", "momentum, depth 2", "full batch, depth 2", "SGD, depth 3")
_CONTROLS = ("SGD, depth 1", "SGD, depth 2, large initial weights")
_FOURIER = tuple(1 / frequency for frequency in range(1, 9))

LINEAR = Variant(
    "linear, σ = 0.3",
    tuple(f"s = {strength:g}" for strength in _SINGULAR),
    _SINGULAR,
    _LINEAR,
    _CONTROLS,
    ("singular values × 2", "singular values × 4"),
    "pairs seen",
    False,
)
LOW_PASS = Variant(
    "low-pass functions",
    tuple(f"k = {frequency}" for frequency in range(6)),
    _FOURIER[:6],
    ("Adam, ReLU network", "full batch, ReLU network"),
    (),
    ("shifted inputs",),
    "pairs seen",
    False,
)
BANDIT = Variant(
    "bandit, independent targets",
    tuple(f"context ranked {rank}" for rank in range(1, 6)),
    (1.0, 0.8, 0.6, 0.4, 0.2),
    ("policy gradient, shared bias",),
    ("policy gradient, separate biases", "log-likelihood, shared bias"),
    (),
    "trials",
    True,
)
SEVEN = (
    LINEAR._replace(name="linear, σ = 0.01"),
    LINEAR,
    LOW_PASS,
    LOW_PASS._replace(name="functions with a decaying spectrum"),
    LOW_PASS._replace(
        name="band-pass functions",
        labels=tuple(f"k = {frequency}" for frequency in range(1, 9)),
        strengths=_FOURIER,
        conditions=("stop-band energy",),
    ),
    BANDIT,
    BANDIT._replace(name="bandit, bijection"),
)
LARGEST = LINEAR._replace(
    labels=tuple(f"s = {strength:.2g}" for strength in _FOURIER),
    strengths=_FOURIER,
    learners=tuple(f"learner {index} with a long name that must be wrapped" for index in range(1, 9)),
)
SMALLEST = LINEAR._replace(
    name="one mode", labels=("s = 1",), strengths=(1.0,), learners=("SGD, depth 2",), controls=(), conditions=()
)


def made_up_order_tree(*variants: Variant, is_undefined: bool = False) -> xr.DataTree:
    """A measured comparison of the order of learning: an experiment, or several as a reproduction has them.

    With `is_undefined` the network's scores are, and the last mode has no recovery.
    """
    rng = np.random.default_rng(0)
    curves, measures = [], []
    for variant in variants:
        rows, values = _of_variant(variant, rng, is_undefined)
        curves += rows
        measures += values
    points, table = pd.concat(curves, ignore_index=True), Table(tuple(measures))
    if len(variants) == 1:
        points = points.drop(columns="variant")
        table = table.at(experiment=variants[0].name)
    tree = xr.DataTree.from_dict(
        {
            "systems": xr.Dataset(),
            "measures": table.to_dataset(),
            "curves": xr.Dataset({name: (("point",), points[name].to_numpy()) for name in points.columns}),
        }
    )
    tree.attrs = {
        "schema": SCHEMA.name,
        "family": "MadeUpModes(num_modes=5)",
        "family_id": "made_up_modes",
        "question": "In which order are these modes learned?",
        "evaluation": json.dumps({"num_tasks": 30, "length": 20}),
        "seed": 0,
        "notes": json.dumps(["a note of this comparison"]),
        "versions": json.dumps({"python": "3.11.0", "bayesgauge": "0.1.0"}),
    }
    return tree


def changed(tree: xr.DataTree, measure: str, who: str, bounds: Interval, **at: str) -> xr.DataTree:
    """The tree with another estimate, lower and upper end of one row."""
    table = table_of(tree)
    row = table.one(measure, who, **at)
    entries = tuple(
        entry._replace(row=row._replace(interval=bounds)) if entry.measure == measure and entry.row == row else entry
        for entry in table.entries
    )
    tree = tree.copy()
    tree["measures"] = Table(entries).to_dataset()
    return tree


def _of_variant(
    variant: Variant, rng: np.random.Generator, is_undefined: bool
) -> tuple[list[pd.DataFrame], list[Entry]]:
    strengths = np.array(variant.strengths)
    together = np.ones_like(strengths)
    rows, measures = [], []
    bayes = (1 - np.exp(-PAIRS / 3.8))[:, None] * together
    network = bayes * (1 + 0.02 * rng.normal(size=len(strengths)))
    if is_undefined:
        network[:, -1] = bayes[:, -1] = np.nan
    systems = [
        ("Bayes", "Bayes", IN_DISTRIBUTION, PAIRS, variant.unit, bayes),
        ("network", "network", IN_DISTRIBUTION, PAIRS, variant.unit, network),
        ("untrained network", "untrained", IN_DISTRIBUTION, PAIRS, variant.unit, 0.02 * np.sin(bayes)),
    ]
    for condition in variant.conditions:
        stalled = network * np.linspace(0.2, 0.35, len(strengths))
        systems.append(("Bayes", "Bayes", condition, PAIRS, variant.unit, bayes))
        systems.append(("network", "network", condition, PAIRS, variant.unit, stalled))
    for index, name in enumerate(variant.learners):
        delay = 50 * (1 + index)
        values = 1 / (1 + np.exp(-STEPS[:, None] * strengths / delay) * 200) - 1 / 201
        systems.append((name, "learner", IN_DISTRIBUTION, STEPS, "gradient steps", values))
    for name in variant.controls:
        values = (1 - np.exp(-STEPS / 300))[:, None] * together
        systems.append((name, "control", IN_DISTRIBUTION, STEPS, "gradient steps", values))
    for system, role, condition, times, unit, values in systems:
        rows.append(_points(variant, "recovery", (system, role, condition), times, unit, values, rng))
        measures += _measures_of(variant, (system, role, condition), times, unit, values, is_undefined)
    rise = OUTER_STEPS[:, None] / (OUTER_STEPS[:, None] + 500 * strengths)
    for condition in ("after 5 pairs", "after 19 pairs"):
        who = ("network", "network", condition)
        rows.append(_points(variant, "outer", who, OUTER_STEPS, "training steps", rise, rng))
    for name, role, values in (("Bayes", "Bayes", bayes), ("network", "network", network)):
        who = (name, role, IN_DISTRIBUTION)
        if variant.is_bandit:
            accuracy = 0.2 + 0.8 * values[:, :1]
            rows.append(_points(variant, "accuracy", who, PAIRS + 1, variant.unit, accuracy, rng))
        if name == "network":
            divergence = 0.01 + 0.2 * np.exp(-PAIRS / 5)[:, None]
            rows.append(_points(variant, "divergence", who, PAIRS, variant.unit, divergence, rng))
            untrained = ("untrained network", "untrained", IN_DISTRIBUTION)
            rows.append(_points(variant, "divergence", untrained, PAIRS, variant.unit, 30 * divergence, rng))
    return rows, measures


def _points(
    variant: Variant,
    kind: str,
    who: tuple[str, str, str],
    times: np.ndarray,
    unit: str,
    values: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    system, role, condition = who
    num_times, num_modes = values.shape
    noisy = values if role == "Bayes" else values + 0.004 * rng.normal(size=values.shape) * (times > 0)[:, None]
    width = 0.0 if role == "Bayes" else 0.015 if kind != "divergence" else 0.1 * values.ravel()
    mode = np.tile(np.arange(num_modes), num_times)
    return pd.DataFrame(
        {
            "variant": variant.name,
            "condition": condition,
            "system": system,
            "role": role,
            "kind": kind,
            "mode": mode,
            "mode_label": np.array(variant.labels)[mode],
            "x": np.repeat(times, num_modes),
            "x_unit": unit,
            "estimate": noisy.ravel(),
            "lower": noisy.ravel() - width,
            "upper": noisy.ravel() + width,
        }
    )


def _measures_of(
    variant: Variant,
    who: tuple[str, str, str],
    times: np.ndarray,
    unit: str,
    values: np.ndarray,
    is_undefined: bool,
) -> list[Entry]:
    system, role, condition = who
    at = {"experiment": variant.name} | ({} if condition == IN_DISTRIBUTION else {"condition": condition})
    halves = half_times(values, times)
    is_scored = len(variant.strengths) > 1 and role != "untrained" and not (is_undefined and role == "network")
    score = {"Bayes": 0.0, "network": 0.02, "learner": 0.8, "control": 0.01, "untrained": np.nan}[role]
    score = score if is_scored else np.nan
    over = Over("tasks", 0 if role == "Bayes" else 2)

    def measure(name: str, estimate: float, width: float, unit: str) -> Entry:
        return Entry(name, Row(system, Interval(estimate, estimate - width, estimate + width), over, at, unit))

    found = [
        measure("concurrency", score, 0.03, "score"),
        measure("concurrency_residual", 0.02 + 0 * score, 0.005, "recovery"),
        measure("pole_distance", 0.4, 0.0, "recovery"),
        measure("p_value_bayes", 0.3 + 0 * score, np.nan, "probability"),
        measure("p_value_sequential", 1e-6 + 0 * score, np.nan, "probability"),
        measure("staggering", float(staggering(halves)), 0.05, "ratio of half-times"),
        measure("spread", float(spread(values)), 0.02, "recovery"),
        measure("first_half_time", float(np.nanmin(halves)), 0.1, unit),
        measure("last_half_time", float(np.nanmax(halves)), 0.1, unit),
        measure("final_recovery", float(np.nanmean(values[-1])), 0.01, "recovery"),
    ]
    if role in ("network", "untrained"):
        found += [
            measure("gap_to_bayes", 0.1, 0.02, "recovery"),
            measure("mode_gap_to_bayes", 0.15, 0.02, "recovery"),
            measure("area_to_bayes", 0.04, 0.02, "recovery"),
            measure("kl_divergence", 0.03, 0.001, "nats per number predicted"),
            measure("dynamic_time_warping", 0.05, 0.01, "recovery"),
            measure("procrustes", 0.01, 0.001, "fraction of squared size"),
            measure("shared_range_low", 0.1, np.nan, "mean recovery"),
            measure("shared_range_high", 0.9, np.nan, "mean recovery"),
        ]
    if role == "network" and condition != IN_DISTRIBUTION:
        found.append(measure("stop_band_recovery", 0.02, 0.01, "recovery"))
    if variant.is_bandit:
        found.append(measure("mode_difference", 1.2, np.nan, "standard errors"))
        found.append(measure("accuracy_gap", 0.01 if role == "network" else 0.0, 0.005, "fraction"))
        found.append(measure("lowest_share_of_start", 0.3 if role == "learner" else 1.0, 0.05, "fraction"))
    return found
