"""Expectations under batches of scalar distributions, by summation or double-exponential quadrature.

The nodes cover the whole support, so heavy tails are not cut off (Takahasi and Mori 1974, Publ. RIMS 9:721). The
density must be smooth inside its support, so a `Histogram` is not allowed. For a batch element that always takes the
same value, the sum has that value only, and `log_prob` is its log mass.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro.distributions import Distribution

from bayesopt.float64 import as_float64, in_float64

STEP = 0.01
LARGEST_NODE = 6.0
NUM_UNBOUNDED_OUTCOMES = 100_000


@in_float64
def expectation(distribution: Distribution, function: Callable[[Array], Array]) -> Float[np.ndarray, "*batch"]:
    """Return E[function(X)] for every element of a batch of scalar distributions; `function` acts elementwise.

    Infinite discrete supports are summed over the first 100,000 outcomes.
    """
    distribution = as_float64(distribution)
    support: Any = distribution.support
    if support.is_discrete or distribution.has_enumerate_support:
        if distribution.has_enumerate_support:
            outcomes = distribution.enumerate_support(expand=False)
        else:
            outcomes = np.arange(NUM_UNBOUNDED_OUTCOMES).reshape((-1,) + (1,) * len(distribution.batch_shape))
        return _sum(distribution, function, jnp.asarray(outcomes), jnp.zeros(()))

    t = jnp.arange(-LARGEST_NODE, LARGEST_NODE + STEP, STEP).reshape((-1,) + (1,) * len(distribution.batch_shape))
    u, log_cosh = jnp.pi / 2 * jnp.sinh(t), jnp.log(jnp.pi / 2 * jnp.cosh(t) * STEP)
    lower, middle, width = _location(distribution)
    if hasattr(support, "lower_bound") and hasattr(support, "upper_bound"):
        span = support.upper_bound - support.lower_bound
        nodes = support.lower_bound + span * jax.nn.sigmoid(2 * u)
        log_weights = jnp.log(2 * span) + jax.nn.log_sigmoid(2 * u) + jax.nn.log_sigmoid(-2 * u) + log_cosh
    elif lower is not None:
        nodes, log_weights = lower + (middle - lower) * jnp.exp(u), jnp.log(middle - lower) + u + log_cosh
    else:
        nodes = middle + width * jnp.sinh(u)
        log_weights = jnp.log(width) + jnp.abs(u) + jnp.log1p(jnp.exp(-2 * jnp.abs(u))) - jnp.log(2) + log_cosh
        only_node = jnp.where(jnp.arange(len(t)).reshape(t.shape) == 0, 0.0, -jnp.inf)
        log_weights = jnp.where(width > 0, log_weights, only_node)
    return _sum(distribution, function, nodes, log_weights)


def _sum(
    distribution: Distribution, function: Callable[[Array], Array], nodes: Array, log_weights: Array
) -> np.ndarray:
    probabilities = jnp.exp(jnp.asarray(distribution.log_prob(nodes)) + log_weights)
    return np.asarray(jnp.where(probabilities > 0, probabilities * function(nodes), 0.0).sum(0))


def _location(distribution: Distribution) -> tuple[Array | float | None, Array, Array]:
    """Return the lower bound of the support (or `None`) and, roughly, the median and the interquartile range."""
    lower = getattr(distribution.support, "lower_bound", None)
    draws = jnp.asarray(distribution.sample(jax.random.key(0), (255,)))
    first, middle, third = jnp.quantile(draws, jnp.array([0.25, 0.5, 0.75]), axis=0)
    return lower, middle, third - first
