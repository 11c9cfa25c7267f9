"""Distributions over finitely many real values: rewards that are counts in some unit."""

from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float
from numpyro.distributions import constraints
from numpyro.distributions.util import validate_sample


class FiniteValues(dist.Distribution):
    """One of finitely many real values, each with its probability: `values` and `log_probs` are `... outcome`.

    A value may be listed twice, and then counts with both probabilities.
    """

    arg_constraints = {"values": constraints.real_vector, "log_probs": constraints.dependent(event_dim=1)}
    support: Any = constraints.real
    has_enumerate_support = False

    def __init__(self, values: Any, log_probs: Any, *, validate_args: bool | None = None) -> None:
        shape = jnp.broadcast_shapes(jnp.shape(values), jnp.shape(log_probs))
        self.values, self.log_probs = jnp.broadcast_to(values, shape), jnp.broadcast_to(log_probs, shape)
        super().__init__(batch_shape=shape[:-1], validate_args=validate_args)

    def sample(self, key: Array | None, sample_shape: tuple[int, ...] = ()) -> Array:
        assert key is not None
        drawn = jax.random.categorical(key, self.log_probs, axis=-1, shape=sample_shape + self.batch_shape)
        values = jnp.broadcast_to(self.values, (*sample_shape, *self.values.shape))
        return jnp.take_along_axis(values, drawn[..., None], axis=-1)[..., 0]

    @validate_sample
    def log_prob(self, value: Any) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        is_value = jnp.abs(self.values - jnp.asarray(value)[..., None]) <= 1e-9 * (1 + jnp.abs(self.values))
        return jax.nn.logsumexp(jnp.where(is_value, self.log_probs, -jnp.inf), axis=-1)

    @property
    def mean(self) -> Array:
        return (jnp.exp(self.log_probs) * self.values).sum(-1)

    @property
    def variance(self) -> Array:
        return (jnp.exp(self.log_probs) * (self.values - self.mean[..., None]) ** 2).sum(-1)


def beta_binomial_probs(
    concentration1: Float[Array, "*batch"], concentration0: Float[Array, "*batch"], total_count: int
) -> Float[Array, "count *batch"]:
    """How likely each number of successes in `total_count` trials is, by drawing from Pólya's urn."""
    probs = jnp.ones((1, *concentration1.shape))
    for trial in range(total_count):
        successes = jnp.arange(trial + 1).reshape(-1, *[1] * concentration1.ndim)
        total = concentration1 + concentration0 + trial
        failing = probs * (concentration0 + trial - successes) / total
        succeeding = probs * (concentration1 + successes) / total
        none = jnp.zeros_like(probs[:1])
        probs = jnp.concatenate([failing, none]) + jnp.concatenate([none, succeeding])
    return probs
