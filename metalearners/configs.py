"""Settings of networks and of their meta-training: frozen values, importable without torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LSTMConfig:
    """One LSTM layer and a linear read-out."""

    hidden_size: int = 32
    """Units of the recurrent layer."""
    longest_memory: int = 20
    """Longest time scale, in observations, at which units forget before training (chrono initialisation)."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")
        require_at_least_one(self, "longest_memory")


@dataclass(frozen=True)
class GRUConfig:
    """One GRU layer and a linear read-out."""

    hidden_size: int = 32
    """Units of the recurrent layer."""
    longest_memory: int = 20
    """Longest time scale, in observations, at which units forget before training (chrono initialisation)."""

    def __post_init__(self) -> None:
        require_at_least_one(self, "hidden_size")
        require_at_least_one(self, "longest_memory")


NetworkConfig = LSTMConfig | GRUConfig


@dataclass(frozen=True)
class TrainingConfig:
    """Meta-training by log loss: Adam, one-cycle learning rate (linear warm-up, cosine to zero), clipped gradients."""

    num_steps: int = 10_000
    """Gradient steps."""
    batch_size: int = 128
    """Fresh sequences per gradient step."""
    length: int = 20
    """Observations per sequence: the horizon the network is trained for."""
    learning_rate: float = 0.02
    """Peak learning rate of the one-cycle schedule."""
    warmup_fraction: float = 0.1
    """Share of the steps over which the learning rate rises."""
    max_gradient_norm: float = 1.0
    """Gradients are scaled down to this norm where they exceed it."""
    num_checkpoints: int = 12
    """Checkpoints, at log-spaced steps; the last is the trained network."""

    def __post_init__(self) -> None:
        for field in ("num_steps", "batch_size", "length", "num_checkpoints"):
            require_at_least_one(self, field)
        for field in ("learning_rate", "max_gradient_norm"):
            if not 0 < getattr(self, field) < float("inf"):
                raise ValueError(f"TrainingConfig: {field} must be a finite number > 0; got {getattr(self, field)!r}")
        if not 0 <= self.warmup_fraction < 1:
            raise ValueError(f"TrainingConfig: warmup_fraction must be in [0, 1); got {self.warmup_fraction!r}")


def require_at_least_one(owner: object, field: str) -> None:
    """Refuse a count that is not an integer of at least 1."""
    value = getattr(owner, field)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{type(owner).__name__}: {field} must be an integer of at least 1; got {value!r}")
