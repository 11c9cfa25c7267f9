"""What results depend on beyond their settings: the versions of the software that made them."""

import sys
from importlib import metadata


def versions() -> dict[str, str]:
    """The versions that results depend on."""
    names = ("bayesgauge", "numpyro", "jax", "numba", "torch", "numpy", "scipy", "xarray")
    return {"python": sys.version.split()[0], **{name: metadata.version(name) for name in names}}
