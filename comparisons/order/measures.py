"""From recoveries per task to numbers a person reads about the order of learning, and the curves behind figures."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, SupportsFloat

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.kind import Vocabulary
from comparisons.order.concurrency import (
    EQUIVALENCE_LEVEL,
    MARGIN,
    MIN_POLE_DISTANCE,
    Poles,
    concurrency,
    concurrency_by_seed,
)
from comparisons.order.concurrency_tests import PoleTests, pole_tests_over_networks, pole_tests_over_tasks
from comparisons.order.exchangeable_modes import compare_order_statistics, task_half_times
from comparisons.order.outer_measures import outer_measures, outer_points
from comparisons.order.path_distances import dynamic_time_warping, procrustes_disparity
from comparisons.order.systems import (
    IN_DISTRIBUTION,
    Course,
    Score,
    System,
    courses_of,
    outer_of,
    scores_of,
    systems_of,
)
from comparisons.order.trajectories import (
    Recoveries,
    area_between,
    half_times,
    num_undefined,
    recovery_curves,
    recovery_curves_by_seed,
    resampled_curves,
    spread,
    staggering,
)
from comparisons.rows import Measure, over
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import LEVEL, Interval, bootstrap_mean, bootstrap_median, percentile_interval

_NUM_WARPINGS = 100
"""Resamples behind the interval of dynamic time warping, each of which takes milliseconds."""


FEW_NETWORKS = 3
"""With fewer networks than these, p-values are over the tasks of the first."""


class _Resampled(NamedTuple):
    """A system with its curves, and the same under resamples of tasks and networks."""

    system: System
    curves: Float[np.ndarray, "time mode"]
    resampled: Float[np.ndarray, "resample time mode"]


def with_order_measures(tree: xr.DataTree, *, seed: int) -> xr.DataTree:
    """The tree with two more groups: `measures`, the table of results, and `curves`, points with intervals."""
    resampling = integer_for(seed, "bootstrap")
    systems = [
        _Resampled(system, recovery_curves(system.recoveries), resampled_curves(system.recoveries, seed=resampling))
        for system in systems_of(tree)
    ]
    rows: list[Measure] = []
    points: list[dict[str, object]] = []
    for one in systems:
        rows += _own_measures(one)
        points += _recovery_points(one)
        of_reference = (one.system.reference, one.system.condition)
        reference = next(b for b in systems if (b.system.name, b.system.condition) == of_reference)
        if one.system.role != "Bayes":
            rows += _measures_beside_bayes(one, reference, seed=resampling)
    for outer in outer_of(tree):
        rows += outer_measures(outer, seed=resampling)
        points += outer_points(outer, seed=resampling)
    courses = courses_of(tree)
    for course in courses:
        points += _course_points(course, seed=resampling)
    rows += _course_measures(courses, seed=resampling)
    rows += [_score_measure(score, seed=resampling) for score in scores_of(tree)]
    return tree.assign(
        {"measures": _as_tree(pd.DataFrame(rows), "row"), "curves": _as_tree(pd.DataFrame(points), "point")}
    )


def predictor_label(system: System) -> str:
    """What a system is called in the table of results: its name, and the condition unless that is the usual one."""
    return system.name if system.condition == IN_DISTRIBUTION else f"{system.name}, {system.condition}"


def _as_tree(table: pd.DataFrame, dimension: str) -> xr.DataTree:
    dataset = xr.Dataset({name: ((dimension,), table[name].to_numpy()) for name in table.columns})
    return xr.DataTree(dataset.assign_attrs(level=LEVEL))


def _own_measures(one: _Resampled) -> Iterator[Measure]:
    system = one.system
    label, seeds = predictor_label(system), over(len(system.recoveries.overlaps))

    def measure(name: str, values: Iterable[np.ndarray], unit: str) -> Measure:
        return Measure(name, label, *_interval(*values), unit, seeds)

    reached, resampled = half_times(one.curves, system.times), half_times(one.resampled, system.times)
    ratios = [staggering(times) for times in (reached, resampled)]
    yield measure("staggering", ratios, "ratio")
    for name, end in (("first_half_time", np.nanmin), ("last_half_time", np.nanmax)):
        yield measure(name, (end(times, axis=-1) for times in (reached, resampled)), system.time_unit)
    in_order = (_least_step_in_order(times, system.stages) for times in (reached, resampled))
    yield measure("least_half_time_ratio", in_order, "ratio")
    yield measure("spread", (spread(curves) for curves in (one.curves, one.resampled)), "recovery")
    final = (np.nanmean(curves[..., -1, :], axis=-1) for curves in (one.curves, one.resampled))
    yield measure("final_recovery", final, "recovery")
    is_stop_band = np.array(["stop band" in label for label in system.mode_labels])
    if is_stop_band.any():
        expressed = (np.abs(curves[..., is_stop_band]).max(axis=(-2, -1)) for curves in (one.curves, one.resampled))
        yield measure("stop_band_recovery", expressed, "recovery")
        passed = (curves[..., -1, ~is_stop_band].mean(axis=-1) for curves in (one.curves, one.resampled))
        yield measure("pass_band_recovery", passed, "recovery")
    yield Measure("mode_difference", label, _mode_difference(one), np.nan, np.nan, "standard errors", seeds)
    for name, count in (
        ("undefined_modes", num_undefined(system.recoveries)),
        ("censored_modes", np.isinf(reached).sum()),
    ):
        yield Measure(name, label, float(count), np.nan, np.nan, f"of {len(reached)} modes", "all modes")


def _least_step_in_order(
    reached: Float[np.ndarray, "*batch mode"], stages: tuple[int, ...]
) -> Float[np.ndarray, "*batch"]:
    """The smallest ratio of half-times of one mode and the mode of the stage before it: above 1 if all are in order."""
    in_order = reached[..., np.argsort(stages, kind="stable")]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((in_order[..., 1:] / in_order[..., :-1]).min(axis=-1, initial=np.inf))


def _mode_difference(one: _Resampled) -> float:
    """The largest distance of a mode from the mean of all, over modes and times, in its own standard errors."""
    gaps, resampled = (curves - np.nanmean(curves, axis=-1, keepdims=True) for curves in (one.curves, one.resampled))
    errors = resampled.std(axis=0)
    return float(np.nanmax(np.divide(np.abs(gaps), errors, out=np.zeros_like(gaps), where=errors > 1e-9)))


def _measures_beside_bayes(one: _Resampled, bayes: _Resampled, *, seed: int) -> Iterator[Measure]:
    system = one.system
    label, seeds = predictor_label(system), over(len(system.recoveries.overlaps))

    def measure(name: str, interval: Interval, unit: str) -> Measure:
        return Measure(name, label, *interval, unit, seeds)

    if system.condition == IN_DISTRIBUTION:
        poles = Poles(bayes.curves, np.array(system.stages))
        score = concurrency(system.recoveries, poles, seed=seed)
        yield measure("concurrency", score.score, f"of the way, {EQUIVALENCE_LEVEL:.0%} interval")
        for name, value, unit in (
            ("concurrency_residual", score.residual.estimate, "recovery, noise included"),
            ("pole_distance", score.pole_distance, "recovery"),
            ("shared_range_low", score.shared_range[0], "mean recovery"),
            ("shared_range_high", score.shared_range[1], "mean recovery"),
        ):
            yield Measure(name, label, value, np.nan, np.nan, unit, seeds)
        tests, unit = _pole_tests(system.recoveries, poles)
        yield Measure("p_value_bayes", label, tests.p_bayes, np.nan, np.nan, "p", unit)
        yield Measure("p_value_sequential", label, tests.p_sequential, np.nan, np.nan, "p", unit)
        yield measure("dynamic_time_warping", _warping(one, bayes), "recovery")
    if system.role == "network":
        gaps = [one.curves - bayes.curves, one.resampled - bayes.resampled]
        of_means = (np.abs(np.nanmean(gap, axis=-1)).max(axis=-1) for gap in gaps)
        yield measure("gap_to_bayes", _interval(*of_means), "recovery")
        of_modes = (np.nanmax(np.abs(gap), axis=(-2, -1)) for gap in gaps)
        yield measure("mode_gap_to_bayes", _interval(*of_modes), "recovery")
        area = area_between(one.curves, bayes.curves, system.times)
        resampled = area_between(one.resampled - bayes.resampled, np.zeros_like(bayes.curves), system.times)
        yield measure("area_to_bayes", _interval(area, resampled), "recovery")
        if system.condition == IN_DISTRIBUTION and system.mode_labels[0].startswith("context ranked"):
            yield from _order_statistics(one, bayes, seed=seed)
        if system.condition == IN_DISTRIBUTION:
            yield measure("procrustes", _procrustes(one, bayes), "of the variance")


def _order_statistics(one: _Resampled, bayes: _Resampled, *, seed: int) -> Iterator[Measure]:
    """How much later than Bayes each task's contexts are learned, sorted by when they were."""
    network, reference = (task_half_times(each.system.recoveries, each.system.times) for each in (one, bayes))
    statistics = compare_order_statistics(network, reference, float(one.system.times[-1]), seed=seed)
    label, seeds = predictor_label(one.system), over(len(network))
    for rank, statistic in enumerate(statistics):
        unit = f"{one.system.time_unit} after Bayes'"
        yield Measure(f"half_time_{rank + 1}_after_bayes", label, *statistic.difference, unit, seeds)
    count = sum(statistic.num_censored for statistic in statistics)
    unit = f"of {network.size} half-times"
    yield Measure("censored_half_times", label, float(count), np.nan, np.nan, unit, "all tasks and contexts")


