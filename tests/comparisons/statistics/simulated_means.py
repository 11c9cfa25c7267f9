"""Cases of statistics of numbers: means, ratios, losses, shares, medians, correlations, spreads and boundaries."""

from collections.abc import Iterator

import numpy as np

from comparisons.foraging.transfer import lifetime_transfer
from comparisons.lifetimes.regime_boundaries import Boundary, boundary_distance
from comparisons.lifetimes.regimes import learning_share
from comparisons.rows import in_standard_errors
from comparisons.statistics.counts import median_interval, share_interval, share_of_events_interval
from comparisons.statistics.intervals import (
    correlation_interval,
    correlations_without_each,
    jackknife_interval,
    mean_bounds,
    ratio_interval,
)
from comparisons.statistics.state_geometry import participation_ratio
from tests.comparisons.statistics.simulated import SKEWED, TASKS, Case, Draw, named, one_by_one


def cases() -> Iterator[Case]:
    """Yield all cases of this module."""
    for size in (100, 200, 1000, 4000):
        for name in TASKS if size >= 200 else SKEWED:
            yield Case("mean", "mean_interval", f"{size} tasks", name, 0.0, _means(name, 1, size, 0))
    for num_seeds in (2, 3, 5, 30):
        for ratio in (1, 100):
            size = f"200 tasks, {num_seeds} seeds, ratio {ratio}"
            yield Case(
                "mean over seeds", "mean_interval", size, "lognormal", 0.0, _means("lognormal", num_seeds, 200, ratio)
            )
    for size, names in ((100, ("normal", "exponential", "Student t, 3 df")), (1000, ("lognormal",))):
        for name, tasks in named(names):
            yield Case("ratio", "ratio_interval", f"{size} tasks", name, 2.0, one_by_one(_ratio(tasks, size)))
        yield Case("ratio, small denominator", "ratio_interval", f"{size} tasks", "normal", 0.0, one_by_one(_far(size)))
    for name, tasks in named(SKEWED):
        yield Case("mean in standard errors", "in_standard_errors", "200 tasks", name, 2.0, one_by_one(_count(tasks)))
    for size in (100, 1000):
        for share in (0.5, 0.9, 0.995):
            yield Case(
                "share of events",
                "share_of_events_interval",
                f"{size} tasks",
                f"share {share}",
                share,
                one_by_one(_events(size, share)),
            )
    for size in (1, 3, 5, 30, 100):
        for share in (0.1, 0.5, 0.95):
            yield Case(
                "share of units",
                "share_interval",
                f"{size} units",
                f"share {share}",
                share,
                one_by_one(lambda rng, n=size, p=share: share_interval(float(rng.binomial(n, p)), n)),
            )
    for size in (3, 30):
        for share in (0.05, 0.5, 0.9):
            yield Case(
                "share of networks that learn",
                "learning_share",
                f"{size} seeds",
                f"share {share}",
                share,
                one_by_one(_learners(size, share)),
            )
    for size in (20, 100, 1000):
        for name, tasks in named(SKEWED[1:]):
            truth = float(np.quantile(tasks(np.random.default_rng(0), (10**6,)), 0.5))
            yield Case(
                "median",
                "median_interval",
                f"{size} tasks",
                name,
                truth,
                one_by_one(lambda rng, n=size, f=tasks: median_interval(f(rng, (n,)))),
            )
    for size in (16, 40, 100):
        for name, draw in {"normal": _line, "exponential": _proportional}.items():
            first, second = draw(np.random.default_rng(0), 10**6)
            truth = float(np.corrcoef(first, second)[0, 1])
            yield Case(
                "correlation",
                "correlation_interval",
                f"{size} settings",
                name,
                truth,
                one_by_one(lambda rng, n=size, f=draw: correlation_interval(*f(rng, n))),
            )
    for size in (40, 100):
        yield Case(
            "difference of correlations",
            "jackknife_interval",
            f"{size} settings",
            "exponential",
            _correlation_gap(np.random.default_rng(0), 10**6).estimate,
            one_by_one(lambda rng, n=size: _correlation_gap(rng, n)),
        )
    for num_seeds in (2, 3, 5):
        yield Case(
            "learning threshold",
            "boundary_distance",
            f"{num_seeds} seeds",
            "logistic",
            0.0,
            one_by_one(_threshold(num_seeds)),
        )
    for size in (100, 200):
        for name in ("normal", "two groups, 9:1"):
            yield Case(
                "participation ratio",
                "participation_ratio",
                f"{size} tasks",
                name,
                _DIMENSIONS,
                one_by_one(_states(size, name)),
            )
    for name in ("lognormal",):
        for part, truth in (("transfer loss", 15.0), ("slope of losses", 15.0)):
            yield Case(part, "lifetime_transfer", "200 tasks, 3 seeds", name, truth, one_by_one(_losses(name, part)))


