"""Settings of gradient learners trained on one task from scratch: frozen values, importable without torch."""

from dataclasses import dataclass

from metalearners.settings_fields import (
    MOST_RECORDS,
    require_at_least_one,
    require_between,
    require_count,
    require_counts,
)


def _require_records(owner: object) -> None:
    require_at_least_one(owner, "num_steps")
    require_count(owner, "num_records", least=2, most=MOST_RECORDS)


def _require_positive(owner: object, *fields: str) -> None:
    for field in fields:
        require_between(owner, field, 0, float("inf"), includes_low=False, includes_high=False)


@dataclass(frozen=True)
class SGD:
    """Gradient descent, which is stochastic if gradients are sampled."""

    learning_rate: float
    """Step length per unit of gradient; its inverse is the time constant of the dynamics, in steps."""

    def __post_init__(self) -> None:
        _require_positive(self, "learning_rate")


@dataclass(frozen=True)
class Momentum:
    """Heavy-ball momentum: steps follow a decaying sum of gradients, so they are 1 / (1 - momentum) times as long."""

    learning_rate: float
    """Step length per unit of summed gradient."""
    momentum: float = 0.9
    """Fraction of the sum that remains after each step."""

    def __post_init__(self) -> None:
        _require_positive(self, "learning_rate")
        require_between(self, "momentum", 0, 1, includes_high=False)


@dataclass(frozen=True)
class AdamOptimizer:
    """Adam with its usual decay rates 0.9 and 0.999 (Kingma & Ba 2015, arXiv 1412.6980)."""

    learning_rate: float
    """Approximately the longest step of any single weight."""

    def __post_init__(self) -> None:
        _require_positive(self, "learning_rate")


OptimizerConfig = SGD | Momentum | AdamOptimizer


@dataclass(frozen=True)
class RandomInitialisation:
    """Independent normal initial weights."""

    scale: float
    """Standard deviation of a weight."""

    def __post_init__(self) -> None:
        _require_positive(self, "scale")


@dataclass(frozen=True)
class BalancedInitialisation:
    """Layers with equal singular values, aligned with the task's singular vectors, as Saxe et al. (2013) assume.

    The input directions of the first layer are the task's right singular vectors, and the output directions of the last
    layer are its left ones. The directions of the hidden units are rotated at random. Therefore W_{l+1}ᵀ W_{l+1} = W_l
    W_lᵀ, and every mode starts at strength scale ** depth.
    """

    scale: float
    """Singular values of every layer."""

    def __post_init__(self) -> None:
        _require_positive(self, "scale")


@dataclass(frozen=True)
class FullBatch:
    """Gradients of the expected loss, without sampling."""


@dataclass(frozen=True)
class Online:
    """Gradients from fresh samples at every step."""

    batch_size: int = 1
    """Samples per step."""
    noise_scale: float = 0.0
    """Standard deviation of the noise on every target."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "batch_size")
        require_between(self, "noise_scale", 0, float("inf"), includes_high=False)


@dataclass(frozen=True)
class DeepLinearConfig:
    """A deep linear network trained on the squared error of one linear map."""

    depth: int = 2
    """Number of weight matrices; 1 is linear regression."""
    hidden_size: int = 32
    """Units of every hidden layer."""
    optimizer: OptimizerConfig = SGD(0.01)
    """Rule that updates the weights from gradients."""
    initialisation: RandomInitialisation | BalancedInitialisation = RandomInitialisation(0.01)
    """Weights before the first step."""
    batches: FullBatch | Online = Online(1)
    """Samples from which gradients are computed."""
    num_steps: int = 2000
    """Gradient steps."""
    num_records: int = 60
    """Records of the effective map: the first before any step, the others at log-spaced steps."""

    def __post_init__(self) -> None:
        for field in ("depth", "hidden_size"):
            require_at_least_one(self, field)
        _require_records(self)


@dataclass(frozen=True)
class ReLU:
    """max(0, x)."""


@dataclass(frozen=True)
class Tanh:
    """The hyperbolic tangent."""


@dataclass(frozen=True)
class MLPConfig:
    """A fully connected network trained on the squared error of one function, full batch on a grid of points."""

    hidden_sizes: tuple[int, ...] = (32, 32)
    """Units of the hidden layers, from input to output."""
    activation: ReLU | Tanh = ReLU()
    """Activation function of the hidden units."""
    optimizer: OptimizerConfig = AdamOptimizer(3e-3)
    """Rule that updates weights and biases from gradients."""
    num_steps: int = 800
    """Gradient steps."""
    num_records: int = 60
    """Records of the function: the first before any step, the others at log-spaced steps."""
    num_points: int = 64
    """Size of the training grid, equally spaced on [0, 1); the caller makes the grid and its targets."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "num_points")
        _require_records(self)
        require_counts(self, "hidden_sizes", least=1)
        if not self.hidden_sizes:
            raise ValueError("MLPConfig: hidden_sizes must be at least one integer; got ()")


@dataclass(frozen=True)
class Coupled:
    """One bias per action, shared by all contexts, so that learning in one context affects the others."""


@dataclass(frozen=True)
class Decoupled:
    """One bias per action and context: independent learners, which start from the same policy as a coupled one."""


@dataclass(frozen=True)
class ExpectedReward:
    """Policy gradient: the objective is the probability of the correct action, summed over contexts."""


@dataclass(frozen=True)
class LogLikelihood:
    """Supervised counterpart: the objective is the log probability of the correct action, summed over contexts."""


@dataclass(frozen=True)
class ExactGradient:
    """Exact gradients of the objective."""


@dataclass(frozen=True)
class SampledEpisodes:
    """Unbiased gradients from fresh episodes: a context drawn uniformly, an action from the policy, its reward.

    With the log likelihood, an episode reveals the correct action instead.
    """

    batch_size: int = 32
    """Episodes per gradient step."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "batch_size")


@dataclass(frozen=True)
class PolicyGradientConfig:
    """A softmax policy, linear in a one-hot context, on a contextual bandit with one correct action per context."""

    coupling: Coupled | Decoupled = Coupled()
    """Parameters that contexts share."""
    objective: ExpectedReward | LogLikelihood = ExpectedReward()
    """Objective that gradient steps maximise."""
    gradients: ExactGradient | SampledEpisodes = ExactGradient()
    """Exact gradients, or gradients from sampled episodes."""
    initial_scale: float = 1.0
    """Standard deviation of every initial weight and bias."""
    learning_rate: float = 0.1
    """Step length per unit of gradient. The time of the matching gradient flow is learning_rate × steps."""
    num_steps: int = 10_000
    """Gradient steps."""
    num_records: int = 100
    """Records of the policy: the first before any step, the others at log-spaced steps."""

    def __post_init__(self) -> None:
        _require_records(self)
        _require_positive(self, "initial_scale", "learning_rate")
