"""Gradient descent on many small networks at once, with all their weights in one flat vector.

Every rule in `learner_configs` moves each weight by its own gradients alone, so networks that share a vector and an
optimizer do not affect each other.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metalearners.learner_configs import SGD, Momentum, OptimizerConfig


class Parameters(NamedTuple):
    """Weights of networks side by side. Each layer is contiguous in memory, so no product has to copy it."""

    flat: Float[Tensor, " weight"]
    """All weights; their gradients are written to its `grad`."""
    weights: tuple[Tensor, ...]
    """Views of `flat`, one tensor per layer, with the task as the first axis."""
    gradients: tuple[Tensor, ...]
    """Views of `flat.grad` of the same shapes."""


def parameters_of(initial: Sequence[Float[np.ndarray, "task ..."]], dtype: torch.dtype) -> Parameters:
    """Copy initial weights, one array per layer, and allocate their gradients."""
    flat = torch.cat([torch.from_numpy(layer).to(dtype).flatten() for layer in initial])
    flat.grad = torch.zeros_like(flat)
    shapes = [layer.shape for layer in initial]
    return Parameters(flat, _views(flat, shapes), _views(flat.grad, shapes))


def build_optimizer(config: OptimizerConfig, flat: Float[Tensor, " weight"]) -> torch.optim.Optimizer:
    """Build the optimizer that updates `flat` from its gradient, in one sweep over memory."""
    if isinstance(config, SGD):
        return torch.optim.SGD([flat], lr=config.learning_rate, fused=True)
    if isinstance(config, Momentum):
        return torch.optim.SGD([flat], lr=config.learning_rate, momentum=config.momentum, fused=True)
    return torch.optim.Adam([flat], lr=config.learning_rate, fused=True)


def record_steps(num_steps: int, num_records: int) -> Int[np.ndarray, " time"]:
    """Return the numbers of steps after which learners are recorded: 0, then log-spaced from 1 to `num_steps`.

    Steps that round to the same number are recorded once.
    """
    later = np.rint(np.geomspace(num_steps, 1, num_records - 1))
    return np.unique(np.append(later, 0).astype(int))


def require_finite(values: Float[Tensor, "..."], learning_rate: float) -> None:
    """Raise `FloatingPointError` if a learner has diverged."""
    if not bool(values.isfinite().all()):
        raise FloatingPointError(
            f"training diverged: outputs are not finite; lower learning_rate (now {learning_rate:g})"
        )


def _views(flat: Tensor, shapes: list[tuple[int, ...]]) -> tuple[Tensor, ...]:
    pieces = flat.split([math.prod(shape) for shape in shapes])
    return tuple(piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True))
