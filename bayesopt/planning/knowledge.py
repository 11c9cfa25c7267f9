"""What one more pull is expected to teach: the largest posterior mean after it, by arm, in closed form.

The difference to today's largest mean is the knowledge gradient (Frazier, Powell & Dayanik 2008, SIAM J. Control
Optim. 47:2410), the one-step value of information.
"""

import numpy as np
from jaxtyping import Float
from scipy import special

Rows = Float[np.ndarray, "task arm"]


def largest_mean_after_flip(concentration1: Rows, concentration0: Rows) -> Rows:
    """For arms with Beta beliefs: after one more success or failure of each arm in turn."""
    total = concentration1 + concentration0
    mean, best_other = concentration1 / total, best_of_others(concentration1 / total)
    after_success = np.maximum((concentration1 + 1) / (total + 1), best_other)
    after_failure = np.maximum(concentration1 / (total + 1), best_other)
    return mean * after_success + (1 - mean) * after_failure


def largest_mean_after_reading(loc: Rows, precision: Rows, *, observation_scale: float) -> Rows:
    """For arms with normal beliefs: after one more reading of each arm in turn."""
    gain = observation_scale**-2
    spread = np.sqrt(gain / (precision * (precision + gain)))
    best_other = best_of_others(loc)
    if loc.shape[1] == 1:
        return loc
    z = (loc - best_other) / spread
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return best_other + spread * (z * special.ndtr(z) + density)


def largest_mean_after_waiting(concentration: Rows, rate: Rows) -> Rows:
    """For arms with Gamma beliefs about an event rate, of mean reward 1 / rate: after one more waiting time of each.

    The new mean is (rate + x) / concentration, with x Lomax-distributed: its excess over a threshold is a power.
    """
    mean, best_other = rate / (concentration - 1), best_of_others(rate / (concentration - 1))
    if mean.shape[1] == 1:
        return mean
    threshold = np.maximum(concentration * best_other - rate, 0.0)
    excess = mean * (1 + threshold / rate) ** (1 - concentration) / concentration
    return np.where(threshold > 0, best_other + excess, mean)


def best_of_others(means: Rows) -> Rows:
    """For every arm the largest value among the other arms; -inf where there is none."""
    num_arms = means.shape[1]
    others = np.where(np.eye(num_arms, dtype=bool), -np.inf, means[:, None, :])
    return others.max(axis=2)
