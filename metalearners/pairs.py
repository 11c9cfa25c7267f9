"""What a network that learns a map within a task is fed: the input now and the target before.

Step t holds input t and target t - 1 (zeros at step 0), as in Hochreiter, Younger & Conwell 2001 (*Learning to learn
using gradient descent*) and in the regressions of Rabinowitz 2019 (arXiv 1905.01320).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from metalearners.encoding import delayed


class Pairs(NamedTuple):
    """Inputs and targets of many regression tasks, in order."""

    inputs: Float[Tensor, "batch time input"]
    targets: Float[Tensor, "batch time output"]


@runtime_checkable
class PairEncoding(Protocol):
    """Turns an input and the target before it into `size` channels of order 1."""

    @property
    def size(self) -> int:
        """Input channels per step."""
        ...

    def __call__(
        self, inputs: Float[Tensor, "*batch input"], previous_targets: Float[Tensor, "*batch output"]
    ) -> Float[Tensor, "*batch channel"]:
        """The channels of steps with these inputs, after these targets."""
        ...


@dataclass(frozen=True)
class RealPairEncoding:
    """Inputs and targets as they are, in units of `input_scale` and `target_scale`."""

    num_inputs: int
    num_outputs: int
    input_scale: float = 1.0
    target_scale: float = 1.0

    @property
    def size(self) -> int:
        return self.num_inputs + self.num_outputs

    def __call__(
        self, inputs: Float[Tensor, "*batch input"], previous_targets: Float[Tensor, "*batch output"]
    ) -> Float[Tensor, "*batch channel"]:
        return torch.cat([inputs / self.input_scale, previous_targets / self.target_scale], dim=-1)


@dataclass(frozen=True)
class CirclePairEncoding:
    """Places on the circle [0, 1) as points in the plane, sqrt(2) from its origin; targets in units of `target_scale`.

    A periodic place has no natural cut: its cosine and sine are what a network can be told without inventing one.
    """

    num_outputs: int
    target_scale: float = 1.0

    @property
    def size(self) -> int:
        return 2 + self.num_outputs

    def __call__(
        self, inputs: Float[Tensor, "*batch input"], previous_targets: Float[Tensor, "*batch output"]
    ) -> Float[Tensor, "*batch channel"]:
        angles = 2 * math.pi * inputs[..., :1]
        points = math.sqrt(2) * torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1)
        return torch.cat([points, previous_targets / self.target_scale], dim=-1)


def channels_of(encoding: PairEncoding, pairs: Pairs) -> Float[Tensor, "batch time channel"]:
    """What a network is fed at every step of every task."""
    return encoding(pairs.inputs, delayed(pairs.targets))
