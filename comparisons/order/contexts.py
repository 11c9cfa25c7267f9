"""The order in which contexts of a bandit are learned: by networks within a task, exact Bayes, policy gradients."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesopt.families import ContextualBandit
from bayesopt.family import family_id
from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.order.settings import InterferenceConfig, NamedLearner, OrderEvaluationConfig
from metalearners.configs import LSTMConfig, NetworkConfig, ReinforcementConfig
from metalearners.learner_configs import PolicyGradientConfig

if TYPE_CHECKING:
    from bayesopt.episodes import ContextualRewardTables
    from comparisons.order.context_systems import Choices, Moments
    from comparisons.order.systems import OuterRecoveries, Role, Score, System
    from metalearners.policy import RecurrentPolicy


SHARED = "Bayes, ties shared out"


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
    interference: InterferenceConfig = InterferenceConfig()
    """How the time that policy gradient takes is measured to grow with the number of contexts."""
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
        from comparisons.order.runs import smaller_evaluation, smaller_learners

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
            interference=InterferenceConfig(counts=self.interference.counts[:1], num_tasks=20, longest=50.0),
            evaluation=smaller_evaluation(self.evaluation),
        )

    def require_feasible(self) -> None:
        """Every contextual bandit can be evaluated."""

    def is_trained(self, directory: Path) -> bool:
        from metalearners.checkpoint_files import is_trained

        return is_trained(directory, self.training)

    def train(self, unit: TrainingUnit, directory: Path) -> None:
        from comparisons.seams.training import meta_train_policy

        meta_train_policy(
            self.family, seed=unit.seed, training=self.training, network=self.network, directory=directory
        )

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.order.context_systems import accuracy_course, change_score
        from comparisons.order.interference import interference_scores
        from comparisons.order.runs import experiment_attributes
        from comparisons.order.systems import IN_DISTRIBUTION, order_tree
        from comparisons.seams.training import at_checkpoints, new_policy

        def make(seed: int) -> "RecurrentPolicy":
            return new_policy(self.family, self.network, horizon=self.training.horizon, seed=seed)

        by_step = at_checkpoints(make, self.training, self.training_seeds, directories)
        networks = by_step[max(by_step)]
        horizon, evaluation = self.training.horizon, self.evaluation
        tables = self.tables(horizon, evaluation.num_tasks)
        choices, bayes = self.network_choices(networks, tables), self.bayes_choices(tables)
        systems = self._beside_nearest_bayes(IN_DISTRIBUTION, networks, tables)
        systems += self._by_number(choices, bayes)
        if evaluation.lifetimes > 1:
            longer = self.tables(evaluation.lifetimes * horizon, evaluation.num_elsewhere)
            condition = f"{evaluation.lifetimes} × the lifetime"
            systems += self._beside_nearest_bayes(condition, networks, longer)
        learned, lowest = self._learned(tables, bayes)
        return order_tree(
            [*systems, *learned],
            outer=self._outer(by_step),
            scores=[
                *(change_score(name, one, tables.contexts) for name, one in (("network", choices), ("Bayes", bayes))),
                *lowest,
                *interference_scores(self.interference, seed=self.seed),
            ],
            courses=[
                accuracy_course("network", "network", choices, tables.contexts),
                accuracy_course("Bayes", "Bayes", bayes, tables.contexts),
            ],
            attributes=experiment_attributes(self),
            notes=_NOTES,
        )

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        from comparisons.order.measures import with_order_measures

        return with_order_measures(tree, seed=self.seed)

    def tables(self, length: int, num_tasks: int) -> "ContextualRewardTables":
        """The tasks, with the contexts that everyone meets."""
        from bayesopt.episodes import sample_contextual_tables
        from comparisons.seeding import key_for

        key = key_for(self.seed, f"tables, {length}")
        return sample_contextual_tables(self.family, key, num_tasks=num_tasks, length=length)

    def network_choices(self, networks: "list[RecurrentPolicy]", tables: "ContextualRewardTables") -> "Choices":
        """The probability of each context's right action at every trial, of networks that play on."""
        from comparisons.order.readouts import correct_probs

        return np.stack([correct_probs(one, tables.latents["targets"]) for one in self._probed(networks, tables)])

    def nearest_bayes_choices(
        self, networks: "list[RecurrentPolicy]", tables: "ContextualRewardTables", probed: list[np.ndarray]
    ) -> "Choices":
        """The same of the optimal policy nearest to each network, after what that network did and saw.

        Optimal policies differ by how they break ties. The nearest one has the network's own probabilities, among the
        arms that are likeliest to be right.
        """
        from bayesopt.planning.contextual import likeliest_arms
        from comparisons.order.readouts import correct_probs, restricted_to
        from metalearners.policy import play

        found = []
        contexts = np.asarray(tables.contexts)
        for network, answers in zip(networks, probed, strict=True):
            played = play(network, contexts, tables.rewards, self._luck(tables))
            is_optimal = likeliest_arms(self.family, contexts, played.actions, played.collected_rewards)
            nearest = restricted_to(is_optimal, answers)
            found.append(correct_probs(nearest, tables.latents["targets"]))
        return np.stack(found)

    def bayes_choices(self, tables: "ContextualRewardTables") -> "Choices":
        """The same of the Bayes-optimal agent that shares ties out: greedy on the exact posterior."""
        from bayesopt.planning.contextual import greedy_contextual_agent
        from bayesopt.rollout import play_probed
        from comparisons.order.readouts import correct_probs
        from comparisons.seeding import key_for

        agent = greedy_contextual_agent(self.family)
        played = play_probed(agent, tables, key_for(self.seed, "actions"), num_contexts=self.family.num_contexts)
        probed = played.context_probs[:, : tables.contexts.shape[1]]
        return correct_probs(probed, tables.latents["targets"])[None]

    def _probed(self, networks: "list[RecurrentPolicy]", tables: "ContextualRewardTables") -> list[np.ndarray]:
        """What each network would do in every context at every trial (`task time context arm`)."""
        from metalearners.probing_policies import probed_action_probs

        contexts, luck = np.asarray(tables.contexts), self._luck(tables)
        return [probed_action_probs(network, contexts, tables.rewards, luck) for network in networks]

    def _luck(self, tables: "ContextualRewardTables") -> np.ndarray:
        from comparisons.seeding import integer_for

        return np.random.default_rng(integer_for(self.seed, "actions")).random(tables.contexts.shape)

    def _beside_nearest_bayes(
        self, condition: str, networks: "list[RecurrentPolicy]", tables: "ContextualRewardTables"
    ) -> "list[System]":
        """Networks and the nearest optimal policies, contexts ranked alike by how likely each network was right."""
        from comparisons.order.context_systems import ranked_at_start, trials
        from comparisons.order.readouts import correct_probs

        probed = self._probed(networks, tables)
        choices = np.stack([correct_probs(one, tables.latents["targets"]) for one in probed])
        nearest = self.nearest_bayes_choices(networks, tables, probed)
        both: list[tuple[Role, Choices]] = [("network", choices), ("Bayes", nearest)]
        return [
            ranked_at_start(self._system(role, role, one, trials(one), condition), choices[:, :, 0])
            for role, one in both
        ]

    def _by_number(self, choices: "Choices", bayes: "Choices") -> "list[System]":
        from comparisons.order.context_systems import trials

        both: list[tuple[Role, Choices]] = [("network", choices), ("Bayes", bayes)]
        return [self._system(role, role, one, trials(one), BY_NUMBER) for role, one in both]

    def _learned(self, tables: "ContextualRewardTables", bayes: "Choices") -> "tuple[list[System], list[Score]]":
        """Gradient learners, beside the optimal policy that shares ties out; and how far their last context fell."""
        from comparisons.order.context_systems import Moments, ranked_at_start, trials
        from comparisons.order.interference import lowest_share
        from comparisons.order.systems import IN_DISTRIBUTION
        from metalearners.policy_gradient_learner import learn_contextual_bandits

        shared = self._system(SHARED, "control", bayes, trials(bayes), IN_DISTRIBUTION, reference=SHARED)
        systems, scores = [ranked_at_start(shared, bayes[:, :, 0])], []
        for learner in self.learners:
            assert isinstance(learner.config, PolicyGradientConfig)
            targets = np.asarray(tables.latents["targets"], np.int64)[: learner.num_tasks]
            learned = learn_contextual_bandits(targets, self.family.num_arms, learner.config, seed=self.seed)
            choices = learned.correct_probs[None]
            moments = Moments(np.asarray(learned.steps, float), "gradient steps")
            system = self._system(learner.name, learner.role, choices, moments, IN_DISTRIBUTION, reference=SHARED)
            systems.append(ranked_at_start(system, choices[:, :, 0]))
            scores.append(lowest_share(learner.name, learned.correct_probs, learned.steps))
        return systems, scores

    def _system(
        self,
        name: str,
        role: "Role",
        choices: "Choices",
        moments: "Moments",
        condition: str,
        *,
        reference: str = "Bayes",
    ) -> "System":
        from comparisons.order.context_systems import context_system

        num_arms = self.family.num_arms
        return context_system(name, role, choices, moments, condition=condition, reference=reference, num_arms=num_arms)

    def _outer(self, by_step: "Mapping[int, list[RecurrentPolicy]]") -> "list[OuterRecoveries]":
        from comparisons.order.readouts import choice_overlaps
        from comparisons.order.runs import outer_recoveries

        horizon = self.training.horizon
        tables = self.tables(horizon, self.evaluation.num_outer)
        found = {
            step: choice_overlaps(self.network_choices(networks, tables), num_arms=self.family.num_arms)
            for step, networks in by_step.items()
        }
        labels = tuple(f"context {context + 1}" for context in range(self.family.num_contexts))
        moments = {f"after {time} trials": time for time in (min(10, horizon - 1), horizon - 1)}
        return outer_recoveries(found, moments, labels)


_NOTES = (
    "The law of the correct actions, lifetimes, sizes and the algorithm of meta-training of the original are not "
    "known; these are choices of this package.",
    "Contexts are exchangeable: those of each task are ranked by the probability of their right action at the start.",
    "Bayes is exact: elimination, and greedy play on the posterior, which is optimal here. Optimal policies differ "
    "in how they break ties, and a first guess that is right by luck ranks first: beside a network stands the optimal "
    "policy with the network's own ties, beside gradient learners the one that shares ties out.",
)
