"""What a policy meets when it acts: a context before every trial, and pay for what it does there.

Bandits and small Markov tasks are tables drawn in advance, so that playing either is a look-up.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor


@runtime_checkable
class World(Protocol):
    """Many tasks at once; `batch` is the axis of tasks."""

    @property
    def num_tasks(self) -> int:
        """How many tasks there are."""
        ...

    @property
    def num_arms(self) -> int:
        """How many actions there are to choose from."""
        ...

    def first_contexts(self) -> Int[Tensor, "batch"]:
        """The context that every task begins in."""
        ...

    def pay(
        self, time: int, contexts: Int[Tensor, "batch"], actions: Int[Tensor, "batch"]
    ) -> tuple[Float[Tensor, "batch"], Int[Tensor, "batch"]]:
        """What the actions of trial `time` are paid, and the contexts of the trial after it."""
        ...


class RewardTables(NamedTuple):
    """Bandit tasks: the context of every trial and the rewards of all arms in it. No action changes what comes."""

    contexts: Int[Tensor, "batch time"]
    """What the policy sees before it acts, as the encoding numbers it; zeros where there is nothing to see."""
    rewards: Float[Tensor, "batch time arm"]
    """What is paid to, and shown to, whoever pulls the arm at the trial."""
    expected_rewards: Float[Tensor, "batch time arm"]
    """The means of `rewards` given the task's latents and the context, or `rewards` where these are not known. Returns
    are counted in them: they have the same expectation, up to a factor of each task's own, and less variance."""

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
    """Small Markov tasks: where every action leads from every state, and what it pays. The context is the state."""

    next_state: Int[Tensor, "batch state action"]
    """Where actions lead."""
    rewards: Float[Tensor, "batch state action"]
    """What they pay, and show."""
    initial_state: Int[Tensor, "batch"]
    """Where every task begins."""
    clues: Float[Tensor, "batch clue"]
    """What defines the task, as a critic is told it and the policy never is."""

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
