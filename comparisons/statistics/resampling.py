"""Resamples of tasks and training seeds, for statistics that are no smooth functions of means: distances and maxima.

Tasks are resampled with replacement. Deviations of their weights are scaled by sqrt(n / (n - 1)), which makes the
spread of the resampled means unbiased (Davison & Hinkley 1997, section 2.3).

Networks are too few for that: means of 3 networks that are resampled with replacement have too light tails. Their
weights follow a multivariate t distribution instead. Any mean over networks then varies about the mean of the n
networks by their standard error times a variable of Student's t distribution with n − 1 degrees of freedom, so that
intervals over networks alone are Student's (a posterior for normal differences between networks: Box & Tiao 1973,
section 2.4).

An interval comes from how far resamples are from the estimate, not from their percentiles. A distance or a maximum of
noisy numbers is too large on average, and its resamples, which are noisy twice, are larger still: percentiles may lie
wholly above the estimate. But by the triangle inequality the distance d of the estimated numbers x from a reference is
no further from that of the true numbers μ than x is from μ:

    |d(x, reference) − d(μ, reference)| ≤ d(x, μ).

So d(x, reference) plus and minus the 95 % quantile of d(resample, x) covers at least as often as the bootstrap covers μ
itself. The same holds for a maximum, a minimum or a range, which change by no more than the largest change of a number.
"""

import functools

import numpy as np
from jaxtyping import Float, UInt8

from comparisons.statistics.intervals import LEVEL, Interval

NUM_RESAMPLES = 2000


MAX_UNITS = 4000
"""More tasks than these are resampled in blocks: the interval is the same but for chance, the work is bounded."""


_RESAMPLES_PER_PASS = 100


def distance_interval(
    estimate: float,
    deviations: Float[np.ndarray, "resample"],
    *,
    least: float = -np.inf,
    most: float = np.inf,
    level: float = LEVEL,
) -> Interval:
    """Return an estimate plus and minus the quantile of how far resamples deviate from it, within `least` and `most`.

    A deviation is a bound on the change of the statistic, as the docstring of the module explains; it may be infinite.
    NaN where the estimate or a deviation is undefined. Raises `ValueError` for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    if np.isnan(estimate) or np.isnan(deviations).any():
        return Interval(float(estimate), np.nan, np.nan)
    reach = float(np.quantile(deviations, level, method="inverted_cdf"))  # never a mean with infinity
    if np.isinf(estimate):
        return Interval(estimate, estimate, estimate) if reach == 0 else Interval(estimate, least, most)
    return Interval(float(estimate), max(estimate - reach, least), min(estimate + reach, most))


def resampled_means(
    values: Float[np.ndarray, "measure training_seed task"], *, seed: int, num_resamples: int = NUM_RESAMPLES
) -> Float[np.ndarray, "measure resample"]:
    """Return means over seeds and tasks under the same resamples for every measure, so that they can be combined.

    Infinite for a measure that has any value that is not finite. Raises `ValueError` for fewer than 2 tasks.
    """
    is_finite = np.asarray(np.isfinite(values).all(axis=(1, 2)))
    values = np.where(is_finite[:, None, None], values, 0.0)
    num_measures, num_seeds, num_tasks = values.shape
    task_weights = resampled_weights(num_tasks, seed=seed, num_resamples=num_resamples)
    seed_weights = weights_of_seeds(num_seeds, seed=seed + 1, num_resamples=num_resamples)
    means = np.empty((num_measures, num_resamples))
    for start in range(0, num_resamples, _RESAMPLES_PER_PASS):
        rows = slice(start, start + _RESAMPLES_PER_PASS)
        by_seed = (values.reshape(-1, num_tasks) @ task_weights[rows].T).reshape(num_measures, num_seeds, -1)
        means[:, rows] = np.einsum("mnr,rn->mr", by_seed, seed_weights[rows])
    means[~is_finite] = np.inf
    return means


def resampled_weights(
    num_units: int, *, seed: int, num_resamples: int = NUM_RESAMPLES
) -> Float[np.ndarray, "resample unit"]:
    """Return the weights of tasks, or of blocks of tasks, in each resample; they sum to 1.

    Raises `ValueError` for fewer than 2 of them.
    """
    if num_units < 2:
        raise ValueError(f"an interval over tasks needs at least 2 tasks; got {num_units}")
    counts = _resampled_counts(seed, num_units, num_resamples)
    return 1 / num_units + (num_units / (num_units - 1)) ** 0.5 * (counts - 1.0) / num_units


def weights_of_seeds(
    num_seeds: int, *, seed: int, num_resamples: int = NUM_RESAMPLES
) -> Float[np.ndarray, "resample training_seed"]:
    """Return the weights of the networks in each resample, which may be negative; they sum to 1."""
    if num_seeds == 1:
        return np.ones((num_resamples, 1))
    generator = np.random.default_rng(seed)
    normal = generator.normal(size=(num_resamples, num_seeds))
    scales = (generator.chisquare(num_seeds - 1, size=(num_resamples, 1)) / (num_seeds - 1)) ** 0.5
    deviations = (normal - normal.mean(axis=1, keepdims=True)) / scales
    return 1 / num_seeds + deviations / (num_seeds * (num_seeds - 1)) ** 0.5


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
