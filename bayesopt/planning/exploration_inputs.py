"""Checks of the inputs of the exploration problem; each raises `ValueError` with the range and the first bad value."""

import numpy as np
from jaxtyping import Float, Int

from bayesopt.hyperparameters import LARGEST, SMALLEST
from bayesopt.inputs import LARGEST_EXACT, Numbers, as_floats

Values = Float[np.ndarray, "..."]


def require_lifetime(lifetime: Numbers) -> Int[np.ndarray, "..."]:
    """Require lifetimes that are integers of at least 1."""
    values = as_floats("lifetime", lifetime)
    is_integer = (values >= 1) & (values == np.rint(values)) & (values < LARGEST_EXACT)
    _require("lifetime", values, is_integer, "an integer of at least 1")
    return values.astype(np.int64)


def require_num_trials(num_trials: Numbers, lifetime: Int[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
    """Require numbers of trials that are integers from 0 to the lifetime."""
    given = as_floats("num_trials", num_trials)
    values, lifetimes = np.broadcast_arrays(given, lifetime)
    is_good = (values >= 0) & (values <= lifetimes) & (values == np.rint(values))
    if not is_good.all():
        worst = np.unravel_index(int(np.argmin(is_good)), values.shape)
        raise ValueError(
            f"num_trials must be an integer from 0 to the lifetime, {lifetimes[worst]}; got {values[worst]:.17g}"
        )
    return given.astype(np.int64)


def require_arm(
    prior_scale: Numbers, reward_scale: Numbers, prior_loc: Numbers, discount: Numbers
) -> tuple[Values, Values, Values, Values]:
    """Require a prior scale >= 0, a reward scale > 0, a finite prior mean and a discount in (0, 1]; return them.

    No number may be above 1e100 in absolute value, nor the reward scale below 1e-100.
    """
    priors, rewards = as_floats("prior_scale", prior_scale), as_floats("reward_scale", reward_scale)
    locs, discounts = as_floats("prior_loc", prior_loc), as_floats("discount", discount)
    _require("prior_scale", priors, (priors >= 0) & (priors < np.inf), "finite and >= 0")
    _require("reward_scale", rewards, (rewards > 0) & (rewards < np.inf), "finite and > 0")
    _require("prior_loc", locs, np.isfinite(locs), "finite")
    _require("discount", discounts, (discounts > 0) & (discounts <= 1), "in (0, 1]")
    _require("prior_scale", priors, priors <= LARGEST, f"at most {LARGEST:g}")
    _require("reward_scale", rewards, (rewards >= SMALLEST) & (rewards <= LARGEST), f"from {SMALLEST:g} to {LARGEST:g}")
    _require("prior_loc", locs, np.abs(locs) <= LARGEST, f"from {-LARGEST:g} to {LARGEST:g}")
    return priors, rewards, locs, discounts


def _require(name: str, values: Values, is_good: Numbers, allowed: str) -> None:
    if not np.all(is_good):
        worst = values.reshape(-1)[int(np.argmin(np.reshape(is_good, -1)))]
        raise ValueError(f"{name} must be {allowed}; got {worst:.17g}")
