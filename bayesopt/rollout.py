"""Roll-outs of agents on reward tables; actions are drawn here only.

Agents that get the same table and the same key play with common random numbers: the table fixes the rewards, the key
fixes the draws of actions. Their differences are therefore paired.
"""

from collections.abc import Callable
from typing import NamedTuple, SupportsIndex, TypeVar

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from bayesopt.agent import Agent, State
from bayesopt.episodes import ContextualRewardTables, RewardTables, TabularTasks
from bayesopt.float64 import in_float64
from bayesopt.inputs import as_array, as_count, as_integers, as_reals
from bayesopt.keys import as_key
from bayesopt.memory import require_memory

PROBABILITY_TOLERANCE = 1e-6


class Trajectories(NamedTuple):
    """Actions, rewards and action probabilities of an agent in every task."""

    actions: Int[np.ndarray, "task time"]
    rewards: Float[np.ndarray, "task time"]
    action_probs: Float[np.ndarray, "task time arm"]


class ProbedTrajectories(NamedTuple):
    """Trajectories, and the agent's action probabilities in every context at every time.

    `context_probs` has one time more than there are trials: entry t conditions on the first t trials.
    """

    trajectories: Trajectories
    context_probs: Float[np.ndarray, "task probe context arm"]


class TabularTrajectories(NamedTuple):
    """Trajectories in tabular MDPs; `observations` are the states in which the agent acted."""

    observations: Int[np.ndarray, "task time"]
    actions: Int[np.ndarray, "task time"]
    rewards: Float[np.ndarray, "task time"]
    action_probs: Float[np.ndarray, "task time arm"]


def play(agent: Agent, tables: RewardTables | ContextualRewardTables, key: Array) -> Trajectories:
    """Play an agent in every task of the tables; if there are contexts, it sees each before it acts.

    Raises `ValueError` for tables with another number of arms, and for probabilities that are not finite, negative,
    of the wrong shape or not normalised.
    """
    return _play(agent, _checked(tables), key, lambda state, time: None)


def play_probed(agent: Agent, tables: ContextualRewardTables, key: Array, *, num_contexts: int) -> ProbedTrajectories:
    """Play an agent, and record its action probabilities in each context before every trial and after the last.

    Probing does not change the agent's state, so the trajectories are those of `play`. Contexts that have not come yet
    are probed too. Raises as `play` does, and `ValueError` for contexts outside 0 ... num_contexts - 1.
    """
    tables, num_contexts = _checked(tables), as_count("num_contexts", num_contexts, least=1)
    largest, smallest = int(tables.contexts.max()), int(tables.contexts.min())
    if not 0 <= smallest <= largest < num_contexts:
        raise ValueError(f"contexts must be from 0 to {num_contexts - 1}; got {smallest} to {largest}")
    num_tasks, length, num_arms = tables.rewards.shape
    _require_room(num_tasks, length, num_contexts * num_arms)
    context_probs = np.empty((num_tasks, length + 1, num_contexts, num_arms))

    def probe(state: State, time: int) -> None:
        for context in range(num_contexts):
            answers = agent.action_probs(state, np.full(num_tasks, context), time)
            context_probs[:, time, context] = validated_action_probs(answers, (num_tasks, num_arms), time)

    return ProbedTrajectories(_play(agent, tables, key, probe), context_probs)


def _play(
    agent: Agent, tables: RewardTables | ContextualRewardTables, key: Array, probe: Callable[[State, int], None]
) -> Trajectories:
    """Play an agent, and call `probe` with its state before every trial and after the last."""
    num_tasks, length, num_arms = tables.rewards.shape
    if num_arms != agent.num_arms:
        raise ValueError(f"tables must have {agent.num_arms} arms, like the agent; got {num_arms}")
    _require_room(num_tasks, length, num_arms)
    luck = _uniforms(key, length, num_tasks)
    tasks = np.arange(num_tasks)
    actions = np.empty((num_tasks, length), np.int64)
    rewards = np.empty((num_tasks, length))
    action_probs = np.empty((num_tasks, length, num_arms))
    state = agent.initial_state(num_tasks)
    for time in range(length):
        probe(state, time)
        observation = tables.contexts[:, time] if isinstance(tables, ContextualRewardTables) else ()
        probs = validated_action_probs(agent.action_probs(state, observation, time), (num_tasks, num_arms), time)
        chosen = _drawn(probs, luck[time])
        actions[:, time], action_probs[:, time] = chosen, probs
        rewards[:, time] = tables.rewards[tasks, time, chosen]
        state = agent.update(state, observation, chosen, rewards[:, time], time)
    probe(state, length)
    return Trajectories(actions, rewards, action_probs)


