"""The interface of agents, Bayes-optimal or trained: an initial state, a distribution over actions, an update.

Agents act in many tasks at once: every array has a leading `task` axis. They return the probability of each action;
only `bayesopt.rollout` draws actions.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

Belief = Any
"""Sufficient statistics of a posterior: a NamedTuple of arrays (see `bayesopt.conjugate`)."""

State = Any
"""Memory of an agent: a tree of arrays whose leading axis is `task`."""

Observation = Any
"""Input of an agent before it acts: arrays with a leading `task` axis, or `()` in a bandit without contexts."""

TIE_TOLERANCE = 1e-12
"""Relative difference below which action values count as tied, because float64 cannot tell them apart."""


class Agent(NamedTuple):
    """Policy with memory that acts in many tasks of one family at once.

    `initial_state(num_tasks)` returns the state before the first trial. `action_probs(state, observation, time)`
    returns the probabilities of the arms (`task arm`) at 0-based trial `time`.
    `update(state, observation, action, reward, time)` returns the state after taking `action` (`task`) and receiving
    `reward` (`task`). Agents of this package can be pickled: their functions are functions of modules, with parameters
    bound by `functools.partial`.
    """

    num_arms: int
    initial_state: Callable[[int], State]
    action_probs: Callable[[State, Observation, int], Float[np.ndarray, "task arm"]]
    update: Callable[[State, Observation, Int[np.ndarray, "task"], Shaped[np.ndarray, "task"], int], State]


def no_memory(num_tasks: int) -> Float[np.ndarray, "task 0"]:
    """Return the state of an agent that remembers nothing."""
    return np.zeros((num_tasks, 0))


def unchanged(state: State, observation: Observation, action: object, reward: object, time: int) -> State:
    """Return the state as it is: the update of an agent that learns nothing."""
    return state


def known_tasks(state: State, num_tasks: int) -> State:
    """Return the initial state of an oracle. Raises `ValueError` for another number of tasks than it knows."""
    if num_tasks != len(state):
        raise ValueError(f"num_tasks must be {len(state)}, the tasks that the oracle knows; got {num_tasks}")
    return state


@runtime_checkable
class Plan(Protocol):
    """Solution of a finite-horizon bandit: the value of every action at every reachable belief."""

    @property
    def value(self) -> float:
        """Expected sum of (discounted) rewards of the Bayes-optimal policy, starting from the prior."""
        ...

    @property
    def error_bound(self) -> float:
        """Bound on the numerical error of `value`, in rewards."""
        ...

    def action_values(self, belief: Belief, time: int) -> Float[np.ndarray, "task arm"]:
        """Return the value of each action at 0-based trial `time`: its reward and, later, those of the optimal policy.

        Rewards count up to the horizon and are discounted from `time` on: a reward received now has weight 1.
        """
        ...

    def optimal_actions(self, belief: Belief, time: int) -> Bool[np.ndarray, "task arm"]:
        """Return True for every optimal action, ties included."""
        ...


def shared_among(is_chosen: Bool[np.ndarray, "task arm"]) -> Float[np.ndarray, "task arm"]:
    """Return equal probabilities for all chosen arms, and 0 for the others."""
    return is_chosen / is_chosen.sum(axis=1, keepdims=True)


def best_shared(values: Float[np.ndarray, "task arm"]) -> Float[np.ndarray, "task arm"]:
    """Return arm probabilities of choosing the largest value, with ties broken uniformly at random."""
    best = values.max(axis=1, keepdims=True)
    slack = np.where(np.isfinite(best), TIE_TOLERANCE * np.abs(best), 0.0)
    return shared_among(values >= best - slack)
