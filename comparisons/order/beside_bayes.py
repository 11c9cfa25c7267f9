"""Measures of a system beside exact Bayes: the concurrency score, distances of recoveries, order statistics."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from comparisons.order.concurrency import EQUIVALENCE_LEVEL
from comparisons.order.exchangeable_modes import OrderStatistic, compare_order_statistics, task_half_times
from comparisons.order.path_distances import dynamic_time_warping, procrustes_disparity
from comparisons.order.scores import Orders, Pair, Placed
from comparisons.order.trajectories import area_between
from comparisons.rows import Resampler, Row, from_deviations, without_interval
from comparisons.statistics.intervals import Interval
from comparisons.statistics.resampling import distance_interval

_OF_SCORE = "it describes the score"


def concurrency_score(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the score c of every system."""
    for pair, placed in _placed(orders):
        unit = f"of the way, {EQUIVALENCE_LEVEL:.0%} interval"
        yield Row(pair.one.system.name, placed.score.score, pair.one.over, pair.one.at, unit)


def concurrency_residual(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the part of the path that the score does not explain."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.residual.estimate, _OF_SCORE)


def pole_distance(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the distance between the poles."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.pole_distance, _OF_SCORE)


def shared_range_low(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the mean recovery from which paths are compared."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.shared_range[0], _OF_SCORE)


def shared_range_high(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the mean recovery up to which paths are compared."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.score.shared_range[1], _OF_SCORE)


def p_value_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the p-value of Bayes' pole."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.tests.p_bayes, _p_value(placed))


def p_value_sequential(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the p-value of the strictly staged pole."""
    for pair, placed in _placed(orders):
        yield without_interval(pair.one.system.name, placed.tests.p_sequential, _p_value(placed))


def warped_distance(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the distance of paths by dynamic time warping."""
    for pair, _ in _placed(orders):
        yield Row(pair.one.system.name, _warping(pair), pair.one.over)


def gap_to_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the largest gap of the networks' mean recovery, over time."""
    for pair in _networks(orders):
        yield _distance(pair, *(np.abs(np.nanmean(gaps, axis=-1)).max(axis=-1) for gaps in _gaps(pair)))


def mode_gap_to_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the largest gap of any mode's recovery, over time."""
    for pair in _networks(orders):
        yield _distance(pair, *(np.nanmax(np.abs(gaps), axis=(-2, -1)) for gaps in _gaps(pair)))


def area_to_bayes(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the mean gap of recoveries, over modes and time."""
    for pair in _networks(orders):
        zero, times = np.zeros_like(pair.bayes.curves), pair.one.system.times
        yield _distance(pair, *(area_between(gaps, zero, times) for gaps in _gaps(pair)))


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
        row = without_interval(pair.one.system.name, float(count), "a count of these tasks and contexts")
        yield row._replace(unit=f"of {size} half-times")


def _placed(orders: Orders) -> Iterator[tuple[Pair, Placed]]:
    return ((pair, pair.placed) for pair in orders.pairs if pair.placed is not None)


def _networks(orders: Orders) -> Iterator[Pair]:
    return (pair for pair in orders.pairs if pair.one.system.role == "network")


def _gaps(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Return the gaps of recoveries from Bayes', and by how much they change under each resample."""
    gaps = pair.one.curves - pair.bayes.curves
    return gaps, pair.one.resampled - pair.bayes.resampled - gaps


def _distance(pair: Pair, estimate: float | np.ndarray, deviations: np.ndarray) -> Row:
    """Return the norm of the gaps, whose interval is that of a distance from 0."""
    return from_deviations(pair.one.system.name, float(estimate), deviations, pair.one.over, least=0, **pair.one.at)


def _p_value(placed: Placed) -> str:
    return f"a p-value over {placed.tests_over}"


def _order_statistics(orders: Orders) -> Iterator[tuple[Pair, Sequence[OrderStatistic], int]]:
    """Yield the order statistics of networks whose modes are ranked, on tasks as in training, and their number."""
    for pair in _networks(orders):
        if pair.placed is not None and pair.one.system.is_ranked:
            network, reference = (
                task_half_times(each.system.recoveries, each.system.times) for each in (pair.one, pair.bayes)
            )
            last = float(pair.one.system.times[-1])
            yield pair, compare_order_statistics(network, reference, last), network.size


def _defined(pair: Pair) -> np.ndarray:
    return np.asarray(~np.isnan(pair.one.curves).any(axis=0) & ~np.isnan(pair.bayes.curves).any(axis=0))


def _warping(pair: Pair) -> Interval:
    return warping_interval(*_paths(pair))


def _procrustes(pair: Pair) -> Interval:
    one, bayes, *resampled = _paths(pair)
    if any((curves == curves[0]).all() for curves in (one, bayes)):
        return Interval(np.nan, np.nan, np.nan)
    return procrustes_interval(one, bayes, *resampled)


def _paths(pair: Pair) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the curves of a system and of Bayes, and both under resamples, without modes that either lacks."""
    kept, one, bayes = _defined(pair), pair.one, pair.bayes
    return one.curves[:, kept], bayes.curves[:, kept], one.resampled[..., kept], bayes.resampled[..., kept]


def warping_interval(
    curves: Float[np.ndarray, "time mode"],
    reference: Float[np.ndarray, "reference_time mode"],
    resampled: Float[np.ndarray, "resample time mode"],
    resampled_reference: Float[np.ndarray, "resample reference_time mode"],
) -> Interval:
    """Return the distance of warped paths. No aligned pair moves by more than points of the paths do."""
    moves = (
        (((moved - path) ** 2).mean(axis=2) ** 0.5).max(axis=1)
        for moved, path in ((resampled, curves), (resampled_reference, reference))
    )
    return distance_interval(dynamic_time_warping(curves, reference), np.sum(list(moves), axis=0), least=0)


def procrustes_interval(
    curves: Float[np.ndarray, "time mode"],
    reference: Float[np.ndarray, "time mode"],
    resampled: Float[np.ndarray, "resample time mode"],
    resampled_reference: Float[np.ndarray, "resample time mode"],
) -> Interval:
    """Return the disparity of shapes, whose root is a distance (Dryden & Mardia 2016, section 4.1)."""
    moves = [
        [procrustes_disparity(moved, path) ** 0.5 for moved in each]
        for each, path in ((resampled, curves), (resampled_reference, reference))
    ]
    estimate = procrustes_disparity(curves, reference)
    root = distance_interval(estimate**0.5, np.sum(moves, axis=0), least=0, most=1)
    return Interval(estimate, min(root.lower**2, estimate), max(root.upper**2, estimate))
