"""Layout of the tree of a comparison of decisions. Returns and action gaps are in rewards.

A `player` is an agent of any kind; those called "network 0", "network 1", … are the training seeds.
"""

from comparisons.tree import Schema, Variables

_PER_TASK = ("player", "task")
_PER_TRIAL = ("player", "detailed_task", "time")

GROUPS: dict[str, Variables] = {
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

OPTIONAL_GROUPS: dict[str, Variables] = {
    "certificate": {"gap_by_time": ("training_seed", "time"), "rewards_by_time": ("training_seed", "time")},
    "convergence": {
        "action_gap": ("training_seed", "step", "task"),
        "expected_rewards": ("training_seed", "step", "task"),
    },
}
"""Groups that exist where they mean something: rewards of 0 and 1 with an exact plan, networks with checkpoints."""

SCHEMA = Schema("bayesgauge decisions 1", GROUPS, OPTIONAL_GROUPS)
