"""Normal distributions whose scale may be 0, for arms that always pay the same reward."""

from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array
from numpyro.distributions import constraints
from numpyro.distributions.util import promote_shapes, validate_sample


class NormalOrSure(dist.Distribution):
    """Normal(loc, scale) where the scale is above 0; the constant loc where it is 0.

    Where the scale is 0, `log_prob` is a log mass, 0 or -inf, as in NumPyro's `Delta`; elsewhere it is a log density.
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.nonnegative}
    support: Any = constraints.real
    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any, *, validate_args: bool | None = None) -> None:
        self.loc, self.scale = promote_shapes(loc, scale)
        batch_shape = jnp.broadcast_shapes(jnp.shape(loc), jnp.shape(scale))
        super().__init__(batch_shape=batch_shape, validate_args=validate_args)

    def sample(self, key: Array | None, sample_shape: tuple[int, ...] = ()) -> Array:
        assert key is not None
        return self.loc + self.scale * jax.random.normal(key, sample_shape + self.batch_shape)

    @validate_sample
    def log_prob(self, value: Any) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        is_sure = jnp.asarray(self.scale) == 0
        normal = dist.Normal(self.loc, jnp.where(is_sure, 1.0, self.scale))
        return jnp.where(is_sure, jnp.where(value == self.loc, 0.0, -jnp.inf), normal.log_prob(value))

    def cdf(self, value: Any) -> Array:
        is_sure = jnp.asarray(self.scale) == 0
        normal = dist.Normal(self.loc, jnp.where(is_sure, 1.0, self.scale))
        return jnp.where(is_sure, jnp.where(value >= self.loc, 1.0, 0.0), normal.cdf(value))

    @property
    def mean(self) -> Array:
        return jnp.broadcast_to(self.loc, self.batch_shape)

    @property
    def variance(self) -> Array:
        return jnp.broadcast_to(jnp.asarray(self.scale) ** 2, self.batch_shape)
