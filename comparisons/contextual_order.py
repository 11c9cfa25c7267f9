"""The order in which contexts of a bandit are learned: by networks within a task, exact Bayes, policy gradients."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayesopt.families import ContextualBandit
from bayesopt.family import family_id
from comparisons.experiment import AbstractExperiment, require_seeds
from comparisons.order_configs import NamedLearner, OrderEvaluationConfig
from metalearners.configs import LSTMConfig, NetworkConfig, ReinforcementConfig
from metalearners.learner_configs import PolicyGradientConfig

if TYPE_CHECKING:
    from bayesopt.episodes import ContextualRewardTables
    from comparisons.systems import Course, OuterRecoveries, Score, System
    from metalearners.policy import RecurrentPolicy


BY_NUMBER = "contexts by number"
"""The condition under which contexts are not ranked: what is left of differences between them is a network's own."""


@dataclass(frozen=True)
class ContextualOrderExperiment(AbstractExperiment):
    """Meta-train networks to play contextual bandits, then compare the order in which contexts are learned."""

    family: ContextualBandit = ContextualBandit()
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig(hidden_size=128)
    """The network that is meta-trained."""
    training: ReinforcementConfig = ReinforcementConfig(horizon=50)
    """How it is meta-trained."""
    learners: tuple[NamedLearner, ...] = (NamedLearner("policy gradient, shared bias", PolicyGradientConfig()),)
    """Gradient learners that learn each task from scratch."""
    interference: tuple[int, ...] = (2, 3, 4, 5)
    """Numbers of contexts for which the time that policy gradient takes is measured, with shared biases and without."""
    evaluation: OrderEvaluationConfig = OrderEvaluationConfig()
    """What everyone is tested on."""
    training_seeds: tuple[int, ...] = (0,)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, actions, learners' initial weights, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)

    @property
    def id(self) -> str:
        return f"{family_id(self.family)}_order"

    @property
    def question(self) -> str:
        return f"In which order does a meta-trained network learn the contexts of {self.family!r}?"

    def smoke(self) -> "ContextualOrderExperiment":
        from comparisons.order_runs import smaller_evaluation, smaller_learners

        return dataclasses.replace(
            self,
            network=dataclasses.replace(self.network, hidden_size=min(16, self.network.hidden_size)),
            training=dataclasses.replace(
                self.training,
                num_steps=min(10, self.training.num_steps),
                batch_size=min(32, self.training.batch_size),
                num_checkpoints=min(3, self.training.num_checkpoints),
            ),
            learners=smaller_learners(self.learners),
            interference=self.interference[:1],
            evaluation=smaller_evaluation(self.evaluation),
        )

    def require_feasible(self) -> None:
        """Every contextual bandit can be evaluated."""

    def is_trained(self, directory: Path) -> bool:
        from metalearners.runs import is_trained

        return is_trained(directory, self.training)

    def train(self, seed: int, directory: Path) -> None:
        from comparisons.training import meta_train_policy

        meta_train_policy(self.family, seed=seed, training=self.training, network=self.network, directory=directory)

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.interference import interference_scores, lowest_share
        from comparisons.order_runs import experiment_attributes
        from comparisons.systems import IN_DISTRIBUTION, order_tree
        from comparisons.training import at_checkpoints, new_policy

        def make(seed: int) -> "RecurrentPolicy":
            return new_policy(self.family, self.network, horizon=self.training.horizon, seed=seed)

        by_step = at_checkpoints(make, self.training, self.training_seeds, directories)
        networks = by_step[max(by_step)]
        horizon, evaluation = self.training.horizon, self.evaluation
        tables = self.tables(horizon, evaluation.num_tasks)
        players = self._players(networks, tables)
        systems = self._systems(IN_DISTRIBUTION, players, horizon)
        systems += [
            self._system(name, name, choices, BY_NUMBER, np.arange(horizon), "trials", is_ranked=False)
            for name, choices in players.items()
        ]
        if evaluation.lifetimes > 1:
            longer = self.tables(evaluation.lifetimes * horizon, evaluation.num_elsewhere)
            condition = f"{evaluation.lifetimes} × the lifetime"
            systems += self._systems(condition, self._players(networks, longer), evaluation.lifetimes * horizon)
        scores = _changes(players, tables)
        for learner in self.learners:
            steps, choices = self._learned(learner, tables)
            systems.append(self._system(learner.name, learner.role, choices, IN_DISTRIBUTION, steps, "gradient steps"))
            scores.append(lowest_share(learner.name, choices, steps))
        return order_tree(
            systems,
            outer=self._outer(by_step),
            scores=[*scores, *interference_scores(self.interference, self.evaluation, seed=self.seed)],
            courses=_accuracies(players, tables),
            attributes=experiment_attributes(self),
            notes=_NOTES,
        )

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        from comparisons.order_measures import with_order_measures

        return with_order_measures(tree, seed=self.seed)

    def tables(self, length: int, num_tasks: int) -> "ContextualRewardTables":
        """The tasks, with the contexts that everyone meets."""
        from bayesopt.episodes import sample_contextual_tables
        from comparisons.seeding import key_for

        key = key_for(self.seed, f"tables, {length}")
        return sample_contextual_tables(self.family, key, num_tasks=num_tasks, length=length)

    def network_choices(
        self, networks: "list[RecurrentPolicy]", tables: "ContextualRewardTables"
    ) -> Float[np.ndarray, "training_seed task time context"]:
        """The probability of each context's right action at every trial, of networks that play on."""
        from comparisons.readouts import correct_probs
        from comparisons.seeding import integer_for
        from metalearners.probing_policies import probed_action_probs

        luck = np.random.default_rng(integer_for(self.seed, "actions")).random(tables.contexts.shape)
        probed = (probed_action_probs(one, tables.contexts, tables.rewards, luck) for one in networks)
        return np.stack([correct_probs(probs, tables.latents["targets"]) for probs in probed])

    def bayes_choices(self, tables: "ContextualRewardTables") -> Float[np.ndarray, "task time context"]:
        """The same of the Bayes-optimal agent: greedy on the exact posterior, ties shared out."""
        from bayesopt.planning.contextual import greedy_contextual_agent
        from bayesopt.rollout import play_probed
        from comparisons.readouts import correct_probs
        from comparisons.seeding import key_for

        agent = greedy_contextual_agent(self.family)
        played = play_probed(agent, tables, key_for(self.seed, "actions"), num_contexts=self.family.num_contexts)
        probed = played.context_probs[:, : tables.contexts.shape[1]]
        return correct_probs(probed, tables.latents["targets"])

    def _players(
        self, networks: "list[RecurrentPolicy]", tables: "ContextualRewardTables"
    ) -> Mapping[str, Float[np.ndarray, "_ task time context"]]:
        return {"network": self.network_choices(networks, tables), "Bayes": self.bayes_choices(tables)[None]}

    def _systems(self, condition: str, players: Mapping[str, np.ndarray], length: int) -> "list[System]":
        return [
            self._system(name, name, choices, condition, np.arange(length), "trials")
            for name, choices in players.items()
        ]

    def _learned(self, learner: NamedLearner, tables: "ContextualRewardTables") -> tuple[np.ndarray, np.ndarray]:
        """Steps, and the probability of each context's right action after them (`task time context`)."""
        from metalearners.policy_gradient_learner import learn_contextual_bandits

        assert isinstance(learner.config, PolicyGradientConfig)
        targets = np.asarray(tables.latents["targets"], np.int64)
        learned = learn_contextual_bandits(targets, self.family.num_arms, learner.config, seed=self.seed)
        return learned.steps, learned.correct_probs

    def _system(
        self,
        name: str,
        role: str,
        choices: np.ndarray,
        condition: str,
        times: np.ndarray,
        unit: str,
        *,
        is_ranked: bool = True,
    ) -> "System":
        """Contexts are exchangeable, so those of a task are ranked by how likely the right action was at the start."""
        from comparisons.exchangeable_modes import ranked_by
        from comparisons.readouts import choice_overlaps
        from comparisons.systems import system_of

        label = "context ranked" if is_ranked else "context"
        modes = tuple((f"{label} {rank + 1}", rank) for rank in range(self.family.num_contexts))
        found = choice_overlaps(choices, num_arms=self.family.num_arms)
        system = system_of(name, role, found, condition=condition, times=times, time_unit=unit, modes=modes)  # pyright: ignore[reportArgumentType]
        if not is_ranked:
            return system
        return system._replace(recoveries=ranked_by(system.recoveries, system.recoveries.overlaps[:, :, 0]))

    def _outer(self, by_step: "Mapping[int, list[RecurrentPolicy]]") -> "list[OuterRecoveries]":
        from comparisons.order_runs import outer_recoveries
        from comparisons.readouts import choice_overlaps

        horizon = self.training.horizon
        tables = self.tables(horizon, self.evaluation.num_outer)
        found = {
            step: choice_overlaps(self.network_choices(networks, tables), num_arms=self.family.num_arms)
            for step, networks in by_step.items()
        }
        labels = tuple(f"context {context + 1}" for context in range(self.family.num_contexts))
        moments = {f"after {time} trials": time for time in (min(10, horizon - 1), horizon - 1)}
        return outer_recoveries(found, moments, labels)


def _changes(players: Mapping[str, np.ndarray], tables: "ContextualRewardTables") -> "list[Score]":
    from comparisons.readouts import change_elsewhere
    from comparisons.systems import Score

    unit = "probability per trial"
    return [
        Score("change_elsewhere", name, unit, "mean", change_elsewhere(choices, tables.contexts))
        for name, choices in players.items()
    ]


def _accuracies(players: Mapping[str, np.ndarray], tables: "ContextualRewardTables") -> "list[Course]":
    from comparisons.readouts import accuracy_by_trial
    from comparisons.systems import Course

    return [
        Course("accuracy", name, name, "probability", accuracy_by_trial(choices, tables.contexts))  # pyright: ignore[reportArgumentType]
        for name, choices in players.items()
    ]


_NOTES = (
    "The law of the correct actions, lifetimes, sizes and the algorithm of meta-training of the original are not "
    "known; these are choices of this package.",
    "Contexts are exchangeable: those of each task are ranked by the probability of their right action at the start.",
    "Bayes is exact: the posterior by elimination, and greedy play on it, which is optimal here.",
)
