"""Why training stopped: what was not finite first, and what may have caused it."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

LARGE = 1e6
"""Magnitude of tasks and of weights beyond which squares and likelihoods may overflow 32 bits."""


def diverged(step: int, loss: float, batch: Any, *, largest_weight: float, settings: Any) -> FloatingPointError:
    """Return the error of a training that cannot go on after a 1-based step.

    `batch` has the tasks of that step, and `largest_weight` is the magnitude of the weights before it.
    """
    start = f"training diverged: the loss at step {step} is {loss}; "
    tensors = dict(_tensors(batch))
    slower = f"lower learning_rate (now {settings.learning_rate:g}) or max_gradient_norm"
    slower += f" (now {settings.max_gradient_norm:g})"
    if lost := [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]:
        return FloatingPointError(
            f"{start}the first that was not finite are the tasks themselves ({', '.join(lost)}): what the family draws "
            "overflows 32 bits or is NaN, and no learning rate helps. Check the family's hyper-parameters and its model"
        )
    if not largest_weight <= LARGE:
        return FloatingPointError(f"{start}weights had grown to {largest_weight:.3g} in the steps before: {slower}")
    largest = max((float(tensor.abs().max()) for tensor in tensors.values() if tensor.numel()), default=0.0)
    if largest > LARGE:
        return FloatingPointError(
            f"{start}the tasks hold numbers up to {largest:.3g}, whose squares and "
            f"likelihoods overflow. Check the scales of the family's hyper-parameters, or {slower}"
        )
    return FloatingPointError(
        f"{start}tasks and weights are finite, and the network's outputs or their log probabilities are not. "
        f"Check the network for steps without a bound (exp, division, logarithms), or {slower}"
    )


def _tensors(batch: Any, name: str = "observations") -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of real numbers in a batch, with the names of their fields."""
    if isinstance(batch, Tensor):
        if batch.is_floating_point():
            yield name, batch
    elif hasattr(batch, "_asdict"):
        for field, value in batch._asdict().items():
            yield from _tensors(value, field)
    elif dataclasses.is_dataclass(batch):
        for field in dataclasses.fields(batch):
            yield from _tensors(getattr(batch, field.name), field.name)
    elif isinstance(batch, tuple | list):
        for value in batch:
            yield from _tensors(value, name)
