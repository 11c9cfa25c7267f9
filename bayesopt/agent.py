"""What an agent is: an initial state, a distribution over actions, an update. Bayes-optimal agents and networks alike.

Agents act in many tasks at once: every array has a leading `task` axis. They say with which probability they would
take each action; `bayesopt.rollout` alone draws actions.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

Belief = Any
"""Sufficient statistics of a posterior: a NamedTuple of arrays (see `bayesopt.conjugate`)."""

State = Any
"""Whatever an agent remembers: a tree of arrays whose leading axis is `task`."""

Observation = Any
"""What an agent sees before it acts: arrays with a leading `task` axis, or `()` in a plain bandit."""

TIE_TOLERANCE = 1e-12
"""Actions whose values differ by less than this, relative to the larger, are tied: float64 cannot tell them apart."""


class Agent(NamedTuple):
    """A way of acting in many tasks of one family at once.

    `initial_state(num_tasks)` is what is remembered before the first trial; `action_probs(state, observation, time)`
    are the probabilities of the arms (`task arm`) at 0-based trial `time`; and
    `update(state, observation, action, reward, time)` is what is remembered after taking `action` (`task`) and
    receiving `reward` (`task`).
    """

    num_arms: int
    initial_state: Callable[[int], State]
    action_probs: Callable[[State, Observation, int], Float[np.ndarray, "task arm"]]
    update: Callable[[State, Observation, Int[np.ndarray, "task"], Shaped[np.ndarray, "task"], int], State]


@runtime_checkable
class Plan(Protocol):
    """The solution of a finite-horizon bandit: what every action is worth at every belief that can be reached."""

    @property
    def value(self) -> float:
        """Expected summed (discounted) reward of the Bayes-optimal policy from the prior on, in rewards."""
        ...

    @property
    def error_bound(self) -> float:
        """How far `value` may be from the truth, in rewards."""
        ...

    def action_values(self, belief: Belief, time: int) -> Float[np.ndarray, "task arm"]:
        """What each action is worth at 0-based trial `time`: its reward, and the best expected rewards thereafter.

        Up to the horizon, discounted from here on: a reward received now counts in full.
        """
        ...

    def optimal_actions(self, belief: Belief, time: int) -> Bool[np.ndarray, "task arm"]:
        """Every action that is optimal, ties included."""
        ...


def shared_among(is_chosen: Bool[np.ndarray, "task arm"]) -> Float[np.ndarray, "task arm"]:
    """Probabilities of the arms when all that are chosen are equally likely."""
    return is_chosen / is_chosen.sum(axis=1, keepdims=True)


def best_shared(values: Float[np.ndarray, "task arm"]) -> Float[np.ndarray, "task arm"]:
    """Probabilities of the arms when the largest value is chosen and ties are shared out equally."""
    best = values.max(axis=1, keepdims=True)
    slack = np.where(np.isfinite(best), TIE_TOLERANCE * np.abs(best), 0.0)
    return shared_among(values >= best - slack)
