"""Integrals over a one-dimensional distribution by its quantiles, far into both tails.

The variable is depth, -log of the probability beyond a point: along it a power law and a Gaussian tail are equally
tame, and whether an integral exists can be read off the integrand's growth.
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import scipy.special
from jaxtyping import Array
from numpyro.distributions import Distribution

from bayesopt.distributions import Lomax

MAX_BISECTIONS = 4


ABSOLUTE_TOLERANCE = 1e-10


RELATIVE_TOLERANCE = 1e-8


_NUM_NODES = 16


_MAX_EVALUATIONS_PER_PASS = 4_000_000


class Tails(NamedTuple):
    """Quantiles of p as functions of `depth` = -log of the probability beyond them."""

    lower: Callable[[np.ndarray], Any]
    upper: Callable[[np.ndarray], Any]


def tails_of(p: Distribution) -> Tails | None:
    """Return the tail quantiles of a distribution, or `None` where they are too inaccurate to integrate."""
    if isinstance(p, dist.ExpandedDistribution):
        return tails_of(p.base_dist)
    if isinstance(p, dist.Normal):
        return Tails(
            lambda depth: p.loc + p.scale * scipy.special.ndtri_exp(-depth),
            lambda depth: p.loc - p.scale * scipy.special.ndtri_exp(-depth),
        )
    if isinstance(p, Lomax):
        return Tails(
            lambda depth: p.scale * jnp.expm1(-np.log1p(-np.exp(-depth)) / p.concentration),
            lambda depth: p.scale * jnp.expm1(depth / p.concentration),
        )
    return None


def kl_by_quadrature(p: Distribution, q: Distribution, tails: Tails) -> np.ndarray:
    """Return KL(p‖q) in nats, inf where it diverges. Raises `ArithmeticError` where the tolerance is not reached."""
    batch_shape = np.broadcast_shapes(p.batch_shape, q.batch_shape)
    diverges = np.asarray(np.any([_tail_diverges(q, quantile, batch_shape) for quantile in tails], axis=0))
    finite = _converged_integral(p, q, tails, batch_shape, ignore=diverges)
    return np.asarray(np.where(diverges, np.inf, finite))


def log_prob_or_minus_inf(distribution: Distribution, x: Any) -> Any:
    """Return the log density, and -inf outside the support, where NumPyro would warn and extrapolate."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Out-of-support values")
        log_density = distribution.log_prob(x)
    return jnp.where(distribution.support(x), log_density, -jnp.inf)


def _tail_diverges(q: Distribution, quantile: Callable[[np.ndarray], Any], batch_shape: tuple[int, ...]) -> np.ndarray:
    """Return whether -log q grows along p's tail at least as fast as 1 / (probability beyond): an infinite mean."""
    depths = _column(np.array([150.0, 200.0]), batch_shape)
    near, far = -np.broadcast_to(np.asarray(log_prob_or_minus_inf(q, quantile(depths)), float), (2, *batch_shape))
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = (np.log(far) - np.log(near)) / 50.0
    return np.asarray(np.isposinf(far) | (growth >= 1 - 1e-9))


def _converged_integral(
    p: Distribution, q: Distribution, tails: Tails, batch_shape: tuple[int, ...], *, ignore: np.ndarray
) -> np.ndarray:
    previous = _integral(p, q, tails, batch_shape, bisections=0)
    gap = np.full(batch_shape, np.inf)
    for bisections in range(1, MAX_BISECTIONS + 1):
        current = _integral(p, q, tails, batch_shape, bisections=bisections)
        with np.errstate(invalid="ignore"):
            gap = np.where(ignore | (current == previous), 0.0, np.abs(current - previous))
        if np.all((gap == 0) | (gap <= ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * np.abs(current))):
            return current
        previous = current
    raise ArithmeticError(
        f"quadrature of KL({type(p).__name__}‖{type(q).__name__}) did not settle: the last two refinements differ by "
        f"{np.max(gap):.1e} nats; use monte_carlo_kl_divergence"
    )


def _integral(
    p: Distribution, q: Distribution, tails: Tails, batch_shape: tuple[int, ...], *, bisections: int
) -> np.ndarray:
    """Return the mean of log p - log q over both halves of p, as an integral over depth."""
    depths, weights = _depth_rule(bisections)
    per_pass = max(1, _MAX_EVALUATIONS_PER_PASS // max(1, int(np.prod(batch_shape))))
    total = np.zeros(batch_shape)
    for quantile in tails:
        for start in range(0, len(depths), per_pass):
            rows = slice(start, start + per_pass)
            x = quantile(_column(depths[rows], batch_shape))
            log_ratio = np.asarray(_log_ratio(p, q, x), float)
            total = total + (_column(weights[rows], batch_shape) * log_ratio).sum(0)
    return np.asarray(total)


@jax.jit
def _log_ratio(p: Distribution, q: Distribution, x: Array) -> Array:
    return p.log_prob(x) - log_prob_or_minus_inf(q, x)


@functools.cache
def _depth_rule(bisections: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Gauss-Legendre panels in depth, growing from the median outwards, weighted by exp(-depth)."""
    edges = np.log(2) + np.concatenate([np.linspace(0, 4, 9), 4 * 1.35 ** np.arange(1, 18)])
    for _ in range(bisections):
        edges = np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    nodes, weights = np.polynomial.legendre.leggauss(_NUM_NODES)
    half = np.diff(edges)[:, None] / 2
    depths = (edges[:-1, None] + half * (1 + nodes)).ravel()
    return depths, (half * weights).ravel() * np.exp(-depths)


def _column(values: np.ndarray, batch_shape: tuple[int, ...]) -> np.ndarray:
    return values.reshape((-1,) + (1,) * len(batch_shape))


def tail_points(p: Distribution) -> tuple[np.ndarray, np.ndarray]:
    """Return points (`point *batch`) and weights that turn a sum of densities at the points into an integral.

    For integrands that are p times something of moderate growth. Raises `NotImplementedError` where p's quantiles
    are not known.
    """
    tails = tails_of(p)
    if tails is None:
        raise NotImplementedError(f"no quadrature over {type(p).__name__}")
    depths, weights = _depth_rule(0)
    is_relevant = depths < 300  # deep, because what is integrated may have a far wider tail than p
    depths, weights = _column(depths[is_relevant], p.batch_shape), _column(weights[is_relevant], p.batch_shape)
    x = np.concatenate([np.asarray(quantile(depths), float) for quantile in tails])
    density = np.exp(np.asarray(p.log_prob(x), float))
    return x, np.concatenate([weights, weights]) / density
