"""Experiments on when to learn: networks meta-trained on fixed-arm bandits, over a map of settings.

Specialists are trained for one setting each, many side by side. A generalist is one network for all settings, which
receives its setting as input. Both are scored at the same cells, against the same exact references.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.identity import require_plain_name
from comparisons.lifetimes.settings import Cell, MapEvaluation
from comparisons.memory_needs import require_scores, require_training
from metalearners.actor_critic_configs import ActorCriticConfig
from metalearners.configs import StackedLSTMConfig
from metalearners.settings_fields import require_at_least_one, require_counts, require_flags, require_tuple


@dataclass(frozen=True)
class SpecialistExperiment(AbstractExperiment):
    """One network for every cell and training seed, each trained for its own setting; many train side by side."""

    name: str
    """Name of the folder of its results, and of the experiment in the report."""
    cells: tuple[Cell, ...]
    """The map, in any order."""
    training: ActorCriticConfig
    """How every network is trained; its lifetime is that of the bandits."""
    network: StackedLSTMConfig = StackedLSTMConfig()
    """The networks."""
    is_raw: bool = False
    """Whether rewards and returns are in rewards, as in the paper; else they are in units of the cell's scales."""
    stack_size: int = 25
    """Networks that are trained side by side, as one unit of work."""
    evaluation: MapEvaluation = MapEvaluation()
    training_seeds: tuple[int, ...] = (0, 1, 2)
    seed: int = 0

    def __post_init__(self) -> None:
        require_plain_name(self.name, "name")
        require_seeds(self)
        require_at_least_one(self, "stack_size")
        require_flags(self, "is_raw")
        require_tuple(self, "cells", Cell)
        _require_cells(self.cells, self.evaluation)

    @property
    def id(self) -> str:
        return self.name

    @property
    def question(self) -> str:
        return (
            f"Do networks trained for one setting each learn where learning pays, and hard-code where it does not "
            f"({self.name}, {len(self.cells)} settings, lifetime {self.training.lifetime})?"
        )

    def smoke(self) -> "SpecialistExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            cells=_corners(self.cells),
            training=_tiny(self.training),
            network=dataclasses.replace(self.network, hidden_size=8),
            evaluation=_tiny_evaluation(self.evaluation),
            training_seeds=self.training_seeds[:2],
        )

    def require_feasible(self) -> None:
        stack_size = min(self.stack_size, len(self.cells) * len(self.training_seeds))
        lifetime, batch_size = self.training.lifetime, self.training.batch_size
        require_training(self.network, batch_size=batch_size, length=lifetime, stack_size=stack_size)
        require_scores(self.evaluation.num_tasks, 1, num_networks=len(self.cells) * len(self.training_seeds))

    def training_units(self) -> tuple[TrainingUnit, ...]:
        stacks = range(0, len(self.cells) * len(self.training_seeds), self.stack_size)
        return tuple(TrainingUnit(f"stack-{index:03d}", index, index) for index in range(len(stacks)))

    def stack(self, index: int) -> list[tuple[int, int]]:
        """Return the networks of a unit: position of the training seed, and of the cell."""
        everyone = [(seed, cell) for seed in range(len(self.training_seeds)) for cell in range(len(self.cells))]
        return everyone[index * self.stack_size : (index + 1) * self.stack_size]


@dataclass(frozen=True)
class GeneralistExperiment(AbstractExperiment):
    """One network that is trained on random settings, receives its setting as input, and is scored at a map's cells."""

    name: str
    """Name of the folder of its results, and of the experiment in the report."""
    cells: tuple[Cell, ...]
    """The cells in which it is scored, at every lifetime."""
    lifetimes: tuple[int, ...]
    """Trials per lifetime: those it is trained and scored on, equally often."""
    training: ActorCriticConfig
    """How it is trained; its lifetime is the longest."""
    largest: Cell = Cell(20.0, 10.0)
    """Scales of training are random, from the smallest to the largest."""
    smallest: Cell = Cell(0.1, 0.1)
    network: StackedLSTMConfig = StackedLSTMConfig(hidden_size=96)
    """The network."""
    evaluation: MapEvaluation = MapEvaluation()
    training_seeds: tuple[int, ...] = (0,)
    seed: int = 0

    def __post_init__(self) -> None:
        require_plain_name(self.name, "name")
        require_seeds(self)
        require_counts(self, "lifetimes", least=1)
        require_tuple(self, "cells", Cell)
        _require_cells(self.cells, self.evaluation)
        is_distinct = len(set(self.lifetimes)) == len(self.lifetimes) > 0
        if not is_distinct or self.training.lifetime != max(self.lifetimes):
            raise ValueError(
                f"lifetimes must be distinct and at least 1, the longest that of training ({self.training.lifetime}); "
                f"got {self.lifetimes!r}"
            )
        if without := [cell for cell in (self.smallest, *self.cells) if cell.prior_scale <= 0]:
            raise ValueError(f"prior_scale must be > 0, because the network receives its logarithm; got {without[0]!r}")
        if any(getattr(self.smallest, name) > getattr(self.largest, name) for name in ("reward_scale", "prior_scale")):
            raise ValueError(f"smallest must not be above largest; got {self.smallest!r} and {self.largest!r}")

    @property
    def id(self) -> str:
        return self.name

    @property
    def question(self) -> str:
        return (
            f"Does one network that receives its setting as input learn where learning pays ({self.name}, "
            f"{len(self.cells)} settings, lifetimes {', '.join(map(str, self.lifetimes))})?"
        )

    def smoke(self) -> "GeneralistExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            cells=_corners(self.cells),
            training=_tiny(self.training),
            network=dataclasses.replace(self.network, hidden_size=8),
            evaluation=_tiny_evaluation(self.evaluation),
            lifetimes=(6, 12),
            training_seeds=self.training_seeds[:1],
        )

    def require_feasible(self) -> None:
        require_training(self.network, batch_size=self.training.batch_size, length=self.training.lifetime)
        num_rows = len(self.cells) * len(self.lifetimes) * len(self.training_seeds)
        require_scores(self.evaluation.num_tasks, 1, num_networks=num_rows)


def _require_cells(cells: Sequence[Cell], evaluation: MapEvaluation) -> None:
    if not cells or len(set(cells)) < len(cells):
        raise ValueError(
            f"cells must be distinct and at least one; got {len(cells)}, {len(set(cells))} of them distinct"
        )
    if any(not 0 <= shown < len(cells) for shown in evaluation.shown_cells):
        raise ValueError(f"shown_cells must be from 0 to {len(cells) - 1}; got {evaluation.shown_cells!r}")


def _corners(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return the first, the middle and the last cell of a map."""
    return tuple(dict.fromkeys((cells[0], cells[len(cells) // 2], cells[-1])))


def _tiny(training: ActorCriticConfig) -> ActorCriticConfig:
    return dataclasses.replace(training, num_steps=4, batch_size=min(8, training.batch_size), lifetime=12)


def _tiny_evaluation(evaluation: MapEvaluation) -> MapEvaluation:
    shown = (0,) if evaluation.shown_cells else ()
    return dataclasses.replace(evaluation, num_tasks=100, num_probes=20, development_tasks=20, shown_cells=shown)
