"""Calibration: the observed frequency of outcomes against their predicted probability.

For finite outcomes the stated probabilities of single outcomes, in ten bins; for others the probability integral
transform against nine quantile levels. Either way a table of stated against observed frequency, per task so
that intervals can be taken over tasks.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from numpyro.distributions import Distribution

from bayesopt.distributions import outcome_log_probs
from bayesopt.float64 import in_float64
from comparisons.statistics.count_sums import is_of_counts

NUM_BINS = 10


class Reliability(NamedTuple):
    """Sums per task and bin: number of predictions, predicted probability, and how often the outcome occurred."""

    num_statements: Float[np.ndarray, "task bin"]
    stated: Float[np.ndarray, "task bin"]
    observed: Float[np.ndarray, "task bin"]


@in_float64
def reliability(predictive: Distribution, observations: Shaped[np.ndarray, "task time"], *, length: int) -> Reliability:
    """Return the reliability table of a predictor on the first `length` observations it predicted."""
    log_probs = outcome_log_probs(predictive)
    if log_probs is None:
        reached = np.asarray(predictive.cdf(observations), float)[:, :length]
        if is_of_counts(predictive):
            previous = np.maximum(observations - 1, 0)
            below = np.where(observations > 0, np.asarray(predictive.cdf(previous), float), 0.0)[:, :length]
            return _by_quantile(below, reached)
        return _by_quantile(reached, reached)
    return _by_stated_probability(np.exp(np.asarray(log_probs, float))[:, :length], observations[:, :length])


def calibration_error(table: Reliability) -> Float[np.ndarray, ""]:
    """Return the expected calibration error: mean distance of predicted from observed frequency (0 to 1)."""
    stated, observed, count = table.stated.sum(0), table.observed.sum(0), table.num_statements.sum(0)
    return np.asarray(np.abs(stated - observed).sum() / count.sum())


def _by_stated_probability(
    probs: Float[np.ndarray, "task time outcome"], observations: Shaped[np.ndarray, "task time"]
) -> Reliability:
    happened = np.arange(probs.shape[-1]) == observations[..., None]
    num_tasks = len(probs)
    bins = np.minimum((probs * NUM_BINS).astype(int), NUM_BINS - 1)
    cells = (bins + NUM_BINS * np.arange(num_tasks)[:, None, None]).ravel()

    def total(weights: np.ndarray) -> np.ndarray:
        return np.bincount(cells, weights.ravel(), num_tasks * NUM_BINS).reshape(num_tasks, NUM_BINS)

    return Reliability(total(np.ones_like(probs)), total(probs), total(happened.astype(float)))


def _by_quantile(below: Float[np.ndarray, "task time"], reached: Float[np.ndarray, "task time"]) -> Reliability:
    """Return how often the observation lay below each quantile level; `below` and `reached` are P(X < x) and P(X <= x).

    An observation whose step from `below` to `reached` crosses a level counts by the part of the step under it, so a
    calibrated predictive of counts reaches every level (Czado, Gneiting & Held 2009).
    """
    levels = np.arange(1, NUM_BINS) / NUM_BINS
    step = np.where(reached > below, reached - below, 1.0)[..., None]
    part = np.clip((levels - below[..., None]) / step, 0.0, 1.0)
    is_under = reached[..., None] <= levels
    observed = np.where(is_under | (reached == below)[..., None], is_under, part).sum(1)
    count = np.full_like(observed, reached.shape[1])
    return Reliability(count, count * levels, observed)
