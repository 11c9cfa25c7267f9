"""Oracle policies for tabular MDPs whose task is known: an upper bound for every learner."""

from functools import partial
from typing import SupportsIndex

import numpy as np
from jaxtyping import Float, Int, UInt8

from bayesopt.agent import Agent, best_shared, known_tasks, shared_among, unchanged
from bayesopt.episodes import TabularTasks, tabular_tasks_given
from bayesopt.family import AbstractTabularFamily
from bayesopt.inputs import as_count
from bayesopt.lifetime_plans import HasLifetimePlan
from bayesopt.memory import require_memory


def oracle_values(tasks: TabularTasks, *, lifetime: SupportsIndex) -> Float[np.ndarray, "lifetime task"]:
    """Return the value of the optimal policy of each known task over 1, 2, ... `lifetime` steps, in rewards.

    Raises `ValueError` for a lifetime below 1, and for what does not fit in memory.
    """
    lifetime = _required_lifetime(lifetime, 8 * len(tasks.reward))
    values, found = np.zeros(tasks.reward.shape[:2]), []
    for _ in range(lifetime):
        values = _action_values(tasks, values).max(axis=2)
        found.append(values[np.arange(len(values)), tasks.initial_state])
    return np.stack(found)


def tabular_oracle_agent(tasks: TabularTasks, *, lifetime: SupportsIndex) -> Agent:
    """Return the oracle that plays the optimal policy of each given task for `lifetime` steps.

    The agent can play only these tasks, in this order, for at most `lifetime` steps. Raises `ValueError` for a
    lifetime below 1, and for what does not fit in memory.
    """
    lifetime = _required_lifetime(lifetime, tasks.reward.size)
    num_known, _, num_actions = tasks.reward.shape
    values, packed = np.zeros(tasks.reward.shape[:2]), []
    for _ in range(lifetime):
        action_values = _action_values(tasks, values)
        values = action_values.max(axis=2)
        is_best = best_shared(action_values.reshape(-1, num_actions)) > 0
        packed.append(np.packbits(is_best.reshape(action_values.shape), axis=2))
    return Agent(
        num_arms=num_actions,
        initial_state=partial(known_tasks, np.arange(num_known)),
        action_probs=partial(_optimal_probs, packed, num_actions),
        update=unchanged,
    )


def _optimal_probs(
    packed: list[UInt8[np.ndarray, "task state _"]],
    num_actions: int,
    task: Int[np.ndarray, "task"],
    state: Int[np.ndarray, "task"],
    time: int,
) -> Float[np.ndarray, "task action"]:
    """Return equal probabilities for all optimal actions; `packed` has their bits by number of steps to go, less 1."""
    if not 0 <= time < len(packed):
        raise ValueError(f"time must be from 0 to {len(packed) - 1}, the steps of the oracle's plan; got {time}")
    bits = packed[len(packed) - 1 - time][task, state]
    return shared_among(np.unpackbits(bits, axis=1, count=num_actions).astype(bool))


def full_information_values(family: AbstractTabularFamily, *, lifetime: SupportsIndex) -> Float[np.ndarray, "lifetime"]:
    """Return the mean rewards over 1, 2, ... `lifetime` steps of an oracle that knows the task from the start.

    The mean is exact, over all possible tasks. Raises `NotImplementedError` for a family that does not list them,
    `ValueError` for a lifetime below 1.
    """
    if not isinstance(family, HasLifetimePlan):
        raise NotImplementedError(f"{type(family).__name__} does not list its tasks (`HasLifetimePlan`)")
    return oracle_values(tabular_tasks_given(family, family.possible_latents()), lifetime=lifetime).mean(axis=1)


def _required_lifetime(lifetime: SupportsIndex, bytes_per_step: int) -> int:
    steps = as_count("lifetime", lifetime, least=1)
    require_memory(float(steps) * bytes_per_step, f"{steps:,} steps of these tasks", remedy="Lower lifetime")
    return steps


def _action_values(
    tasks: TabularTasks, values: Float[np.ndarray, "task state"]
) -> Float[np.ndarray, "task state action"]:
    return tasks.reward + values[np.arange(len(values))[:, None, None], tasks.next_state]
