"""Measures of the order of learning: scores, staggering, half-times, distances from Bayes, interference."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float

from comparisons.kind import Measure, Role, Section
from comparisons.order import beside_bayes as beside
from comparisons.order import course_measures, outer_measures
from comparisons.order.concurrency import EQUIVALENCE_LEVEL, MARGIN, MIN_POLE_DISTANCE
from comparisons.order.outer_measures import Outer
from comparisons.order.scores import Orders, Resampled
from comparisons.order.time_intervals import first_interval, last_interval, least_step_interval, staggering_interval
from comparisons.order.trajectories import num_undefined, spread
from comparisons.rows import Resampler, Row, from_deviations, without_interval
from comparisons.statistics.intervals import LEVEL, Interval, reach_of


def _staggering(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        yield _row(one, staggering_interval(one.half_times))


def _first_half_time(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        yield _row(one, first_interval(one.half_times))._replace(unit=one.system.time_unit)


def _last_half_time(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        yield _row(one, last_interval(one.half_times))._replace(unit=one.system.time_unit)


def _least_half_time_ratio(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the smallest ratio of half-times of a mode and that of the stage before; above 1 if all are in order."""
    for one in orders.systems:
        yield _row(one, least_step_interval(one.half_times, one.system.stages))


def _spread(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        estimate, deviations = float(spread(one.curves)), spread(one.resampled - one.curves)
        yield from_deviations(one.system.name, estimate, deviations, one.over, least=0, **one.at)


def _mode_difference(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the largest distance of a mode from the mean of all, over modes and times, in its standard errors."""
    for one in orders.systems:
        gaps, resampled, of_tasks = map(_from_mean_of_modes, (one.curves, one.resampled, one.of_tasks))
        of_seeds = _from_mean_of_modes(np.moveaxis(one.influence.by_seed, 2, 0))
        variances = of_tasks.var(axis=0)
        if len(of_seeds) > 1:
            variances = variances + of_seeds.var(axis=0, ddof=1) / len(of_seeds)
        counts, deviations = (
            np.divide(np.abs(values), variances**0.5, out=np.zeros_like(values), where=variances > 1e-18)
            for values in (gaps, resampled - gaps)
        )
        largest, reach = (np.nanmax(values, axis=(-2, -1)) for values in (counts, deviations))
        yield from_deviations(one.system.name, float(largest), reach, one.over, least=0, **one.at)


def _from_mean_of_modes(curves: Float[np.ndarray, "*batch time mode"]) -> Float[np.ndarray, "*batch time mode"]:
    return curves - np.nanmean(curves, axis=-1, keepdims=True)


def _censored_modes(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        yield _count(one, int(np.isinf(one.half_times.reached).sum()))


def _undefined_modes(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        yield _count(one, num_undefined(one.system.recoveries))


def _final_recovery(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        yield _mean_at_end(one, ~np.isnan(one.curves[-1]))


def _pass_band_recovery(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        if one.system.in_training:
            yield _mean_at_end(one, np.array(one.system.in_training))


def _mean_at_end(one: Resampled, is_counted: Bool[np.ndarray, "mode"]) -> Row:
    """Return the mean recovery of some modes at the end, which is linear in the tasks."""
    estimate = float(one.curves[-1, is_counted].mean()) if is_counted.any() else np.nan
    by_task, by_seed = (each[-1, is_counted].mean(axis=0) for each in one.influence)
    reach = reach_of(by_task, by_seed, level=LEVEL)
    return _row(one, Interval(estimate, estimate - float(reach.below), estimate + float(reach.above)))


def _stop_band_recovery(orders: Orders, over: Resampler) -> Iterator[Row]:
    for one in orders.systems:
        if one.system.in_training:
            stopped = ~np.array(one.system.in_training)
            estimate, deviations = (
                np.abs(curves[..., stopped]).max(axis=(-2, -1)) for curves in (one.curves, one.resampled - one.curves)
            )
            yield from_deviations(one.system.name, float(estimate), deviations, one.over, least=0, **one.at)


def _outer(row_of: Callable[[Outer], Row]) -> Callable[[Orders, Resampler], Iterator[Row]]:
    return lambda orders, over: (row_of(outer) for outer in orders.outer)


def _row(one: Resampled, interval: Interval) -> Row:
    return Row(one.system.name, interval, one.over, one.at)


def _count(one: Resampled, count: int) -> Row:
    row = without_interval(one.system.name, float(count), "a count of these modes", **one.at)
    return row._replace(unit=f"of {len(one.half_times.reached)} modes")


_BAYES: dict[str, Role] = {"Bayes": "ceiling"}
"""Bayes' role where it is best."""


def _distance(name: str, label: str, unit: str, rows: Callable[[Orders, Resampler], Iterator[Row]]) -> Measure[Orders]:
    """Return a measure of the distance from Bayes, which scores 0."""
    return Measure(name, label, unit, rows, _BAYES, zero="Bayes")


SECTIONS = (
    Section(
        "Order: one mode after another, or all together",
        "The score c places the path of the recoveries between two poles: 0 is Bayes' path, 1 is strictly staged "
        "learning, and below 0 the order is opposite to the learner's. A path counts as Bayes' if its whole "
        f"{100 * EQUIVALENCE_LEVEL:g} % interval lies within ±{MARGIN:g}. The score is undefined (–) where the poles "
        f"are closer than {MIN_POLE_DISTANCE:g} or share no range with the path. The staggering G is at least 1 (all "
        "modes at once) and infinite where some mode never reaches one half. Bayes itself staggers where its prior "
        "tells modes apart: compare with its row.",
        (
            Measure("concurrency", "concurrency score c", "of the way", beside.concurrency_score),
            Measure("staggering", "staggering G: last half-time over first", "ratio", _staggering),
            Measure(
                "least_half_time_ratio",
                "least ratio of a mode's half-time to that of the stage before (1: at once)",
                "ratio",
                _least_half_time_ratio,
            ),
            Measure("spread", "largest difference between modes' recoveries (0: none)", "recovery", _spread),
            Measure(
                "mode_difference",
                "largest difference of a mode from the mean of all",
                "standard errors",
                _mode_difference,
            ),
        ),
    ),
    Section(
        "How well the score describes the path",
        "The residual is the part of the path that the score does not explain: 0 is a path between the poles. Small "
        "p-values speak against a pole; they are between 0 and 1.",
        (
            Measure(
                "concurrency_residual",
                "residual of the score",
                "recovery, noise included",
                beside.concurrency_residual,
            ),
            Measure(
                "shared_range_low",
                "mean recovery from which paths are compared",
                "mean recovery",
                beside.shared_range_low,
            ),
            Measure(
                "shared_range_high",
                "mean recovery up to which paths are compared",
                "mean recovery",
                beside.shared_range_high,
            ),
            Measure("pole_distance", "distance between the poles", "recovery", beside.pole_distance),
            Measure("p_value_bayes", "p-value of Bayes' pole, c = 0", "p", beside.p_value_bayes),
            Measure("p_value_sequential", "p-value of the strictly staged pole, c = 1", "p", beside.p_value_sequential),
        ),
    ),
    Section(
        "When modes are half recovered",
        "Times are in each system's own unit, so that only ratios compare between systems. They are at least 0, and "
        "infinite where recording ended before.",
        (
            Measure("first_half_time", "half-time of the first mode", "time", _first_half_time),
            Measure("last_half_time", "half-time of the last mode", "time", _last_half_time),
            Measure(
                "half_time_after_bayes",
                "half-time number {rank} of a task, minus Bayes' (1: earliest; 0: as early)",
                "time after Bayes'",
                beside.half_time_after_bayes,
            ),
            Measure(
                "censored_half_times",
                "half-times of tasks that were not reached",
                "half-times",
                beside.censored_half_times,
            ),
            Measure("censored_modes", "modes that are never half recovered", "modes", _censored_modes),
            Measure("undefined_modes", "modes without recovery: no task contains them", "modes", _undefined_modes),
        ),
    ),
    Section(
        "Distance from Bayes",
        "0 is Bayes. A recovery is 0 where nothing and 1 where all is learned, so that a gap of 1 is all there is to "
        "learn. A system that learns nothing is the floor.",
        (
            _distance("gap_to_bayes", "largest gap of mean recovery, over time", "recovery", beside.gap_to_bayes),
            _distance(
                "mode_gap_to_bayes",
                "largest gap of any mode's recovery, over time",
                "recovery",
                beside.mode_gap_to_bayes,
            ),
            _distance("area_to_bayes", "mean gap of recoveries, over modes and time", "recovery", beside.area_to_bayes),
            _distance("kl_divergence", "KL(Bayes‖system)", "nats", course_measures.kl_divergence),
            _distance("accuracy_gap", "accuracy below Bayes'", "probability", course_measures.accuracy_gap),
            _distance("dynamic_time_warping", "distance of paths, time warped", "recovery", beside.warped_distance),
            _distance("procrustes", "distance of shapes (Procrustes)", "of the variance", beside.procrustes_distance),
        ),
    ),
    Section(
        "What is learned in the end",
        "1 is the whole mode, 0 nothing of it. Exact Bayes reaches what the data and the prior allow; it recovers "
        "nothing of what the prior rules out.",
        (
            Measure("final_recovery", "recovery at the end", "recovery", _final_recovery),
            Measure(
                "pass_band_recovery",
                "recovery at the end of what training contained",
                "recovery",
                _pass_band_recovery,
            ),
            Measure(
                "stop_band_recovery",
                "largest recovery of what training never contained",
                "recovery",
                _stop_band_recovery,
            ),
        ),
    ),
    Section(
        "Over meta-training",
        "The same within-task recovery at checkpoints of training. A staggering of 1 is all modes at once; a lead is "
        "between −1 and 1, above 0 where the last mode (the weakest, or the highest frequency) is ahead of the first.",
        (
            Measure(
                "outer_staggering",
                "staggering over training steps",
                "ratio",
                _outer(outer_measures.outer_staggering),
            ),
            Measure(
                "outer_last_over_first",
                "half-time of the last mode over the first's",
                "ratio",
                _outer(outer_measures.outer_last_over_first),
            ),
            Measure(
                "outer_lead_at_peak",
                "lead of the last mode, where modes are farthest apart",
                "recovery",
                _outer(outer_measures.outer_lead_at_peak),
            ),
            Measure(
                "outer_lead_at_end",
                "lead of the last mode, at the end",
                "recovery",
                _outer(outer_measures.outer_lead_at_end),
            ),
        ),
    ),
    course_measures.INTERFERENCE,
)
"""All measures, in the order of the report."""
