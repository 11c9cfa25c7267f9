"""Long campaigns: thousands of generated cases, each of which must end as it should.

A module here is one campaign. It has `COUNT`, how many cases there are, and `run_one(index, folder)`, which runs the
case of an index in an empty folder, returns its outcome in one word and raises `AssertionError` where it is wrong. What
the cases share may lie in `folder.parent`. `python -m tests.campaigns` runs them all, and resumes.
"""

import importlib
import pkgutil
from types import ModuleType


def names() -> list[str]:
    """Return the names of all campaigns: the modules of this package without an underscore."""
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith(("_", "test_"))]


def load(name: str) -> ModuleType:
    """Return the module of a campaign."""
    return importlib.import_module(f"{__name__}.{name}")
