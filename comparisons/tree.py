"""The schemas of comparisons: groups, variables and dimensions of their DataTrees; saving, opening, validating.

Divergences and losses are in nats, returns and action gaps in rewards. `task`, `time` and `training_seed` mean the
same everywhere. A `player` is an agent of any kind; those called "network 0", "network 1", … are the training seeds.
"""

import io
from pathlib import Path

import xarray as xr

from metalearners.atomic import write_atomically

PREDICTION_SCHEMA = "bayesgauge comparison 1"
DECISION_SCHEMA = "bayesgauge decisions 1"
ORDER_SCHEMA = "bayesgauge order 1"
LIFETIME_SCHEMA = "bayesgauge lifetimes 1"
FORAGING_SCHEMA = "bayesgauge foraging 1"
REPRODUCTION_SCHEMA = "bayesgauge reproduction 1"

Variables = dict[str, tuple[str, ...]]

_PREDICTION_GROUPS: dict[str, Variables] = {
    "observed_data": {"observations": ("task", "time")},
    "reference": {
        "log_loss": ("task", "time"),
        "oracle_log_loss": ("task", "time"),
        "centre": ("task", "time"),
    },
    "network": {
        "kl_divergence": ("training_seed", "task", "time"),
        "log_loss": ("training_seed", "task", "time"),
        "centre": ("training_seed", "task", "time"),
    },
    "floors": {"kl_divergence": ("floor", "task", "time"), "log_loss": ("floor", "task", "time")},
    "calibration": {
        "num_statements": ("predictor", "task", "bin"),
        "stated": ("predictor", "task", "bin"),
        "observed": ("predictor", "task", "bin"),
    },
}
"""Groups that every comparison of predictions has."""

_OPTIONAL_PREDICTION_GROUPS: dict[str, Variables] = {
    "untrained": {
        "kl_divergence": ("training_seed", "task", "time"),
        "log_loss": ("training_seed", "task", "time"),
    },
    "order_cost": {
        "cost": ("training_seed", "position", "task"),
        "mean_kl": ("training_seed", "position", "task"),
    },
    "certificate": {
        "kl_by_time": ("training_seed", "time"),
        "worst_history": ("training_seed", "past"),
        "worst_length": ("training_seed",),
        "worst_kl": ("training_seed",),
        "worst_probability": ("training_seed",),
    },
    "convergence": {"kl_divergence": ("training_seed", "step", "task")},
}
"""Groups that exist where they mean something: exchangeable families, finite outcomes, networks with checkpoints."""


_PER_TASK = ("player", "task")
_PER_TRIAL = ("player", "detailed_task", "time")

_DECISION_GROUPS: dict[str, Variables] = {
    "tasks": {"expected_rewards": ("task", "arm"), "best_expected_reward": ("task",)},
    "totals": {
        "rewards": _PER_TASK,
        "discounted_rewards": _PER_TASK,
        "expected_rewards": _PER_TASK,
        "discounted_expected_rewards": _PER_TASK,
        "action_gap": _PER_TASK,
        "discounted_action_gap": _PER_TASK,
        "optimal_set_log_loss": _PER_TASK,
    },
    "trials": {
        "action_gap": _PER_TRIAL,
        "optimal_probs": _PER_TRIAL,
        "expected_rewards": _PER_TRIAL,
        "thompson_kl": _PER_TRIAL,
        "matching_distance": _PER_TRIAL,
        "uncertain_probs": _PER_TRIAL,
        "repeats": _PER_TRIAL,
        "is_after_loss": _PER_TRIAL,
        "first_arm_probs": _PER_TRIAL,
    },
    "margins": {"action_gap": ("player", "margin", "time"), "visits": ("player", "margin", "time")},
}
"""Groups that every comparison of decisions has."""

_OPTIONAL_DECISION_GROUPS: dict[str, Variables] = {
    "certificate": {"gap_by_time": ("training_seed", "time"), "rewards_by_time": ("training_seed", "time")},
    "convergence": {
        "action_gap": ("training_seed", "step", "task"),
        "expected_rewards": ("training_seed", "step", "task"),
    },
}
"""Groups that exist where they mean something: rewards of 0 and 1 with an exact plan, networks with checkpoints."""

_ORDER_GROUPS: dict[str, Variables] = {"systems": {}}
"""Groups that every comparison of orders of learning has; a child for each system, see `comparisons.order.systems`."""

_OPTIONAL_ORDER_GROUPS: dict[str, Variables] = {"outer": {}, "scores": {}, "courses": {}}
"""Groups that exist where they mean something: networks with checkpoints, predictives, choices."""

_PER_NETWORK = ("training_seed", "cell")

_LIFETIME_GROUPS: dict[str, Variables] = {
    "theory": dict.fromkeys(
        (
            "commit_trials",
            "commit_value",
            "printed_trials",
            "printed_value",
            "printed_policy_value",
            "printed_exploring_value",
            "sequential_value",
            "sequential_value_error",
            "sequential_pulls",
            "sequential_probe_pulls",
            "sequential_probe_median",
            "full_information_value",
        ),
        ("cell",),
    ),
}
"""Groups that every map of fixed-arm bandits has."""

