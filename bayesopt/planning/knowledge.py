"""Expected largest posterior mean after one more pull of each arm, in closed form.

Its difference from the present largest mean is the knowledge gradient (Frazier, Powell & Dayanik 2008, SIAM J. Control
Optim. 47:2410), the one-step value of information.
"""

import numpy as np
from jaxtyping import Float
from scipy import special

Rows = Float[np.ndarray, "task arm"]


def largest_mean_after_flip(concentration1: Rows, concentration0: Rows) -> Rows:
    """Return the expected largest mean after one more pull of each arm, for Bernoulli arms with Beta beliefs."""
    total = concentration1 + concentration0
    mean, best_other = concentration1 / total, best_of_others(concentration1 / total)
    after_success = np.maximum((concentration1 + 1) / (total + 1), best_other)
    after_failure = np.maximum(concentration1 / (total + 1), best_other)
    return mean * after_success + (1 - mean) * after_failure


def largest_mean_after_reading(loc: Rows, precision: Rows, *, observation_scale: float) -> Rows:
    """Return the expected largest mean after one more pull of each arm, for Gaussian arms with normal beliefs."""
    gain = observation_scale**-2
    spread = np.sqrt(gain / (precision * (precision + gain)))
    best_other = best_of_others(loc)
    if loc.shape[1] == 1:
        return loc
    z = (loc - best_other) / spread
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return best_other + spread * (z * special.ndtr(z) + density)


def largest_mean_after_waiting(concentration: Rows, rate: Rows) -> Rows:
    """Return the expected largest mean after one more pull of each arm, for exponential arms with Gamma beliefs.

    The new mean is (rate + x) / concentration, with x Lomax-distributed: its expected excess over a threshold is a
    power function.
    """
    mean, best_other = rate / (concentration - 1), best_of_others(rate / (concentration - 1))
    if mean.shape[1] == 1:
        return mean
    threshold = np.maximum(concentration * best_other - rate, 0.0)
    excess = mean * (1 + threshold / rate) ** (1 - concentration) / concentration
    return np.where(threshold > 0, best_other + excess, mean)


def best_of_others(means: Rows) -> Rows:
    """Return for every arm the largest value among the other arms; -inf if there are none."""
    num_arms = means.shape[1]
    others = np.where(np.eye(num_arms, dtype=bool), -np.inf, means[:, None, :])
    return others.max(axis=2)
