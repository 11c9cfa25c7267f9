"""Networks by name, from checkpoints, and untrained."""

import copy
import functools
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

from torch import nn
from torch.nn.parameter import is_lazy

from bayesopt.agent import Agent
from comparisons.importing import object_named
from comparisons.seams.predictions import Module
from comparisons.seeding import integer_for
from comparisons.user_code import calling
from metalearners.checkpoints import load_tensors, load_weights
from metalearners.configs import StackedLSTMConfig
from metalearners.network import seeded
from metalearners.own_settings import own_settings
from metalearners.policy import RecurrentPolicy
from metalearners.stacked_lstm import build_stack, stack_of
from metalearners.trials import (
    TrialEncoding,
)


def load_network(factory: str, weights: Path | None) -> nn.Module:
    """Return the module that `package.module:factory` makes, filled with `weights` if given.

    Raises as `object_named` and `load_weights` do, and `ValueError` for a factory that makes no torch module.
    """
    make = object_named(factory, "--network")
    if not callable(make):
        raise ValueError(f"--network must name a callable; {factory} is a {type(make).__name__}")
    with calling(f"--network {factory} fails"):
        network = make()
    if not isinstance(network, nn.Module):
        raise ValueError(f"--network must make a torch.nn.Module; {factory} made a {type(network).__name__}")
    if weights is not None:
        load_weights(network, weights)
    return network


def architecture_of(network: Any) -> object:
    """Return what networks of one architecture share: classes, and names and shapes of parameters; else, functions."""
    if isinstance(network, nn.Module):
        parameters = ((name, tuple(part.shape)) for name, part in network.named_parameters() if not is_lazy(part))
        return (*map(type, network.modules()), *parameters)
    return _functions_in(tuple(network) if isinstance(network, Agent) else network, depth=4)


def _functions_in(value: Any, depth: int) -> object:
    """Return the code of a function and of the functions that it has closed over, or the type of anything else."""
    if isinstance(value, functools.partial):
        return (_functions_in(value.func, depth), *(_functions_in(part, depth - 1) for part in value.args))
    if isinstance(value, tuple):
        return tuple(_functions_in(part, depth) for part in value)
    if not isinstance(value, FunctionType) or depth == 0:
        return type(value)
    closed_over = (cell.cell_contents for cell in value.__closure__ or ())
    return (value.__code__, *(_functions_in(part, depth - 1) for part in closed_over))


def new_stack(config: StackedLSTMConfig, encoding: TrialEncoding, *, num_networks: int, seed: int) -> RecurrentPolicy:
    """Return untrained networks side by side, as policies."""
    stack = build_stack(
        config,
        input_size=encoding.size,
        output_size=encoding.num_arms + 1,
        num_networks=num_networks,
        seed=integer_for(seed, "initial weights"),
    )
    return RecurrentPolicy(stack, encoding)


def load_networks(paths: Sequence[Path], config: StackedLSTMConfig, encoding: TrialEncoding) -> RecurrentPolicy:
    """Return the networks of one or several stacks side by side; those that diverged have weights of NaN.

    Raises `FileNotFoundError` where a checkpoint is missing and `ValueError` where it holds something else.
    """
    prefix = "network."
    parts = [load_tensors(path)[0] for path in paths]
    weights = [{name.removeprefix(prefix): tensor for name, tensor in part.items()} for part in parts]
    try:
        return RecurrentPolicy(stack_of(weights, config), encoding)
    except (KeyError, RuntimeError) as error:
        raise ValueError(
            f"{paths[0]} does not hold the weights of these networks: {str(error).splitlines()[-1].strip()}"
        ) from error


def untrained_copy(network: Module, *, seed: int) -> Module | None:
    """Return the network with every module re-initialised; `None` if some parameters cannot be."""
    renewed: set[int] = set()
    with own_settings(network), seeded(seed):
        copied = copy.deepcopy(network)
        for module in reversed(list(copied.modules())):  # parts before the whole, which may refine them
            reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
            if callable(reset):
                reset()
                renewed |= {id(parameter) for parameter in module.parameters(recurse=False)}
    if any(id(parameter) not in renewed for parameter in copied.parameters()):
        return None
    return copied
