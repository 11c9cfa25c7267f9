"""Densities of the mean rewards of independent arms, in a coordinate in which they are log-concave and analytic.

The coordinate u is the logit of a success probability, the log of an exponential arm's mean, or the mean of a Gaussian
arm. In it the density is `peak * exp(-deviance(u - location))` with a convex deviance, however small the concentrations
are: a Beta(0.001, 0.001) arm has exponential tails where the density of its probability has poles at 0 and 1.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

LARGEST_DEVIANCE = 38.0
"""Deviance at the ends of an arm's range; the density is exp(-38), about 3e-17, of its peak there."""

TAIL_START = 3.0
"""Distance of the exponential tails from where they bend."""

Values = Float[np.ndarray, "..."]
Rows = Float[np.ndarray, "row arm"]


class Arms(NamedTuple):
    """Arms of many tasks. Every field has shape (row, arm)."""

    location: Rows
    """Where the density is largest."""
    peak: Rows
    """Largest density."""
    shape: Rows
    """Smaller concentration of a Beta arm, concentration of a Gamma arm, or precision of a Gaussian mean."""
    total: Rows
    """Sum of both concentrations of a Beta arm, negative if the first is the larger one; unused for other arms."""
    lower: Rows
    upper: Rows
    """Ends of the range."""
    left_tail: Rows
    right_tail: Rows
    """Where the exponential tails begin, in which the density is exponential up to a factor of exp(0.05)."""
    left_rate: Rows
    right_rate: Rows
    """Rates of the exponential tails."""


def beta_arms(concentration1: Rows, concentration0: Rows) -> Arms:
    """Return arms whose success probabilities are Beta-distributed, over their logit."""
    total = concentration1 + concentration0
    is_smaller = concentration1 <= concentration0
    shape = np.minimum(concentration1, concentration0)
    location = np.log(concentration1) - np.log(concentration0)
    log_peak = 0.5 * (np.log(concentration1) + np.log(concentration0) - np.log(2 * np.pi) - np.log(total))
    log_peak += _stirling_error(total) - _stirling_error(concentration1) - _stirling_error(concentration0)
    # the deviance is above linear functions that reach the largest deviance at these distances
    share = shape / total
    slow = (total * np.log1p(-share) - LARGEST_DEVIANCE) / shape
    fast = (LARGEST_DEVIANCE - total * np.log(share)) / np.maximum(concentration1, concentration0)
    slow, fast = _moved_inwards(slow, shape, total), _moved_inwards(fast, shape, total)
    bend = TAIL_START + np.log1p(total)
    return Arms(
        location,
        np.exp(log_peak),
        shape,
        np.where(is_smaller, total, -total),
        location + np.where(is_smaller, slow, -fast),
        location + np.where(is_smaller, fast, -slow),
        -bend,
        bend,
        concentration1,
        concentration0,
    )


def inverse_gamma_arms(concentration: Rows, rate: Rows) -> Arms:
    """Return arms whose event rates are Gamma-distributed, over the log of their mean reward."""
    location = np.log(rate) - np.log(concentration)
    log_peak = 0.5 * (np.log(concentration) - np.log(2 * np.pi)) - _stirling_error(concentration)
    # of e^s - 1 - s, which is at least s^2 / 2, and at least e^s / 4 from s = 1.5 on
    reach = LARGEST_DEVIANCE / concentration
    fall = np.minimum(np.sqrt(2 * reach), np.maximum(1.5, np.log(4 * reach)))
    rise = np.minimum(1 + reach, np.sqrt(2 * reach) + reach)
    nowhere = np.full(location.shape, -np.inf)
    bend = np.log(rate) + TAIL_START
    return Arms(
        location,
        np.exp(log_peak),
        concentration,
        concentration,
        location - fall,
        location + rise,
        nowhere,
        bend,
        concentration,
        concentration,
    )


def normal_arms(loc: Rows, scale: Rows) -> Arms:
    """Return arms with normally distributed means."""
    reach, precision = np.sqrt(2 * LARGEST_DEVIANCE) * scale, scale**-2.0
    nowhere = np.full(loc.shape, np.inf)
    peak = 1 / (np.sqrt(2 * np.pi) * scale)
    return Arms(loc, peak, precision, precision, loc - reach, loc + reach, -nowhere, nowhere, precision, precision)


def _moved_inwards(end: Rows, shape: Rows, total: Rows) -> Rows:
    """Move an end of a Beta arm's range inwards by Newton's method, which stays beyond the largest deviance."""
    share = shape / total
    for _ in range(100):
        near = np.minimum(end, 500.0)
        deviance = total * (np.log1p(share * np.expm1(near)) + (end - near)) - shape * end
        if (deviance <= LARGEST_DEVIANCE + 4).all():
            break
        slope = shape * (1 / (share + (1 - share) * np.exp(-end)) - 1)
        end = end - np.maximum(deviance - LARGEST_DEVIANCE, 0.0) / slope
    return end


def _stirling_error(x: Values) -> Values:
    """Return `log gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2)` without cancellation (Loader 2000)."""
    inverse = 1 / np.maximum(x, 15.0)
    square = inverse**2
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    small = np.minimum(x, 15.0)
    direct = special.gammaln(small) - ((small - 0.5) * np.log(small) - small + 0.5 * np.log(2 * np.pi))
    return np.where(x >= 15, series, direct)
