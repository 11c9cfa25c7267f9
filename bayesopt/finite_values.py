"""Distributions over finitely many real values, for rewards that are multiples of a unit."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.scipy.special import gammaln
from jaxtyping import Array, Float
from numpyro.distributions import constraints
from numpyro.distributions.util import validate_sample

VALUE_TOLERANCE = 1e-9
"""Largest distance between a number and the listed value that it is taken for, relative to 1 + the value's size."""

SMALLEST_SPACING = 1e-6
"""Smallest distance between listed values of at most 100 that the tolerance tells apart safely."""


class FiniteValues(dist.Distribution):
    """Distribution over finitely many real values; `values` and `log_probs` are `... outcome`.

    If a value is listed twice, its probabilities are added.
    """

    arg_constraints = {"values": constraints.real_vector, "log_probs": constraints.dependent(event_dim=1)}
    support: Any = constraints.real
    has_enumerate_support = True

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
        is_value = jnp.abs(self.values - jnp.asarray(value)[..., None]) <= VALUE_TOLERANCE * (1 + jnp.abs(self.values))
        return jax.nn.logsumexp(jnp.where(is_value, self.log_probs, -jnp.inf), axis=-1)

    def enumerate_support(self, expand: bool = True) -> np.ndarray:
        """Return all values that any batch element can take, outcome axis first.

        Values that one element cannot take have `log_prob` -inf there.
        """
        values = np.unique(np.asarray(self.values)).reshape(-1, *[1] * len(self.batch_shape))
        return np.broadcast_to(values, (len(values), *self.batch_shape)) if expand else values

    @property
    def mean(self) -> Array:
        return (jnp.exp(self.log_probs) * self.values).sum(-1)

    @property
    def variance(self) -> Array:
        return (jnp.exp(self.log_probs) * (self.values - self.mean[..., None]) ** 2).sum(-1)


def beta_binomial_log_probs(
    concentration1: Float[Array, "*batch"], concentration0: Float[Array, "*batch"], total_count: int
) -> Float[Array, "count *batch"]:
    """Return the log probability of each number of successes in `total_count` trials with a Beta-distributed rate.

    It uses log-gamma functions, because NumPyro's `BetaBinomial` uses JAX's `betaln`, which has only six digits.
    """
    successes = jnp.arange(total_count + 1).reshape(-1, *[1] * jnp.ndim(concentration1))
    failures = total_count - successes

    def log_beta(one: Array, zero: Array) -> Array:
        return gammaln(one) + gammaln(zero) - gammaln(one + zero)

    log_choices = -jnp.log(total_count + 1.0) - log_beta(successes + 1.0, failures + 1.0)
    posterior = log_beta(concentration1 + successes, concentration0 + failures)
    return log_choices + posterior - log_beta(concentration1, concentration0)
