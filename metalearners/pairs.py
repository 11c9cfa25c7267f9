"""Inputs of networks that learn a map within a task: the current input and the previous target.

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
    """Conversion of an input and the previous target into `size` channels of order 1."""

    @property
    def size(self) -> int:
        """Input channels per step."""
        ...

    def __call__(
        self, inputs: Float[Tensor, "*batch input"], previous_targets: Float[Tensor, "*batch output"]
    ) -> Float[Tensor, "*batch channel"]:
        """Return the channels of steps with these inputs, after these targets."""
        ...


@dataclass(frozen=True)
class RealPairEncoding:
    """Inputs in units of `input_scale` and targets in units of `target_scale`."""

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
    """Positions on the circle [0, 1) as points in the plane, and targets in units of `target_scale`.

    A periodic position has no natural cut. Its cosine and sine, scaled by sqrt(2), encode it without introducing one.
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
    """Return the network inputs at every step of every task."""
    return encoding(pairs.inputs, delayed(pairs.targets))
