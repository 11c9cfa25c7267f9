"""Random keys: one integer per run, folded by purpose, so that no two uses share a stream."""

import zlib

import jax
from jaxtyping import Array

from bayesopt.inputs import as_count


def key_for(seed: int, purpose: str) -> Array:
    """Return the JAX key of one purpose of a run. Raises `ValueError` for a seed that is no integer of at least 0."""
    return jax.random.fold_in(jax.random.key(as_count("seed", seed)), zlib.crc32(purpose.encode()))


def integer_for(seed: int, purpose: str) -> int:
    """Return a seed below 2**63 for libraries that take integers (NumPy, torch)."""
    return int(jax.random.bits(key_for(seed, purpose), dtype="uint32"))
