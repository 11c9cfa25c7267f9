"""Agents of contextual bandits in which one arm of each context is correct, and exact values of agents.

The greedy agent keeps the family's exact belief. `expectimax_value` and `agent_value` do not use beliefs: they
enumerate every history, with the set of targets that agree with it.
"""

import functools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.agent import Agent, Belief, Observation, State, best_shared, known_tasks, unchanged
from bayesopt.beliefs import prior_beliefs, update_context_arms
from bayesopt.family import AbstractContextualBanditFamily, HasContextBeliefs
from bayesopt.inputs import as_count, as_reals
from bayesopt.memory import require_memory
from bayesopt.planning.bandit_inputs import require_horizon

ArmProbs = Float[np.ndarray, "task arm"]
ContextArmProbs = Float[np.ndarray, "task context arm"]


MOST_TRIALS = 1000
"""Longest horizon of exhaustive planning."""


class TargetsState(NamedTuple):
    """Exact belief, and the probability that each arm is correct in every context."""

    belief: Belief
    correct_arm_probs: ContextArmProbs


def greedy_contextual_agent(family: AbstractContextualBanditFamily) -> Agent:
    """Return the agent that pulls the arm most likely to be correct in the context; ties are broken at random.

    For `ContextualBandit` it is optimal (tested against exhaustive planning at small sizes). Raises
    `NotImplementedError` for a family without belief methods.
    """
    return _belief_agent(family, best_shared)


def likeliest_arms(
    family: AbstractContextualBanditFamily,
    contexts: Int[np.ndarray, "task time"],
    actions: Int[np.ndarray, "task time"],
    rewards: Float[np.ndarray, "task time"],
) -> Bool[np.ndarray, "task time context arm"]:
    """Return True for arms that a greedy agent might pull in each context, given another agent's actions and rewards.

    Index t conditions on the first t trials. Raises `NotImplementedError` for a family without belief methods.
    """
    exact = _exact(family)
    belief = prior_beliefs(exact, len(contexts))
    found = []
    for time in range(contexts.shape[1]):
        probs = exact.correct_arm_probs(belief)
        found.append(best_shared(probs.reshape(-1, family.num_arms)).reshape(probs.shape) > 0)
        belief = update_context_arms(exact, belief, contexts[:, time], actions[:, time], rewards[:, time])
    return np.stack(found, axis=1)


def thompson_contextual_agent(family: AbstractContextualBanditFamily) -> Agent:
    """Return the Thompson-sampling agent: arms have their posterior probability of being correct (Thompson 1933).

    Raises `NotImplementedError` for a family without belief methods.
    """
    return _belief_agent(family, _as_they_are)


def contextual_oracle_agent(expected_rewards: ContextArmProbs) -> Agent:
    """Return the oracle, which pulls the arm of largest expected reward in each context: an upper bound for learners.

    `expected_rewards` is the result of `bayesopt.episodes.expected_contextual_tables`. The agent can play only these
    tasks, in this order.
    """
    known = as_reals("expected_rewards", expected_rewards, dims=("task", "context", "arm"))
    if known.ndim != 3 or 0 in known.shape:
        raise ValueError(f"expected_rewards must have shape (task, context, arm), none of them 0; got {known.shape}")
    return Agent(
        num_arms=known.shape[2],
        initial_state=partial(known_tasks, known),
        action_probs=_oracle_probs,
        update=unchanged,
    )


def _oracle_probs(state: ContextArmProbs, observation: Observation, time: int) -> ArmProbs:
    return best_shared(_in_context(state, observation))


def expectimax_value(family: AbstractContextualBanditFamily, *, horizon: int) -> float:
    """Return the expected reward of the optimal policy over `horizon` trials, by exhaustive planning (expectimax).

    A state is the set of targets that agree with all observations, stored as bits of one integer. It is meant for small
    sizes: every reachable state is visited once for every number of remaining trials. Raises `NotImplementedError` for
    a family without belief methods, `ValueError` for a horizon below 1 or above 1,000.
    """
    horizon = as_count("horizon", horizon, least=1, most=MOST_TRIALS)
    is_target = _is_target(family)
    num_hypotheses, num_contexts, num_arms = is_target.shape
    agreeing = [
        [sum(1 << int(row) for row in np.flatnonzero(is_target[:, context, arm])) for arm in range(num_arms)]
        for context in range(num_contexts)
    ]

    @functools.cache
    def value(state: int, remaining: int) -> float:
        if remaining == 0 or state == 0:
            return 0.0
        total = 0.0
        for arms in agreeing:
            total += max(pull(state, arm, remaining) for arm in arms)
        return total / num_contexts

    def pull(state: int, correct: int, remaining: int) -> float:
        success, failure = state & correct, state & ~correct
        success_prob = success.bit_count() / state.bit_count()
        later_success, later_failure = value(success, remaining - 1), value(failure, remaining - 1)
        return success_prob * (1 + later_success) + (1 - success_prob) * later_failure

    for remaining in range(horizon):  # so that no call goes deeper than one trial
        value((1 << num_hypotheses) - 1, remaining)
    return value((1 << num_hypotheses) - 1, horizon)


