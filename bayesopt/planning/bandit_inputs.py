"""Checks of the inputs of planning functions; each raises `ValueError` with the allowed range and the value."""

import numpy as np
from jaxtyping import Float

from bayesopt.hyperparameters import LARGEST, SMALLEST
from bayesopt.inputs import Numbers, as_count, as_floats, as_number, shown
from bayesopt.memory import require_memory


def require_concentrations(concentrations: Numbers) -> Float[np.ndarray, "arm 2"]:
    """Require positive and finite concentrations of shape (arm, 2); return them in float64."""
    prior = as_floats("concentrations", concentrations).copy()
    if prior.ndim != 2 or prior.shape[1] != 2 or len(prior) == 0:
        raise ValueError(f"concentrations must have shape (arm, 2), with at least one arm; got {prior.shape}")
    if not ((prior >= SMALLEST) & (prior <= LARGEST)).all():
        allowed = f"positive and finite, from {SMALLEST:g} to {LARGEST:g}"
        raise ValueError(f"concentrations must be {allowed}; got {prior.tolist()}")
    return prior


def require_horizon(horizon: Numbers, discount: Numbers) -> tuple[int, float]:
    """Require a horizon of at least 1 and a discount in (0, 1]; return them as Python numbers."""
    return as_count("horizon", horizon, least=1), require_discount(discount)


def require_discount(discount: Numbers) -> float:
    """Require a discount in (0, 1]; return it as a Python float."""
    try:
        value = as_number("discount", discount, low=0, high=1)
    except ValueError:
        value = 0.0
    if value == 0:
        raise ValueError(f"discount must be in (0, 1]; got {shown(discount)}")
    return value


def require_plan_memory(needed: float, num_arms: int, horizon: int) -> None:
    """Raise `ValueError` if fewer than `needed` bytes are free for the plan of a bandit."""
    require_memory(needed, f"{num_arms} arms over {horizon} trials", remedy="Lower the horizon or the number of arms")
