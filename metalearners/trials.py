"""Inputs of networks that play bandits: the context of the trial and the encoded previous trial.

The inputs of trial t are the channels of its context and all of trial t - 1: its context, the arm pulled and the
reward, as in RL² (Duan et al. 2016, arXiv 1611.02779; Wang et al. 2016, arXiv 1611.05763); and t itself, in units of
the horizon. At trial 0, which has no previous trial, all channels except those of the context are zero (but see
`RawTrialEncoding`). A bandit without contexts has a single context without channels.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor


@runtime_checkable
class TrialEncoding(Protocol):
    """Conversion of trials of a bandit into network inputs of `size` channels."""

    @property
    def num_arms(self) -> int:
        """Number of arms."""
        ...

    @property
    def size(self) -> int:
        """Input channels per trial: the context, the previous context, and the rest of the previous trial."""
        ...

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        """Channels of every context that a trial can have; none in a bandit without contexts."""
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
        """Convert rewards to network inputs of order 1."""
        ...

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        """Return the inputs of trial 0 that follow the context, in place of a previous trial."""
        ...

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        """Return the inputs of trial `time`, at least 1, that follow both contexts: the previous arm and reward."""
        ...


@dataclass(frozen=True)
class RealTrialEncoding:
    """The one-hot arm, the reward in units of `scale` from `loc`, whether there was a previous trial, and the time."""

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

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, self.num_arms + 3)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


@dataclass(frozen=True)
class PositiveTrialEncoding:
    """Inputs of `RealTrialEncoding`, with the reward as log(1 + reward / scale), which compresses heavy tails."""

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

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, self.num_arms + 3)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


@dataclass(frozen=True)
class ContextualTrialEncoding:
    """Inputs of `RealTrialEncoding`, after the contexts of the trial and of the previous one, both one-hot.

    The network has already received the previous context and could remember it for one trial. But if the input repeats
    it, the network soon learns which arm pays in which context. Networks that had to remember it ignored contexts for
    several times as long.
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

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, self.num_contexts + self.num_arms + 3)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


@dataclass(frozen=True)
class RawTrialEncoding:
    """The unscaled reward, the time from -1 to 1, and the one-hot arm: the inputs of Lange & Sprekeler (2020).

    At trial 0 the reward is 0 and the previous arm is encoded as arm 0, as in a later environment by one author.
    """

    num_arms: int
    horizon: int

    @property
    def size(self) -> int:
        return self.num_arms + 2

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        return torch.zeros(1, 0)

    @property
    def loc(self) -> float:
        return 0.0

    @property
    def scale(self) -> float:
        return 1.0

    def channels(self, rewards: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        return rewards.to(torch.float32)

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return self(torch.zeros(num_tasks, dtype=torch.int64), torch.zeros(num_tasks), 0)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        progress = -1.0 + 2.0 * time / self.horizon
        inputs = torch.zeros(len(actions), self.size)
        inputs[:, 0] = self.channels(collected_rewards)
        inputs[:, 1] = progress
        inputs.scatter_(1, 2 + actions[:, None], 1.0)
        return inputs


@dataclass(frozen=True)
class GridTrialEncoding:
    """A walk on a square grid: one-hot column and row now and one step before, the action, its reward and the time.

    Cells are numbered row by row. The reward is in units of `scale`; one more channel says whether it was positive.
    """

    side: int
    num_arms: int
    horizon: int
    scale: float = 1.0

    @property
    def size(self) -> int:
        return 4 * self.side + self.num_arms + 4

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        one_hot, cells = torch.eye(self.side), torch.arange(self.side**2)
        return torch.cat([one_hot[cells % self.side], one_hot[cells // self.side]], dim=1)

    @property
    def loc(self) -> float:
        return 0.0

    def channels(self, rewards: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        return (rewards / self.scale).to(torch.float32)

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, 2 * self.side + self.num_arms + 4)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        steps = _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)
        return torch.cat([steps, (collected_rewards > 0).float()[:, None]], dim=1)


@dataclass(frozen=True, eq=False)
class SettingTrialEncoding:
    """Inputs of `RealTrialEncoding`, after a few numbers that describe the kind of task.

    The context is the index of the kind. Rewards are not scaled here; the code that draws the tasks scales them. The
    time is in units of `horizon`, the same for all kinds, so that networks that receive a lifetime as input can compute
    the remaining trials.
    """

    settings: Float[Tensor, "context channel"]
    """Input channels of each kind of task, the same at every trial."""
    num_arms: int
    horizon: int

    @property
    def size(self) -> int:
        return 2 * self.settings.shape[1] + self.num_arms + 3

    @property
    def contexts(self) -> Float[Tensor, "context channel"]:
        return self.settings

    @property
    def loc(self) -> float:
        return 0.0

    @property
    def scale(self) -> float:
        return 1.0

    def channels(self, rewards: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
        return rewards.to(torch.float32)

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, self.settings.shape[1] + self.num_arms + 3)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


def _previous_trial(num_arms: int, actions: Tensor, channels: Tensor, progress: float) -> Tensor:
    """Return one row per task, with `num_arms + 3` channels."""
    inputs = torch.zeros(len(actions), num_arms + 3)
    inputs.scatter_(1, actions[:, None], 1.0)
    inputs[:, num_arms] = channels
    inputs[:, num_arms + 1] = 1.0
    inputs[:, num_arms + 2] = progress
    return inputs
