"""Settings of the actor-critic on stacks of networks: frozen values, importable without torch."""

from dataclasses import dataclass

from metalearners.configs import one_cycle, require_at_least_one, require_between
from metalearners.schedules import Constant, Parabola, Schedule

_INFINITY = float("inf")


@dataclass(frozen=True)
class OwnCritic:
    """The policy's own value output, which speaks of the return in rewards and knows what the policy knows."""

    weight: float = 0.05
    """Weight of its squared error, in squared rewards."""

    def __post_init__(self) -> None:
        require_between(self, "weight", 0, _INFINITY, includes_high=False)


@dataclass(frozen=True)
class InformedCritic:
    """A small network of its own for each network of the stack, used in training only, that is told the task.

    What defines a task does not depend on what is done in it, so a critic that knows it biases nothing and removes
    most of the variance (Mao et al. 2018, arXiv 1807.02264; Pinto et al. 2018, arXiv 1710.06542).
    """

    hidden_size: int = 32
    """Units of each of its two hidden layers."""
    auxiliary_weight: float = 0.5
    """Weight of the error of the policy's own value output: nothing is subtracted for it, but it shapes the memory."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")
        require_between(self, "auxiliary_weight", 0, _INFINITY, includes_high=False)


@dataclass(frozen=True)
class ActorCriticConfig:
    """Advantage actor-critic on whole lifetimes (Mnih et al. 2016, arXiv 1602.01783), for each network of a stack.

    One update per roll-out: the policy gradient of the discounted return, an entropy bonus, and the critic's loss.
    """

    num_steps: int = 1000
    """Updates, each on fresh lifetimes."""
    batch_size: int = 64
    """Lifetimes per update, of each network."""
    lifetime: int = 100
    """Trials per lifetime."""
    discount: Schedule = Constant(1.0)
    """Discount of the return from every trial on; all trials count the same, however late they are."""
    trace_decay: float = 1.0
    """Lambda of generalised advantages (Schulman et al. 2016, arXiv 1506.02438); 1 sums rewards to the end."""
    entropy_weight: Schedule = Parabola(0.1, 0.6)
    """Bonus per nat of the policy's mean entropy, in units of `reward_unit`."""
    uniform_weight: Schedule = Constant(0.0)
    """Penalty per nat of the divergence of the policy from all actions alike, KL(uniform || policy), in the same units.

    The gradient of the entropy fades where the policy is sure, this one does not: what was ruled out too early is
    tried again (Pereyra et al. 2017, arXiv 1701.06548).
    """
    reward_unit: float = 1.0
    """Rewards that advantages are measured in: the larger, the smaller are all policy gradients."""
    learning_rate: float = 0.01
    """Learning rate of Adam; the peak, if it is a cycle."""
    is_one_cycle: bool = True
    """Whether the learning rate rises over the first twentieth and falls as a cosine; else it stays as it is."""
    second_moment_decay: float = 0.99
    """Adam's beta2."""
    weight_decay: float = 0.0
    """Weight of half the squared length of all weights."""
    max_gradient_norm: float = 1.0
    """Gradients of a network are scaled down to this norm where they exceed it."""
    are_returns_expected: bool = True
    """Whether returns are counted in the means of rewards given the task; else in the rewards drawn."""
    critic: OwnCritic | InformedCritic = InformedCritic()
    """What is subtracted from returns."""
    num_checkpoints: int = 1
    """Checkpoints, at equally spaced steps; the last is the trained stack."""

    def __post_init__(self) -> None:
        for field in ("num_steps", "batch_size", "lifetime", "num_checkpoints"):
            require_at_least_one(self, field)
        for field in ("learning_rate", "max_gradient_norm", "reward_unit"):
            require_between(self, field, 0, _INFINITY, includes_low=False, includes_high=False)
        require_between(self, "weight_decay", 0, _INFINITY, includes_high=False)
        require_between(self, "trace_decay", 0, 1)
        require_between(self, "second_moment_decay", 0, 1, includes_high=False)

    def checkpoint_steps(self) -> tuple[int, ...]:
        """Return the steps after which weights are kept, equally spaced; the last is the end of the training."""
        spaced = (round(self.num_steps * (index + 1) / self.num_checkpoints) for index in range(self.num_checkpoints))
        return tuple(sorted({step for step in spaced if step}))

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of 0-based step `step`."""
        if not self.is_one_cycle:
            return self.learning_rate
        return one_cycle(step, self.num_steps, peak=self.learning_rate, warmup_fraction=0.05)