def _interval(estimate: SupportsFloat, resampled: np.ndarray) -> Interval:
    return percentile_interval(float(estimate), resampled)


def _pole_tests(recoveries: Recoveries, poles: Poles) -> tuple[PoleTests, str]:
    """P-values over networks where there are enough of them, else over the tasks of the first."""
    num_seeds = len(recoveries.overlaps)
    if num_seeds >= FEW_NETWORKS:
        scores = concurrency_by_seed(recovery_curves_by_seed(recoveries), poles)
        return pole_tests_over_networks(scores), f"{num_seeds} training seeds"
    first = Recoveries(recoveries.overlaps[:1], recoveries.strengths)
    return pole_tests_over_tasks(first, poles), "tasks" if num_seeds == 1 else "tasks of the first training seed"


def _defined(one: _Resampled, bayes: _Resampled) -> np.ndarray:
    return np.asarray(~np.isnan(one.curves).any(axis=0) & ~np.isnan(bayes.curves).any(axis=0))


def _warping(one: _Resampled, bayes: _Resampled) -> Interval:
    kept = _defined(one, bayes)
    pairs = zip(one.resampled[:_NUM_WARPINGS, :, kept], bayes.resampled[:_NUM_WARPINGS, :, kept], strict=True)
    resampled = np.array([dynamic_time_warping(*pair) for pair in pairs])
    return percentile_interval(dynamic_time_warping(one.curves[:, kept], bayes.curves[:, kept]), resampled)


