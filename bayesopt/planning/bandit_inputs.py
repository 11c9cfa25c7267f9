"""Checks of the inputs of planning functions; each raises `ValueError` with the allowed range and the value."""

import os
from typing import Any

import numpy as np
from jaxtyping import Float

ALWAYS_AVAILABLE = 32_000_000
"""Bytes up to which memory is not checked."""

Numbers = Any
"""Numbers, nested sequences of numbers, or arrays of NumPy or JAX: anything that NumPy turns into an array."""


def require_concentrations(concentrations: Numbers) -> Float[np.ndarray, "arm 2"]:
    """Require positive and finite concentrations of shape (arm, 2); return them in float64."""
    prior = np.array(concentrations, dtype=np.float64)
    if prior.ndim != 2 or prior.shape[1] != 2 or len(prior) == 0:
        raise ValueError(f"concentrations must have shape (arm, 2), with at least one arm; got {prior.shape}")
    if not ((prior > 0) & (prior < np.inf)).all():
        raise ValueError(f"concentrations must be positive and finite; got {prior.tolist()}")
    return prior


def require_horizon(horizon: int, discount: float) -> None:
    """Require a horizon of at least 1 and a discount in (0, 1]."""
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1; got {horizon}")
    if not 0 < discount <= 1:
        raise ValueError(f"discount must be in (0, 1]; got {discount}")


def require_memory(needed: float, num_arms: int, horizon: int) -> None:
    """Raise `ValueError` if fewer than `needed` bytes are free for the plan of a bandit."""
    require_bytes(needed, f"{num_arms} arms over {horizon} trials")


def require_bytes(needed: float, what: str) -> None:
    """Raise `ValueError` if fewer than `needed` bytes are free.

    Small requests are not checked: the check would take longer than planning.
    """
    if needed <= ALWAYS_AVAILABLE:
        return
    available = _available_memory()
    if needed > available:
        raise ValueError(f"{what} need {needed / 1e9:.1f} GB of memory; {available / 1e9:.1f} GB are available")


def _available_memory() -> int:
    """Return the bytes that Linux can allocate without swapping; on other systems, the total memory."""
    if os.path.exists("/proc/meminfo"):
        with open("/proc/meminfo") as lines:
            kilobytes = dict(line.split(":") for line in lines)["MemAvailable"].split()[0]
        return 1024 * int(kilobytes)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
