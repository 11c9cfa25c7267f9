"""Recurrent networks that learn in their activations, and their meta-training. Needs torch only; names load lazily."""

from typing import Any

import lazy_loader

_public_name, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # slow to load

        return version("bayesgauge")
    return _public_name(name)
