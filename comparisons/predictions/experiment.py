"""The experiment on prediction: networks meta-trained by log loss, compared with the Bayes-optimal predictor."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from bayesopt.family import AbstractPredictionFamily, family_id
from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.predictions.settings import EvaluationConfig
from metalearners.configs import LSTMConfig, NetworkConfig, TrainingConfig

if TYPE_CHECKING:
    from metalearners.network import SequencePredictor


@dataclass(frozen=True)
class PredictionExperiment(AbstractExperiment):
    """Meta-train networks on a family, then compare them with its Bayes-optimal predictor."""

    family: AbstractPredictionFamily
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig()
    """The network that is meta-trained."""
    training: TrainingConfig = TrainingConfig()
    """How it is meta-trained."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """What it is scored on."""
    training_seeds: tuple[int, ...] = (0, 1)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, reorderings, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)
        if self.training.length != self.evaluation.length:
            raise ValueError(
                f"training.length ({self.training.length}) and evaluation.length ({self.evaluation.length}) must be "
                "equal; evaluation.beyond measures other lengths"
            )

    @property
    def id(self) -> str:
        return family_id(self.family)

    @property
    def question(self) -> str:
        return f"How Bayes-optimal is a meta-trained network's prediction of {self.family!r}?"

    def smoke(self) -> "PredictionExperiment":
        return dataclasses.replace(
            self,
            training=dataclasses.replace(self.training, num_steps=min(200, self.training.num_steps)),
            evaluation=dataclasses.replace(
                self.evaluation, num_tasks=200, certificate_length=8, order_tasks=10, convergence_tasks=100
            ),
        )

    def require_feasible(self) -> None:
        from bayesopt.family import HasBeliefs

        if not isinstance(self.family, HasBeliefs):
            raise NotImplementedError(f"{type(self.family).__name__} has no belief methods, so no exact reference")

    def is_trained(self, directory: Path) -> bool:
        from metalearners.runs import is_trained

        return is_trained(directory, self.training)

    def train(self, unit: TrainingUnit, directory: Path) -> None:
        from comparisons.seams.training import meta_train

        meta_train(self.family, seed=unit.seed, training=self.training, network=self.network, directory=directory)

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.predictions.evaluation import evaluate
        from comparisons.seams.training import at_checkpoints, new_predictor

        def make(seed: int) -> "SequencePredictor":
            return new_predictor(self.family, self.network, seed=seed)

        checkpoints = at_checkpoints(make, self.training, self.training_seeds, directories)
        return evaluate(
            checkpoints[max(checkpoints)],
            self.family,
            seed=self.seed,
            evaluation=self.evaluation,
            checkpoints=checkpoints,
        )

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        from comparisons.predictions.measures import with_measures

        return with_measures(tree, seed=self.seed)
