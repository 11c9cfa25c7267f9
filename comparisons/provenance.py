"""Versions of the software that made results."""

import datetime
import sys
from importlib import metadata


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    names = ("bayesgauge", "numpyro", "jax", "numba", "torch", "numpy", "scipy", "xarray")
    return {"python": sys.version.split()[0], **{name: metadata.version(name) for name in names}}


def today() -> str:
    """Return the date, as 2026-01-31."""
    return datetime.date.today().isoformat()