def _procrustes(one: _Resampled, bayes: _Resampled) -> Interval:
    kept = _defined(one, bayes)
    if any((curves[:, kept] == curves[0, kept]).all() for curves in (one.curves, bayes.curves)):
        return Interval(np.nan, np.nan, np.nan)
    pairs = zip(one.resampled[:, :, kept], bayes.resampled[:, :, kept], strict=True)
    resampled = np.array([procrustes_disparity(*pair) for pair in pairs])
    return percentile_interval(procrustes_disparity(one.curves[:, kept], bayes.curves[:, kept]), resampled)


def _recovery_points(one: _Resampled) -> Iterator[dict[str, object]]:
    system, tail = one.system, (1 - LEVEL) / 2
    lower, upper = np.quantile(one.resampled, [tail, 1 - tail], axis=0)
    for mode, label in enumerate(system.mode_labels):
        for index, time in enumerate(system.times):
            yield {
                "condition": system.condition,
                "system": system.name,
                "role": system.role,
                "kind": "recovery",
                "mode": mode,
                "mode_label": label,
                "x": float(time),
                "x_unit": system.time_unit,
                "estimate": one.curves[index, mode],
                "lower": lower[index, mode],
                "upper": upper[index, mode],
            }


def _course_points(course: Course, *, seed: int) -> Iterator[dict[str, object]]:
    for time in range(course.values.shape[2]):
        interval = bootstrap_mean(course.values[:, :, time], seed=seed)
        yield {
            "condition": IN_DISTRIBUTION,
            "system": course.system,
            "role": course.role,
            "kind": course.kind,
            "mode": 0,
            "mode_label": course.unit,
            "x": float(time),
            "x_unit": "trials" if course.kind == "accuracy" else "pairs seen",
            **interval._asdict(),
        }


