"""Kullback-Leibler divergence between predictive distributions, in nats; the reference is always the first argument.

Closed forms come from NumPyro's registry, to which `bayesopt.distributions` adds. Other one-dimensional pairs are
integrated over the reference's quantiles, after a test of the tails: where the integral diverges the answer is inf,
never a truncated finite number. Distributions over counts are summed. What is left is Monte Carlo, a function of its
own because it has an error.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro.distributions import CategoricalLogits, CategoricalProbs, Distribution

from bayesopt.distributions import registry
from bayesopt.float64 import in_float64
from comparisons.statistics.count_sums import is_of_counts, kl_by_summation
from comparisons.statistics.tail_quadrature import kl_by_quadrature, tails_of

LARGEST_ROUNDING = 1e-6
"""A divergence below 0 by no more than this is rounded up to 0; closed forms lose digits at huge concentrations."""


@in_float64
def kl_divergence(p: Distribution, q: Distribution) -> Float[np.ndarray, "*batch"]:
    """How many nats are lost by predicting with q when p is right; shapes broadcast as the distributions' do.

    Exactly 0 where p is q, never negative, inf where q rules out what p allows or has too light a tail for the integral
    to exist. Computed in float64, whatever the type of the parameters. Bernoulli and Categorical distributions are over
    0, 1, 2, …, and may differ in size. Raises `ValueError` where parameters are NaN or infinite, or p and q live in
    different kinds of space; `NotImplementedError` where the pair has neither a closed form nor a quadrature (then use
    `monte_carlo_kl_divergence`); `ArithmeticError` where quadrature misses its tolerance of 1e-10 absolute or 1e-8
    relative, or a closed form loses its digits.
    """
    for name, distribution in (("p", p), ("q", q)):
        if not isinstance(distribution, Distribution):
            raise TypeError(f"{name} must be a NumPyro distribution; got a {type(distribution).__name__}")
    shape = _common_shape(p, q)
    p, q = _in_float64("p", p), _in_float64("q", q)
    if _is_same(p, q):
        return np.zeros(shape)
    if isinstance(p, CategoricalProbs) and isinstance(q, CategoricalProbs) and p.probs.shape[-1] != q.probs.shape[-1]:
        q = CategoricalLogits(jnp.log(q.probs), validate_args=False)  # NumPyro's own pair takes equal sizes only
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
    return np.broadcast_to(_without_rounding(np.asarray(divergence, float), p, q), shape)


@jax.jit
def _closed_form(p: Distribution, q: Distribution) -> Array:
    return registry(p, q)


def _common_shape(p: Distribution, q: Distribution) -> tuple[int, ...]:
    """Return the batch shape of the divergence. Raises `ValueError` where p and q cannot be compared."""
    if p.event_shape != q.event_shape:
        raise ValueError(f"p and q must have the same event shape; got {p.event_shape} and {q.event_shape}")
    if p.support is not None and q.support is not None and p.support.is_discrete != q.support.is_discrete:
        raise ValueError(
            f"p and q must both be discrete or both be continuous; got {type(p).__name__} and {type(q).__name__}"
        )
    try:
        return np.broadcast_shapes(p.batch_shape, q.batch_shape)
    except ValueError:
        raise ValueError(f"batch shapes of p and q must broadcast; got {p.batch_shape} and {q.batch_shape}") from None


def _in_float64(name: str, distribution: Distribution) -> Distribution:
    """Return the distribution with float64 parameters. Raises `ValueError` for NaN and infinity except logits."""
    for value in jax.tree.leaves(distribution):
        if np.issubdtype(np.asarray(value).dtype, np.floating) and np.isnan(value).any():
            raise ValueError(f"parameters of {name} must be numbers; got nan in {type(distribution).__name__}")
    for parameter in ("loc", "scale", "rate", "concentration", "concentration1", "concentration0"):
        value = getattr(distribution, parameter, None)
        if value is not None and not np.isfinite(value).all():
            raise ValueError(f"{parameter} of {name} must be finite; got inf in {type(distribution).__name__}")
    return jax.tree.map(_widened, distribution)


def _widened(leaf: Any) -> Array:
    is_float = jnp.issubdtype(jnp.result_type(leaf), jnp.floating)
    return jnp.asarray(leaf, jnp.float64 if is_float else None)


def _is_same(p: Distribution, q: Distribution) -> bool:
    ours, theirs = jax.tree.leaves(p), jax.tree.leaves(q)
    return jax.tree.structure(p) == jax.tree.structure(q) and all(map(np.array_equal, ours, theirs))


def _without_rounding(divergence: np.ndarray, p: Distribution, q: Distribution) -> np.ndarray:
    """Return divergences of at least 0. Raises `ArithmeticError` where one is negative by more than rounding errors."""
    lowest = divergence.min(initial=0.0)
    if lowest < -LARGEST_ROUNDING:
        raise ArithmeticError(
            f"the closed form of KL({type(p).__name__}‖{type(q).__name__}) lost its digits: it gives {lowest:.1e} "
            "nats; use monte_carlo_kl_divergence"
        )
    return np.asarray(np.maximum(divergence, 0.0))


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
