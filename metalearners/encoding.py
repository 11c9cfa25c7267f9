"""Network inputs: the previous observation, encoded; at index 0, where there is none, zeros.

Index t of the inputs holds observation t - 1, so a causal network's output at t conditions on what came before t.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


@runtime_checkable
class Encoding(Protocol):
    """Conversion of observations into network inputs of `size` channels."""

    @property
    def size(self) -> int:
        """Input channels per time step."""
        ...

    def __call__(self, observations: Shaped[Tensor, "batch time"]) -> Float[Tensor, "batch time input"]:
        """Return the inputs at every time, each from the observation before it."""
        ...


@dataclass(frozen=True)
class OneHotEncoding:
    """One channel per outcome; all zero at index 0."""

    num_outcomes: int

    @property
    def size(self) -> int:
        return self.num_outcomes

    def __call__(self, observations: Shaped[Tensor, "batch time"]) -> Float[Tensor, "batch time input"]:
        outcomes = torch.arange(self.num_outcomes, device=observations.device)
        return delayed((observations.unsqueeze(-1) == outcomes).to(torch.float32))


@dataclass(frozen=True)
class RealEncoding:
    """Two channels: the previous observation in units of `scale` from `loc`, and whether there is one."""

    loc: float = 0.0
    scale: float = 1.0

    @property
    def size(self) -> int:
        return 2

    def __call__(self, observations: Shaped[Tensor, "batch time"]) -> Float[Tensor, "batch time input"]:
        values = ((observations - self.loc) / self.scale).to(torch.float32)
        return delayed(torch.stack([values, torch.ones_like(values)], dim=-1))


@dataclass(frozen=True)
class PositiveEncoding:
    """Two channels: log(1 + observation / scale), which compresses heavy tails, and whether there is one."""

    scale: float = 1.0

    @property
    def size(self) -> int:
        return 2

    def __call__(self, observations: Shaped[Tensor, "batch time"]) -> Float[Tensor, "batch time input"]:
        values = torch.log1p(observations / self.scale).to(torch.float32)
        return delayed(torch.stack([values, torch.ones_like(values)], dim=-1))


def delayed(channels: Float[Tensor, "batch time input"]) -> Float[Tensor, "batch time input"]:
    """Shift channels by one step: zeros come first, and the last step, which no output may depend on, is dropped."""
    return torch.nn.functional.pad(channels, (0, 0, 1, -1))
