"""What an experiment is told apart by: plain names, and the source of code that is not of these packages."""

import hashlib
import inspect
import sys
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

SOURCE_OF = "source of "
"""How the name of an entry begins that holds the hash of a module's source; no field can be called so."""

_OWN_PACKAGES = ("bayesopt", "metalearners", "comparisons")
_FAMILIES = {
    "bernoulli_bandit",
    "beta_bernoulli",
    "contextual_bandit",
    "correlated_bandit",
    "dirichlet_categorical",
    "exponential_bandit",
    "fixed_arm_bandit",
    "foraging_grid",
    "function_regression",
    "gamma_exponential",
    "gaussian_bandit",
    "linear_regression",
    "normal_normal",
}
"""Families whose results were stored without a hash of their source; a change that moves them raises a version."""
_MOST_BYTES = 100
_FORBIDDEN = '/\\:*?"<>|'
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
"""Names that Windows keeps for devices, with any ending."""


def require_plain_name(name: object, what: str) -> None:
    """Raise `ValueError` unless a name can be that of a file on every system, and of nothing outside its folder."""
    if reason := _reason_against(name):
        raise ValueError(
            f"{what} must be a plain file name of 1 to {_MOST_BYTES} bytes, as 'my_map'; got {name!r}, {reason}"
        )


def _reason_against(name: object) -> str:
    """Return why a name cannot be a file's; empty if it can."""
    if not isinstance(name, str):
        return f"a {type(name).__name__}"
    if not name.isprintable() or any(sign in _FORBIDDEN for sign in name):
        return f"with a control character or one of {' '.join(_FORBIDDEN)}"
    if not 0 < len(name.encode()) <= _MOST_BYTES:
        return "which is empty" if not name else f"of {len(name.encode())} bytes"
    if name[0] in ". -" or name[-1] in ". ":
        return "which begins with a dot, a space or a hyphen, or ends in a dot or a space"
    if name.partition(".")[0].strip().lower() in _RESERVED:
        return "which is reserved"
    return ""


def type_of(cls: type) -> dict[str, str]:
    """Return what settings say of a class: its name; for one of your own also its module and a hash of its source.

    The modules of classes that it inherits from count too. Where there is no source, as at a prompt, the hash is that
    of the compiled methods. A family that was added to `bayesopt.families` is one of your own, because no version of
    these packages stands for its source.
    """
    if _is_versioned(cls):
        return {"type": cls.__name__}
    own = [base for base in cls.__mro__ if not _is_versioned(base) and base.__module__ not in sys.stdlib_module_names]
    sources = {f"{SOURCE_OF}{base.__module__}": hashlib.sha256(_source(base)).hexdigest()[:12] for base in own}
    return {"type": f"{cls.__module__}:{cls.__qualname__}", **sources}


def _is_versioned(cls: type) -> bool:
    """Return whether the versions of these packages stand for the source of a class."""
    package, _, rest = cls.__module__.partition(".")
    family = rest.removeprefix("families.").partition(".")[0]
    return package in _OWN_PACKAGES and (family in _FAMILIES or not rest.startswith("families."))


def _source(cls: type) -> bytes:
    path = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if path is not None and Path(path).is_file():
        return Path(path).read_bytes()
    try:
        return inspect.getsource(cls).encode()
    except (OSError, TypeError):
        defaults = [(field.name, repr(field.default)) for field in getattr(cls, "__dataclass_fields__", {}).values()]
        functions = (_function(member) for _, member in sorted(vars(cls).items()))
        codes = [_code(function.__code__) for function in functions if function is not None]
        return repr((defaults, codes)).encode()


def _function(member: Any) -> FunctionType | None:
    """Return the function of a method, a class method, a static method or a property."""
    member = getattr(member, "fget", None) or getattr(member, "__func__", member)
    return member if isinstance(member, FunctionType) else None


def _code(code: CodeType) -> tuple[object, ...]:
    """Return what code does, without where it was written."""
    constants = tuple(_code(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts)
    return code.co_name, code.co_code.hex(), code.co_names, constants
