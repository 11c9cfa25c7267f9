"""The experiment on prediction: networks meta-trained by log loss, compared with the Bayes-optimal predictor."""

import dataclasses
from dataclasses import dataclass

from bayesopt.family import AbstractPredictionFamily, HasBeliefs, family_id
from bayesopt.titles import title_of
from comparisons.experiment import AbstractExperiment, require_seeds
from comparisons.memory_needs import require_training
from comparisons.predictions.settings import EvaluationConfig, require_room_for_scores
from metalearners.configs import LSTMConfig, NetworkConfig, TrainingConfig


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
        return f"How Bayes-optimal is a meta-trained network's prediction of {title_of(self.family)}?"

    def smoke(self) -> "PredictionExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            training=dataclasses.replace(self.training, num_steps=min(200, self.training.num_steps)),
            evaluation=dataclasses.replace(
                self.evaluation, num_tasks=200, certificate_length=8, order_tasks=10, convergence_tasks=100
            ),
        )

    def require_feasible(self) -> None:
        if not isinstance(self.family, HasBeliefs):
            raise NotImplementedError(f"{type(self.family).__name__} has no belief methods, so no exact reference")
        from comparisons.seams.predictions import natural_encoding, natural_head  # loads torch

        natural_encoding(self.family)
        natural_head(self.family)
        require_training(self.network, batch_size=self.training.batch_size, length=self.training.length)
        require_room_for_scores(self.evaluation, num_networks=len(self.training_seeds))
