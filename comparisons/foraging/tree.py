"""Layout of the tree of a comparison of foragers, and its axes. Returns and action gaps are in rewards."""

import numpy as np
import xarray as xr

from comparisons.tree import Schema, Variables

_FORAGED = (
    "rewards",
    "small_goals",
    "medium_goals",
    "high_goals",
    "optimal_probs",
    "action_gap",
    "high_trips",
    "shortest_trips",
    "known_small_goals",
    "late_small_goals",
    "idle_steps",
)
"""Scores of a player in every task, see `comparisons.foraging.scores`."""
PER_NETWORK = ("training_seed", "train_lifetime")

REFERENCES = ("optimal", "small goal", "informed oracle")
"""The references: the Bayes-optimal policy, the policy that never explores, and the oracle that knows the task."""

GROUPS: dict[str, Variables] = {
    "networks": dict.fromkeys(_FORAGED, (*PER_NETWORK, "test_lifetime", "task")),
    "unscaled": dict.fromkeys(_FORAGED, (*PER_NETWORK, "task")),
    "untrained": dict.fromkeys(_FORAGED, ("training_seed", "test_lifetime", "task")),
    "references": dict.fromkeys(_FORAGED, ("reference", "test_lifetime", "task")),
    "exact": dict.fromkeys(("optimal", "small_goal", "full_information"), ("lifetime",)),
    "behaviour": {"occupancy": (*PER_NETWORK, "y", "x"), "entropy": (*PER_NETWORK, "time")},
    "reference_behaviour": {"occupancy": ("reference", "y", "x"), "entropy": ("reference", "time")},
    "states": {
        "participation_ratio": (*PER_NETWORK, "bound"),
        "explained": (*PER_NETWORK, "component"),
        "coordinates": ("train_lifetime", "shown_task", "time", "axis"),
    },
    "course": {"rewards": (*PER_NETWORK, "step", "course_task")},
}
"""Groups that every comparison of foragers has; NaN where a network diverged."""

SCHEMA = Schema("bayesgauge foraging 1", GROUPS)


def train_lifetimes(tree: xr.DataTree) -> list[int]:
    """Return the lifetimes that networks were trained for, in steps."""
    return [int(lifetime) for lifetime in tree["networks"].dataset["train_lifetime"].to_numpy()]


def longest_lifetime(tree: xr.DataTree) -> int:
    """Return the longest lifetime that is tested, in steps."""
    return int(tree["networks"].dataset["test_lifetime"].to_numpy()[-1])


def diverged_networks(tree: xr.DataTree) -> list[tuple[int, int]]:
    """Return the training lifetime and the training seed of every network that diverged: its scores are NaN."""
    rewards = tree["networks"].dataset["rewards"].transpose("train_lifetime", "training_seed", ...)
    is_lost = ~np.isfinite(rewards.to_numpy()).all(axis=(2, 3))
    lifetimes, seeds = (rewards[name].to_numpy() for name in ("train_lifetime", "training_seed"))
    return [(int(lifetimes[row]), int(seeds[column])) for row, column in np.argwhere(is_lost)]
