"""Cases of statistics of curves: distances, maxima, half-times, and places between poles."""

from collections.abc import Iterator

import numpy as np

from comparisons.foraging.lifetime_measures import rank_correlation
from comparisons.order.beside_bayes import procrustes_interval, warping_interval
from comparisons.order.concurrency import EQUIVALENCE_LEVEL, Poles, concurrency, stages_by_strength
from comparisons.order.exchangeable_modes import compare_order_statistics
from comparisons.order.path_distances import dynamic_time_warping, procrustes_disparity
from comparisons.order.time_intervals import (
    HalfTimes,
    first_interval,
    first_over_last,
    last_interval,
    least_step_interval,
    ratio_of_staggerings,
    staggering_interval,
)
from comparisons.order.trajectories import (
    Recoveries,
    half_times,
    recovery_curves,
    recovery_intervals,
    resampled_curves,
    spread,
)
from comparisons.reproductions.rabinowitz_2019.measures import growth_interval
from comparisons.statistics.resampling import distance_interval, resampled_means
from tests.comparisons.statistics.simulated import SKEWED, TASKS, Case, one_by_one

TIMES = np.linspace(0.0, 10.0, 16)
ALIKE, STAGED = np.full(4, 0.4), np.array([0.8, 0.4, 0.2, 0.1]) * 2
"""Rates at which four modes are learned."""
NUM_TASKS = 250
_NUM_RESAMPLES = 500


def cases() -> Iterator[Case]:
    """Yield all cases of this module."""
    for name, num_seeds in (*((name, 1) for name in SKEWED), ("lognormal", 3)):
        size, tasks = _size(num_seeds), TASKS[name]
        for norm, of in NORMS.items():
            for where, truth in (("nothing", np.zeros(20)), ("a bump", np.exp(-(np.linspace(-3, 3, 20) ** 2)) / 4)):
                num_tasks = 1000 if (norm, name, num_seeds) == ("mean gap", "lognormal", 1) else NUM_TASKS
                draw = one_by_one(_norm(of, truth, tasks, num_seeds, num_tasks))
                words = f"{norm}, {where}", "distance_interval", _size(num_seeds, num_tasks), name
                yield Case(*words, float(of(truth)), draw)
        for what, rates in (("alike", ALIKE), ("staged", STAGED)):
            truth = float(_staggering(rates))
            draw = one_by_one(_of_times(staggering_interval, rates, tasks, num_seeds))
            yield Case(f"staggering, {what}", "staggering_interval", size, name, truth, draw)
        draw = one_by_one(_point(tasks, num_seeds))
        yield Case("recovery at a time", "recovery_intervals", size, name, float(_curves(STAGED)[5, 1]), draw)
    name, tasks, size = "lognormal", TASKS["lognormal"], _size(1)
    for what, rates in (("alike", ALIKE), ("staged", STAGED)):
        for statistic, (rule, of, true_of) in OF_TIMES.items():
            truth = float(true_of(half_times(_curves(rates), TIMES)))
            yield Case(f"{statistic}, {what}", rule, size, name, truth, one_by_one(_of_times(of, rates, tasks, 1)))
        truth = float(spread(_curves(rates)))
        yield Case(f"spread, {what}", "distance_interval", size, name, truth, one_by_one(_spread(rates, tasks, 1)))
    for what, rates, truth, num_seeds in (
        ("Bayes", ALIKE, 0.0, 1),
        ("Bayes", ALIKE, 0.0, 3),
        ("staged", STAGED, _true_score(), 1),
    ):
        draw = one_by_one(_score(rates, tasks, num_seeds))
        yield Case(f"concurrency score, {what}", "concurrency", _size(num_seeds), name, truth, draw, EQUIVALENCE_LEVEL)
    for statistic, (rule, of) in PATHS.items():
        draw = one_by_one(_path(rule, tasks))
        yield Case(statistic, rule.__name__, size, name, of(_curves(STAGED), _curves(ALIKE)), draw)
    staged, alike = (half_times(_curves(rates), TIMES) for rates in (STAGED, ALIKE))
    for statistic, rule, truth in (
        ("ratio of staggerings", ratio_of_staggerings, _staggering(STAGED) / _staggering(ALIKE)),
        ("first over last half-time", first_over_last, staged.min() / alike.max()),
    ):
        yield Case(statistic, rule.__name__, size, name, float(truth), one_by_one(_two(rule, tasks)))
    yield Case("calibration error", "distance_interval", size, name, 0.05, one_by_one(_calibration(tasks)))
    draw = one_by_one(_ranks(tasks))
    yield Case("rank correlation", "rank_correlation", "200 tasks, 3 seeds", name, 1.0, draw)
    yield Case("half-time after Bayes'", "mean_interval", "60 tasks, 2 seeds", "exponential", 1.0, one_by_one(_later))
    yield Case("growth of medians", "growth_interval", "1000 tasks", "exponential", 2.0, one_by_one(_growth))


def _size(num_seeds, num_tasks=NUM_TASKS):
    return f"{num_tasks} tasks" + f", {num_seeds} seeds" * (num_seeds > 1)


NORMS = {
    "largest gap": lambda gaps: np.abs(gaps).max(axis=-1),
    "mean gap": lambda gaps: np.abs(gaps).mean(axis=-1),
}
OF_TIMES = {
    "first half-time": ("first_interval", first_interval, np.min),
    "last half-time": ("last_interval", last_interval, np.max),
    "least ratio of half-times": (
        "least_step_interval",
        lambda times: least_step_interval(times, (0, 1, 2, 3)),
        lambda times: (times[1:] / times[:-1]).min(),
    ),
}
PATHS = {
    "dynamic time warping": (warping_interval, dynamic_time_warping),
    "Procrustes": (procrustes_interval, procrustes_disparity),
}


