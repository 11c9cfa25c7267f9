"""Reproductions of papers, one folder each. The folder's existence is its registration and its name is its id.

Its module `paper` defines `QUESTION`; `experiments()`, the frozen experiments by name; `further_experiments()`, those
that run only by name; `duration(chosen)`, how long some of them take, in words; `measures(trees)`, the common table of
their results; `figure_points(trees)`, what figures are drawn from; and `statements()`, the statements of all claims.
Its module `kind` says how the table is shown and what is claimed.
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
