"""Intervals for means, ratios and smooth functions of means, over tasks and training seeds: no resampling.

Every network meets every task: tasks and seeds are crossed. Each of them has an interval, with the other kept as it is,
and the two are combined. `docs/intervals.md` shows what the combination covers.

* Over tasks it is Student's t interval, whose end on the side of the long tail is moved out if values are skewed (Hall
  1992, JRSS-B 54, 221–228: the transformation that takes the skewness out of Student's statistic). The other end is not
  moved in, which would trust the third moment of a sample with heavy tails.
* Over training seeds it is Student's t interval of the networks' means.
* The distances of the ends from the estimate add in squares (Howe 1974, JASA 69, 789–794; Zou & Donner 2008, Stat. Med.
  27, 1693–1702). What seeds and tasks have in common counts twice, which makes the interval a little wider.

A single network is no sample of networks: its interval is over tasks alone.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import optimize, stats

LEVEL = 0.95


_NO_SKEWNESS = 1e-6
"""Skewness over √n below which Hall's transformation is the identity but for rounding."""


class Interval(NamedTuple):
    """An estimate and the ends of its interval, in the unit of the estimate."""

    estimate: float
    lower: float
    upper: float


class Reach(NamedTuple):
    """How far an interval reaches from its estimate, at least 0."""

    below: Float[np.ndarray, "*batch"]
    above: Float[np.ndarray, "*batch"]


def mean_interval(
    values: Float[np.ndarray, "training_seed task"], *, most: float = np.inf, level: float = LEVEL
) -> Interval:
    """Return the mean over seeds and tasks with an interval over both; over tasks alone for one seed.

    No end is below 0 if no value is, nor above `most`, which values cannot exceed. Infinite where the mean is. Raises
    `ValueError` for fewer than 2 tasks or a level outside (0, 1).
    """
    return Interval(*map(float, mean_bounds(values, most=most, level=level)))