def play_tabular(agent: Agent, tasks: TabularTasks, key: Array, *, lifetime: SupportsIndex) -> TabularTrajectories:
    """Play an agent for `lifetime` steps in every task; it sees the state before it acts.

    Raises `ValueError` for tasks with another number of actions, a lifetime below 1, and probabilities as `play` does.
    """
    num_tasks, _, num_actions = tasks.reward.shape
    lifetime = as_count("lifetime", lifetime, least=1)
    if num_actions != agent.num_arms:
        raise ValueError(f"tasks must have {agent.num_arms} actions, like the agent; got {num_actions}")
    _require_room(num_tasks, lifetime, num_actions)
    luck = _uniforms(key, lifetime, num_tasks)
    rows = np.arange(num_tasks)
    observations, actions = np.empty((2, num_tasks, lifetime), np.int64)
    rewards = np.empty((num_tasks, lifetime))
    action_probs = np.empty((num_tasks, lifetime, num_actions))
    here, state = np.asarray(tasks.initial_state), agent.initial_state(num_tasks)
    for time in range(lifetime):
        probs = validated_action_probs(agent.action_probs(state, here, time), (num_tasks, num_actions), time)
        chosen = _drawn(probs, luck[time])
        observations[:, time], actions[:, time], action_probs[:, time] = here, chosen, probs
        rewards[:, time] = tasks.reward[rows, here, chosen]
        state = agent.update(state, here, chosen, rewards[:, time], time)
        here = np.asarray(tasks.next_state[rows, here, chosen])
    return TabularTrajectories(observations, actions, rewards, action_probs)


_Tables = TypeVar("_Tables", bound=RewardTables | ContextualRewardTables)


def _checked(tables: _Tables) -> _Tables:
    """Return the tables as arrays of NumPy. Raises `ValueError` for rewards and contexts that are none."""
    rewards = as_reals("rewards", tables.rewards, dims=("task", "time", "arm"))
    if rewards.ndim != 3 or 0 in rewards.shape:
        raise ValueError(f"rewards must have shape (task, time, arm), none of them 0; got {rewards.shape}")
    if not isinstance(tables, ContextualRewardTables):
        return tables._replace(rewards=rewards)
    contexts = as_integers("contexts", tables.contexts, dims=("task", "time"))
    if contexts.shape != rewards.shape[:2]:
        raise ValueError(f"contexts must have shape (task, time) {rewards.shape[:2]}; got {contexts.shape}")
    return tables._replace(rewards=rewards, contexts=contexts)


def _require_room(num_tasks: int, length: int, num_probs: int) -> None:
    """Raise `ValueError` if the roll-out, with `num_probs` probabilities at every trial, does not fit in memory."""
    needed = 8.0 * num_tasks * length * (4 + num_probs)
    require_memory(needed, f"{num_tasks:,} tasks of {length:,} trials", remedy="Play fewer tasks or trials at once")


def _drawn(probs: Float[np.ndarray, "task arm"], luck: Float[np.ndarray, "task"]) -> Int[np.ndarray, "task"]:
    """Return the arm that each task's uniform number selects, never one of probability 0."""
    chosen = (luck[:, None] >= np.cumsum(probs[:, :-1], axis=1)).sum(axis=1)
    return np.where(probs[np.arange(len(probs)), chosen] > 0, chosen, probs.argmax(axis=1))


@in_float64
def _uniforms(key: Array, length: int, num_tasks: int) -> Float[np.ndarray, "time task"]:
    return np.asarray(jax.random.uniform(as_key(key), (length, num_tasks)))


def validated_action_probs(action_probs: object, shape: tuple[int, int], time: int) -> Float[np.ndarray, "task arm"]:
    """Return an agent's probabilities in float64, normalised. Raises `ValueError` if they are no distribution."""
    probs = as_array("action probabilities", action_probs).astype(float)
    if probs.shape != shape:
        raise ValueError(f"action probabilities must have shape (task, arm) {shape}; got {probs.shape} at trial {time}")
    if not np.isfinite(probs).all():
        raise ValueError(f"action probabilities must be finite; got {probs[~np.isfinite(probs)][0]} at trial {time}")
    if probs.min() < 0:
        raise ValueError(f"action probabilities must be at least 0; got {probs.min():.3g} at trial {time}")
    totals = probs.sum(axis=1)
    worst = totals[np.abs(totals - 1).argmax()]
    if abs(worst - 1) > PROBABILITY_TOLERANCE:
        raise ValueError(f"action probabilities must add up to 1; got a sum of {worst:.6g} at trial {time}")
    return probs / totals[:, None]
