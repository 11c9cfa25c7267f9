"""Random keys: one integer per run, folded by purpose, so that no two uses share a stream."""

import zlib

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from bayesopt.float64 import in_float64
from bayesopt.inputs import as_count


@in_float64
def key_for(seed: int, purpose: str) -> Array:
    """Return the JAX key of one purpose of a run. Raises `ValueError` for a seed that is no integer of at least 0."""
    seed = as_count("seed", seed)
    halves = np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32)
    # This is `jax.random.key(seed)`, whatever JAX's settings.
    key = jax.random.wrap_key_data(jnp.asarray(halves), impl="threefry2x32")
    return jax.random.fold_in(key, zlib.crc32(purpose.encode()))


@in_float64
def integer_for(seed: int, purpose: str) -> int:
    """Return a seed below 2**63 for libraries that take integers (NumPy, torch)."""
    return int(jax.random.bits(key_for(seed, purpose), dtype="uint32"))
