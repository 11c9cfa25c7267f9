"""A user's own network from the command line: a factory by name, and weights from a safetensors file."""

import importlib
import os
import sys
from pathlib import Path

from torch import nn

from metalearners.checkpoints import load_weights


def load_network(factory: str, weights: Path | None) -> nn.Module:
    """The module that `package.module:factory` makes, filled with `weights` if given.

    The current folder is on the path, as it is for `python -m`. Raises `ValueError` for a name that is not of this
    form or does not lead to a module, `ImportError` where the package cannot be imported, and as `load_weights` does.
    """
    module_name, _, attribute = factory.partition(":")
    if not module_name or not attribute:
        raise ValueError(f"--network must be package.module:factory; got {factory!r}")
    sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    finally:
        sys.path.remove(os.getcwd())
    make = getattr(module, attribute, None)
    if not callable(make):
        raise ValueError(f"{module_name} has no callable {attribute!r}")
    network = make()
    if not isinstance(network, nn.Module):
        raise ValueError(f"{factory} must make a torch.nn.Module; it made a {type(network).__name__}")
    if weights is not None:
        load_weights(network, weights)
    return network