def _course_measures(courses: list[Course], *, seed: int) -> Iterator[Measure]:
    by_system = {course.system: course for course in courses}
    for course in courses:
        seeds = over(len(course.values))
        if course.kind == "divergence":
            interval = bootstrap_mean(course.values.mean(axis=2), seed=seed)
            yield Measure("kl_divergence", course.system, *interval, course.unit, seeds)
        elif course.role == "network":
            gaps = course.values - by_system["Bayes"].values
            means = resampled_curves(Recoveries(gaps[..., None], np.ones((gaps.shape[1], 1))), seed=seed)[..., 0]
            largest = np.abs(gaps.mean(axis=(0, 1))).max()
            interval = percentile_interval(float(largest), np.abs(means).max(axis=1))
            yield Measure("accuracy_gap", course.system, *interval, course.unit, seeds)


def _score_measure(score: Score, *, seed: int) -> Measure:
    if score.statistic == "median":
        interval = bootstrap_median(score.values.reshape(-1), seed=seed)
    else:
        interval = bootstrap_mean(score.values, seed=seed)
    return Measure(score.name, score.system, *interval, score.unit, over(len(score.values)))


_SECTIONS = {
    "order": (
        "Order: one mode after another, or all together",
        "The score c places the path of the recoveries between two poles: 0 is Bayes' path, 1 strictly one mode after "
        f"the other, below 0 an order against the learner's. It is as Bayes' where its whole "
        f"{100 * EQUIVALENCE_LEVEL:g} % "
        f"interval lies within ±{MARGIN:g}, and undefined (–) where the poles are closer than {MIN_POLE_DISTANCE:g} or "
        "share no range with the path. G is at least 1 (all modes at once) and infinite where some mode never reaches "
        "one half. Bayes itself staggers where its prior tells modes apart: compare with its row.",
    ),
    "form": (
        "Beside the closed form of two-layer linear networks",
        "Saxe et al. 2013: 0 % error, or a ratio of 1, is the closed form.",
    ),
    "path": (
        "How well the score describes the path",
        "The residual is what the score does not explain: 0 is a path between the poles. Small p-values speak against "
        "a pole; they are between 0 and 1.",
    ),
    "time": (
        "When modes are half recovered",
        "In each system's own time, so that only ratios compare between systems. At least 0; infinite where it was not "
        "reached before recording ended.",
    ),
    "bayes": (
        "Distance from Bayes",
        "0 is Bayes. A recovery is 0 where nothing and 1 where all is learned, so that a gap of 1 is all there is to "
        "learn; what learns nothing is the floor.",
    ),
    "end": (
        "What is learned in the end",
        "1 is the whole mode, 0 nothing of it. What exact Bayes reaches is what the network's data and prior allow; it "
        "recovers nothing of what the prior rules out.",
    ),
    "outer": (
        "Over meta-training",
        "The same within-task recovery at checkpoints of training. A staggering of 1 is all modes at once; a lead is "
        "between −1 and 1, above 0 where the last mode (the weakest, or the highest frequency) is ahead of the first.",
    ),
    "interference": (
        "Interference between contexts",
        "A lowest share of 1 is where no context falls below its start, and a change elsewhere of at least 0 where "
        "learning one costs the others nothing: no interference. Times are at least 0, infinite where some context was "
        "not learned.",
    ),
    "other": ("Other measures", ""),
}


