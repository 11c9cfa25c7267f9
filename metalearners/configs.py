"""Settings of networks and of their meta-training: frozen values, importable without torch."""

import math
from dataclasses import dataclass

import numpy as np

from metalearners.settings_fields import (
    MOST_RECORDS,
    require_at_least_one,
    require_between,
    require_count,
    require_flags,
)


def log_spaced_steps(num_steps: int, num_checkpoints: int) -> tuple[int, ...]:
    """Return at most `num_checkpoints` increasing steps, roughly log-spaced from 1 to `num_steps`, always the last."""
    spaced = np.geomspace(1, num_steps, num_checkpoints) if num_checkpoints > 1 else [num_steps]
    return tuple(sorted({round(step) for step in spaced} | {num_steps}))[-num_checkpoints:]


def one_cycle(step: int, num_steps: int, *, peak: float, warmup_fraction: float) -> float:
    """Return the learning rate of 0-based step `step`: a linear rise to the peak, then a cosine fall to zero.

    The rise takes `warmup_fraction` of the steps.
    """
    warmup = warmup_fraction * num_steps
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    progress = (step - warmup) / (num_steps - warmup)
    return peak * 0.5 * (1 + math.cos(math.pi * progress))


@dataclass(frozen=True)
class LSTMConfig:
    """One LSTM layer with a linear output layer, and optionally an embedding of the inputs."""

    hidden_size: int = 32
    """Units of the recurrent layer."""
    longest_memory: int = 20
    """Longest time scale of forgetting before training, in observations (chrono initialisation)."""

    embedding_size: int = 0
    """Rectified linear units between the inputs and the recurrent layer; 0 means no embedding."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")
        require_at_least_one(self, "longest_memory")
        require_count(self, "embedding_size")


@dataclass(frozen=True)
class StackedLSTMConfig:
    """A stack of LSTMs trained side by side, each with one layer and a linear output layer."""

    hidden_size: int = 48
    """Units of each recurrent layer."""
    longest_memory: int = 100
    """Longest time scale of forgetting before training, in trials (chrono initialisation)."""
    is_orthogonal: bool = False
    """Whether weights start orthogonal, with forget biases of 1, instead of chrono initialisation."""
    is_initial_state_learned: bool = False
    """Whether the state before the first trial is trained with the weights; else it is zero."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")
        require_at_least_one(self, "longest_memory")
        require_flags(self, "is_orthogonal", "is_initial_state_learned")


@dataclass(frozen=True)
class GRUConfig:
    """One GRU layer with a linear output layer, and optionally an embedding of the inputs."""

    hidden_size: int = 32
    """Units of the recurrent layer."""
    longest_memory: int = 20
    """Longest time scale of forgetting before training, in observations (chrono initialisation)."""

    embedding_size: int = 0
    """Rectified linear units between the inputs and the recurrent layer; 0 means no embedding."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")
        require_at_least_one(self, "longest_memory")
        require_count(self, "embedding_size")


NetworkConfig = LSTMConfig | GRUConfig


@dataclass(frozen=True)
class LogLoss:
    """Training objective: the log loss of the next observation or target."""


@dataclass(frozen=True)
class VarianceWeightedLogLoss:
    """Training objective: the log loss of normal predictives, weighted by a power of the predicted variance.

    Each output dimension has its own weight. At power 1 the means follow the gradient of the squared error, as in the
    literature on meta-learned regression, while standard deviations are still learned. This is beta-NLL (Seitzer et al.
    2022, arXiv 2203.09168).
    """

    exponent: float = 1.0
    """Power of the variance. At 0 this is log loss; at 1 errors of the mean count regardless of predicted spread."""

    def __post_init__(self) -> None:
        require_between(self, "exponent", 0, 1)


@dataclass(frozen=True)
class TrainingConfig:
    """Meta-training to predict: Adam, one-cycle learning rate (linear warm-up, cosine to zero), clipped gradients."""

    num_steps: int = 10_000
    """Gradient steps."""
    batch_size: int = 128
    """Fresh sequences per gradient step."""
    length: int = 20
    """Observations per sequence: the horizon the network is trained for."""
    learning_rate: float = 0.02
    """Peak learning rate of the one-cycle schedule."""
    warmup_fraction: float = 0.1
    """Fraction of the steps over which the learning rate rises."""
    max_gradient_norm: float = 1.0
    """Largest gradient norm; longer gradients are scaled down to it."""
    num_checkpoints: int = 12
    """Checkpoints, at log-spaced steps; the last is the trained network."""
    is_mixed_precision: bool = False
    """Whether training rounds matrix products to bfloat16: twice as fast if the processor supports it, else slower."""
    objective: LogLoss | VarianceWeightedLogLoss = LogLoss()
    """Loss that gradient steps minimise."""

    def __post_init__(self) -> None:
        for field in ("num_steps", "batch_size", "length"):
            require_at_least_one(self, field)
        require_count(self, "num_checkpoints", least=1, most=MOST_RECORDS)
        for field in ("learning_rate", "max_gradient_norm"):
            require_between(self, field, 0, float("inf"), includes_low=False, includes_high=False)
        require_between(self, "warmup_fraction", 0, 1, includes_high=False)
        require_flags(self, "is_mixed_precision")

    @property
    def second_moment_decay(self) -> float:
        """Adam's beta2."""
        return 0.99

    @property
    def weight_decay(self) -> float:
        """Weight of half the squared length of all weights."""
        return 0.0

    def checkpoint_steps(self) -> tuple[int, ...]:
        """Return the steps after which weights are kept, log-spaced; the last is the end of the training."""
        return log_spaced_steps(self.num_steps, self.num_checkpoints)

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of 0-based step `step`."""
        return one_cycle(step, self.num_steps, peak=self.learning_rate, warmup_fraction=self.warmup_fraction)


@dataclass(frozen=True)
class ValueBaseline:
    """The network's own value output, computed from the policy's inputs (Mnih et al. 2016, arXiv 1602.01783)."""


@dataclass(frozen=True)
class HindsightBaseline:
    """A separate small network, used in training only, that receives the expected rewards of all arms as input.

    The reward table does not depend on the arms pulled, so a baseline that uses it leaves the expected gradient
    unchanged and removes most of its variance: an input-driven baseline (Mao et al. 2018, arXiv 1807.02264).
    """

    hidden_size: int = 32
    """Units of each of the baseline's two hidden layers."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")


