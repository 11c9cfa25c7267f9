"""Layout of the tree of a comparison of predictions. Divergences and losses are in nats."""

from comparisons.tree import Schema, Variables

GROUPS: dict[str, Variables] = {
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

OPTIONAL_GROUPS: dict[str, Variables] = {
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

SCHEMA = Schema("bayesgauge comparison 1", GROUPS, OPTIONAL_GROUPS)
