"""What a network that plays a bandit is fed: the context of the trial, and the previous trial, encoded.

The inputs of trial t are what is shown in its context and all of trial t - 1: what was shown, the arm pulled and the
reward collected, as in RL² (Duan et al. 2016, arXiv 1611.02779; Wang et al. 2016, arXiv 1611.05763); and t itself, in
units of the horizon. At trial 0, where there is no trial before, all but the context are zeros. A bandit without
contexts is always in one and the same, in which nothing is shown.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor


@runtime_checkable
class TrialEncoding(Protocol):
    """Turns trials of a bandit into the inputs of a network of `size` channels."""

    @property
    def num_arms(self) -> int:
        """Arms that can be pulled."""
        ...

    @property
    def size(self) -> int:
        """Input channels per trial: what is shown, what was shown at the trial before, and what followed there."""
        ...

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        """What is shown in every context that a trial can be in; of no channels where there is nothing to show."""
        ...

    @property
    def loc(self) -> float:
        """A typical reward."""
        ...

    @property
    def scale(self) -> float:
        """A typical distance of rewards from `loc`: the unit in which returns are learned."""
        ...

    def channels(self, rewards: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        """Rewards as the network sees them, of order 1."""
        ...

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        """The inputs of trial `time`, at least 1, that follow the contexts: what was done and paid before it."""
        ...


@dataclass(frozen=True)
class RealTrialEncoding:
    """The arm one-hot, the reward in units of `scale` from `loc`, whether there was a trial before, and the time."""

    num_arms: int
    horizon: int
    loc: float = 0.0
    scale: float = 1.0

    @property
    def size(self) -> int:
        return self.num_arms + 3

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        return torch.zeros(1, 0)

    def channels(self, rewards: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        return ((rewards - self.loc) / self.scale).to(torch.float32)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


@dataclass(frozen=True)
class PositiveTrialEncoding:
    """As `RealTrialEncoding`, with the reward as log(1 + reward / scale), which tames heavy tails."""

    num_arms: int
    horizon: int
    scale: float = 1.0

    @property
    def size(self) -> int:
        return self.num_arms + 3

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        return torch.zeros(1, 0)

    @property
    def loc(self) -> float:
        return self.scale

    def channels(self, rewards: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        return torch.log1p(rewards / self.scale).to(torch.float32)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


@dataclass(frozen=True)
class ContextualTrialEncoding:
    """As `RealTrialEncoding`, after the contexts of the trial and of the one before it, both one-hot.

    The context before was seen already, and a network could remember it for one trial. But told again, it is
    soon trained to keep what paid where; left to remember, it stayed blind to contexts several times as long.
    """

    num_contexts: int
    num_arms: int
    horizon: int
    loc: float = 0.0
    scale: float = 1.0

    @property
    def size(self) -> int:
        return 2 * self.num_contexts + self.num_arms + 3

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        return torch.eye(self.num_contexts)

    def channels(self, rewards: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        return ((rewards - self.loc) / self.scale).to(torch.float32)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


def _previous_trial(num_arms: int, actions: Tensor, channels: Tensor, progress: float) -> Tensor:
    """One row per task, of `num_arms + 3` channels."""
    inputs = torch.zeros(len(actions), num_arms + 3)
    inputs.scatter_(1, actions[:, None], 1.0)
    inputs[:, num_arms] = channels
    inputs[:, num_arms + 1] = 1.0
    inputs[:, num_arms + 2] = progress
    return inputs
