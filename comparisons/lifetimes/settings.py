"""Settings of experiments on when to learn: the cells of a map, and what networks are scored on."""

from dataclasses import dataclass

from metalearners.settings_fields import require_at_least_one, require_between, require_count, require_counts


@dataclass(frozen=True)
class Cell:
    """One cell of the map: the scales that its bandits are drawn with, in rewards."""

    reward_scale: float
    """Standard deviation of the unknown arm's rewards: task complexity."""
    prior_scale: float
    """Standard deviation of its mean over tasks: ecological uncertainty. At 0 there is nothing to learn."""

    def __post_init__(self) -> None:
        require_between(self, "reward_scale", 0, float("inf"), includes_low=False, includes_high=False)
        require_between(self, "prior_scale", 0, float("inf"), includes_high=False)


@dataclass(frozen=True)
class MapEvaluation:
    """What networks are scored on."""

    num_tasks: int = 10_000
    """Lifetimes that each network plays in its cell; the Bayes-optimal policy plays them with common random numbers."""
    num_probes: int = 100
    """Probe tasks, in which the unknown arm's mean is the prior mean: its pulls are counted (the paper's measure)."""
    development_tasks: int = 1000
    """Lifetimes that each earlier checkpoint plays."""
    shown_cells: tuple[int, ...] = ()
    """Cells, by position, whose behaviour and hidden states are kept trial by trial, in the longest lifetime."""

    def __post_init__(self) -> None:
        for field in ("num_tasks", "development_tasks"):
            require_at_least_one(self, field)
        require_count(self, "num_probes", least=2)
        require_counts(self, "shown_cells")