def mean_bounds(
    values: Float[np.ndarray, "*batch training_seed task"], *, most: float = np.inf, level: float = LEVEL
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """Return estimates and both ends of `mean_interval` for many sets of values at once."""
    estimates = np.asarray(values.mean(axis=(-2, -1)))
    is_finite = np.isfinite(estimates)
    centered = np.where(is_finite[..., None, None], values - np.where(is_finite, estimates, 0.0)[..., None, None], 0.0)
    reach = reach_of(centered.mean(axis=-2), centered.mean(axis=-1), level=level)
    least = np.where((values >= 0).all(axis=(-2, -1)), 0.0, -np.inf)
    lower, upper = np.maximum(estimates - reach.below, least), np.minimum(estimates + reach.above, most)
    lower, upper = (np.where(is_finite, end, estimates) for end in (lower, upper))
    return estimates, np.asarray(np.minimum(lower, estimates)), np.asarray(np.maximum(upper, estimates))


def smooth_interval(
    estimate: float, influence: Float[np.ndarray, "training_seed task"], *, level: float = LEVEL
) -> Interval:
    """Return the interval of a smooth function of means, from the influence of every network and task on it.

    The influence is the derivative of the function with respect to the means, times how far the network's value on the
    task is from its mean (the delta method). Its mean is 0. Raises as `mean_interval`.
    """
    reach = reach_of(influence.mean(axis=0), influence.mean(axis=1), level=level)
    return Interval(estimate, estimate - float(reach.below), estimate + float(reach.above))


def ratio_interval(
    numerators: Float[np.ndarray, "training_seed task"],
    denominators: Float[np.ndarray, "training_seed task"],
    *,
    level: float = LEVEL,
) -> Interval:
    """Return a ratio of means with Fieller's interval: all ratios r for which the mean of above − r · below may be 0.

    (Fieller 1954, JRSS-B 16.) It holds however noisy the mean below is. If that mean is not away from 0, the ratios do
    not have two ends, and the interval is NaN. The ratio of a mean to 0 is undefined, NaN too. Infinite where the mean
    above is. No end is below 0 if no value is. Raises as `mean_interval`.
    """
    above, below = float(numerators.mean()), float(denominators.mean())
    if below == 0 or np.isnan(above) or not np.isfinite(below):
        return Interval(np.nan, np.nan, np.nan)
    estimate = above / below
    if not np.isfinite(above):
        return Interval(estimate, estimate, estimate)
    by_task, by_seed = (
        np.sign(below) * np.stack([numerators.mean(axis=axis), denominators.mean(axis=axis)]) for axis in (0, 1)
    )

    def ends(ratio: float) -> tuple[float, float]:
        """Return the interval of the mean of above − ratio · below."""
        tasks, seeds = by_task[0] - ratio * by_task[1], by_seed[0] - ratio * by_seed[1]
        mean = float(tasks.mean())
        below, above = _reach(tasks - mean, seeds - mean, level)
        return mean - float(below), mean + float(above)

    reach = reach_of(by_task[1] - abs(below), by_seed[1] - abs(below), level=level)
    if abs(below) <= float(reach.below):
        return Interval(estimate, np.nan, np.nan)
    first, last = (_root(lambda ratio, end=end: ends(ratio)[end], estimate, abs(below)) for end in (0, 1))
    least = 0.0 if (numerators >= 0).all() and (denominators >= 0).all() else -np.inf
    return Interval(estimate, min(max(first, least), estimate), max(last, estimate))


def jackknife_interval(estimate: float, left_out: Float[np.ndarray, "unit"], *, level: float = LEVEL) -> Interval:
    """Return the interval of a smooth statistic from its values with each unit, such as a task, left out in turn.

    These say what each unit contributes, and by how much the statistic of so many units is biased (Efron & Tibshirani
    1993, chapter 11). The interval begins below and ends above both the estimate and the estimate without that bias.
    Raises `ValueError` for fewer than 2 units or a level outside (0, 1).
    """
    number, mean = len(left_out), float(left_out.mean())
    unbiased = number * estimate - (number - 1) * mean
    reach = reach_of((number - 1) * (mean - left_out), np.zeros(1), level=level)
    lower, upper = min(estimate, unbiased) - float(reach.below), max(estimate, unbiased) + float(reach.above)
    return Interval(estimate, lower, upper)


def correlation_interval(
    first: Float[np.ndarray, "unit"], second: Float[np.ndarray, "unit"], *, level: float = LEVEL
) -> Interval:
    """Return Pearson's correlation with an interval on Fisher's scale, artanh r, by the jackknife.

    It is no narrower than Fisher's own, ± 1.96 / √(n − 3), which assumes normal values. NaN for fewer than 4 units, and
    where either does not vary, or does not without one of the units.
    """
    number = len(first)
    if number < 4 or np.var(first) == 0 or np.var(second) == 0:
        return Interval(np.nan, np.nan, np.nan)
    estimate, left_out = float(np.corrcoef(first, second)[0, 1]), correlations_without_each(first, second)
    if np.isnan(left_out).any():
        return Interval(estimate, np.nan, np.nan)
    z, z_left_out = (np.arctanh(np.clip(values, -1 + 1e-15, 1 - 1e-15)) for values in (np.array(estimate), left_out))
    least = float(stats.norm.ppf((1 + level) / 2)) / (number - 3) ** 0.5
    found = jackknife_interval(float(z), z_left_out, level=level)
    ends = np.tanh([min(found.lower, z - least), max(found.upper, z + least)])
    return Interval(estimate, min(float(ends[0]), estimate), max(float(ends[1]), estimate))


def correlations_without_each(
    first: Float[np.ndarray, "unit"], second: Float[np.ndarray, "unit"]
) -> Float[np.ndarray, "unit"]:
    """Return Pearson's correlations with each unit left out in turn; NaN where the others do not vary."""
    kept = ~np.eye(len(first), dtype=bool)
    x, y = (np.broadcast_to(values, kept.shape)[kept].reshape(len(values), -1) for values in (first, second))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.divide((x * y).sum(axis=1), scale, out=np.full(len(scale), np.nan), where=scale > 0)


def reach_of(
    by_task: Float[np.ndarray, "*batch task"], by_seed: Float[np.ndarray, "*batch training_seed"], *, level: float
) -> Reach:
    """Return how far an interval reaches from a mean, from what each task and each network deviates from it.

    Raises `ValueError` for fewer than 2 tasks or a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    if by_task.shape[-1] < 2:
        raise ValueError(f"an interval over tasks needs at least 2 tasks; got {by_task.shape[-1]}")
    below, above = _reach(by_task, by_seed, level)
    return Reach(np.asarray(below), np.asarray(above))


def t_interval(
    values: Float[np.ndarray, "training_seed"],
    error: float,
    *,
    least: float = -np.inf,
    most: float = np.inf,
    is_over_tasks_if_wider: bool = False,
) -> Interval:
    """Return a mean over training seeds with Student's t interval over them; of one seed, with an interval over tasks.

    It assumes that the seeds' values are independent draws from one normal distribution. Then it covers the mean with
    probability `LEVEL`, however few seeds there are; `docs/intervals.md` says what it covers if they are not normal.

    `error` is the standard error over tasks of the mean, NaN where it is unknown. It gives the normal interval over
    tasks of a single seed. With `is_over_tasks_if_wider` that interval also replaces one over several seeds that is
    narrower, because seeds that agree by chance say nothing about the choice of tasks.

    Networks that diverged do not count. No end is beyond `least` or `most`, between which the values lie by definition.
    """
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    half = float(stats.norm.ppf((1 + LEVEL) / 2)) * error
    if len(values) > 1:
        over_tasks = half if is_over_tasks_if_wider else 0.0
        half = student_quantile(len(values), LEVEL) * float(values.std(ddof=1)) / len(values) ** 0.5
        half = float(np.fmax(half, over_tasks))
    return Interval(mean, float(np.maximum(mean - half, least)), float(np.minimum(mean + half, most)))


@functools.lru_cache(maxsize=256)
def student_quantile(num_values: int, level: float) -> float:
    """Return the half-width of a central Student's t interval of a mean of so many values, in standard errors."""
    return float(stats.t.ppf((1 + level) / 2, num_values - 1))


def _reach(by_task: np.ndarray, by_seed: np.ndarray, level: float) -> tuple[Any, Any]:
    """Return the reach below and above: over tasks, and over networks where there are several, added in squares."""
    below, above = _reach_over_tasks(by_task, level)
    if (num_seeds := by_seed.shape[-1]) > 1:
        over_seeds = student_quantile(num_seeds, level) * by_seed.std(axis=-1, ddof=1) / num_seeds**0.5
        below, above = np.hypot(below, over_seeds), np.hypot(above, over_seeds)
    return below, above


def _reach_over_tasks(deviations: np.ndarray, level: float) -> tuple[Any, Any]:
    """Return the reach over tasks, below and above.

    Hall's transformation of Student's statistic T is monotone. With γ the skewness, h = γ / √n and g its inverse,

        T + h T² / 3 + h² T³ / 27 + h / 6,    g(q) = 3 ((1 + h (q − h / 6))^⅓ − 1) / h.
    """
    num_tasks = deviations.shape[-1]
    quantile = student_quantile(num_tasks, level)
    squares = deviations * deviations
    spread = (squares.sum(axis=-1) / (num_tasks - 1)) ** 0.5
    error = spread / num_tasks**0.5
    cubes = np.einsum("...t,...t->...", squares, deviations) / num_tasks**1.5
    skewness = np.divide(cubes, spread**3, out=np.zeros_like(spread), where=spread**3 > 0)
    is_even = np.abs(skewness) < _NO_SKEWNESS
    h = np.where(is_even, 1.0, skewness)
    below, above = (
        sign * np.where(is_even, sign * quantile, 3 * (np.cbrt(1 + h * (sign * quantile - h / 6)) - 1) / h)
        for sign in (1, -1)
    )
    return np.asarray(error * np.maximum(quantile, below)), np.asarray(error * np.maximum(quantile, above))


def _root(end: Callable[[float], float], estimate: float, below: float) -> float:
    """Return the ratio at which an end of the interval is 0; the end falls by about `below` per unit of the ratio."""
    height = end(estimate)
    if height == 0:
        return estimate
    step = height / below
    while end(estimate + step) * height > 0:
        step *= 2
    return float(optimize.brentq(end, estimate, estimate + step, xtol=1e-300, rtol=1e-10))  # pyright: ignore
