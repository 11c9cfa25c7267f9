"""Reproductions of papers, one folder each. The folder's existence is its registration and its name is its id.

Its module `paper` defines `QUESTION`; `experiments()`, the frozen experiments by name; `duration(chosen)`, how long
some of them take, in words; `measures(trees, seed)`, the common table of their results; `figure_points(trees)`, tables
of points by group, each with its dimension; and `presentation()`, how both are shown and what is claimed.
"""

import importlib
import pkgutil
from types import ModuleType


def reproduction_ids() -> list[str]:
    """Return the ids of all reproductions, in alphabetical order, without importing them."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(identifier: str) -> ModuleType:
    """Return the module `paper` of a reproduction. Raises `KeyError` naming all ids if there is none."""
    if identifier not in reproduction_ids():
        raise KeyError(f"no reproduction {identifier!r}; there are {', '.join(reproduction_ids())}")
    return importlib.import_module(f"{__name__}.{identifier}.paper")
