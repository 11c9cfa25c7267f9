"""Intervals for means over tasks and training seeds: the bootstrap, and Student's t over training seeds.

A mean of one number per training seed has a Student's t interval (`t_interval`). A mean of numbers per seed and task
has a bootstrap interval, which is too narrow where few seeds differ much; `docs/intervals.md` says by how much.

In the bootstrap, tasks and seeds are crossed (every network meets every task), so both are resampled, independently
of each other. Deviations of the resampled weights are scaled by sqrt(n / (n - 1)), which makes the spread of the
resampled means unbiased also for the few seeds one can afford (Davison & Hinkley 1997, section 2.3; Owen 2007, Ann.
Appl. Stat. 1).
"""

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from scipy import stats

NUM_RESAMPLES = 2000


LEVEL = 0.95


MAX_UNITS = 4000
"""More tasks than these are resampled in blocks: the interval is the same but for chance, the work is bounded."""


_RESAMPLES_PER_PASS = 100


class Interval(NamedTuple):
    """An estimate and the ends of its interval, in the unit of the estimate."""

    estimate: float
    lower: float
    upper: float


def bootstrap_mean(
    values: Float[np.ndarray, "training_seed task"],
    *,
    seed: int,
    level: float = LEVEL,
    num_resamples: int = NUM_RESAMPLES,
) -> Interval:
    """Return the mean over seeds and tasks with a percentile interval over both; over tasks alone for one seed.

    Infinite where any value is. Raises `ValueError` for fewer than 2 tasks or a level outside (0, 1).
    """
    return bootstrap_ratio(values, np.ones_like(values), seed=seed, level=level, num_resamples=num_resamples)


def bootstrap_ratio(
    numerators: Float[np.ndarray, "training_seed task"],
    denominators: Float[np.ndarray, "training_seed task"],
    *,
    seed: int,
    level: float = LEVEL,
    num_resamples: int = NUM_RESAMPLES,
) -> Interval:
    """Return a ratio of sums (or means) with its percentile interval, resampled as in `bootstrap_mean`.

    Of more than 4,000 tasks, which are exchangeable, blocks of neighbours are resampled, 4,000 of them.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    estimate = float(numerators.mean() / denominators.mean())
    if not np.isfinite(estimate):
        return Interval(estimate, estimate, estimate)
    sums = summed_in_blocks(np.stack([numerators, denominators]))
    resampled = resampled_means(sums, seed=seed, num_resamples=num_resamples)
    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample may have nothing to divide by
        lower, upper = np.quantile(resampled[0] / resampled[1], [tail, 1 - tail])
    return Interval(estimate, float(lower), float(upper))


def resampled_means(
    values: Float[np.ndarray, "measure training_seed task"], *, seed: int, num_resamples: int = NUM_RESAMPLES
) -> Float[np.ndarray, "measure resample"]:
    """Return means over seeds and tasks under the same resamples for every measure, so that they can be combined.

    Infinite for a measure that has any value that is not finite. Raises `ValueError` for fewer than 2 tasks.
    """
    is_finite = np.asarray(np.isfinite(values).all(axis=(1, 2)))
    values = np.where(is_finite[:, None, None], values, 0.0)
    num_measures, num_seeds, num_tasks = values.shape
    if num_tasks < 2:
        raise ValueError(f"an interval over tasks needs at least 2 tasks; got {num_tasks}")
    task_counts = _resampled_counts(seed, num_tasks, num_resamples)
    seed_counts = _resampled_counts(seed + 1, num_seeds, num_resamples)
    means = np.empty((num_measures, num_resamples))
    for start in range(0, num_resamples, _RESAMPLES_PER_PASS):
        rows = slice(start, start + _RESAMPLES_PER_PASS)
        by_seed = values.reshape(-1, num_tasks) @ _weights(task_counts[rows]).T
        by_seed = by_seed.reshape(num_measures, num_seeds, -1)
        means[:, rows] = np.einsum("mnr,rn->mr", by_seed, _weights(seed_counts[rows]))
    is_non_negative = np.asarray((values >= 0).all(axis=(1, 2)))
    means[is_non_negative] = np.maximum(means[is_non_negative], 0.0)  # scaled weights can be slightly negative
    means[~is_finite] = np.inf
    return means


def bootstrap_median(
    values: Float[np.ndarray, "task"], *, seed: int, level: float = LEVEL, num_resamples: int = NUM_RESAMPLES
) -> Interval:
    """Return the median over tasks with a percentile interval over them; values may be infinite.

    Raises `ValueError` for fewer than 2 tasks, values that are NaN, or a level outside (0, 1).
    """
    if len(values) < 2 or np.isnan(values).any():
        raise ValueError(f"a median needs at least 2 tasks, none of them NaN; got {values}")
    rows = np.random.default_rng(seed).integers(len(values), size=(num_resamples, len(values)))
    resampled = np.quantile(values[rows], 0.5, axis=1, method="inverted_cdf")
    return percentile_interval(float(np.quantile(values, 0.5, method="inverted_cdf")), resampled, level=level)


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
        half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * float(values.std(ddof=1)) / len(values) ** 0.5
        half = float(np.fmax(half, over_tasks))
    return Interval(mean, float(np.maximum(mean - half, least)), float(np.minimum(mean + half, most)))


def percentile_interval(estimate: float, resampled: Float[np.ndarray, "resample"], *, level: float = LEVEL) -> Interval:
    """Return an estimate with the central `level` of its resampled values, whose ends may be infinite.

    NaN where the estimate or any resampled value is undefined. Raises `ValueError` for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    if np.isnan(estimate) or np.isnan(resampled).any():
        return Interval(float(estimate), np.nan, np.nan)
    tail = (1 - level) / 2
    lower, upper = np.quantile(resampled, [tail, 1 - tail], method="inverted_cdf")  # never a mean with infinity
    return Interval(float(estimate), float(lower), float(upper))


def resampled_weights(
    num_units: int, *, seed: int, num_resamples: int = NUM_RESAMPLES
) -> Float[np.ndarray, "resample unit"]:
    """Return the weights of the units (tasks, blocks or seeds) in each resample; they sum to 1."""
    return _weights(_resampled_counts(seed, num_units, num_resamples))


def summed_in_blocks(values: Float[np.ndarray, "*batch task"]) -> Float[np.ndarray, "*batch block"]:
    """Return sums over blocks of neighbouring tasks, at most `MAX_UNITS` of them."""
    num_tasks = values.shape[-1]
    if num_tasks <= MAX_UNITS:
        return values
    return np.add.reduceat(values, np.arange(MAX_UNITS) * num_tasks // MAX_UNITS, axis=-1)


@functools.lru_cache(maxsize=8)
def _resampled_counts(seed: int, count: int, num_resamples: int) -> UInt8[np.ndarray, "resample unit"]:
    """Return how often each of `count` units is drawn in each resample."""
    generator = np.random.default_rng(seed)
    counts = np.empty((num_resamples, count), np.uint8)
    for row in counts:
        row[:] = np.bincount(generator.integers(count, size=count), minlength=count)
    counts.flags.writeable = False
    return counts


def _weights(counts: UInt8[np.ndarray, "resample unit"]) -> Float[np.ndarray, "resample unit"]:
    """Return the weights of the units; deviations from equal weights are scaled to make the spread unbiased."""
    num_units = counts.shape[1]
    if num_units == 1:
        return np.ones(counts.shape)
    return 1 / num_units + (num_units / (num_units - 1)) ** 0.5 * (counts - 1.0) / num_units