def _norm(of, truth, tasks, num_seeds, num_tasks):
    """Gaps of 20 moments: task effects with a correlation of 0.8 between moments, and networks that differ as much."""

    def interval_of(rng):
        shared, own = tasks(rng, (1, num_tasks, 1)), tasks(rng, (1, num_tasks, 20))
        networks = rng.normal(size=(num_seeds, 1, 1)) + rng.normal(size=(num_seeds, 1, 20))
        noise = 0.8**0.5 * shared + 0.2**0.5 * own + (num_seeds > 1) * networks / num_tasks**0.5
        values = truth + noise
        found = values.mean(axis=(0, 1))
        resampled = resampled_means(np.moveaxis(values, 2, 0), seed=0, num_resamples=_NUM_RESAMPLES)
        return distance_interval(float(of(found)), of(resampled.T - found), least=0)

    return interval_of


def _calibration(tasks):
    """Half of ten bins are off by 0.1, in either direction."""
    truth = 0.1 * np.array([1, 0, -1, 0, 1, 0, -1, 0, 1, 0])

    def interval_of(rng):
        values = truth + 0.3 * tasks(rng, (NUM_TASKS, 10))
        found = values.mean(axis=0)
        resampled = resampled_means(values.T[:, None], seed=0, num_resamples=_NUM_RESAMPLES)
        return distance_interval(float(np.abs(found).mean()), np.abs(resampled - found[:, None]).mean(axis=0), least=0)

    return interval_of


def _ranks(tasks):
    """Twelve returns that rise by one and a half standard errors from each to the next."""

    def interval_of(rng):
        steps = 0.1 * np.arange(12)[:, None, None]
        values = steps + tasks(rng, (12, 1, 200)) + 0.05 * rng.normal(size=(12, 3, 1))
        return rank_correlation(values, resampled_means(values, seed=0, num_resamples=_NUM_RESAMPLES))

    return interval_of


def _curves(rates):
    return 1 - np.exp(-TIMES[:, None] * rates)


def _recoveries(rng, rates, tasks, num_seeds):
    """Strengths are skewed; tasks and networks move whole curves, and each point has noise of its own."""
    strengths = rng.exponential(size=(NUM_TASKS, 4)) + 0.2
    shared = tasks(rng, (1, NUM_TASKS, 1, 4)) + 0.5 * tasks(rng, (1, NUM_TASKS, len(TIMES), 4))
    networks = (num_seeds > 1) * rng.normal(size=(num_seeds, 1, 1, 4)) / NUM_TASKS**0.5
    curves = _curves(rates) * (1 + 0.3 * (shared + networks))
    return Recoveries(curves * strengths[:, None], strengths)


def _half_times(recoveries):
    curves, resampled = recovery_curves(recoveries), _resampled(recoveries)
    return HalfTimes.of(curves, resampled, TIMES)


def _resampled(recoveries):
    return resampled_curves(recoveries, seed=0, num_resamples=_NUM_RESAMPLES)


def _of_times(of, rates, tasks, num_seeds):
    return lambda rng: of(_half_times(_recoveries(rng, rates, tasks, num_seeds)))


def _two(of, tasks):
    return lambda rng: of(*(_half_times(_recoveries(rng, rates, tasks, 1)) for rates in (STAGED, ALIKE)))


def _staggering(rates):
    times = half_times(_curves(rates), TIMES)
    return times.max() / times.min()


def _spread(rates, tasks, num_seeds):
    def interval_of(rng):
        recoveries = _recoveries(rng, rates, tasks, num_seeds)
        curves = recovery_curves(recoveries)
        return distance_interval(float(spread(curves)), spread(_resampled(recoveries) - curves), least=0)

    return interval_of


def _point(tasks, num_seeds):
    def interval_of(rng):
        found = recovery_intervals(_recoveries(rng, STAGED, tasks, num_seeds))
        return tuple(float(part[5, 1]) for part in found)

    return interval_of


_POLES = Poles(_curves(ALIKE), stages_by_strength(np.arange(4.0)[::-1]))


def _score(rates, tasks, num_seeds):
    return lambda rng: (
        concurrency(
            _recoveries(rng, rates, tasks, num_seeds), _POLES, seed=int(rng.integers(2**31)), num_resamples=200
        ).score
    )


def _true_score():
    exact = Recoveries(np.repeat(_curves(STAGED)[None, None], 2, axis=1), np.ones((2, 4)))
    return concurrency(exact, _POLES, seed=0, num_resamples=10).score.estimate


def _path(rule, tasks):
    def interval_of(rng):
        both = [_recoveries(rng, rates, tasks, 1) for rates in (STAGED, ALIKE)]
        curves, resampled = ([of_one(one) for one in both] for of_one in (recovery_curves, _few))
        return rule(*curves, *resampled)

    return interval_of


def _few(recoveries):
    return resampled_curves(recoveries, seed=0, num_resamples=100)


def _later(rng):
    bayes = np.sort(rng.exponential(size=(1, 60, 3)), axis=2)
    networks = bayes + 1 + 0.3 * (rng.exponential(size=(2, 60, 1)) - 1)
    return compare_order_statistics(networks, bayes, 1e9)[0].difference


def _growth(rng):
    medians = (4.0, 1.0, 2.0, 1.0)
    return growth_interval(*(median * rng.exponential(size=1000) for median in medians))