LIFETIME_BEHAVIOUR: Variables = {
    "is_pulled": ("shown", "task", "time"),
    "entropy": ("shown", "task", "time"),
    "is_better": ("shown", "task"),
    "state_change": ("shown", "task", "step"),
    "coordinates": ("shown", "task", "time", "component"),
    "explained": ("shown", "component"),
    "end_points": ("shown",),
    "participation_ratio": ("shown", "bound"),
    "read_out": ("shown", "bound"),
    "shuffled_read_out": ("shown", "bound"),
}
"""What is kept of networks whose single lifetimes are shown, see `comparisons.lifetimes.behaviour`."""

_OPTIONAL_LIFETIME_GROUPS: dict[str, Variables] = {
    "networks": {
        "shortfall": _PER_NETWORK,
        "shortfall_error": _PER_NETWORK,
        "mean_pulls": _PER_NETWORK,
        "untrained_shortfall": _PER_NETWORK,
        "probe_pulls": (*_PER_NETWORK, "probe"),
    },
    "development": {"shortfall": ("step", *_PER_NETWORK), "probe_pulls": ("step", *_PER_NETWORK)},
    "behaviour": LIFETIME_BEHAVIOUR,
}
"""Groups that exist where they mean something: networks (NaN where one diverged), those with checkpoints, and cells
whose behaviour is kept."""

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
"""What is counted of every task that somebody forages in, see `comparisons.foraging.scores`."""
_PER_FORAGER = ("training_seed", "train_lifetime")

_FORAGING_GROUPS: dict[str, Variables] = {
    "networks": dict.fromkeys(_FORAGED, (*_PER_FORAGER, "test_lifetime", "task")),
    "unscaled": dict.fromkeys(_FORAGED, (*_PER_FORAGER, "task")),
    "untrained": dict.fromkeys(_FORAGED, ("training_seed", "test_lifetime", "task")),
    "references": dict.fromkeys(_FORAGED, ("reference", "test_lifetime", "task")),
    "exact": dict.fromkeys(("optimal", "small_goal", "full_information"), ("lifetime",)),
    "behaviour": {"occupancy": (*_PER_FORAGER, "y", "x"), "entropy": (*_PER_FORAGER, "time")},
    "reference_behaviour": {"occupancy": ("reference", "y", "x"), "entropy": ("reference", "time")},
    "states": {
        "participation_ratio": (*_PER_FORAGER, "bound"),
        "explained": (*_PER_FORAGER, "component"),
        "coordinates": ("train_lifetime", "shown_task", "time", "axis"),
    },
    "course": {"rewards": (*_PER_FORAGER, "step", "course_task")},
}
"""Groups that every comparison of foragers has; NaN where a network diverged."""

_REPRODUCTION_GROUPS: dict[str, Variables] = {
    "measures": dict.fromkeys(
        ("measure", "predictor", "estimate", "lower", "upper", "unit", "interval_over"), ("row",)
    ),
}
"""Groups that every reproduction has; what its figures show is its own."""

_SCHEMAS = {
    PREDICTION_SCHEMA: (_PREDICTION_GROUPS, _OPTIONAL_PREDICTION_GROUPS),
    DECISION_SCHEMA: (_DECISION_GROUPS, _OPTIONAL_DECISION_GROUPS),
    ORDER_SCHEMA: (_ORDER_GROUPS, _OPTIONAL_ORDER_GROUPS),
    LIFETIME_SCHEMA: (_LIFETIME_GROUPS, _OPTIONAL_LIFETIME_GROUPS),
    FORAGING_SCHEMA: (_FORAGING_GROUPS, {}),
    REPRODUCTION_SCHEMA: (_REPRODUCTION_GROUPS, {}),
}


def validate(tree: xr.DataTree, source: str = "this tree") -> xr.DataTree:
    """The tree itself, if it follows the schema it names. Raises `ValueError` naming the first difference."""
    schema = tree.attrs.get("schema")
    if schema not in _SCHEMAS:
        known = " or ".join(repr(name) for name in _SCHEMAS)
        raise ValueError(f"{source} is not a comparison: its schema is {schema!r}, not {known}")
    required, optional = _SCHEMAS[schema]
    for group, variables in {**required, **optional}.items():
        if group not in tree.children:
            if group in required:
                raise ValueError(f"{source} lacks the group {group!r}")
            continue
        for variable, dimensions in variables.items():
            if variable not in tree[group].data_vars:
                raise ValueError(f"{source} lacks the variable {group}/{variable}")
            if tree[group][variable].dims != dimensions:
                raise ValueError(
                    f"{source}: {group}/{variable} has dimensions {tree[group][variable].dims}, not {dimensions}"
                )
    return tree


def save_tree(tree: xr.DataTree, path: Path) -> None:
    """Write a tree to one netCDF file, atomically. Raises `OSError` where it cannot be written."""
    write_atomically(path, bytes(tree.to_netcdf(engine="h5netcdf")))


def open_tree(path: Path) -> xr.DataTree:
    """Read a tree back whole. Raises `FileNotFoundError`, or `ValueError` if the file is truncated or foreign."""
    if not path.is_file():
        raise FileNotFoundError(f"no results at {path}")
    try:
        return xr.load_datatree(io.BytesIO(path.read_bytes()), engine="h5netcdf")
    except Exception as error:
        raise ValueError(f"{path} is truncated or not a netCDF file ({type(error).__name__})") from error
