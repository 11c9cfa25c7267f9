"""Exact references for fixed-arm bandits, without any network: three policies at many settings.

They are the policy of the paper's printed formula, the best explore-then-commit policy and the Bayes-optimal policy.
Their distance from each other is as much a result as the distance of networks from them.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from bayesopt.planning.exploration import (
    commit_value,
    full_information_value,
    optimal_commit_trials,
    optimal_commit_value,
    printed_commit_value,
    printed_optimal_commit_trials,
)
from bayesopt.planning.stopping.maps import solve_stopping_map
from comparisons.seams.fixed_arms import Setting


def theory_of(settings: Sequence[Setting]) -> xr.Dataset:
    """Return every reference at every setting (`cell`); values in rewards per lifetime, pulls in trials."""
    reward_scale, prior_scale, lifetime = (np.array(column) for column in zip(*settings, strict=True))
    problem = {"lifetime": lifetime, "prior_scale": prior_scale, "reward_scale": reward_scale}
    printed = printed_optimal_commit_trials(**problem)
    sequential = solve_stopping_map(lifetimes=lifetime, prior_scales=prior_scale, reward_scales=reward_scale)
    columns = {
        "commit_trials": optimal_commit_trials(**problem),
        "commit_value": optimal_commit_value(**problem),
        "printed_trials": printed,
        "printed_value": printed_commit_value(printed, **problem),
        "printed_policy_value": commit_value(printed, **problem),
        "printed_exploring_value": _best_exploring(reward_scale, prior_scale, lifetime),
        "sequential_value": sequential.values,
        "sequential_value_error": sequential.error_bounds,
        "sequential_pulls": sequential.mean_pulls,
        "sequential_probe_pulls": sequential.probe_mean_pulls,
        "sequential_probe_median": sequential.probe_median_pulls,
        "full_information_value": full_information_value(lifetime=lifetime, prior_scale=prior_scale),
    }
    dataset = xr.Dataset({name: (("cell",), np.asarray(values)) for name, values in columns.items()})
    return dataset.assign_coords(
        reward_scale=("cell", reward_scale), prior_scale=("cell", prior_scale), lifetime=("cell", lifetime)
    )


def _best_exploring(
    reward_scale: Float[np.ndarray, "cell"], prior_scale: Float[np.ndarray, "cell"], lifetime: Int[np.ndarray, "cell"]
) -> Float[np.ndarray, "cell"]:
    """Return the largest value that the printed formula states for exploring at least one trial; it may be below 0."""
    values = np.full(len(lifetime), -np.inf)
    for trials in range(1, int(lifetime.max()) + 1):
        is_possible = trials <= lifetime
        found = printed_commit_value(
            trials,
            lifetime=lifetime[is_possible],
            prior_scale=prior_scale[is_possible],
            reward_scale=reward_scale[is_possible],
        )
        values[is_possible] = np.maximum(values[is_possible], found)
    return values