_WORDINGS = (
    ("concurrency", "order", "concurrency score c"),
    ("staggering", "order", "staggering G: last half-time over first"),
    ("staggering_over_network", "order", "staggering as a multiple of the network's (1: as staggered)"),
    ("least_half_time_ratio", "order", "least ratio of a mode's half-time to that of the stage before (1: at once)"),
    ("spread", "order", "largest difference between modes' recoveries (0: none)"),
    ("mode_difference", "order", "largest difference of a mode from the mean of all"),
    ("largest_error_of_form", "form", "largest error of half-times"),
    ("rise_over_form", "form", "10–90 % rise of the first mode, over the closed form's"),
    ("concurrency_residual", "path", "residual of the score"),
    ("shared_range_low", "path", "mean recovery from which paths are compared"),
    ("shared_range_high", "path", "mean recovery up to which paths are compared"),
    ("pole_distance", "path", "distance between the poles"),
    ("p_value_bayes", "path", "p-value of Bayes' pole, c = 0"),
    ("p_value_sequential", "path", "p-value of the sequential pole, c = 1"),
    ("first_half_time", "time", "half-time of the first mode"),
    ("last_half_time", "time", "half-time of the last mode"),
    ("samples_over_network", "time", "first half-time over the network's last, in samples"),
    *(
        (f"half_time_{rank}_after_bayes", "time", f"{order} half-time of a task, over Bayes' (0: as early)")
        for rank, order in enumerate(("earliest", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th"), start=1)
    ),
    ("censored_half_times", "time", "half-times of tasks that were not reached"),
    ("censored_modes", "time", "modes that are never half recovered"),
    ("undefined_modes", "time", "modes without recovery: no task contains them"),
    ("gap_to_bayes", "bayes", "largest gap of mean recovery, over time"),
    ("mode_gap_to_bayes", "bayes", "largest gap of any mode's recovery, over time"),
    ("area_to_bayes", "bayes", "mean gap of recoveries, over modes and time"),
    ("kl_divergence", "bayes", "KL(Bayes‖system)"),
    ("accuracy_gap", "bayes", "accuracy below Bayes'"),
    ("dynamic_time_warping", "bayes", "distance of paths, time warped"),
    ("procrustes", "bayes", "distance of shapes (Procrustes)"),
    ("final_recovery", "end", "recovery at the end"),
    ("pass_band_recovery", "end", "recovery at the end of what training contained"),
    ("stop_band_recovery", "end", "largest recovery of what training never contained"),
    ("outer_staggering", "outer", "staggering over training steps"),
    ("outer_last_over_first", "outer", "half-time of the last mode over the first's"),
    ("outer_lead_at_peak", "outer", "lead of the last mode, where modes are farthest apart"),
    ("outer_lead_at_end", "outer", "lead of the last mode, at the end"),
    ("lowest_share_of_start", "interference", "lowest probability of the last context, as a share of its start"),
    ("change_elsewhere", "interference", "change in other contexts while one is learned"),
    ("time_to_learn_all", "interference", "time to learn the last context"),
    ("growth_over_decoupled", "interference", "growth with the number of contexts, over that of separate biases"),
)


_DISTANCES = {measure for measure, section, _ in _WORDINGS if section == "bayes"}


_LEARNING_NOTHING = ("untrained", "prior predictive")


def owner_of(label: str) -> str:
    """The role of whom a label "[variant: ]system[, condition]" is of, as far as its name tells; else empty."""
    whose = label.partition(": ")[2] or label
    if whose.startswith(_LEARNING_NOTHING):
        return "untrained"
    return next((role for role in ("network", "Bayes") if whose.startswith(role)), "")


def _role_of(label: str, measure: str) -> str:
    owner = owner_of(label)
    if owner == "network":
        return "scored"
    if owner == "untrained":
        return "floor"
    return "ceiling" if owner == "Bayes" and measure in _DISTANCES else "reference"


ORDER_VOCABULARY = Vocabulary(
    subject="System",
    sections=_SECTIONS,
    measures=_WORDINGS,
    role_of=_role_of,
    roles=f"Scored: the meta-trained network. Ceiling: exact Bayes. Floor: what learns nothing. Learners that follow "
    f"a gradient, and controls, are references. Intervals of scores and their residuals are "
    f"{100 * EQUIVALENCE_LEVEL:g} % "
    "intervals.",
    ceilings={"bayes": "Bayes"},
)
"""The words of comparisons of the order of learning."""
