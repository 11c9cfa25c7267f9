"""Oracle policies for tabular MDPs whose task is known: an upper bound for every learner."""

import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.agent import Agent, best_shared, shared_among
from bayesopt.episodes import TabularTasks, require_at_least_one, tabular_tasks_given
from bayesopt.family import AbstractTabularFamily
from bayesopt.lifetime_plans import HasLifetimePlan


def oracle_values(tasks: TabularTasks, *, lifetime: int) -> Float[np.ndarray, "lifetime task"]:
    """Return the value of the optimal policy of each known task over 1, 2, ... `lifetime` steps, in rewards.

    Raises `ValueError` for a lifetime below 1.
    """
    require_at_least_one(lifetime=lifetime)
    values, found = np.zeros(tasks.reward.shape[:2]), []
    for _ in range(lifetime):
        values = _action_values(tasks, values).max(axis=2)
        found.append(values[np.arange(len(values)), tasks.initial_state])
    return np.stack(found)


def tabular_oracle_agent(tasks: TabularTasks, *, lifetime: int) -> Agent:
    """Return the oracle that plays the optimal policy of each given task for `lifetime` steps.

    The agent can play only these tasks, in this order, for at most `lifetime` steps. Raises `ValueError` for a
    lifetime below 1.
    """
    require_at_least_one(lifetime=lifetime)
    num_known, _, num_actions = tasks.reward.shape
    values, packed = np.zeros(tasks.reward.shape[:2]), []
    for _ in range(lifetime):
        action_values = _action_values(tasks, values)
        values = action_values.max(axis=2)
        is_best = best_shared(action_values.reshape(-1, num_actions)) > 0
        packed.append(np.packbits(is_best.reshape(action_values.shape), axis=2))

    def initial_state(num_tasks: int) -> Int[np.ndarray, "task"]:
        if num_tasks != num_known:
            raise ValueError(f"num_tasks must be {num_known}, the tasks that the oracle knows; got {num_tasks}")
        return np.arange(num_tasks)

    def is_optimal(
        task: Int[np.ndarray, "task"], state: Int[np.ndarray, "task"], time: int
    ) -> Bool[np.ndarray, "task arm"]:
        if not 0 <= time < lifetime:
            raise ValueError(f"time must be from 0 to {lifetime - 1}, the steps of the oracle's plan; got {time}")
        bits = packed[lifetime - 1 - time][task, state]
        return np.unpackbits(bits, axis=1, count=num_actions).astype(bool)

    return Agent(
        num_arms=num_actions,
        initial_state=initial_state,
        action_probs=lambda task, state, time: shared_among(is_optimal(task, state, time)),
        update=lambda task, state, action, reward, time: task,
    )


def full_information_values(family: AbstractTabularFamily, *, lifetime: int) -> Float[np.ndarray, "lifetime"]:
    """Return the mean rewards over 1, 2, ... `lifetime` steps of an oracle that knows the task from the start.

    The mean is exact, over all possible tasks. Raises `NotImplementedError` for a family that does not list them,
    `ValueError` for a lifetime below 1.
    """
    if not isinstance(family, HasLifetimePlan):
        raise NotImplementedError(f"{type(family).__name__} does not list its tasks (`HasLifetimePlan`)")
    return oracle_values(tabular_tasks_given(family, family.possible_latents()), lifetime=lifetime).mean(axis=1)


def _action_values(
    tasks: TabularTasks, values: Float[np.ndarray, "task state"]
) -> Float[np.ndarray, "task state action"]:
    return tasks.reward + values[np.arange(len(values))[:, None, None], tasks.next_state]
