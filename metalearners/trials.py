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

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        """What follows the context in the inputs of trial 0, where later the trial before is."""
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

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, self.num_arms + 3)

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

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, self.num_arms + 3)

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

    def no_trial_before(self, num_tasks: int) -> Float[Tensor, "batch channel"]:
        return torch.zeros(num_tasks, self.num_contexts + self.num_arms + 3)

    def __call__(
        self, actions: Int[Tensor, "batch"], collected_rewards: Float[Tensor, "batch"], time: int
    ) -> Float[Tensor, "batch channel"]:
        return _previous_trial(self.num_arms, actions, self.channels(collected_rewards), time / self.horizon)


@dataclass(frozen=True)
class RawTrialEncoding:
    """The reward as it is, the time from -1 to 1, and the arm one-hot: the inputs of Lange & Sprekeler (2020).

    At trial 0 there is a reward of 0 and arm 0 seems to have been pulled, as in that author's later environment.
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
    """A walk on a square grid: column and row one-hot, those before the last step, the step, its pay, and the time.

    Cells are numbered row by row. The paid reward is shown in units of `scale`, and so is whether anything was paid.
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
    """As `RealTrialEncoding`, after a few numbers that say what kind of task it is: the context numbers the kinds.

    Rewards are as they come; whoever draws the tasks scales them. The time is in units of `horizon`, the same for all
    kinds, so that networks that are told a lifetime know how much of it is left.
    """

    settings: Float[Tensor, "context channel"]
    """What is shown in every trial of a task of each kind."""
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
    """One row per task, of `num_arms + 3` channels."""
    inputs = torch.zeros(len(actions), num_arms + 3)
    inputs.scatter_(1, actions[:, None], 1.0)
    inputs[:, num_arms] = channels
    inputs[:, num_arms + 1] = 1.0
    inputs[:, num_arms + 2] = progress
    return inputs
