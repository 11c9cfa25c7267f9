"""Learn or hard-code: the regime of the networks of one cell, from their exploration in probe tasks.

A cell is one setting (spread of tasks, noise, lifetime) at which several networks were trained, one per training seed.
In probe tasks the unknown arm's mean is the prior mean, below the known arm's reward. A network that pulls the unknown
arm there more than about once still has to find out which arm is better: it learns. A network that does not has
hard-coded the known arm. Lange & Sprekeler 2020 (arXiv 2010.04466) count a cell as learning if the mean is above one
pull.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import optimize, special, stats

from comparisons.statistics.intervals import LEVEL, Interval

THRESHOLD = 1.0
"""Mean pulls per probe task above which a network learns."""


_PRIOR = 0.5
"""Both parameters of the share's Beta prior: Jeffreys'."""


class LearningShare(NamedTuple):
    """Posterior of the share of networks that learn, among all that would be trained in a cell."""

    share: Interval
    """Posterior mean of the share, and an interval that covers it as `learning_share` says."""
    seed_probs: Float[np.ndarray, "training_seed"]
    """Probability that each network learns, from its own tasks alone, with prior odds of 1."""
    cell_prob: float
    """Posterior probability that the share is above 1/2, so that the cell learns."""


def learning_probs(
    pulls: Float[np.ndarray, "training_seed task"], *, threshold: float = THRESHOLD
) -> Float[np.ndarray, "training_seed"]:
    """Return the probability that each network's mean number of pulls is above the threshold, given its tasks.

    With the usual prior 1/σ of an unknown scale, the posterior of the mean over all tasks is Student's t about the
    sample mean, in units of its standard error, with tasks − 1 degrees of freedom. If all tasks agree, the mean is
    their value; a network at the threshold itself does not learn. `pulls` counts pulls of the unknown arm per probe
    task. Raises `ValueError` for fewer than 2 tasks, pulls that are negative or not finite, or a threshold below 0.
    """
    num_tasks = pulls.shape[1]
    if pulls.shape[0] < 1 or num_tasks < 2:
        raise ValueError(f"pulls need at least 1 training seed and 2 tasks; got the shape {pulls.shape}")
    if not np.isfinite(pulls).all() or (pulls < 0).any():
        raise ValueError(f"pulls must be finite and at least 0; got values from {pulls.min()} to {pulls.max()}")
    if not threshold >= 0:
        raise ValueError(f"threshold must be at least 0; got {threshold}")
    means = pulls.mean(axis=1)
    is_constant = (pulls == pulls[:, :1]).all(axis=1)
    errors = np.where(is_constant, 1.0, pulls.std(axis=1, ddof=1) / num_tasks**0.5)
    return np.where(is_constant, pulls[:, 0] > threshold, stats.t.cdf((means - threshold) / errors, num_tasks - 1))


def learning_share(
    pulls: Float[np.ndarray, "training_seed task"], *, threshold: float = THRESHOLD, level: float = LEVEL
) -> LearningShare:
    """Return the share of networks that learn, from a cell's probe tasks; the interval is over networks.

    Each network learns with probability s, the share, and s ~ Beta(½, ½). Its tasks multiply the odds by q / (1 − q),
    with q from `learning_probs`. Summed over all regimes of all N networks, the number K that learn has

        P(K) ∝ c_K B(K + ½, N − K + ½),

    where c_K is the distribution of the sum of independent Bernoulli(q_i) variables (Poisson-binomial, by convolution),
    and s is a mixture over K of Beta(K + ½, N − K + ½): exact, with no simulation. A network whose tasks are
    uninformative (q = ½) does not change s. The interval's ends are quantiles of the mixtures of Beta(K, N − K + 1) and
    Beta(K + 1, N − K): Clopper & Pearson's interval (1934, Biometrika 26) if K is known, which covers any share, as
    the central interval of the posterior does not. Raises as `learning_probs`, and `ValueError` for a level outside
    (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    seed_probs = learning_probs(pulls, threshold=threshold)
    num_seeds = len(seed_probs)
    learners = np.arange(num_seeds + 1) + _PRIOR
    others = learners[::-1]
    log_weights = special.betaln(learners, others)
    weights = num_learning_probs(seed_probs) * np.exp(log_weights - log_weights.max())
    weights /= weights.sum()

    tail, counts = (1 - level) / 2, np.arange(num_seeds + 1)
    lower = _quantile(weights, counts, num_seeds - counts + 1, tail)
    upper = 1 - _quantile(weights, num_seeds - counts, counts + 1, tail)
    estimate = float(weights @ learners) / (num_seeds + 2 * _PRIOR)
    cell_prob = float(weights @ special.betaincc(learners, others, 0.5))
    return LearningShare(Interval(estimate, lower, upper), seed_probs, cell_prob)


def _quantile(
    weights: Float[np.ndarray, "num_learning"],
    first: Int[np.ndarray, "num_learning"],
    second: Int[np.ndarray, "num_learning"],
    tail: float,
) -> float:
    """Return a low quantile of a mixture of Beta distributions; one whose first parameter is 0 is always 0."""
    is_zero = first == 0

    def distance(share: float) -> float:
        return float(weights @ np.where(is_zero, 1.0, special.betainc(np.maximum(first, 1), second, share))) - tail

    return 0.0 if distance(0.0) >= 0 else float(optimize.brentq(distance, 0.0, 1.0, xtol=1e-13))  # pyright: ignore


def num_learning_probs(seed_probs: Float[np.ndarray, "training_seed"]) -> Float[np.ndarray, "num_learning"]:
    """Return the distribution of the number of networks that learn, each independently with its own probability."""
    probs = np.ones(1)
    for prob in seed_probs:
        probs = np.convolve(probs, [1 - prob, prob])
    return probs
