"""The experiment on decisions: networks meta-trained by reinforcement learning, compared with the exact optimum."""

import dataclasses
from dataclasses import dataclass

from bayesopt.episodes import require_room
from bayesopt.family import AbstractBanditFamily, family_id
from bayesopt.titles import title_of
from comparisons.decisions.references import plans_of
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.experiment import AbstractExperiment, require_seeds
from comparisons.memory_needs import require_training
from metalearners.configs import LSTMConfig, NetworkConfig, ReinforcementConfig


@dataclass(frozen=True)
class DecisionExperiment(AbstractExperiment):
    """Meta-train networks to play a bandit family, then compare them with its Bayes-optimal policy."""

    family: AbstractBanditFamily
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig()
    """The network that is meta-trained."""
    training: ReinforcementConfig = ReinforcementConfig()
    """How it is meta-trained."""
    evaluation: DecisionEvaluationConfig = DecisionEvaluationConfig()
    """What it is scored on."""
    training_seeds: tuple[int, ...] = (0, 1, 2)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tables, actions, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)
        if self.training.horizon != self.evaluation.length:
            raise ValueError(
                f"training.horizon ({self.training.horizon}) and evaluation.length ({self.evaluation.length}) must be "
                "equal: the optimum depends on the horizon"
            )

    @property
    def id(self) -> str:
        return family_id(self.family)

    @property
    def question(self) -> str:
        return f"How Bayes-optimal are a meta-trained network's decisions in {title_of(self.family)}?"

    def smoke(self) -> "DecisionExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            training=dataclasses.replace(
                self.training,
                num_steps=min(60, self.training.num_steps),
                batch_size=min(64, self.training.batch_size),
                num_checkpoints=min(4, self.training.num_checkpoints),
            ),
            evaluation=dataclasses.replace(
                self.evaluation, num_tasks=500, certificate_length=4, detailed_tasks=200, convergence_tasks=100
            ),
        )

    def require_feasible(self) -> None:
        require_training(self.network, batch_size=self.training.batch_size, length=self.training.horizon)
        require_room(self.family, num_tasks=self.evaluation.num_tasks, length=self.evaluation.length)
        plans_of(self.family, self.evaluation)
