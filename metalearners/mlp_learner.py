"""Multilayer perceptrons, each trained by gradient descent on one function (Rahaman et al. 2018).

The networks are fully connected, map a number to a number, and are trained on the mean squared error over all points at
once. Weights and biases start as in torch's linear layers: uniform within ± 1 / sqrt(inputs of the layer). Inputs are
standardised, which makes learning faster without changing its order. Gradients are computed by explicit formulas, so
that each step is a handful of batched products over many networks.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metalearners.learner_configs import MLPConfig, ReLU, Tanh
from metalearners.optimizers import build_optimizer, parameters_of, record_steps, require_finite
from metalearners.own_settings import own_settings

TASKS_AT_ONCE = 64
"""Networks that are stepped together, few enough for the processor's caches."""


class LearnedFunctions(NamedTuple):
    """Outputs of networks during training."""

    steps: Int[np.ndarray, " time"]
    """Gradient steps taken before each record; the first is 0."""
    outputs: Float[np.ndarray, "task time point"]
    """Outputs at the training points."""


@own_settings()
def learn_functions(
    points: Float[np.ndarray, " point"], targets: Float[np.ndarray, "task point"], config: MLPConfig, *, seed: int
) -> LearnedFunctions:
    """Train one network per task, from scratch, in single precision.

    A task's initial weights depend on the seed, its position and the sizes, not on how many tasks follow it. Raises
    `FloatingPointError` if a network diverges.
    """
    steps = record_steps(config.num_steps, config.num_records)
    inputs = (points - points.mean()) / points.std()
    blocks = [targets[start : start + TASKS_AT_ONCE] for start in range(0, len(targets), TASKS_AT_ONCE)]
    outputs = [_learn_block(inputs, block, steps, config, seed=(seed, place)) for place, block in enumerate(blocks)]
    return LearnedFunctions(steps, np.concatenate(outputs))


def _learn_block(
    points: Float[np.ndarray, " point"],
    targets: Float[np.ndarray, "task point"],
    steps: Int[np.ndarray, " time"],
    config: MLPConfig,
    *,
    seed: tuple[int, int],
) -> Float[np.ndarray, "task time point"]:
    """Return the outputs of networks that are stepped together."""
    num_tasks, num_points = targets.shape
    parameters = parameters_of(initial_layers(num_tasks, config.hidden_sizes, seed=seed), torch.float32)
    optimizer = build_optimizer(config.optimizer, parameters.flat)
    inputs = torch.from_numpy(points).float().expand(num_tasks, num_points)[..., None].contiguous()
    goals = torch.from_numpy(targets).float()[..., None]
    signals = [inputs, *(inputs.new_empty(num_tasks, num_points, bias.shape[2]) for bias in parameters.weights[1::2])]
    errors = [torch.empty_like(signal) for signal in signals[1:]]
    records = np.empty((num_tasks, len(steps), num_points))
    record = 0
    for step in range(config.num_steps + 1):
        write_signals(parameters.weights, signals, config.activation)
        if step == steps[record]:
            require_finite(signals[-1], config.optimizer.learning_rate)
            records[:, record] = signals[-1][..., 0].numpy()
            record += 1
        if step < config.num_steps:
            torch.sub(signals[-1], goals, out=errors[-1]).mul_(2 / num_points)
            write_gradients(parameters.weights, parameters.gradients, signals, errors, config.activation)
            optimizer.step()
    return records


def initial_layers(
    num_tasks: int, hidden_sizes: Sequence[int], *, seed: tuple[int, ...]
) -> list[Float[np.ndarray, "task _ _"]]:
    """Return weights `(task, input, output)` and biases `(task, 1, output)` of every layer in turn, before training."""
    sizes = list(zip([1, *hidden_sizes], [*hidden_sizes, 1], strict=True))
    counts = [(num_inputs + 1) * num_outputs for num_inputs, num_outputs in sizes]
    draws = np.random.default_rng(seed).uniform(-1, 1, (num_tasks, sum(counts)))
    layers = []
    for (num_inputs, num_outputs), piece in zip(sizes, np.split(draws, np.cumsum(counts)[:-1], axis=1), strict=True):
        layer = piece.reshape(num_tasks, num_inputs + 1, num_outputs) / np.sqrt(num_inputs)
        layers += [layer[:, :-1].copy(), layer[:, -1:].copy()]
    return layers


def write_signals(
    layers: Sequence[Float[Tensor, "task _ _"]],
    signals: Sequence[Float[Tensor, "task point _"]],
    activation: ReLU | Tanh,
) -> None:
    """Write the activations of every layer into `signals[1:]`, from the inputs `signals[0]` to the outputs."""
    for depth, (weights, biases) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        signal = torch.baddbmm(biases, signals[depth], weights, out=signals[depth + 1])
        if depth < len(signals) - 2:
            signal.relu_() if isinstance(activation, ReLU) else signal.tanh_()


def write_gradients(
    layers: Sequence[Float[Tensor, "task _ _"]],
    gradients: Sequence[Float[Tensor, "task _ _"]],
    signals: Sequence[Float[Tensor, "task point _"]],
    errors: Sequence[Float[Tensor, "task point _"]],
    activation: ReLU | Tanh,
) -> None:
    """Write the gradients of a loss into `gradients`.

    `errors[-1]` holds the gradient of the loss with respect to the outputs. The other errors are overwritten.
    """
    backward = torch.ops.aten.threshold_backward if isinstance(activation, ReLU) else torch.ops.aten.tanh_backward
    settings = (0,) if isinstance(activation, ReLU) else ()
    for depth in reversed(range(len(errors))):
        error, signal = errors[depth], signals[depth]
        torch.bmm(signal.mT, error, out=gradients[2 * depth])
        torch.sum(error, dim=1, keepdim=True, out=gradients[2 * depth + 1])
        if depth > 0:
            torch.bmm(error, layers[2 * depth].mT, out=errors[depth - 1])
            backward.grad_input(errors[depth - 1], signal, *settings, grad_input=errors[depth - 1])
