"""Experiments on when to learn: networks meta-trained on fixed-arm bandits, over a map of settings.

Specialists are trained for one setting each, many side by side; a generalist is one network for all settings, told
which one it is in. Both are scored at the same cells, against the same exact answers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metalearners.configs import require_at_least_one

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Cell:
    """One place on the map: what its bandits are drawn with, in rewards."""

    reward_scale: float
    """How much the rewards of the uncertain arm vary: task complexity."""
    prior_scale: float
    """How much its mean varies from task to task: ecological uncertainty. At 0 there is nothing to learn."""

    def __post_init__(self) -> None:
        if not self.reward_scale > 0:
            raise ValueError(f"Cell: reward_scale must be > 0; got {self.reward_scale!r}")
        if not self.prior_scale >= 0:
            raise ValueError(f"Cell: prior_scale must be at least 0; got {self.prior_scale!r}")


@dataclass(frozen=True)
class MapEvaluation:
    """What networks are scored on."""

    num_tasks: int = 10_000
    """Lifetimes that each network plays in its cell, beside the optimal policy on the same luck."""
    num_probes: int = 100
    """Lifetimes in which the uncertain arm's mean is the prior's: pulls of it are counted (the paper's measure)."""
    development_tasks: int = 1000
    """Lifetimes for every earlier checkpoint."""
    shown_cells: tuple[int, ...] = ()
    """Cells, by position, of which the course of behaviour and of hidden states is kept, in the longest lifetime."""

    def __post_init__(self) -> None:
        for field in ("num_tasks", "num_probes", "development_tasks"):
            require_at_least_one(self, field)
        if self.num_probes < 2:
            raise ValueError(f"MapEvaluation: num_probes must be at least 2, for an error; got {self.num_probes}")
