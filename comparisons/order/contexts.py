"""The order in which contexts of a bandit are learned: by networks within a task, exact Bayes, policy gradients."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from bayesopt.episodes import ContextualRewardTables, sample_contextual_tables
from bayesopt.families import ContextualBandit
from bayesopt.family import AbstractContextualBanditFamily
from bayesopt.planning.contextual import greedy_contextual_agent, likeliest_arms
from bayesopt.rollout import play_probed
from comparisons.order.context_systems import (
    Choices,
    Moments,
    accuracy_course,
    change_score,
    context_system,
    ranked_at_start,
    trials,
)
from comparisons.order.experiments import ContextualOrderExperiment
from comparisons.order.interference import interference_scores, lowest_share
from comparisons.order.readouts import choice_overlaps, correct_probs, restricted_to
from comparisons.order.runs import experiment_attributes, outer_recoveries
from comparisons.order.settings import OrderEvaluationConfig
from comparisons.order.systems import IN_DISTRIBUTION, OuterRecoveries, Role, Score, System, order_tree
from comparisons.seams.players import checked_policy
from comparisons.seams.policies import Player, as_policies
from comparisons.seams.training import at_checkpoints, new_policy
from comparisons.seeding import integer_for, key_for
from metalearners.learner_configs import PolicyGradientConfig
from metalearners.policy import RecurrentPolicy, play
from metalearners.policy_gradient_learner import learn_contextual_bandits
from metalearners.probing_policies import probed_action_probs

SHARED = "Bayes, ties shared out"

BY_NUMBER = "contexts by number"
"""The condition under which contexts are not ranked; differences between them are then a network's own."""


