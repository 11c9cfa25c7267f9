"""Checks of the fields of settings; each raises `ValueError` with the field, the allowed values and the value.

A field that passes holds Python numbers from then on, so settings of equal values are equal, print alike and lead to
one folder of results. Numbers may come from NumPy, JAX or torch, as scalars or as arrays without axes.
(`bayesopt.inputs` does the same for families and their data. Neither package may import the other.)
"""

import math
import numbers
from collections.abc import Callable
from typing import Any

LARGEST_EXACT = 2**53
"""Integers beyond this have no exact float64."""

MOST_RECORDS = 100_000
"""Largest number of checkpoints or records of a training."""


def plain(value: Any) -> Any:
    """Return a number of any library as Python's int, float or bool, and anything else as it is."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def require_at_least_one(owner: object, field: str) -> None:
    """Require an integer of at least 1."""
    require_count(owner, field, least=1)


def require_count(owner: object, field: str, *, least: int = 0, most: int = LARGEST_EXACT) -> None:
    """Require an integer from `least` to `most`; a float without a fraction, such as 20.0, counts as one."""
    value = plain(getattr(owner, field))
    is_high = _is_number(value) and value > most
    allowed = f"an integer from {least} to {most}" if is_high else f"an integer of at least {least}"
    _set(owner, field, _integer(owner, field, value, allowed, least, most))


def require_counts(owner: object, field: str, *, least: int = 0) -> None:
    """Require a tuple of integers of at least `least`; it may be empty. A list or an array becomes a tuple."""
    allowed = f"a tuple of integers of at least {least}"
    values = _several(owner, field, allowed)
    _set(owner, field, tuple(_integer(owner, field, value, allowed, least) for value in values))


def require_between(
    owner: object, field: str, low: float, high: float, *, includes_low: bool = True, includes_high: bool = True
) -> None:
    """Require a number in an interval."""
    interval = f"{'[' if includes_low else '('}{low:g}, {high:g}{']' if includes_high else ')'}"

    def is_allowed(value: float) -> bool:
        return low < value < high or (includes_low and value == low) or (includes_high and value == high)

    _set(owner, field, _real(owner, field, getattr(owner, field), f"in {interval}", is_allowed))


def require_reals(owner: object, field: str) -> None:
    """Require a tuple of finite numbers; it may be empty. A list or an array becomes a tuple."""
    allowed = "a tuple of finite numbers"
    values = _several(owner, field, allowed)
    _set(owner, field, tuple(_real(owner, field, value, allowed, math.isfinite) for value in values))


def require_real(owner: object, field: str) -> None:
    """Require a finite number."""
    _set(owner, field, _real(owner, field, getattr(owner, field), "a finite number", math.isfinite))


def require_tuple(owner: object, field: str, kind: type) -> None:
    """Require a tuple of values of a class; a list becomes a tuple."""
    values = _several(owner, field, f"a tuple of {kind.__name__}")
    if not all(isinstance(value, kind) for value in values):
        raise _refusal(owner, field, f"a tuple of {kind.__name__}")
    _set(owner, field, values)


def require_flags(owner: object, *fields: str) -> None:
    """Require fields that are True or False."""
    for field in fields:
        value = plain(getattr(owner, field))
        if not isinstance(value, bool):
            raise _refusal(owner, field, "True or False")
        _set(owner, field, value)


def _integer(owner: object, field: str, value: Any, allowed: str, least: int, most: int = LARGEST_EXACT) -> int:
    number = plain(value)
    if not _is_number(number) or not least <= number <= most or number != int(number):
        raise _refusal(owner, field, allowed)
    return int(number)


def _real(owner: object, field: str, value: Any, allowed: str, is_allowed: Callable[[float], bool]) -> float:
    number = plain(value)
    try:
        real = float(number) if _is_number(number) else math.nan
    except OverflowError:  # an integer beyond float64
        real = math.nan
    if not is_allowed(real):
        raise _refusal(owner, field, allowed)
    return real


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _several(owner: object, field: str, allowed: str) -> tuple[Any, ...]:
    value = getattr(owner, field)
    if isinstance(value, (str, bytes, dict, set)) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) != 1:
        raise _refusal(owner, field, allowed)
    return tuple(value)


def _refusal(owner: object, field: str, allowed: str) -> ValueError:
    shown = " ".join(repr(getattr(owner, field)).split())
    shown = shown if len(shown) <= 200 else f"{shown[:197]}..."
    return ValueError(f"{type(owner).__name__}: {field} must be {allowed}; got {shown}")


def _set(owner: object, field: str, value: Any) -> None:
    object.__setattr__(owner, field, value)  # the owner is a frozen dataclass that is being made
