"""Calibration: the observed frequency of outcomes against their predicted probability.

For finite outcomes the stated probabilities of single outcomes, in ten bins; for continuous ones the probability
integral transform against nine quantile levels. Either way a table of stated against observed frequency, per task so
that intervals can be taken over tasks.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from numpyro.distributions import Distribution

from bayesopt.distributions import outcome_log_probs
from bayesopt.float64 import in_float64

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
        return _by_quantile(np.asarray(predictive.cdf(observations), float)[:, :length])
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


def _by_quantile(transforms: Float[np.ndarray, "task time"]) -> Reliability:
    levels = np.arange(1, NUM_BINS) / NUM_BINS
    observed = (transforms[..., None] <= levels).sum(1).astype(float)
    count = np.full_like(observed, transforms.shape[1])
    return Reliability(count, count * levels, observed)
