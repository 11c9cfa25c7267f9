"""Probabilities that each of several independent arms is the best, with error bounds.

P(arm i is best) is the integral of its density times the product of the other arms' distribution functions. The
quadrature's error bound is proved (`best_arm_kernels`). Added to it are the ends of the arms' ranges, by how much each
arm's density fails to integrate to one, which tests the numbers themselves, and an allowance for rounding errors.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

from bayesopt.planning.arm_densities import (
    LARGEST_DEVIANCE,
    Arms,
    Rows,
    beta_arms,
    inverse_gamma_arms,
    normal_arms,
)
from bayesopt.planning.best_arm_kernels import BETA, INVERSE_GAMMA, NORMAL, NUM_NODES, integrate
from bayesopt.planning.gittins.index_batches import require

LARGEST_ERROR = 1e-9
"""Probabilities with a larger error bound are refused."""

ROUNDING = 2.0**-52


class CertifiedProbs(NamedTuple):
    """Probabilities of the arms to be the best, with a bound on their errors."""

    probs: Rows
    error_bound: Float[np.ndarray, "row"]
    """Every probability of the row lies within this of the true one."""


def best_of_beta_arms(concentration1: Rows, concentration0: Rows) -> CertifiedProbs:
    """Return the probability that each arm's Beta-distributed success probability is the largest.

    Error bounds are below 1e-10 for concentrations from 1e-4 to 1e6, however unequal, and up to 30 arms. Raises
    `ValueError` if a concentration is not positive and finite, or an error bound exceeds LARGEST_ERROR.
    """
    require("concentration1", concentration1, lambda x: x > 0, "positive and finite")
    require("concentration0", concentration0, lambda x: x > 0, "positive and finite")
    return _best(BETA, beta_arms, concentration1, concentration0)


def best_of_normal_arms(loc: Rows, scale: Rows) -> CertifiedProbs:
    """Return the probability that each arm's normally distributed mean is the largest.

    Two arms have a closed form. Raises `ValueError` if a mean or scale is out of range, or an error bound exceeds
    LARGEST_ERROR.
    """
    require("loc", loc, lambda x: np.abs(x) <= 1e300, "from -1e300 to 1e300")
    require("scale", scale, lambda x: (x > 0) & (x <= 1e300), "positive and at most 1e300")
    if loc.shape[1] == 2:
        first = special.ndtr((loc[:, 0] - loc[:, 1]) / np.hypot(scale[:, 0], scale[:, 1]))
        return CertifiedProbs(np.stack([first, 1 - first], axis=1), np.full(len(loc), 10 * ROUNDING))
    unit = scale.max(axis=1, keepdims=True)
    return _best(NORMAL, normal_arms, (loc - loc.max(axis=1, keepdims=True)) / unit, scale / unit)


def best_of_inverse_gamma_arms(concentration: Rows, rate: Rows) -> CertifiedProbs:
    """Return the probability that each arm's Gamma-distributed event rate is the smallest (largest mean reward).

    Raises `ValueError` if a concentration or rate is not positive and finite, or an error bound exceeds LARGEST_ERROR.
    """
    require("concentration", concentration, lambda x: x > 0, "positive and finite")
    require("rate", rate, lambda x: x > 0, "positive and finite")
    return _best(INVERSE_GAMMA, inverse_gamma_arms, concentration, rate / rate.max(axis=1, keepdims=True))


def _best(kind: int, arms_of: Callable[[Rows, Rows], Arms], first: Rows, second: Rows) -> CertifiedProbs:
    """Compute the quadrature once for every distinct set of arms, in whatever order the arms are."""
    stacked = np.stack([first, second], axis=-1).astype(float)
    num_rows, num_arms, _ = stacked.shape
    order = np.lexsort(np.moveaxis(stacked, -1, 0), axis=-1)
    in_order = np.take_along_axis(stacked, order[..., None], axis=1)
    rows, inverse = np.unique(in_order.reshape(num_rows, 2 * num_arms), axis=0, return_inverse=True)
    rows = rows.reshape(len(rows), num_arms, 2)
    probs, error_bound = np.full((len(rows), num_arms), 1 / num_arms), np.zeros(len(rows))
    different = np.flatnonzero((rows != rows[:, :1]).any(axis=(1, 2)))
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        arms = arms_of(rows[different, :, 0], rows[different, :, 1])
        probs[different], error_bound[different] = _integrated(kind, arms)
    _require_accuracy(error_bound, rows)
    unsorted = np.empty((num_rows, num_arms))
    np.put_along_axis(unsorted, order, probs[inverse.reshape(-1)], axis=1)
    return CertifiedProbs(unsorted, error_bound[inverse.reshape(-1)])


def _require_accuracy(error_bound: Float[np.ndarray, "row"], rows: Float[np.ndarray, "row arm parameter"]) -> None:
    is_wrong = ~(error_bound <= LARGEST_ERROR)
    if is_wrong.any():
        worst = int(np.argmax(is_wrong))
        raise ValueError(
            f"probabilities of the best arm must be reachable to {LARGEST_ERROR:g}; got an error bound of "
            f"{error_bound[worst]:.1e} for parameters from {rows[worst].min():g} to {rows[worst].max():g}. Use less "
            "extreme beliefs"
        )


def _integrated(kind: int, arms: Arms) -> tuple[Rows, Float[np.ndarray, "row"]]:
    """Return probabilities and their error bounds."""
    probs, errors = np.empty(arms.location.shape), np.empty(len(arms.location))
    integrate(kind, Arms(*(np.ascontiguousarray(field) for field in arms)), _rule(), probs, errors)
    # a convex deviance d at distance t falls at least at rate d / t beyond
    outside = arms.peak * math.exp(-LARGEST_DEVIANCE) / LARGEST_DEVIANCE * (arms.upper - arms.lower)
    # distances to the location are rounded; for logarithms so are both terms of the deviance, `shape * distance`
    relative = np.abs(arms.location) + (0.0 if kind == NORMAL else 4.0)
    rounding = ROUNDING * (100 + 2 * relative * np.sqrt(arms.shape))
    is_relevant = arms.upper > arms.lower.max(axis=1, keepdims=True)
    errors += (np.where(is_relevant, rounding, 0.0) + outside).sum(axis=1)
    total = probs.sum(axis=1, keepdims=True)
    return probs / total, errors + np.abs(total[:, 0] - 1)


@functools.cache
def _rule() -> tuple[Float[np.ndarray, "node"], Float[np.ndarray, "node"], Float[np.ndarray, "node node"]]:
    """Return Gauss-Legendre nodes, weights, and for each node the integral of its polynomial divided by its weight."""
    nodes, weights = np.polynomial.legendre.leggauss(NUM_NODES)
    values = np.polynomial.legendre.legvander(nodes, NUM_NODES)
    degrees = np.arange(NUM_NODES)
    integrals = (values[:, 2:] - values[:, :-2]) / (2 * degrees[1:] + 1)
    integrals = np.concatenate([1 + nodes[:, None], integrals], axis=1)
    return nodes, weights, (values[:, :-1] * (degrees + 0.5)) @ integrals.T
