"""Versions of the software that made results, and notes where they differ."""

import datetime
import json
import sys
from importlib import metadata


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    names = ("bayesgauge", "numpyro", "jax", "numba", "torch", "numpy", "scipy", "xarray")
    return {"python": sys.version.split()[0], **{name: metadata.version(name) for name in names}}


def today() -> str:
    """Return the date, as 2026-01-31."""
    return datetime.date.today().isoformat()


def drift(what: str, recorded: str) -> list[str]:
    """Return a note if something was done with other versions than those of now; `recorded` has them as JSON."""
    now = versions()
    others = [f"{name} {then}" for name, then in json.loads(recorded or "{}").items() if now.get(name, then) != then]
    if not others:
        return []
    here = [f"{name} {now[name]}" for name in (other.partition(" ")[0] for other in others)]
    return [f"{what} with {', '.join(others)}; this is {', '.join(here)}. Numbers may differ in their last digits."]
