"""Experiments on when to learn: networks meta-trained on fixed-arm bandits, over a map of settings.

Specialists are trained for one setting each, many side by side; a generalist is one network for all settings, told
which one it is in. Both are scored at the same cells, against the same exact answers.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from metalearners.actor_critic_configs import ActorCriticConfig
from metalearners.configs import StackedLSTMConfig, require_at_least_one

if TYPE_CHECKING:
    from comparisons.seams.fixed_arms import Setting
from comparisons.lifetimes.settings import Cell, MapEvaluation


@dataclass(frozen=True)
class SpecialistExperiment(AbstractExperiment):
    """One network for every cell and training seed, each trained for its own setting; many train side by side."""

    name: str
    """Where the results go, and what the report calls it."""
    cells: tuple[Cell, ...]
    """The map, in any order."""
    training: ActorCriticConfig
    """How every network is trained; its lifetime is that of the bandits."""
    network: StackedLSTMConfig = StackedLSTMConfig()
    """The networks."""
    is_raw: bool = False
    """Whether networks are fed and paid rewards as they are, as in the paper; else in units of the cell's scales."""
    stack_size: int = 25
    """Networks that are trained side by side, as one unit of work."""
    evaluation: MapEvaluation = MapEvaluation()
    training_seeds: tuple[int, ...] = (0, 1, 2)
    seed: int = 0

    def __post_init__(self) -> None:
        require_seeds(self)
        require_at_least_one(self, "stack_size")
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
            cells=_corners(self.cells),
            training=_tiny(self.training),
            network=dataclasses.replace(self.network, hidden_size=8),
            evaluation=_tiny_evaluation(self.evaluation),
            training_seeds=self.training_seeds[:2],
        )

    def require_feasible(self) -> None:
        """Nothing here outgrows the machine."""

    def training_units(self) -> tuple[TrainingUnit, ...]:
        stacks = range(0, len(self.cells) * len(self.training_seeds), self.stack_size)
        return tuple(TrainingUnit(f"stack-{index:03d}", index, index) for index in range(len(stacks)))

    def is_trained(self, directory: Path) -> bool:
        from metalearners.checkpoint_files import is_trained

        return is_trained(directory, self.training)

    def train(self, unit: TrainingUnit, directory: Path) -> None:
        from comparisons.lifetimes.training import train_specialists

        train_specialists(self, unit, directory)

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.lifetimes.evaluation import evaluate_specialists

        return evaluate_specialists(self, directories)

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        from comparisons.lifetimes.measures import with_lifetime_measures

        return with_lifetime_measures(tree, seed=self.seed)

    def stack(self, index: int) -> list[tuple[int, int]]:
        """The networks of a unit: position of the training seed, and of the cell."""
        everyone = [(seed, cell) for seed in range(len(self.training_seeds)) for cell in range(len(self.cells))]
        return everyone[index * self.stack_size : (index + 1) * self.stack_size]

    def places(self) -> "list[Setting]":
        """The setting of every cell."""
        from comparisons.seams.fixed_arms import Setting

        return [Setting(cell.reward_scale, cell.prior_scale, self.training.lifetime) for cell in self.cells]


@dataclass(frozen=True)
class GeneralistExperiment(AbstractExperiment):
    """One network for every setting, trained on random ones and told which it is in; scored at the cells of a map."""

    name: str
    """Where the results go, and what the report calls it."""
    cells: tuple[Cell, ...]
    """Where it is scored, at every lifetime."""
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
        require_seeds(self)
        _require_cells(self.cells, self.evaluation)
        is_distinct = len(set(self.lifetimes)) == len(self.lifetimes) > 0
        if not is_distinct or self.training.lifetime != max(self.lifetimes) or min(self.lifetimes) < 1:
            raise ValueError(
                f"lifetimes must be distinct and at least 1, the longest that of training ({self.training.lifetime}); "
                f"got {self.lifetimes!r}"
            )
        if told := [cell for cell in (self.smallest, *self.cells) if cell.prior_scale <= 0]:
            raise ValueError(f"prior_scale must be > 0, for its logarithm is told; got {told[0]!r}")
        if any(getattr(self.smallest, name) > getattr(self.largest, name) for name in ("reward_scale", "prior_scale")):
            raise ValueError(f"smallest must not be above largest; got {self.smallest!r} and {self.largest!r}")

    @property
    def id(self) -> str:
        return self.name

    @property
    def question(self) -> str:
        return (
            f"Does one network that is told its setting learn where learning pays ({self.name}, "
            f"{len(self.cells)} settings, lifetimes {', '.join(map(str, self.lifetimes))})?"
        )

    def smoke(self) -> "GeneralistExperiment":
        return dataclasses.replace(
            self,
            cells=_corners(self.cells),
            training=_tiny(self.training),
            network=dataclasses.replace(self.network, hidden_size=8),
            evaluation=_tiny_evaluation(self.evaluation),
            lifetimes=(6, 12),
            training_seeds=self.training_seeds[:1],
        )

    def require_feasible(self) -> None:
        """Nothing here outgrows the machine."""

    def is_trained(self, directory: Path) -> bool:
        from metalearners.checkpoint_files import is_trained

        return is_trained(directory, self.training)

    def train(self, unit: TrainingUnit, directory: Path) -> None:
        from comparisons.lifetimes.training import train_generalist

        train_generalist(self, unit, directory)

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.lifetimes.evaluation import evaluate_generalists

        return evaluate_generalists(self, directories)

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        from comparisons.lifetimes.measures import with_lifetime_measures

        return with_lifetime_measures(tree, seed=self.seed)

    def places(self) -> "list[Setting]":
        """The setting of every cell at every lifetime, one lifetime's after the other's."""
        from comparisons.seams.fixed_arms import Setting

        return [
            Setting(cell.reward_scale, cell.prior_scale, lifetime) for lifetime in self.lifetimes for cell in self.cells
        ]


def _require_cells(cells: Sequence[Cell], evaluation: MapEvaluation) -> None:
    if not cells or len(set(cells)) < len(cells):
        raise ValueError(
            f"cells must be distinct and at least one; got {len(cells)}, {len(set(cells))} of them distinct"
        )
    if any(not 0 <= shown < len(cells) for shown in evaluation.shown_cells):
        raise ValueError(f"shown_cells must be from 0 to {len(cells) - 1}; got {evaluation.shown_cells!r}")


def _corners(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """A few cells from the whole of a map."""
    return tuple(dict.fromkeys((cells[0], cells[len(cells) // 2], cells[-1])))


def _tiny(training: ActorCriticConfig) -> ActorCriticConfig:
    return dataclasses.replace(training, num_steps=4, batch_size=min(8, training.batch_size), lifetime=12)


def _tiny_evaluation(evaluation: MapEvaluation) -> MapEvaluation:
    shown = (0,) if evaluation.shown_cells else ()
    return dataclasses.replace(evaluation, num_tasks=100, num_probes=20, development_tasks=20, shown_cells=shown)
