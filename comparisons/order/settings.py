"""Settings of comparisons of the order of learning: frozen values, importable without JAX or torch."""

from dataclasses import dataclass
from typing import Literal

from metalearners.learner_configs import DeepLinearConfig, MLPConfig, PolicyGradientConfig
from metalearners.settings_fields import require_at_least_one, require_between, require_counts


@dataclass(frozen=True)
class NamedLearner:
    """An ordinary learner beside a network: what it is called, what it is there for, and its settings."""

    name: str
    config: DeepLinearConfig | MLPConfig | PolicyGradientConfig
    role: Literal["learner", "control"] = "learner"
    """A control is there because its order of learning is known beforehand."""
    num_tasks: int = 5000
    """It learns the first so many of the tasks that there are."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "num_tasks")


@dataclass(frozen=True)
class OrderEvaluationConfig:
    """What networks and learners are tested on."""

    num_tasks: int = 5000
    """Tasks in distribution, the same for all."""
    num_elsewhere: int = 1000
    """Tasks for each other condition: out of distribution, longer lifetimes."""
    num_outer: int = 500
    """Tasks at each checkpoint of meta-training."""
    num_probes: int = 64
    """Probes of a network's map at every time; in functions, points of the grid."""
    lifetimes: int = 2
    """How many times the trained lifetime the longer tasks last."""

    def __post_init__(self) -> None:
        for field in ("num_tasks", "num_elsewhere", "num_outer", "num_probes", "lifetimes"):
            require_at_least_one(self, field)


@dataclass(frozen=True)
class InterferenceConfig:
    """How the time that policy gradient takes is measured against the number of contexts, biases shared or separate."""

    counts: tuple[int, ...] = (2, 3, 4, 5)
    """Numbers of contexts, and of actions."""
    initial_scale: float = 2.0
    """Standard deviation of initial weights: contexts start unequal enough for plateaus."""
    num_tasks: int = 1000
    """Tasks, all with a different right action in every context."""
    longest: float = 6000.0
    """Where learning is cut off, in learning rate × steps."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "num_tasks")
        require_counts(self, "counts", least=1)
        if not self.counts:
            raise ValueError("InterferenceConfig: counts must be at least one number; got ()")
        for field in ("initial_scale", "longest"):
            require_between(self, field, 0, float("inf"), includes_low=False, includes_high=False)
