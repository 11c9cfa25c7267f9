"""Deep linear networks, each trained by gradient descent on one linear map (Saxe et al. 2013).

Inputs are normal with independent coordinates, outputs are weights @ inputs + noise, and the loss is half the squared
error. The records hold the effective map, the product of all layers. Gradients are computed by explicit formulas, so
that each step is a handful of batched products over hundreds of networks.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metalearners.learner_configs import BalancedInitialisation, DeepLinearConfig, FullBatch, Online
from metalearners.optimizers import build_optimizer, parameters_of, record_steps, require_finite
from metalearners.own_settings import own_settings

TASKS_AT_ONCE = 256
"""Networks that are stepped together, few enough for the processor's caches."""
INITIAL_WEIGHTS, SAMPLES = 0x57, 0x58
"""Labels that keep the draws of initial weights and of samples apart, although both use the same seed."""


class LearnedMaps(NamedTuple):
    """Effective maps of networks during training, and their losses."""

    steps: Int[np.ndarray, " time"]
    """Gradient steps taken before each record; the first is 0."""
    maps: Float[np.ndarray, "task time output input"]
    """Effective maps: the product of all layers at each record."""
    losses: Float[np.ndarray, "task time"]
    """Expected losses of these maps on noiseless targets."""


@own_settings()
def learn_linear_maps(
    weights: Float[np.ndarray, "task output input"],
    config: DeepLinearConfig,
    *,
    seed: int,
    input_scales: Sequence[float] | Float[np.ndarray, " input"],
) -> LearnedMaps:
    """Train one network per task, from scratch.

    `input_scales` are the standard deviations of the inputs; ones mean whitened inputs. A task's initial weights and
    samples depend on the seed, its position and the sizes, not on how many tasks follow it. Raises `FloatingPointError`
    if a network diverges.
    """
    scales = np.asarray(input_scales, dtype=float)
    if scales.shape != weights.shape[2:] or not np.all(scales > 0):
        raise ValueError(f"input_scales must be {weights.shape[2]} positive numbers; got {input_scales!r}")
    steps = record_steps(config.num_steps, config.num_records)
    weights = np.array(weights, dtype=float)  # a copy: torch warns about arrays of JAX, which are read-only
    blocks = [weights[start : start + TASKS_AT_ONCE] for start in range(0, len(weights), TASKS_AT_ONCE)]
    maps = np.concatenate(
        [_learn_block(block, scales, steps, config, seed=(seed, place)) for place, block in enumerate(blocks)]
    )
    losses = 0.5 * (((maps - weights[:, None]) * scales) ** 2).sum(axis=(2, 3))
    return LearnedMaps(steps, maps, losses)


def _learn_block(
    weights: Float[np.ndarray, "task output input"],
    scales: Float[np.ndarray, " input"],
    steps: Int[np.ndarray, " time"],
    config: DeepLinearConfig,
    *,
    seed: tuple[int, int],
) -> Float[np.ndarray, "task time output input"]:
    """Return the effective maps of networks that are stepped together."""
    parameters = parameters_of(initial_layers(weights, config, seed=(*seed, INITIAL_WEIGHTS)), torch.float64)
    optimizer = build_optimizer(config.optimizer, parameters.flat)
    records = np.empty((len(weights), len(steps), *weights.shape[1:]))
    if isinstance(config.batches, FullBatch):
        inputs = whole_batch(len(weights), scales)
        batches = itertools.repeat((inputs, torch.from_numpy(weights) @ inputs))
    else:
        batches = _fresh_batches(weights, scales, config.batches, seed=seed)
    record = 0
    for step in range(config.num_steps + 1):
        if step == steps[record]:
            maps = end_to_end(parameters.weights)
            require_finite(maps, config.optimizer.learning_rate)
            records[:, record] = maps.numpy()
            record += 1
        if step < config.num_steps:
            write_gradients(parameters.weights, parameters.gradients, *next(batches))
            optimizer.step()
    return records