def _means(name: str, num_seeds: int, num_tasks: int, ratio: float) -> Draw:
    def draw(rng: np.random.Generator, count: int) -> np.ndarray:
        found = []
        per_pass = max(1, 2_000_000 // (num_tasks * num_seeds))
        for start in range(0, count, per_pass):
            size = min(per_pass, count - start)
            values = np.repeat(TASKS[name](rng, (size, 1, num_tasks)), num_seeds, axis=1)
            values = values + rng.normal(size=(size, num_seeds, 1)) * (ratio / num_tasks) ** 0.5
            found.append(np.stack(mean_bounds(values), axis=1))
        return np.concatenate(found)

    return draw


def _ratio(tasks, size):
    """A score in proportion to a skewed floor, with noise of its own: their ratio is 2."""

    def interval_of(rng):
        below = rng.exponential(size=(1, size))
        return ratio_interval(below * (2 + tasks(rng, (1, size))), below)

    return interval_of


def _far(size):
    """The mean below is 4 standard errors from 0."""
    return lambda rng: ratio_interval(rng.normal(size=(1, size)), rng.normal(4 / size**0.5, 1, size=(1, size)))


def _count(tasks):
    return lambda rng: in_standard_errors("network", tasks(rng, (200,)) + 2 / 200**0.5).interval


def _events(size, share):
    """Tasks have 0 to 6 events, and probabilities of their own."""

    def interval_of(rng):
        wholes = rng.binomial(6, 0.4, size=(1, size))
        probs = rng.beta(20 * share, 20 * (1 - share), size=(1, size))
        return share_of_events_interval(rng.binomial(wholes, probs).astype(float), wholes.astype(float))

    return interval_of


def _learners(size, share):
    def interval_of(rng):
        rates = np.where(rng.random((size, 1)) < share, 20.0, 0.1)
        return learning_share(rng.poisson(rates, size=(size, 100)).astype(float)).share

    return interval_of


def _line(rng, size):
    first = rng.normal(size=size)
    return first, 0.95 * first + 0.3 * rng.normal(size=size)


def _proportional(rng, size):
    first = rng.exponential(size=size)
    return first, first + 0.4 * rng.normal(size=size)


def _correlation_gap(rng, size):
    first = rng.exponential(size=size)
    second, third = (first + noise * rng.normal(size=size) for noise in (0.5, 1.0))
    gap = float(np.corrcoef(first, second)[0, 1] - np.corrcoef(first, third)[0, 1])
    if size > 1000:
        return jackknife_interval(gap, np.full(2, gap))
    return jackknife_interval(gap, correlations_without_each(first, second) - correlations_without_each(first, third))


_SCALES = np.linspace(0.5, 8.0, 16)
_ROWS = np.linspace(2.0, 6.0, 8)


def _threshold(num_seeds):
    """Thresholds of networks differ by 0.4 in all rows alike, and their regimes are random near them."""

    def interval_of(rng):
        places = _ROWS[:, None] + 0.4 * rng.normal(size=(num_seeds, 1, 1))
        probs = 1 / (1 + np.exp(-(_SCALES - places) / 0.3))
        exact = Boundary(_ROWS, np.zeros(len(_ROWS), bool))
        return boundary_distance(_SCALES, (rng.random(probs.shape) < probs).astype(float), exact).difference

    return interval_of


_VARIANCES = np.array([4.0, 2.0, 1.0, 1.0, 0.5, *[0.1] * 5])
_DIMENSIONS = float(_VARIANCES.sum() ** 2 / (_VARIANCES**2).sum())


def _states(size, name):
    """States of 8 trials that are correlated within tasks."""

    def interval_of(rng):
        shared = TASKS[name](rng, (size, 1, 10))
        return participation_ratio(_VARIANCES**0.5 * (0.7**0.5 * shared + 0.3**0.5 * rng.normal(size=(size, 8, 10))))

    return interval_of


_LIFETIMES = np.array([10, 20])


def _losses(name, part):
    """Returns in the other lifetime are lower by 15 % of the own return."""
    shares = 1 - 0.15 * np.abs(np.log2(_LIFETIMES[:, None] / _LIFETIMES))

    def interval_of(rng):
        tasks = 3 + TASKS[name](rng, (2, 2, 1, 200)) + 0.2 * rng.normal(size=(2, 2, 3, 1))
        found = lifetime_transfer(shares[:, :, None, None] * tasks * _LIFETIMES[:, None, None], _LIFETIMES, _LIFETIMES)
        return tuple(each[0, 1] for each in found.losses) if part == "transfer loss" else found.mismatch_slope

    return interval_of
