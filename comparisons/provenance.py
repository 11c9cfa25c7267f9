"""Versions of the software that made results."""

import sys
from importlib import metadata


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    names = ("bayesgauge", "numpyro", "jax", "numba", "torch", "numpy", "scipy", "xarray")
    return {"python": sys.version.split()[0], **{name: metadata.version(name) for name in names}}
