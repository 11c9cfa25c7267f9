"""The experiment of a toy kind: guess the mean of normal numbers from a few of them."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from comparisons.experiment import AbstractExperiment, require_seeds


@dataclass(frozen=True)
class GuessExperiment(AbstractExperiment):
    """Guess the mean of standard normal numbers, whose mean is standard normal too, by shrinking their average."""

    shrinkage: float = 0.8
    """Factor by which the learner multiplies the average; Bayes multiplies it by length / (length + 1)."""
    length: int = 9
    num_tasks: int = 500
    training_seeds: tuple[int, ...] = (0, 1)
    seed: int = 0

    def __post_init__(self) -> None:
        require_seeds(self)

    @property
    def id(self) -> str:
        return "guess"

    @property
    def question(self) -> str:
        return f"How close to Bayes is a guess that shrinks the average of {self.length} numbers by {self.shrinkage:g}?"

    def smoke(self) -> "GuessExperiment":
        return dataclasses.replace(self, num_tasks=20, is_smoke=True)

    def require_feasible(self) -> None:
        """Any number of tasks fits in memory."""

    def is_trained(self, directory: Path) -> bool:
        return (directory / "shrinkage.txt").exists()


TOY = GuessExperiment()
