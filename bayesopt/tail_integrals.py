"""Integrals over smooth tails: Gauss-Legendre quadrature, and the mean of log(1 + X) of a Lomax variable.

KL divergences between heavy tails are sums of such means. SciPy's `hyp2f1` would give the mean in one line, but it is
wrong by tens of nats for some arguments (SciPy 1.17: `hyp2f1(1, 1.7, 2.7, 0.999)` is negative).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import digamma
from jaxtyping import Array

LARGEST_EXPONENTIAL = 45.0
"""A standard exponential variable exceeds this with probability 3e-20."""


def integral(integrand: Callable[[Array], Array], start: Array, stop: Array, *, num_nodes: int) -> Array:
    """Integrate from `start` to `stop` by one Gauss-Legendre rule; the integrand receives nodes along a last axis."""
    nodes, weights = np.polynomial.legendre.leggauss(num_nodes)
    half = ((stop - start) / 2)[..., None]
    return (half * weights * integrand(start[..., None] + half * (1 + nodes))).sum(-1)


def mean_log1p_of_lomax(concentration: Array, scale: Array) -> Array:
    """Return E[log(1 + X)] for X ~ Lomax(concentration, scale), for any positive parameters.

    After integration by parts it is the integral over w from 0 to infinity of `e^(-c w) s e^w / (1 + s (e^w - 1))`.
    """
    concentration, scale = jnp.broadcast_arrays(jnp.asarray(concentration, float), jnp.asarray(scale, float))
    widest = 1e4 * (1 + concentration)
    return jnp.where(
        scale <= 1,
        _narrow(concentration, jnp.minimum(scale, 1.0)),
        jnp.where(
            scale <= widest,
            _moderate(concentration, jnp.clip(scale, 1.0, widest)),
            _wide(concentration, jnp.maximum(scale, widest)),
        ),
    )


def mean_log1p_gain_of_lomax(concentration: Array, scale: Array) -> Array:
    """Return E[log(1 + X)] - 1 / concentration for X ~ Lomax(concentration, scale), which is exactly 0 at scale 1.

    1 / concentration is the mean of log(1 + X) at scale 1. Near that scale the difference is the integral over w from 0
    to infinity of `(s - 1) e^(-(c + 1) w) / (1 + (s - 1) (1 - e^-w))`.
    """
    concentration, scale = jnp.broadcast_arrays(jnp.asarray(concentration, float), jnp.asarray(scale, float))
    is_near = (scale >= 0.5) & (scale <= 2)
    c, excess = concentration[..., None], jnp.where(is_near, scale - 1, 0.0)[..., None]
    stop = LARGEST_EXPONENTIAL / (1 + concentration)

    def integrand(w: Array) -> Array:
        return excess * jnp.exp(-(c + 1) * w) / (1 - excess * jnp.expm1(-w))

    near = integral(integrand, jnp.zeros_like(stop), stop, num_nodes=96)
    far = mean_log1p_of_lomax(concentration, jnp.where(is_near, 3.0, scale)) - 1 / concentration
    return jnp.where(is_near, near, far)


def _narrow(concentration: Array, scale: Array) -> Array:
    """Integrate over w for scales of at most 1.

    There the fraction is a logistic function of w; its step is where log(1 + X) turns from linear to logarithmic.
    """
    step = jnp.log1p(-scale) - jnp.log(scale)
    stop = jnp.minimum(LARGEST_EXPONENTIAL / concentration, jnp.maximum(step, 0.0) + LARGEST_EXPONENTIAL)
    c, step = concentration[..., None], step[..., None]
    beyond = jnp.exp(-concentration * stop) / concentration
    return beyond + integral(
        lambda w: jnp.exp(-c * w) * jax.nn.sigmoid(w - step), jnp.zeros_like(stop), stop, num_nodes=200
    )


def _moderate(concentration: Array, scale: Array) -> Array:
    """Integrate over y = log(1 + s w), in which the integrand is smooth."""
    stop = jnp.log1p(scale * LARGEST_EXPONENTIAL / concentration)
    c, s = concentration[..., None], scale[..., None]

    def integrand(y: Array) -> Array:
        w = jnp.expm1(y) / s
        return jnp.exp(y - c * w) / (1 - (s - 1) * jnp.expm1(-w))

    return integral(integrand, jnp.zeros_like(stop), stop, num_nodes=120)


def _wide(concentration: Array, scale: Array) -> Array:
    """Evaluate Abramowitz and Stegun 15.3.10 for `2F1(1, c; c + 1; 1 - 1 / s) / c`, in powers of 1 / s."""
    total, coefficient = jnp.zeros_like(scale), jnp.ones_like(scale)
    for n in range(5):
        total += coefficient * (jnp.log(scale) + digamma(n + 1.0) - digamma(concentration + n))
        coefficient *= (concentration + n) / (n + 1) / scale
    return total
