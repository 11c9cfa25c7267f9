"""Acting in contextual bandits in which one arm of each context is correct, and what acting there is worth exactly.

The greedy agent keeps the family's exact belief. `expectimax_value` and `agent_value` know nothing of beliefs: they go
through every history, over the set of targets that agree with it.
"""

import collections
import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from bayesopt.agent import Agent, Belief, Observation, State, best_shared
from bayesopt.beliefs import prior_beliefs, update_context_arms
from bayesopt.episodes import require_at_least_one
from bayesopt.family import AbstractContextualBanditFamily, HasContextBeliefs
from bayesopt.planning.bandit_inputs import require_horizon

ArmProbs = Float[np.ndarray, "task arm"]
ContextArmProbs = Float[np.ndarray, "task context arm"]


class TargetsState(NamedTuple):
    """The exact belief, and what it says: each arm's probability to be correct, in every context."""

    belief: Belief
    correct_arm_probs: ContextArmProbs


def greedy_contextual_agent(family: AbstractContextualBanditFamily) -> Agent:
    """Pulls an arm that is likeliest to be correct in the context, ties shared out equally.

    For `ContextualBandit` no policy earns more (tested against exhaustive planning where that is possible). Raises
    `NotImplementedError` for a family without belief methods.
    """
    return _belief_agent(family, best_shared)


