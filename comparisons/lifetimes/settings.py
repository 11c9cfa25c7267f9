"""Settings of experiments on when to learn: the cells of a map, and what networks are scored on."""

from dataclasses import dataclass

from metalearners.configs import require_at_least_one


@dataclass(frozen=True)
class Cell:
    """One cell of the map: the scales that its bandits are drawn with, in rewards."""

    reward_scale: float
    """Standard deviation of the unknown arm's rewards: task complexity."""
    prior_scale: float
    """Standard deviation of its mean over tasks: ecological uncertainty. At 0 there is nothing to learn."""

    def __post_init__(self) -> None:
        if not self.reward_scale > 0:
            raise ValueError(f"Cell: reward_scale must be > 0; got {self.reward_scale!r}")
        if not self.prior_scale >= 0:
            raise ValueError(f"Cell: prior_scale must be at least 0; got {self.prior_scale!r}")


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
        for field in ("num_tasks", "num_probes", "development_tasks"):
            require_at_least_one(self, field)
        if self.num_probes < 2:
            raise ValueError(
                f"MapEvaluation: num_probes must be at least 2, or there is no standard error; got {self.num_probes}"
            )
