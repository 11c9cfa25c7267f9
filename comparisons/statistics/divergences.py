"""Kullback-Leibler divergence between predictive distributions, in nats; the reference is always the first argument.

Closed forms come from NumPyro's registry, to which `bayesopt.distributions` adds. Other one-dimensional pairs are
integrated over the reference's quantiles, after a test of the tails: where the integral diverges the answer is inf,
never a truncated finite number. Distributions over counts are summed. What is left is Monte Carlo, a function of its
own because it has an error.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro.distributions import Distribution

from bayesopt.distributions import registry
from bayesopt.float64 import in_float64
from comparisons.statistics.count_sums import is_of_counts, kl_by_summation
from comparisons.statistics.tail_quadrature import kl_by_quadrature, tails_of


@in_float64
def kl_divergence(p: Distribution, q: Distribution) -> Float[np.ndarray, "*batch"]:
    """How many nats are lost by predicting with q when p is right; shapes broadcast as the distributions' do.

    Zero where p is q, inf where q rules out what p allows or has too light a tail for the integral to exist. Raises
    `ValueError` where p and q live in different kinds of space, `NotImplementedError` where the pair has neither a
    closed form nor a quadrature (then use `monte_carlo_kl_divergence`), `ArithmeticError` where quadrature cannot
    reach its tolerance of 1e-10 absolute or 1e-8 relative.
    """
    for name, distribution in (("p", p), ("q", q)):
        if not isinstance(distribution, Distribution):
            raise TypeError(f"{name} must be a NumPyro distribution; got a {type(distribution).__name__}")
    if p.event_shape != q.event_shape:
        raise ValueError(f"p and q must have the same event shape; got {p.event_shape} and {q.event_shape}")
    p, q = jax.tree.map(jnp.asarray, (p, q))
    try:
        divergence = _closed_form(p, q)
    except NotImplementedError:
        if is_of_counts(p):
            return kl_by_summation(p, q)
        tails = tails_of(p)
        if tails is None:
            pair = f"KL({type(p).__name__}‖{type(q).__name__})"
            raise NotImplementedError(
                f"no closed form or quadrature for {pair}; use monte_carlo_kl_divergence"
            ) from None
        divergence = kl_by_quadrature(p, q, tails)
    shape = np.broadcast_shapes(p.batch_shape, q.batch_shape)
    return np.broadcast_to(np.asarray(divergence, float), shape)


@jax.jit
def _closed_form(p: Distribution, q: Distribution) -> Array:
    return registry(p, q)


class Estimate(NamedTuple):
    """A Monte-Carlo estimate and its standard error."""

    value: Float[np.ndarray, "*batch"]
    standard_error: Float[np.ndarray, "*batch"]


@in_float64
def monte_carlo_kl_divergence(p: Distribution, q: Distribution, key: Array, *, num_samples: int) -> Estimate:
    """Return KL(p‖q) in nats as the mean log ratio over `num_samples` draws from p, with its standard error.

    Unbiased, but blind to tails that the draws do not reach. Raises `ValueError` for fewer than 2 draws.
    """
    if num_samples < 2:
        raise ValueError(f"num_samples must be at least 2; got {num_samples}")
    draws = p.sample(key, (num_samples,))
    log_ratios = np.asarray(p.log_prob(draws), float) - np.asarray(q.log_prob(draws), float)
    return Estimate(log_ratios.mean(0), log_ratios.std(0, ddof=1) / num_samples**0.5)