def _fresh_batches(
    weights: Float[np.ndarray, "task output input"],
    scales: Float[np.ndarray, " input"],
    batches: Online,
    *,
    seed: tuple[int, int],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the inputs and targets of each step in turn."""
    for step in itertools.count():
        inputs, noise = sample_batch(len(weights), scales, weights.shape[1], batches, seed=(*seed, SAMPLES, step))
        yield inputs, torch.from_numpy(weights) @ inputs + noise


def initial_layers(
    weights: Float[np.ndarray, "task output input"], config: DeepLinearConfig, *, seed: tuple[int, ...]
) -> list[Float[np.ndarray, "task _ _"]]:
    """Return the layers before training, from input to output; a balanced start is aligned with the tasks' modes."""
    num_tasks, output_size, input_size = weights.shape
    sizes = [input_size, *[config.hidden_size] * (config.depth - 1), output_size]
    generator = np.random.default_rng(seed)
    scale = config.initialisation.scale
    if not isinstance(config.initialisation, BalancedInitialisation):
        counts = [ours * theirs for ours, theirs in zip(sizes[1:], sizes[:-1], strict=True)]
        draws = scale * generator.standard_normal((num_tasks, sum(counts)))
        shapes = zip(sizes[1:], sizes[:-1], strict=True)
        pieces = np.split(draws, np.cumsum(counts)[:-1], axis=1)
        return [piece.reshape(num_tasks, *shape) for piece, shape in zip(pieces, shapes, strict=True)]
    num_modes = min(output_size, input_size)
    if config.depth > 1 and config.hidden_size < num_modes:
        raise ValueError(f"hidden_size must be at least {num_modes} for a balanced start; got {config.hidden_size}")
    left, _, right = np.linalg.svd(weights, full_matrices=False)
    draws = generator.standard_normal((num_tasks, config.depth - 1, config.hidden_size, num_modes))
    rotations = np.linalg.qr(draws).Q
    frames = [right.swapaxes(1, 2), *rotations.swapaxes(0, 1), left]
    return [scale * ours @ theirs.swapaxes(1, 2) for ours, theirs in zip(frames[1:], frames[:-1], strict=True)]


def whole_batch(num_tasks: int, scales: Float[np.ndarray, " input"]) -> Float[Tensor, "task input sample"]:
    """Return inputs that make the summed loss equal to the expected loss.

    There is one sample along each coordinate of the input.
    """
    return torch.from_numpy(np.tile(np.diag(scales), (num_tasks, 1, 1)))


def sample_batch(
    num_tasks: int, scales: Float[np.ndarray, " input"], output_size: int, batches: Online, *, seed: tuple[int, ...]
) -> tuple[Float[Tensor, "task input sample"], Float[Tensor, "task output sample"]]:
    """Return the inputs of one step and the noise on targets, scaled so that mean losses are sums over samples."""
    num_noises = output_size if batches.noise_scale > 0 else 0
    draws = np.random.default_rng(seed).standard_normal((num_tasks, len(scales) + num_noises, batches.batch_size))
    draws = torch.from_numpy(draws / np.sqrt(batches.batch_size))
    inputs = draws[:, : len(scales)] * torch.from_numpy(scales)[:, None]
    if not num_noises:
        return inputs, inputs.new_zeros(num_tasks, output_size, batches.batch_size)
    return inputs, batches.noise_scale * draws[:, len(scales) :]


def write_gradients(
    layers: Sequence[Float[Tensor, "task _ _"]],
    gradients: Sequence[Float[Tensor, "task _ _"]],
    inputs: Float[Tensor, "task input sample"],
    targets: Float[Tensor, "task output sample"],
) -> None:
    """Write the gradients of ½ Σ (targets - layers[-1] … layers[0] inputs)² over samples into `gradients`."""
    signals = [inputs]
    for layer in layers:
        signals.append(layer @ signals[-1])
    errors = signals.pop() - targets
    for layer, gradient, signal in zip(reversed(layers), reversed(gradients), reversed(signals), strict=True):
        torch.bmm(errors, signal.mT, out=gradient)
        if layer is not layers[0]:
            errors = layer.mT @ errors


def end_to_end(layers: Sequence[Float[Tensor, "task _ _"]]) -> Float[Tensor, "task output input"]:
    """Return the effective maps, the products of all layers."""
    product = layers[0]
    for layer in layers[1:]:
        product = layer @ product
    return product
