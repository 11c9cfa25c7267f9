"""Calls of torch modules that somebody else built: of any dtype, on any device, with any container around the output.

A module receives inputs in the dtype and on the device of its own parameters. What it returns may be a tensor, or a
tuple, list, mapping or object that holds it beside other things, such as a recurrent state.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


def called(network: nn.Module, inputs: Tensor, *state: Any) -> Any:
    """Return what a network returns for inputs, which it receives in its own dtype and on its own device.

    Raises `ValueError` for a network that changes global settings of torch. `own_settings` sets them back.
    """
    inputs = as_in(network, inputs)
    keyword = _required_keyword(network)
    before = global_settings()
    returned = network(inputs, *state) if keyword is None else network(*state, **{keyword: inputs})
    if (after := global_settings()) != before:
        raise ValueError(f"it changes global settings ({changes(before, after)}); leave them as they are")
    return returned


def global_settings() -> dict[str, Any]:
    """Return settings of torch that a network could change for everybody, by their names in messages."""
    return {
        "gradient mode": torch.is_grad_enabled(),
        "default dtype": torch.get_default_dtype(),
        "number of threads": torch.get_num_threads(),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return the names of the settings that differ."""
    return ", ".join(name for name in before if before[name] != after[name])


def as_in(network: nn.Module, values: Tensor) -> Tensor:
    """Return values on the device of a network's parameters and, if they are no integers, in their dtype."""
    own = next((part for part in _tensors(network) if part.is_floating_point()), None)
    if own is None:
        return values
    return values.to(own.device, own.dtype if values.is_floating_point() else values.dtype)


def output_of(returned: Any, shape: tuple[int, ...]) -> Float[Tensor, "..."]:
    """Return the one output among what a network returned; `shape` is the shape that is expected of it.

    A tensor is the output. In a container the output is the one tensor of that shape or, if there is none, the first
    element of a tuple or list. Raises `ValueError` where several tensors have that shape, and where there is no tensor.
    """
    if isinstance(returned, Tensor):
        return returned
    parts = _parts(returned)
    tensors = {name: part for name, part in parts.items() if isinstance(part, Tensor)}
    fitting = [name for name, part in tensors.items() if tuple(part.shape) == shape]
    if len(fitting) > 1 and shape[:2] != (1, 1):  # one step of one task has the shape of a recurrent state
        raise ValueError(
            f"it returns {len(fitting)} tensors of shape {shape} ({', '.join(fitting)}), and which of them is the "
            "output is not clear; return one tensor, whose last axis holds all outputs"
        )
    if fitting:
        return tensors[fitting[0]]
    if isinstance(returned, tuple | list) and tensors and isinstance(returned[0], Tensor):
        return returned[0]
    held = ", ".join(f"{name}: {_described(part)}" for name, part in parts.items()) or "nothing"
    raise ValueError(
        f"it returns a {type(returned).__name__} without a tensor of shape {shape}; it holds {held}. Return the tensor"
    )


def in_one_line(error: BaseException) -> str:
    """Return the type of an exception and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).splitlines() or ['no message'])[0]}"


@contextlib.contextmanager
def evaluated(network: nn.Module) -> Iterator[None]:
    """Switch a network to evaluation mode and gradients off within the context.

    Afterwards every one of its modules is in the mode in which it was before.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, was_training in modes:
            if module.training != was_training:
                module.training = was_training


def _tensors(network: nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from network.buffers()


def _required_keyword(network: nn.Module) -> str | None:
    """Return the name of the input of a network that takes it by keyword only."""
    forward = next((vars(kind)["forward"] for kind in type(network).__mro__ if "forward" in vars(kind)), None)
    return _only_keyword(forward) if inspect.isfunction(forward) else None


@functools.lru_cache(maxsize=256)
def _only_keyword(forward: Callable[..., Any]) -> str | None:
    _, *parameters = inspect.signature(forward).parameters.values()
    if any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in parameters):
        return None
    required = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    return required[0] if len(required) == 1 else None


def _parts(returned: Any) -> dict[str, Any]:
    """Return the elements of a container by name."""
    if isinstance(returned, Mapping):
        return {str(name): part for name, part in returned.items()}
    if isinstance(returned, tuple | list):
        return {f"element {index}": part for index, part in enumerate(returned)}
    return dict(getattr(returned, "__dict__", {}))


def _described(part: Any) -> str:
    return f"a tensor of shape {tuple(part.shape)}" if isinstance(part, Tensor) else f"a {type(part).__name__}"
