"""Layout of the tree of a map of fixed-arm bandits. Values and shortfalls are in rewards."""

from comparisons.tree import Schema, Variables

_PER_NETWORK = ("training_seed", "cell")

GROUPS: dict[str, Variables] = {
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

BEHAVIOUR: Variables = {
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
"""Variables of networks whose single lifetimes are shown, see `comparisons.lifetimes.behaviour`."""

OPTIONAL_GROUPS: dict[str, Variables] = {
    "networks": {
        "shortfall": _PER_NETWORK,
        "shortfall_error": _PER_NETWORK,
        "mean_pulls": _PER_NETWORK,
        "untrained_shortfall": _PER_NETWORK,
        "probe_pulls": (*_PER_NETWORK, "probe"),
    },
    "development": {"shortfall": ("step", *_PER_NETWORK), "probe_pulls": ("step", *_PER_NETWORK)},
    "behaviour": BEHAVIOUR,
}
"""Groups that exist where they mean something: networks (NaN where one diverged), those with checkpoints, and cells
whose behaviour is kept."""

SCHEMA = Schema("bayesgauge lifetimes 1", GROUPS, OPTIONAL_GROUPS)
