"""The check of random keys that users hand in."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from bayesopt.inputs import shown


def as_key(key: Any) -> Array:
    """Return a single JAX key, of the new style or the old. Raises `ValueError` for anything else, such as a seed."""
    dtype, shape = getattr(key, "dtype", None), getattr(key, "shape", None)
    is_typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key) and shape == ()
    if not is_typed and not (str(dtype) == "uint32" and shape in ((2,), (4,))):
        raise ValueError(f"key must be one JAX key; got {shown(key)}. Make one from a seed: jax.random.key(0)")
    return key
