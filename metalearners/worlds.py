"""Environments for policies: they give a context before each trial and a reward after each action.

Bandits and tabular MDPs are tables drawn in advance, so that playing either is a look-up.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor


@runtime_checkable
class World(Protocol):
    """An environment of many tasks at once; `batch` is the axis of tasks."""

    @property
    def num_tasks(self) -> int:
        """Number of tasks."""
        ...

    @property
    def num_arms(self) -> int:
        """Number of actions."""
        ...

    def first_contexts(self) -> Int[Tensor, "batch"]:
        """Return the context of every task at trial 0."""
        ...

    def pay(
        self, time: int, contexts: Int[Tensor, "batch"], actions: Int[Tensor, "batch"]
    ) -> tuple[Float[Tensor, "batch"], Int[Tensor, "batch"]]:
        """Take one step: return the rewards of the actions of trial `time`, and the contexts of the next trial."""
        ...


class RewardTables(NamedTuple):
    """Bandit tasks: the context of every trial and the rewards of all arms. Actions do not affect later trials."""

    contexts: Int[Tensor, "batch time"]
    """Context of every trial, as the encoding numbers it; zeros in a bandit without contexts."""
    rewards: Float[Tensor, "batch time arm"]
    """Reward of every arm at every trial, which the policy also observes."""
    expected_rewards: Float[Tensor, "batch time arm"]
    """Means of `rewards` given the task's latents and the context, or `rewards` if these are unknown.

    Returns are computed from them. They have the same expectation as `rewards`, up to one factor per task, and less
    variance.
    """

    @property
    def num_tasks(self) -> int:
        return self.rewards.shape[0]

    @property
    def num_arms(self) -> int:
        return self.rewards.shape[2]

    def first_contexts(self) -> Int[Tensor, "batch"]:
        return self.contexts[:, 0]

    def pay(
        self, time: int, contexts: Int[Tensor, "batch"], actions: Int[Tensor, "batch"]
    ) -> tuple[Float[Tensor, "batch"], Int[Tensor, "batch"]]:
        following = self.contexts[:, min(time + 1, self.contexts.shape[1] - 1)]
        return self.rewards[:, time].gather(1, actions[:, None])[:, 0], following


class TabularTasks(NamedTuple):
    """Tabular MDPs: the next state and the reward of every action in every state. The context is the state."""

    next_state: Int[Tensor, "batch state action"]
    """State that each action leads to."""
    rewards: Float[Tensor, "batch state action"]
    """Reward of each action, which the policy also observes."""
    initial_state: Int[Tensor, "batch"]
    """First state of every task."""
    clues: Float[Tensor, "batch clue"]
    """Privileged inputs: the parameters of the task, which a critic receives and the policy does not."""

    @property
    def num_tasks(self) -> int:
        return self.rewards.shape[0]

    @property
    def num_arms(self) -> int:
        return self.rewards.shape[2]

    def first_contexts(self) -> Int[Tensor, "batch"]:
        return self.initial_state

    def pay(
        self, time: int, contexts: Int[Tensor, "batch"], actions: Int[Tensor, "batch"]
    ) -> tuple[Float[Tensor, "batch"], Int[Tensor, "batch"]]:
        tasks = torch.arange(self.num_tasks)
        return self.rewards[tasks, contexts, actions], self.next_state[tasks, contexts, actions]