def likeliest_arms(
    family: AbstractContextualBanditFamily,
    contexts: Int[np.ndarray, "task time"],
    actions: Int[np.ndarray, "task time"],
    rewards: Float[np.ndarray, "task time"],
) -> Bool[np.ndarray, "task time context arm"]:
    """The arms that a greedy agent might pull in each context, after what somebody else did and was paid.

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
    """Pulls each arm with its exact posterior probability to be correct in the context (Thompson 1933).

    Raises `NotImplementedError` for a family without belief methods.
    """
    return _belief_agent(family, lambda correct_arm_probs: correct_arm_probs)


def contextual_oracle_agent(expected_rewards: ContextArmProbs) -> Agent:
    """The arm that pays most on average in each context of these very tasks: the ceiling, out of reach of any learner.

    `expected_rewards` is what `bayesopt.episodes.expected_contextual_tables` gives. The agent can only play those
    tasks, in that order.
    """
    num_known, _, num_arms = expected_rewards.shape

    def initial_state(num_tasks: int) -> ContextArmProbs:
        if num_tasks != num_known:
            raise ValueError(f"this oracle knows {num_known} tasks; asked to play {num_tasks}")
        return expected_rewards

    return Agent(
        num_arms=num_arms,
        initial_state=initial_state,
        action_probs=lambda state, observation, time: best_shared(_in_context(state, observation)),
        update=lambda state, observation, action, reward, time: state,
    )


def expected_accuracy(*, num_contexts: int, num_arms: int, num_trials: int) -> Float[np.ndarray, "time"]:
    """The greedy agent's probability of a correct arm at each trial, for independent targets.

    The m-th visit of a context finds or has found the correct arm with probability min(m / num_arms, 1); a context
    drawn uniformly at 0-based trial t has been visited Binomial(t, 1 / num_contexts) times before. Raises
    `ValueError` for a count below 1.
    """
    require_at_least_one(num_contexts=num_contexts, num_arms=num_arms, num_trials=num_trials)
    visits, times = np.arange(num_trials), np.arange(num_trials)[:, None]
    return stats.binom.pmf(visits, times, 1 / num_contexts) @ np.minimum((visits + 1) / num_arms, 1)


def expected_accuracy_of_different_targets(
    *, num_contexts: int, num_arms: int, num_trials: int
) -> Float[np.ndarray, "time"]:
    """The greedy agent's probability of a correct arm at each trial, for targets of which no two are equal.

    An exact recursion over beliefs, those that differ by the names of contexts and arms being one: 64 of them for
    five contexts and five arms, which takes less than a second (seven and seven: half a minute). Raises `ValueError`
    for a count below 1, or fewer arms than contexts.
    """
    require_at_least_one(num_contexts=num_contexts, num_arms=num_arms, num_trials=num_trials)
    if num_contexts > num_arms:
        raise ValueError(f"num_arms must be at least num_contexts, {num_contexts}; got {num_arms}")
    orders = np.array(list(itertools.permutations(range(num_contexts))))
    bits, powers = 2 ** np.arange(num_contexts), 2 ** (num_contexts * np.arange(num_arms, dtype=np.int64))
    reordered = (np.arange(2**num_contexts)[:, None] // bits % 2)[:, orders] @ bits

    def nameless(is_possible: Bool[np.ndarray, "context arm"]) -> bytes:
        """The belief with contexts and arms in an order that does not depend on their names."""
        columns = np.sort(reordered[bits @ is_possible], axis=0)
        first = columns[:, (powers @ columns).argmin()]
        return (first // bits[:, None] % 2 == 1).tobytes()

    @functools.cache
    def count(is_possible: bytes) -> int:
        """In how many ways every context can have an arm of its own."""
        if not is_possible:
            return 1
        rows = np.frombuffer(is_possible, bool).reshape(-1, num_arms)
        later = rows[1:]
        return sum(count((later & (np.arange(num_arms) != arm)).tobytes()) for arm in np.flatnonzero(rows[0]))

    @functools.cache
    def trial(belief: bytes) -> tuple[float, dict[bytes, float]]:
        """The probability of a correct arm, and those of the beliefs thereafter."""
        is_possible = np.frombuffer(belief, bool).reshape(num_contexts, num_arms)
        accuracy, later = 0.0, collections.defaultdict[bytes, float](float)
        for context in range(num_contexts):
            successes = []
            for arm in range(num_arms):
                is_cell = np.outer(np.arange(num_contexts) == context, np.arange(num_arms) == arm)
                is_line = (np.arange(num_contexts) == context)[:, None] | (np.arange(num_arms) == arm)
                after = is_possible & (is_cell | ~is_line)
                successes.append((count(after.tobytes()), after, is_possible & ~is_cell))
            best = max(successes, key=lambda success: success[0])[0]
            ties = [success for success in successes if success[0] == best]
            success_prob = best / count(belief)
            accuracy += success_prob / num_contexts
            for _, after_success, after_failure in ties:
                share = 1 / (num_contexts * len(ties))
                later[nameless(after_success)] += share * success_prob
                if success_prob < 1:
                    later[nameless(after_failure)] += share * (1 - success_prob)
        return accuracy, later

    beliefs = {np.ones((num_contexts, num_arms), bool).tobytes(): 1.0}
    accuracies = np.zeros(num_trials)
    for time in range(num_trials):
        following = collections.defaultdict[bytes, float](float)
        for belief, prob in beliefs.items():
            accuracy, later = trial(belief)
            accuracies[time] += prob * accuracy
            for after, later_prob in later.items():
                following[after] += prob * later_prob
        beliefs = following
    return accuracies


def expectimax_value(family: AbstractContextualBanditFamily, *, horizon: int) -> float:
    """What the best policy earns over `horizon` trials on average, in rewards, by exhaustive planning (expectimax).

    A state is the set of targets that agree with all that was seen, the bits of one integer. Meant for small sizes:
    the states that can be reached are visited each, once for every number of trials left. Raises
    `NotImplementedError` for a family without belief methods, `ValueError` for a horizon below 1.
    """
    require_horizon(horizon, discount=1.0)
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

    return value((1 << num_hypotheses) - 1, horizon)


def agent_value(agent: Agent, family: AbstractContextualBanditFamily, *, horizon: int) -> float:
    """What an agent earns over `horizon` trials on average, in rewards, summed over every history that it may meet.

    Exact, without drawing anything; the histories are (contexts x arms x 2) ** (horizon - 1) at most, so `horizon`
    has to be small. Raises as `expectimax_value` does.
    """
    require_horizon(horizon, discount=1.0)
    is_target = _is_target(family)
    num_hypotheses, num_contexts, num_arms = is_target.shape
    weights, agrees, state = np.ones(1), np.ones((1, num_hypotheses), bool), agent.initial_state(1)
    total = 0.0
    for time in range(horizon):
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
    """Whether each arm is the correct one of each context, for every possible targets."""
    return np.eye(family.num_arms, dtype=bool)[_exact(family).possible_targets()]


def _exact(family: AbstractContextualBanditFamily) -> Any:
    if not isinstance(family, HasContextBeliefs):
        raise NotImplementedError(f"{type(family).__name__} has no belief methods (`HasContextBeliefs`) to act on")
    return family


def _belief_agent(family: AbstractContextualBanditFamily, action_probs: Callable[[ArmProbs], ArmProbs]) -> Agent:
    """An agent that keeps the exact belief and acts by how likely each arm is to be correct in the context."""
    exact = _exact(family)

    def state_of(belief: Belief) -> TargetsState:
        return TargetsState(belief, exact.correct_arm_probs(belief))

    def update(state: TargetsState, observation: Observation, action: Any, reward: Any, time: int) -> TargetsState:
        return state_of(update_context_arms(exact, state.belief, observation, action, np.asarray(reward, float)))

    return Agent(
        num_arms=family.num_arms,
        initial_state=lambda num_tasks: state_of(prior_beliefs(exact, num_tasks)),
        action_probs=lambda state, observation, time: action_probs(_in_context(state.correct_arm_probs, observation)),
        update=update,
    )


def _in_context(values: ContextArmProbs, contexts: Observation) -> ArmProbs:
    """Each task's row of the context that is shown. Raises `ValueError` for what is no context of each task."""
    num_tasks, num_contexts, _ = values.shape
    shown = np.asarray(contexts)
    if shown.shape != (num_tasks,) or not np.issubdtype(shown.dtype, np.integer):
        raise ValueError(f"the observation must be {num_tasks} contexts, integers; got {shown.dtype} of {shown.shape}")
    if shown.min() < 0 or shown.max() >= num_contexts:
        raise ValueError(f"contexts must be from 0 to {num_contexts - 1}; got {shown.min()} to {shown.max()}")
    return values[np.arange(num_tasks), shown]
