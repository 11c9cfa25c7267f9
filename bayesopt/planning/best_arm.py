"""Probabilities that each of several independent arms is the best, by one-dimensional quadrature over its mean.

P(arm i is best) is the integral of its density times the product of the other arms' distribution functions. The product
is zero below the highest lower end of their ranges, and one above the highest upper end. Gauss-Legendre nodes are
placed only in between.
"""

import functools
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy import special

NUM_NODES = 128
NEGLIGIBLE = 1e-17
_ROWS_PER_PASS = 2000

Values = Float[np.ndarray, "..."]
Rows = Float[np.ndarray, "row arm"]


def best_of_beta_arms(concentration1: Rows, concentration0: Rows) -> Rows:
    """Return the probability that each arm's Beta-distributed success probability is the largest."""

    def log_density(u: Values, a: Values, b: Values) -> Values:
        return a * special.log_expit(u) + b * special.log_expit(-u) - special.betaln(a, b)

    def cdf(u: Values, a: Values, b: Values) -> Values:
        is_low = u < 0
        tail = special.betainc(np.where(is_low, a, b), np.where(is_low, b, a), special.expit(-np.abs(u)))
        return np.where(is_low, tail, 1 - tail)

    with np.errstate(divide="ignore"):
        lower = special.logit(special.betaincinv(concentration1, concentration0, NEGLIGIBLE)).clip(-700, 700)
        upper = -special.logit(special.betaincinv(concentration0, concentration1, NEGLIGIBLE)).clip(-700, 700)
    return _best(log_density, cdf, lower, upper, concentration1, concentration0)


def best_of_normal_arms(loc: Rows, scale: Rows) -> Rows:
    """Return the probability that each arm's normally distributed mean is the largest."""
    if loc.shape[1] == 2:
        first = special.ndtr((loc[:, 0] - loc[:, 1]) / np.hypot(scale[:, 0], scale[:, 1]))
        return np.stack([first, 1 - first], axis=1)
    reach = -special.ndtri(NEGLIGIBLE) * scale

    def log_density(x: Values, loc: Values, scale: Values) -> Values:
        return -0.5 * ((x - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)

    def cdf(x: Values, loc: Values, scale: Values) -> Values:
        return special.ndtr((x - loc) / scale)

    return _best(log_density, cdf, loc - reach, loc + reach, loc, scale)


def best_of_inverse_gamma_arms(concentration: Rows, rate: Rows) -> Rows:
    """Return the probability that each arm's Gamma-distributed event rate is the smallest (largest mean reward)."""

    def log_density(u: Values, concentration: Values, rate: Values) -> Values:
        log_scaled = np.log(rate) - u
        return concentration * log_scaled - np.exp(log_scaled) - special.gammaln(concentration)

    def cdf(u: Values, concentration: Values, rate: Values) -> Values:
        return special.gammaincc(concentration, rate * np.exp(-u))

    lower = np.log(rate) - np.log(special.gammainccinv(concentration, NEGLIGIBLE))
    upper = np.log(rate) - np.log(np.maximum(special.gammaincinv(concentration, NEGLIGIBLE), 1e-300))
    return _best(log_density, cdf, lower, upper, concentration, rate)


def _best(
    log_density: Callable[..., Values],
    cdf: Callable[..., Values],
    lower: Rows,
    upper: Rows,
    *parameters: Rows,
) -> Rows:
    """Compute the quadrature once for every distinct set of arms, in whatever order the arms are."""
    stacked = np.stack([*parameters, lower, upper], axis=-1)
    order = np.lexsort(np.moveaxis(stacked, -1, 0), axis=-1)
    in_order = np.take_along_axis(stacked, order[..., None], axis=1)
    flat = np.ascontiguousarray(in_order.reshape(len(in_order), -1))
    rows, inverse = np.unique(flat, axis=0, return_inverse=True)
    rows = rows.reshape(len(rows), *stacked.shape[1:])
    passes = [
        _best_of_rows(log_density, cdf, rows[start : start + _ROWS_PER_PASS])
        for start in range(0, len(rows), _ROWS_PER_PASS)
    ]
    probs = np.empty(stacked.shape[:2])
    np.put_along_axis(probs, order, np.concatenate(passes)[inverse.reshape(-1)], axis=1)
    return probs


def _best_of_rows(
    log_density: Callable[..., Values], cdf: Callable[..., Values], rows: Float[np.ndarray, "row arm parameter"]
) -> Rows:
    *parameters, lower, upper = (rows[:, :, index] for index in range(rows.shape[2]))
    nodes, weights = _legendre_rule(NUM_NODES)
    probs = np.empty(lower.shape)
    for arm in range(lower.shape[1]):
        others = [other for other in range(lower.shape[1]) if other != arm]
        if not others:
            return np.ones_like(probs)
        own = [p[:, arm, None] for p in parameters]
        top = upper[:, others].max(axis=1)
        start = np.maximum(lower[:, others].max(axis=1), lower[:, arm])
        stop = np.maximum(np.minimum(top, upper[:, arm]), start)
        half = (stop - start)[:, None] / 2
        x = start[:, None] + half * (1 + nodes)
        integrand = half * weights * np.exp(log_density(x, *own))
        for other in others:
            integrand = integrand * cdf(x, *(p[:, other, None] for p in parameters))
        beyond = 1 - cdf(np.maximum(top, start)[:, None], *own)[:, 0]
        probs[:, arm] = integrand.sum(axis=1) + beyond
    return probs / probs.sum(axis=1, keepdims=True)


@functools.cache
def _legendre_rule(num_nodes: int) -> tuple[Float[np.ndarray, "node"], Float[np.ndarray, "node"]]:
    return np.polynomial.legendre.leggauss(num_nodes)
