"""Learn or hard-code: which regime the networks of one cell are in, from how they explore where exploring is a loss.

A cell is one setting (spread of tasks, noise, lifetime) at which several networks were trained, one per training seed.
Each is probed on held-out tasks whose unknown arm is at its prior mean, below the sure one: whoever pulls it there more
than about once is looking something up that training did not settle, so it learns; whoever does not has hard-coded the
sure arm. Lange & Sprekeler 2020 (arXiv 2010.04466) count a cell as learning where the mean is above one pull.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import optimize, special, stats

from comparisons.statistics.intervals import LEVEL, Interval

THRESHOLD = 1.0
"""More pulls than this on average, per lifetime of the probe, are learning."""


_PRIOR = 0.5
"""Both parameters of the share's Beta prior: Jeffreys'."""


class LearningShare(NamedTuple):
    """How many of a cell's networks learn: the posterior of the share of all networks that would be trained there."""

    share: Interval
    """Posterior mean and central interval of the share; both ends lie inside (0, 1)."""
    seed_probs: Float[np.ndarray, "training_seed"]
    """The probability that each network learns, by its own tasks alone (at even odds before them)."""
    cell_prob: float
    """The posterior probability that the cell learns: that the share is above 1/2."""


def learning_probs(
    pulls: Float[np.ndarray, "training_seed task"], *, threshold: float = THRESHOLD
) -> Float[np.ndarray, "training_seed"]:
    """The probability that each network's mean number of pulls is above the threshold, given the tasks it was seen on.

    The mean over all tasks has, with the usual prior 1/σ of an unknown scale, Student's t as its posterior: tasks − 1
    degrees of freedom, about the mean, in units of its standard error. Where all tasks agree it is their value, and a
    network at the threshold itself does not learn. `pulls` are of the uncertain arm, per lifetime of the probe. Raises
    `ValueError` for fewer than 2 tasks, pulls that are negative or not finite, or a threshold below 0.
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
    """The share of networks that learn, from a cell's probes; the unit of the interval is the network.

    Each network learns with probability s, the share, and s ~ Beta(½, ½). Its tasks multiply the odds by q / (1 − q),
    q from `learning_probs`. Summed over all regimes of all N networks, the number K that learn has

        P(K) ∝ c_K B(K + ½, N − K + ½),

    c_K the distribution of the sum of independent Bernoulli(q_i) variables (Poisson-binomial, by convolution), and s is
    a mixture over K of Beta(K + ½, N − K + ½): exact, with no simulation. A network of which the tasks say nothing
    (q = ½) changes nothing. Raises as `learning_probs`, and `ValueError` for a level outside (0, 1).
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

    def share_cdf(share: float) -> float:
        return float(weights @ special.betainc(learners, others, share))

    tail = (1 - level) / 2
    lower, upper = (
        float(optimize.brentq(lambda share, at=at: share_cdf(share) - at, 0.0, 1.0, xtol=1e-13))
        for at in (tail, 1 - tail)
    )
    estimate = float(weights @ learners) / (num_seeds + 2 * _PRIOR)
    cell_prob = float(weights @ special.betaincc(learners, others, 0.5))
    return LearningShare(Interval(estimate, lower, upper), seed_probs, cell_prob)


def num_learning_probs(seed_probs: Float[np.ndarray, "training_seed"]) -> Float[np.ndarray, "num_learning"]:
    """The distribution of how many independent networks learn, 0 to all, when each does with its own probability."""
    probs = np.ones(1)
    for prob in seed_probs:
        probs = np.convolve(probs, [1 - prob, prob])
    return probs
