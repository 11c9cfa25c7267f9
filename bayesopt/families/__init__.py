"""Task families, one file each. The file's existence is its registration and its name is the family's id.

`beta_bernoulli.py` defines `BetaBernoulli`. Nothing is imported until it is asked for; the type stub beside this file
is generated (`python -m bayesopt.families.stub`) so that type checkers see what discovery finds.
"""

import difflib
import importlib
import pkgutil
from typing import Any

from bayesopt.family import AbstractFamily, family_id

_NOT_FAMILIES = {"stub"}


def family_ids() -> list[str]:
    """The ids of all families, in alphabetical order, without importing them."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NOT_FAMILIES)


def class_name(identifier: str) -> str:
    """The class that a family file must define: `beta_bernoulli` defines `BetaBernoulli`."""
    return "".join(word.capitalize() for word in identifier.split("_"))


def load(name: str) -> type[AbstractFamily]:
    """The class of a family, by its id or its class name.

    Raises `KeyError` naming all ids if there is none, `ImportError` if the file does not define its class.
    """
    for identifier in family_ids():
        if name in (identifier, class_name(identifier)):
            module = importlib.import_module(f"{__name__}.{identifier}")
            cls = getattr(module, class_name(identifier), None)
            if not (isinstance(cls, type) and issubclass(cls, AbstractFamily) and family_id(cls) == identifier):
                raise ImportError(f"families/{identifier}.py must define a family class {class_name(identifier)}")
            return cls
    matches = difflib.get_close_matches(name, family_ids(), n=1)
    hint = f" (did you mean {matches[0]!r}?)" if matches else ""
    raise KeyError(f"no family {name!r}{hint}; there are {', '.join(family_ids())}")


def discover() -> dict[str, type[AbstractFamily]]:
    """Every family's class by its id; imports them all."""
    return {identifier: load(identifier) for identifier in family_ids()}


def __getattr__(name: str) -> Any:
    if name in map(class_name, family_ids()):
        return load(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *map(class_name, family_ids())]
