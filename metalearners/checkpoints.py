"""Weights on disk, as safetensors files and never as pickles."""

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from metalearners.atomic import write_atomically


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, object]) -> None:
    """Write named tensors and JSON-able metadata to one safetensors file, atomically."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = safetensors.torch.save(contiguous, {name: json.dumps(value) for name, value in metadata.items()})
    write_atomically(path, content)


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Read named tensors and metadata from a safetensors file.

    Raises `FileNotFoundError` if there is no such file and `ValueError` if it is truncated or not safetensors.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = {name: _from_json(value) for name, value in (file.metadata() or {}).items()}
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise ValueError(f"{path} is truncated or not a safetensors file ({error})") from error


def _from_json(value: str) -> object:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def load_weights(module: nn.Module, path: Path) -> dict[str, object]:
    """Load the weights of a safetensors file into a module and return the file's metadata.

    Raises `ValueError` with the first difference if names or shapes in the file and in the module differ, and if a
    weight is not finite.
    """
    tensors, metadata = load_tensors(path)
    expected = module.state_dict()
    missing = [name for name in expected if name not in tensors]
    surplus = [name for name in tensors if name not in expected]
    if missing or surplus:
        detail = f"it lacks {missing[0]!r}" if missing else f"it has {surplus[0]!r}, which the network lacks"
        raise ValueError(f"{path} holds the weights of another network: {detail}")
    for name, tensor in expected.items():
        if tensor.shape != tensors[name].shape:
            raise ValueError(
                f"{path} holds the weights of another network: {name!r} has shape {tuple(tensors[name].shape)}, "
                f"the network needs {tuple(tensor.shape)}"
            )
    if any(not torch.isfinite(tensor).all() for tensor in tensors.values() if tensor.is_floating_point()):
        raise ValueError(
            f"weights must be finite; got NaN or infinity in {path}. Use a checkpoint of a run that did not diverge"
        )
    module.load_state_dict(tensors)
    return metadata
