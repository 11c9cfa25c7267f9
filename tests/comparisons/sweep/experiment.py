"""An experiment whose training only notes, in a file, when each of its units began and ended."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from comparisons.experiment import AbstractExperiment, TrainingUnit
from comparisons.training import folder_of, unit_folder


@dataclass(frozen=True)
class Sweep(AbstractExperiment):
    """Eight units, four of each training seed; some kill their own process, or diverge."""

    notes: str
    """File that every process appends to."""
    killing: tuple[str, ...] = ()
    """Units that kill their process."""
    num_kills: int = 1
    """How often they do."""
    is_killed_after_another: bool = False
    """Whether, once, a unit kills its process that has ended another."""
    diverging: tuple[str, ...] = ()
    """Units whose training diverges."""
    seconds: float = 0.1
    """How long a unit takes."""
    training_seeds: tuple[int, ...] = (0, 1)
    seed: int = 0

    @property
    def id(self) -> str:
        return "sweep"

    @property
    def question(self) -> str:
        return "Was everything done, and nothing twice?"

    def smoke(self) -> "Sweep":
        return self

    def require_feasible(self) -> None:
        """Always is."""

    def training_units(self) -> tuple[TrainingUnit, ...]:
        return tuple(
            TrainingUnit(f"seed-{seed:02d}-cell-{index}", seed, index)
            for seed in self.training_seeds
            for index in range(4)
        )

    def is_trained(self, directory: Path) -> bool:
        return (directory / "done").exists()

    def note(self, event: str, unit: TrainingUnit) -> None:
        with open(self.notes, "a") as file:  # lines this short are appended whole
            file.write(f"{event} {unit.name} {os.getpid()}\n")

    def count(self, event: str) -> Counter[str]:
        """How often something happened, by unit."""
        return Counter(line[1] for line in self.read_notes() if line[0] == event)

    def read_notes(self) -> list[list[str]]:
        """Event, unit and process, in the order in which they were noted."""
        path = Path(self.notes)
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def names(self) -> list[str]:
        return [unit.name for unit in self.training_units()]

    def trained(self, results: Path) -> list[str]:
        """The units that are trained, by name."""
        folder = folder_of(self, results)
        return [unit.name for unit in self.training_units() if self.is_trained(unit_folder(folder, unit))]
