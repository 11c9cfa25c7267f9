"""Measures of a system beside exact Bayes: the concurrency score, distances of recoveries, order statistics."""

from collections.abc import Iterator, Sequence

import numpy as np

from comparisons.order.concurrency import EQUIVALENCE_LEVEL
from comparisons.order.exchangeable_modes import OrderStatistic, compare_order_statistics, task_half_times
from comparisons.order.path_distances import dynamic_time_warping, procrustes_disparity
from comparisons.order.scores import Orders, Pair, Placed
from comparisons.order.trajectories import area_between
from comparisons.rows import Over, Resampler, Row, from_resamples, without_interval
from comparisons.statistics.intervals import Interval, percentile_interval

_NUM_WARPINGS = 100
"""Resamples behind the interval of dynamic time warping, each of which takes milliseconds."""


def concurrency_score(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the score c of every system."""
    for pair, placed in _placed(orders):
        unit = f"of the way, {EQUIVALENCE_LEVEL:.0%} interval"
        yield Row(pair.one.system.name, placed.score.score, pair.one.over, pair.one.at, unit)


def concurrency_residual(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the part of the path that the score does not explain."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.residual.estimate, pair.one.over)


def pole_distance(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the distance between the poles."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.pole_distance, pair.one.over)


def shared_range_low(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the mean recovery from which paths are compared."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.shared_range[0], pair.one.over)


def shared_range_high(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the mean recovery up to which paths are compared."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.shared_range[1], pair.one.over)


def p_value_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the p-value of Bayes' pole."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.tests.p_bayes, placed.tests_over)


def p_value_sequential(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the p-value of the strictly staged pole."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.tests.p_sequential, placed.tests_over)


def warped_distance(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the distance of paths by dynamic time warping."""
    for pair, _ in _placed(orders):
        yield Row(pair.one.system.name, _warping(pair), pair.one.over)


def gap_to_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the largest gap of the networks' mean recovery, over time."""
    for pair in _networks(orders):
        gap, resampled = (np.abs(np.nanmean(values, axis=-1)).max(axis=-1) for values in _gaps(pair))
        yield _row(pair, gap, resampled)


def mode_gap_to_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the largest gap of any mode's recovery, over time."""
    for pair in _networks(orders):
        gap, resampled = (np.nanmax(np.abs(values), axis=(-2, -1)) for values in _gaps(pair))
        yield _row(pair, gap, resampled)


def area_to_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the mean gap of recoveries, over modes and time."""
    for pair in _networks(orders):
        area = area_between(pair.one.curves, pair.bayes.curves, pair.one.system.times)
        zero = np.zeros_like(pair.bayes.curves)
        resampled = area_between(pair.one.resampled - pair.bayes.resampled, zero, pair.one.system.times)
        yield _row(pair, float(area), resampled)


def procrustes_distance(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the Procrustes distance of shapes, of networks on tasks as in training."""
    for pair in _networks(orders):
        if pair.placed is not None:
            yield Row(pair.one.system.name, _procrustes(pair), pair.one.over)


def half_time_after_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield how much later than Bayes each task's contexts are learned, sorted by when they were."""
    for pair, statistics, _ in _order_statistics(orders):
        unit = f"{pair.one.system.time_unit} after Bayes'"
        for rank, statistic in enumerate(statistics, start=1):
            yield Row(pair.one.system.name, statistic.difference, pair.one.over, {"rank": rank}, unit)


def censored_half_times(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield how many half-times of tasks were not reached."""
    for pair, statistics, size in _order_statistics(orders):
        count = sum(statistic.num_censored for statistic in statistics)
        row = without_interval(pair.one.system.name, float(count), Over("all tasks and contexts"))
        yield row._replace(unit=f"of {size} half-times")


def _placed(orders: Orders) -> Iterator[tuple[Pair, Placed]]:
    return ((pair, pair.placed) for pair in orders.pairs if pair.placed is not None)


def _networks(orders: Orders) -> Iterator[Pair]:
    return (pair for pair in orders.pairs if pair.one.system.role == "network")


def _gaps(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    return pair.one.curves - pair.bayes.curves, pair.one.resampled - pair.bayes.resampled


def _row(pair: Pair, estimate: float, resampled: np.ndarray) -> Row:
    return from_resamples(pair.one.system.name, float(estimate), resampled, pair.one.over, **pair.one.at)


def _order_statistics(orders: Orders) -> Iterator[tuple[Pair, Sequence[OrderStatistic], int]]:
    """Yield the order statistics of networks whose modes are ranked, on tasks as in training, and their number."""
    for pair in _networks(orders):
        if pair.placed is not None and pair.one.system.is_ranked:
            network, reference = (
                task_half_times(each.system.recoveries, each.system.times) for each in (pair.one, pair.bayes)
            )
            last = float(pair.one.system.times[-1])
            yield pair, compare_order_statistics(network, reference, last, seed=orders.seed), network.size


def _defined(pair: Pair) -> np.ndarray:
    return np.asarray(~np.isnan(pair.one.curves).any(axis=0) & ~np.isnan(pair.bayes.curves).any(axis=0))


def _warping(pair: Pair) -> Interval:
    kept, one, bayes = _defined(pair), pair.one, pair.bayes
    pairs = zip(one.resampled[:_NUM_WARPINGS, :, kept], bayes.resampled[:_NUM_WARPINGS, :, kept], strict=True)
    resampled = np.array([dynamic_time_warping(*each) for each in pairs])
    return percentile_interval(dynamic_time_warping(one.curves[:, kept], bayes.curves[:, kept]), resampled)


def _procrustes(pair: Pair) -> Interval:
    kept, one, bayes = _defined(pair), pair.one, pair.bayes
    if any((curves[:, kept] == curves[0, kept]).all() for curves in (one.curves, bayes.curves)):
        return Interval(np.nan, np.nan, np.nan)
    pairs = zip(one.resampled[:, :, kept], bayes.resampled[:, :, kept], strict=True)
    resampled = np.array([procrustes_disparity(*each) for each in pairs])
    return percentile_interval(procrustes_disparity(one.curves[:, kept], bayes.curves[:, kept]), resampled)
