"""Weights on disk, as safetensors files and never as pickles."""

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from metalearners.atomic import write_atomically
from metalearners.sealed_files import read_seal, seal, stamp


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, object]) -> None:
    """Write named tensors and JSON-able metadata to one safetensors file, atomically; equal contents are equal bytes.

    The metadata also says to whom the file belongs, if that is known (`metalearners.sealed_files.stamped`).
    """
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    written = {name: json.dumps(value, sort_keys=True) for name, value in {**metadata, **stamp()}.items()}
    write_atomically(path, seal(safetensors.torch.save(contiguous, written)))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Read named tensors and metadata from a safetensors file.

    Raises `FileNotFoundError` if there is no such file and `ValueError` if it is not safetensors, truncated or changed.
    """
    metadata = read_seal(path)
    try:
        return safetensors.torch.load_file(path), metadata
    except SafetensorError as error:
        raise ValueError(f"{path} is truncated or not a safetensors file ({error})") from error


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