def evaluate_contexts(experiment: ContextualOrderExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return what networks, Bayes and policy gradient recover of every context."""

    def make(seed: int) -> RecurrentPolicy:
        return new_policy(experiment.family, experiment.network, horizon=experiment.training.horizon, seed=seed)

    by_step = at_checkpoints(make, experiment.training, experiment.training_seeds, directories)
    tables = tables_of(experiment, experiment.training.horizon, experiment.evaluation.num_tasks)
    learned, lowest = _learned(experiment, tables, bayes_choices(experiment, tables))
    return _tree(
        experiment,
        by_step[max(by_step)],
        tables,
        learned=learned,
        outer=_outer(experiment, by_step),
        scores=[*lowest, *interference_scores(experiment.interference, seed=experiment.seed)],
    )


def evaluate_policies(
    networks: Sequence[Player],
    family: AbstractContextualBanditFamily,
    *,
    seed: int,
    evaluation: OrderEvaluationConfig,
) -> xr.DataTree:
    """Return what torch modules and Bayes recover of every context, in lifetimes of the default experiment.

    Raises `TypeError` for an agent that is no torch module, and for a family other than `ContextualBandit`.
    """
    if not isinstance(family, ContextualBandit):
        raise TypeError(f"family must be a ContextualBandit; got {type(family).__name__}")
    experiment = ContextualOrderExperiment(family, evaluation=evaluation, seed=seed)
    horizon = experiment.training.horizon
    policies = [checked_policy(p, family, length=horizon) for p in as_policies(networks, family, horizon=horizon)]
    tables = tables_of(experiment, horizon, evaluation.num_tasks)
    return _tree(experiment, policies, tables, learned=(), outer=(), scores=())


def _tree(
    experiment: ContextualOrderExperiment,
    networks: list[RecurrentPolicy],
    tables: ContextualRewardTables,
    *,
    learned: Sequence[System],
    outer: Sequence[OuterRecoveries],
    scores: Sequence[Score],
) -> xr.DataTree:
    """Return the tree of networks beside Bayes, with further systems and scores."""
    evaluation = experiment.evaluation
    choices, bayes = network_choices(experiment, networks, tables), bayes_choices(experiment, tables)
    systems = _beside_nearest_bayes(experiment, IN_DISTRIBUTION, networks, tables)
    systems += _by_number(experiment, choices, bayes)
    if evaluation.lifetimes > 1:
        longer = tables_of(experiment, evaluation.lifetimes * experiment.training.horizon, evaluation.num_elsewhere)
        systems += _beside_nearest_bayes(experiment, f"{evaluation.lifetimes} × the lifetime", networks, longer)
    both = (("network", choices), ("Bayes", bayes))
    return order_tree(
        [*systems, *learned],
        outer=outer,
        scores=[*(change_score(name, one, tables.contexts) for name, one in both), *scores],
        courses=[
            accuracy_course("network", "network", choices, tables.contexts),
            accuracy_course("Bayes", "Bayes", bayes, tables.contexts),
        ],
        attributes=experiment_attributes(experiment),
        notes=_NOTES,
    )


def tables_of(experiment: ContextualOrderExperiment, length: int, num_tasks: int) -> ContextualRewardTables:
    """Return the tasks, with the contexts that all systems see."""
    key = key_for(experiment.seed, f"tables, {length}")
    return sample_contextual_tables(experiment.family, key, num_tasks=num_tasks, length=length)


def network_choices(
    experiment: ContextualOrderExperiment, networks: list[RecurrentPolicy], tables: ContextualRewardTables
) -> Choices:
    """Return each network's probability of the correct action in every context, at every trial of its own play."""
    return np.stack([correct_probs(one, tables.latents["targets"]) for one in _probed(experiment, networks, tables)])


def nearest_bayes_choices(
    experiment: ContextualOrderExperiment,
    networks: list[RecurrentPolicy],
    tables: ContextualRewardTables,
    probed: list[np.ndarray],
) -> Choices:
    """Return the same of the optimal policy nearest to each network, given that network's history.

    Optimal policies differ by how they break ties. The nearest one has the network's own probabilities, among the
    arms that are most likely correct.
    """
    found = []
    contexts = np.asarray(tables.contexts)
    for network, answers in zip(networks, probed, strict=True):
        played = play(network, contexts, tables.rewards, _actions(experiment, tables))
        is_optimal = likeliest_arms(experiment.family, contexts, played.actions, played.collected_rewards)
        nearest = restricted_to(is_optimal, answers)
        found.append(correct_probs(nearest, tables.latents["targets"]))
    return np.stack(found)


def bayes_choices(experiment: ContextualOrderExperiment, tables: ContextualRewardTables) -> Choices:
    """Return the same of the Bayes-optimal agent that breaks ties uniformly: greedy on the exact posterior."""
    agent = greedy_contextual_agent(experiment.family)
    played = play_probed(
        agent, tables, key_for(experiment.seed, "actions"), num_contexts=experiment.family.num_contexts
    )
    probed = played.context_probs[:, : tables.contexts.shape[1]]
    return correct_probs(probed, tables.latents["targets"])[None]


def _probed(
    experiment: ContextualOrderExperiment, networks: list[RecurrentPolicy], tables: ContextualRewardTables
) -> list[np.ndarray]:
    """Return what each network would do in every context at every trial (`task time context arm`)."""
    contexts, uniforms = np.asarray(tables.contexts), _actions(experiment, tables)
    return [probed_action_probs(network, contexts, tables.rewards, uniforms) for network in networks]


def _actions(experiment: ContextualOrderExperiment, tables: ContextualRewardTables) -> np.ndarray:
    return np.random.default_rng(integer_for(experiment.seed, "actions")).random(tables.contexts.shape)


def _beside_nearest_bayes(
    experiment: ContextualOrderExperiment,
    condition: str,
    networks: list[RecurrentPolicy],
    tables: ContextualRewardTables,
) -> list[System]:
    """Return networks and the nearest optimal policies, contexts ranked by each network's initial probabilities."""
    probed = _probed(experiment, networks, tables)
    choices = np.stack([correct_probs(one, tables.latents["targets"]) for one in probed])
    nearest = nearest_bayes_choices(experiment, networks, tables, probed)
    both: list[tuple[Role, Choices]] = [("network", choices), ("Bayes", nearest)]
    return [
        ranked_at_start(_system(experiment, role, role, one, trials(one), condition), choices[:, :, 0])
        for role, one in both
    ]


def _by_number(experiment: ContextualOrderExperiment, choices: Choices, bayes: Choices) -> list[System]:
    both: list[tuple[Role, Choices]] = [("network", choices), ("Bayes", bayes)]
    return [_system(experiment, role, role, one, trials(one), BY_NUMBER) for role, one in both]


def _learned(
    experiment: ContextualOrderExperiment, tables: ContextualRewardTables, bayes: Choices
) -> tuple[list[System], list[Score]]:
    """Return gradient learners beside the optimal policy that breaks ties uniformly, and their lowest shares."""
    shared = _system(experiment, SHARED, "control", bayes, trials(bayes), IN_DISTRIBUTION, reference=SHARED)
    systems, scores = [ranked_at_start(shared, bayes[:, :, 0])], []
    for learner in experiment.learners:
        assert isinstance(learner.config, PolicyGradientConfig)
        targets = np.asarray(tables.latents["targets"], np.int64)[: learner.num_tasks]
        learned = learn_contextual_bandits(targets, experiment.family.num_arms, learner.config, seed=experiment.seed)
        choices = learned.correct_probs[None]
        moments = Moments(np.asarray(learned.steps, float), "gradient steps")
        system = _system(experiment, learner.name, learner.role, choices, moments, IN_DISTRIBUTION, reference=SHARED)
        systems.append(ranked_at_start(system, choices[:, :, 0]))
        scores.append(lowest_share(learner.name, learned.correct_probs, learned.steps))
    return systems, scores


def _system(
    experiment: ContextualOrderExperiment,
    name: str,
    role: Role,
    choices: Choices,
    moments: Moments,
    condition: str,
    *,
    reference: str = "Bayes",
) -> System:
    num_arms = experiment.family.num_arms
    return context_system(name, role, choices, moments, condition=condition, reference=reference, num_arms=num_arms)


def _outer(
    experiment: ContextualOrderExperiment, by_step: Mapping[int, list[RecurrentPolicy]]
) -> list[OuterRecoveries]:
    horizon = experiment.training.horizon
    tables = tables_of(experiment, horizon, experiment.evaluation.num_outer)
    found = {
        step: choice_overlaps(network_choices(experiment, networks, tables), num_arms=experiment.family.num_arms)
        for step, networks in by_step.items()
    }
    labels = tuple(f"context {context + 1}" for context in range(experiment.family.num_contexts))
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
