"""Gradient descent on many small networks at once: one flat vector holds the weights of all of them.

Every rule in `learner_configs` moves each weight by its own gradients alone, so networks that share a vector, and an
optimiser, never feel each other.
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
    """Weights of networks side by side; every layer's are one contiguous stretch, so no product has to copy them."""

    flat: Float[Tensor, " weight"]
    """All weights; its `grad` is where gradients are written."""
    weights: tuple[Tensor, ...]
    """The same memory, one tensor per layer, the first axis of each over tasks."""
    gradients: tuple[Tensor, ...]
    """Views of `flat.grad` of the same shapes."""


def parameters_of(initial: Sequence[Float[np.ndarray, "task ..."]], dtype: torch.dtype) -> Parameters:
    """Copies of initial weights, one array per layer, with room for their gradients."""
    flat = torch.cat([torch.from_numpy(layer).to(dtype).flatten() for layer in initial])
    flat.grad = torch.zeros_like(flat)
    shapes = [layer.shape for layer in initial]
    return Parameters(flat, _views(flat, shapes), _views(flat.grad, shapes))


def build_optimizer(config: OptimizerConfig, flat: Float[Tensor, " weight"]) -> torch.optim.Optimizer:
    """What moves `flat` by its gradient, all in one sweep over memory."""
    if isinstance(config, SGD):
        return torch.optim.SGD([flat], lr=config.learning_rate, fused=True)
    if isinstance(config, Momentum):
        return torch.optim.SGD([flat], lr=config.learning_rate, momentum=config.momentum, fused=True)
    return torch.optim.Adam([flat], lr=config.learning_rate, fused=True)


def record_steps(num_steps: int, num_records: int) -> Int[np.ndarray, " time"]:
    """Numbers of steps after which learners are looked at: 0, then log-spaced from 1 to `num_steps`.

    Steps that round to the same number are recorded once.
    """
    later = np.rint(np.geomspace(num_steps, 1, num_records - 1))
    return np.unique(np.append(later, 0).astype(int))


def require_finite(values: Float[Tensor, "..."], learning_rate: float) -> None:
    """Refuse what a diverging learner has become."""
    if not bool(values.isfinite().all()):
        raise FloatingPointError(f"the learner diverged: use a learning rate below {learning_rate:g}")


def _views(flat: Tensor, shapes: list[tuple[int, ...]]) -> tuple[Tensor, ...]:
    pieces = flat.split([math.prod(shape) for shape in shapes])
    return tuple(piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True))
