"""Settings of actor-critic training for stacks of networks: frozen values, importable without torch."""

from dataclasses import dataclass

from metalearners.configs import one_cycle
from metalearners.schedules import Constant, Parabola, Schedule
from metalearners.settings_fields import (
    MOST_RECORDS,
    require_at_least_one,
    require_between,
    require_count,
    require_flags,
)

_INFINITY = float("inf")


@dataclass(frozen=True)
class OwnCritic:
    """The policy's own value output. It estimates the return, in rewards, from the inputs of the policy."""

    weight: float = 0.05
    """Weight of the squared error of the value output, which is in squared rewards."""

    def __post_init__(self) -> None:
        require_between(self, "weight", 0, _INFINITY, includes_high=False)


@dataclass(frozen=True)
class InformedCritic:
    """A privileged critic: one small network per network of the stack, which receives the task as input.

    It is used in training only. The parameters of a task do not depend on the actions, so a critic that receives them
    leaves the expected gradient unchanged and removes most of its variance (Mao et al. 2018, arXiv 1807.02264; Pinto et
    al. 2018, arXiv 1710.06542).
    """

    hidden_size: int = 32
    """Units of each of the critic's two hidden layers."""
    auxiliary_weight: float = 0.5
    """Weight of the error of the policy's own value output, which is not a baseline here but shapes the memory."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")
        require_between(self, "auxiliary_weight", 0, _INFINITY, includes_high=False)


@dataclass(frozen=True)
class ActorCriticConfig:
    """Advantage actor-critic on whole lifetimes (Mnih et al. 2016, arXiv 1602.01783), for each network of a stack.

    Each roll-out gives one update, with the policy gradient of the discounted return, an entropy bonus and the critic's
    loss.
    """

    num_steps: int = 1000
    """Updates, each on fresh lifetimes."""
    batch_size: int = 64
    """Lifetimes per update for each network."""
    lifetime: int = 100
    """Trials per lifetime."""
    discount: Schedule = Constant(1.0)
    """Discount of the return from every trial on. All trials have the same weight, however late they are."""
    trace_decay: float = 1.0
    """Lambda of generalised advantages (Schulman et al. 2016, arXiv 1506.02438); 1 sums rewards to the end."""
    entropy_weight: Schedule = Parabola(0.1, 0.6)
    """Bonus per nat of the policy's mean entropy, in units of `reward_unit`."""
    uniform_weight: Schedule = Constant(0.0)
    """Penalty per nat of KL(uniform || policy), in units of `reward_unit`.

    The gradient of the entropy vanishes as the policy becomes deterministic, but the gradient of this penalty does not.
    Actions that were ruled out too early are therefore tried again (Pereyra et al. 2017, arXiv 1701.06548).
    """
    reward_unit: float = 1.0
    """Unit of advantages, in rewards. A larger unit makes all policy gradients smaller."""
    learning_rate: float = 0.01
    """Learning rate of Adam, or its peak if `is_one_cycle`."""
    is_one_cycle: bool = True
    """Whether the learning rate rises over the first 5 % of steps, then falls as a cosine; else it is constant."""
    second_moment_decay: float = 0.99
    """Adam's beta2."""
    weight_decay: float = 0.0
    """Weight of half the squared norm of all weights in the loss."""
    max_gradient_norm: float = 1.0
    """Largest gradient norm of a network; longer gradients are scaled down to it."""
    are_returns_expected: bool = True
    """Whether returns of bandits use the expected rewards given the task; else they use the drawn rewards."""
    critic: OwnCritic | InformedCritic = InformedCritic()
    """Critic that estimates the baseline subtracted from returns."""
    num_checkpoints: int = 1
    """Checkpoints, at equally spaced steps; the last is the trained stack."""

    def __post_init__(self) -> None:
        for field in ("num_steps", "batch_size", "lifetime"):
            require_at_least_one(self, field)
        require_count(self, "num_checkpoints", least=1, most=MOST_RECORDS)
        for field in ("learning_rate", "max_gradient_norm", "reward_unit"):
            require_between(self, field, 0, _INFINITY, includes_low=False, includes_high=False)
        require_between(self, "weight_decay", 0, _INFINITY, includes_high=False)
        require_between(self, "trace_decay", 0, 1)
        require_between(self, "second_moment_decay", 0, 1, includes_high=False)
        require_flags(self, "is_one_cycle", "are_returns_expected")

    def checkpoint_steps(self) -> tuple[int, ...]:
        """Return the steps after which weights are kept, equally spaced; the last is the end of the training."""
        spaced = (round(self.num_steps * (index + 1) / self.num_checkpoints) for index in range(self.num_checkpoints))
        return tuple(sorted({step for step in spaced if step}))

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of 0-based step `step`."""
        if not self.is_one_cycle:
            return self.learning_rate
        return one_cycle(step, self.num_steps, peak=self.learning_rate, warmup_fraction=0.05)