def agent_value(agent: Agent, family: AbstractContextualBanditFamily, *, horizon: int) -> float:
    """Return the exact expected reward of an agent over `horizon` trials, by a sum over all possible histories.

    There are at most (contexts x arms x 2) ** (horizon - 1) histories, so `horizon` must be small. Raises as
    `expectimax_value` does.
    """
    horizon, _ = require_horizon(horizon, 1.0)
    is_target = _is_target(family)
    num_hypotheses, num_contexts, num_arms = is_target.shape
    weights, agrees, state = np.ones(1), np.ones((1, num_hypotheses), bool), agent.initial_state(1)
    total = 0.0
    for time in range(horizon):
        needed = 64.0 * len(weights) * num_contexts * num_arms * (1 + num_hypotheses / 8)
        require_memory(needed, f"histories of {time + 1} trials", remedy="Lower horizon")
        rows, context, arm = np.indices((len(weights), num_contexts, num_arms)).reshape(3, -1)
        probs = np.stack([agent.action_probs(state, np.full(len(weights), c), time) for c in range(num_contexts)], 1)
        pulls = weights[rows] * np.asarray(probs, float).reshape(-1) / num_contexts
        successes = agrees.astype(float) @ is_target.reshape(num_hypotheses, -1).astype(float)
        success_probs = successes.reshape(-1) / agrees.sum(axis=1)[rows]
        total += float(pulls @ success_probs)
        if time + 1 < horizon:
            reward = np.repeat([0.0, 1.0], len(rows))
            rows, context, arm = (np.tile(index, 2) for index in (rows, context, arm))
            weight = np.concatenate([pulls * (1 - success_probs), pulls * success_probs])
            kept = np.flatnonzero(weight)
            rows, context, arm, reward, weights = (part[kept] for part in (rows, context, arm, reward, weight))
            agrees = agrees[rows] & (reward[:, None] == is_target[:, context, arm].T)
            state = agent.update(_rows(state, rows), context, arm, reward, time)
    return total


def _rows(state: State, rows: Int[np.ndarray, "row"]) -> State:
    return jax.tree.map(lambda leaf: leaf[rows], state)


def _is_target(family: AbstractContextualBanditFamily) -> Bool[np.ndarray, "hypothesis context arm"]:
    """Return True for the correct arm of each context, for every possible list of targets."""
    return np.eye(family.num_arms, dtype=bool)[_exact(family).possible_targets()]


def _exact(family: AbstractContextualBanditFamily) -> Any:
    if not isinstance(family, HasContextBeliefs):
        raise NotImplementedError(f"{type(family).__name__} has no belief methods (`HasContextBeliefs`)")
    return family


def _belief_agent(family: AbstractContextualBanditFamily, action_probs: Callable[[ArmProbs], ArmProbs]) -> Agent:
    """Return an agent that keeps the exact belief; `action_probs` maps the arms' probabilities of being correct."""
    exact = _exact(family)
    return Agent(
        num_arms=family.num_arms,
        initial_state=partial(_prior_state, exact),
        action_probs=partial(_probs_in_context, action_probs),
        update=partial(_updated_state, exact),
    )


def _as_they_are(correct_arm_probs: ArmProbs) -> ArmProbs:
    return correct_arm_probs


def _state_of(family: HasContextBeliefs, belief: Belief) -> TargetsState:
    return TargetsState(belief, family.correct_arm_probs(belief))


def _prior_state(family: HasContextBeliefs, num_tasks: int) -> TargetsState:
    return _state_of(family, prior_beliefs(family, num_tasks))


def _probs_in_context(
    action_probs: Callable[[ArmProbs], ArmProbs], state: TargetsState, observation: Observation, time: int
) -> ArmProbs:
    return action_probs(_in_context(state.correct_arm_probs, observation))


def _updated_state(
    family: HasContextBeliefs, state: TargetsState, observation: Observation, action: Any, reward: Any, time: int
) -> TargetsState:
    return _state_of(family, update_context_arms(family, state.belief, observation, action, np.asarray(reward, float)))


def _in_context(values: ContextArmProbs, contexts: Observation) -> ArmProbs:
    """Return each task's row for its context. Raises `ValueError` unless there is one valid context per task."""
    num_tasks, num_contexts, _ = values.shape
    shown = np.asarray(contexts)
    if shown.shape != (num_tasks,) or not np.issubdtype(shown.dtype, np.integer):
        raise ValueError(f"observation must be {num_tasks} integers, the contexts; got {shown.dtype} of {shown.shape}")
    if shown.min() < 0 or shown.max() >= num_contexts:
        raise ValueError(f"contexts must be from 0 to {num_contexts - 1}; got {shown.min()} to {shown.max()}")
    return values[np.arange(num_tasks), shown]