@dataclass(frozen=True)
class PolicyGradient:
    """One gradient step per roll-out, along the policy gradient: A2C (Mnih et al. 2016, arXiv 1602.01783)."""


@dataclass(frozen=True)
class ClippedSurrogate:
    """Several gradient steps per roll-out on the clipped surrogate: PPO (Schulman et al. 2017, arXiv 1707.06347)."""

    clip: float = 0.2
    """Probability ratios beyond 1 - clip and 1 + clip bring no further gain."""
    num_epochs: int = 4
    """Gradient steps per roll-out, each on the whole roll-out."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "num_epochs")
        require_between(self, "clip", 0, float("inf"), includes_low=False)


@dataclass(frozen=True)
class AllActions:
    """One gradient step per roll-out, on each trial's own reward averaged over all arms, pulled or not.

    The table holds the reward of every arm, so the drawn actions add no noise to a trial's gradient. This is an
    all-action policy gradient (Sutton et al. 2001, *Comparing policy-gradient algorithms*), as in mean actor-critic
    (Allen et al. 2017, arXiv 1709.00503), with the table as critic. An arm gets no credit for information that later
    trials could use, and no baseline is subtracted. Use it for families in which gaining information never costs
    reward, such as contextual bandits with one correct arm per context: there the Bayes-optimal policy is greedy at
    every trial.
    """


@dataclass(frozen=True)
class ReinforcementConfig:
    """Meta-training on reward tables: roll-outs of the network itself, Adam, one-cycle learning rate."""

    num_steps: int = 4000
    """Roll-outs. Each gives one gradient step, or several with a clipped surrogate."""
    batch_size: int = 512
    """Fresh tasks per roll-out."""
    horizon: int = 20
    """Trials per task: the horizon the network is trained for."""
    discount: float = 1.0
    """Geometric discount of the rewards in the maximised sum; with `AllActions`, in the value output's target only."""
    trace_decay: float = 1.0
    """Lambda of generalised advantages (Schulman et al. 2016, arXiv 1506.02438); 1 sums rewards to the end."""
    entropy_weight: float = 0.3
    """Bonus per nat of the policy's entropy at the first step, in units of the encoding's scale."""
    entropy_fraction: float = 0.6
    """Fraction of the steps over which that bonus falls to zero, as a parabola."""
    value_weight: float = 0.5
    """Weight of the squared error of the network's value output; large errors count linearly. 0 leaves it untrained."""
    learning_rate: float = 0.02
    """Peak learning rate of the one-cycle schedule."""
    warmup_fraction: float = 0.05
    """Fraction of the steps over which the learning rate rises."""
    max_gradient_norm: float = 1.0
    """Largest gradient norm; longer gradients are scaled down to it."""
    num_checkpoints: int = 12
    """Checkpoints, at log-spaced steps; the last is the trained network."""
    baseline: ValueBaseline | HindsightBaseline = HindsightBaseline()
    """Baseline subtracted from returns."""
    surrogate: PolicyGradient | ClippedSurrogate | AllActions = PolicyGradient()
    """Objective that gradient steps maximise."""

    def __post_init__(self) -> None:
        for field in ("num_steps", "batch_size", "horizon"):
            require_at_least_one(self, field)
        require_count(self, "num_checkpoints", least=1, most=MOST_RECORDS)
        for field in ("learning_rate", "max_gradient_norm"):
            require_between(self, field, 0, float("inf"), includes_low=False, includes_high=False)
        for field in ("entropy_weight", "value_weight"):
            require_between(self, field, 0, float("inf"), includes_high=False)
        if isinstance(self.surrogate, AllActions) and not isinstance(self.baseline, ValueBaseline):
            raise ValueError(
                f"ReinforcementConfig: baseline must be ValueBaseline() if surrogate is AllActions(), which subtracts "
                f"none; got {self.baseline!r}"
            )
        require_between(self, "discount", 0, 1, includes_low=False)
        require_between(self, "trace_decay", 0, 1)
        require_between(self, "entropy_fraction", 0, 1)
        require_between(self, "warmup_fraction", 0, 1, includes_high=False)

    @property
    def second_moment_decay(self) -> float:
        """Adam's beta2."""
        return 0.99

    @property
    def weight_decay(self) -> float:
        """Weight of half the squared length of all weights."""
        return 0.0

    def checkpoint_steps(self) -> tuple[int, ...]:
        """Return the steps after which weights are kept, log-spaced; the last is the end of the training."""
        return log_spaced_steps(self.num_steps, self.num_checkpoints)

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of 0-based step `step`."""
        return one_cycle(step, self.num_steps, peak=self.learning_rate, warmup_fraction=self.warmup_fraction)
