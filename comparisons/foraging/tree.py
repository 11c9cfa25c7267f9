"""Layout of the tree of a comparison of foragers. Returns and action gaps are in rewards."""

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
"""What is counted of every task that somebody forages in, see `comparisons.foraging.scores`."""
_PER_FORAGER = ("training_seed", "train_lifetime")

GROUPS: dict[str, Variables] = {
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

SCHEMA = Schema("bayesgauge foraging 1", GROUPS)
