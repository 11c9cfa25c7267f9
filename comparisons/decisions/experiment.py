"""The experiment on decisions: networks meta-trained by reinforcement learning, compared with the exact optimum."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from bayesopt.family import AbstractBanditFamily, family_id
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from metalearners.configs import LSTMConfig, NetworkConfig, ReinforcementConfig

if TYPE_CHECKING:
    from metalearners.policy import RecurrentPolicy


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
        return f"How Bayes-optimal are a meta-trained network's decisions in {self.family!r}?"

    def smoke(self) -> "DecisionExperiment":
        return dataclasses.replace(
            self,
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
        from comparisons.decisions.references import plans_of

        plans_of(self.family, self.evaluation)

    def is_trained(self, directory: Path) -> bool:
        from metalearners.checkpoint_files import is_trained

        return is_trained(directory, self.training)

    def train(self, unit: TrainingUnit, directory: Path) -> None:
        from comparisons.seams.training import meta_train_policy

        meta_train_policy(
            self.family, seed=unit.seed, training=self.training, network=self.network, directory=directory
        )

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.decisions.evaluation import evaluate_agents
        from comparisons.seams.policies import agent_of, describe
        from comparisons.seams.training import at_checkpoints, new_policy
        from comparisons.seeding import integer_for

        def make(seed: int) -> "RecurrentPolicy":
            return new_policy(self.family, self.network, horizon=self.training.horizon, seed=seed).eval()

        policies = at_checkpoints(make, self.training, self.training_seeds, directories)
        untrained = [make(integer_for(seed, "untrained weights")) for seed in self.training_seeds]
        last = policies[max(policies)]
        return evaluate_agents(
            [agent_of(policy) for policy in last],
            self.family,
            seed=self.seed,
            evaluation=self.evaluation,
            description=describe(last[0]),
            untrained=[agent_of(policy) for policy in untrained],
            checkpoints={step: [agent_of(policy) for policy in row] for step, row in policies.items()},
        )

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        from comparisons.decisions.measures import with_decision_measures

        return with_decision_measures(tree, seed=self.seed)
