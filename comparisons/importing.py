"""Objects that a person names on the command line, as `package.module:name`."""

import importlib
import os
import sys
from typing import Any

from comparisons.user_code import reporting_user_code


def object_named(name: str, what: str) -> Any:
    """Return the object `name` of `package.module:name`; `what` says in messages what it is for.

    The current folder is on the path, as it is for `python -m`. Raises `ValueError` for a name that is not of this
    form or does not exist, and `ImportError` where the package cannot be imported.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ValueError(f"{what} must be package.module:name; got {name!r}")
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        with reporting_user_code():
            module = importlib.import_module(module_name)
    finally:
        sys.path.remove(folder)
    if not hasattr(module, attribute):
        raise ValueError(f"{what} must exist; {module_name} has no {attribute!r}")
    return getattr(module, attribute)
