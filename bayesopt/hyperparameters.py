"""Checks of families' hyper-parameters; each raises `ValueError` with the field, the allowed values and the value.

A field that passes holds Python numbers from then on: a float where a number is meant, an int where a count is, a tuple
of them where several are. So families with equal values are equal, have one hash and one `repr`, and their results are
in one folder. Numbers inside a JAX transformation have no value yet; they pass unchanged.
"""

import re
from collections.abc import Callable
from typing import Any

from bayesopt.inputs import LARGEST_EXACT, as_count, as_flag, as_number, as_reals, is_traced, shown

SMALLEST, LARGEST = 1e-100, 1e100
"""Range of positive hyper-parameters. Squares, reciprocals and sums of such numbers stay within float64."""


def require_positive(owner: object, field: str) -> None:
    """Require a finite number above zero, or a non-empty tuple of such numbers, within the range of float64's squares.

    Numbers below 1e-100 or above 1e100 are refused: closed forms would return NaN, or lose the update, in silence.
    """
    _hold(owner, field, "finite number{s} > 0", lambda number: number > 0)
    _require_workable(owner, field)


def require_non_negative(owner: object, field: str) -> None:
    """Require zero, or a number as `require_positive` does."""
    _hold(owner, field, "finite number{s} >= 0", lambda number: number >= 0)
    _require_workable(owner, field)


def require_finite(owner: object, field: str) -> None:
    """Require a finite number, or a non-empty tuple of finite numbers: each 0, or from 1e-100 to 1e100 in size."""
    _hold(owner, field, "finite number{s}", lambda number: True)
    _require_workable(owner, field)


def require_count(owner: object, field: str, *, least: int = 0) -> None:
    """Require an integer of at least `least`, or a non-empty tuple of such integers."""
    _hold(owner, field, "integer{s} of at least " + str(least), lambda number: number >= least, is_count=True)


def require_flag(owner: object, field: str) -> None:
    """Require True or False."""
    _set(owner, field, as_flag(f"{type(owner).__name__}: {field}", getattr(owner, field)))


def require_equal_lengths(owner: object, *fields: str) -> None:
    """Require tuples of equal length."""
    lengths = {field: len(getattr(owner, field)) for field in fields}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} of {field}" for field, length in lengths.items())
        raise ValueError(f"{type(owner).__name__}: {' and '.join(fields)} must have equal lengths; got {found}")


def require_workable(owner: object, meaning: str, number: float) -> None:
    """Require that a number made of hyper-parameters, `meaning` in words, is 0 or from 1e-100 to 1e100 in size."""
    if are_known(number) and number != 0 and not SMALLEST <= abs(number) <= LARGEST:
        raise ValueError(
            f"{type(owner).__name__}: {meaning} must be from {SMALLEST:g} to {LARGEST:g} in absolute value "
            f"(float64 cannot compute with others); got {number!r}. Measure in other units"
        )


def require_resolved(owner: object, field: str, *, beside: float, meaning: str, ratio: float = 1e-10) -> None:
    """Require a scale, or the smallest of several, of at least `ratio` times the size of what it is added to.

    `beside` is that size, and `meaning` says in words what it is. Of float64's 16 digits, the others are left for the
    scale; below that, draws and predictions lose it in silence.
    """
    value = getattr(owner, field)
    scales = value if isinstance(value, tuple) else (value,)
    if are_known(scales, beside) and min(scales) < ratio * beside:
        raise ValueError(
            f"{type(owner).__name__}: {field} must be at least {ratio:g} times {meaning}, which is {beside:g} (float64 "
            f"loses less); got {value!r}"
        )


def are_known(*values: Any) -> bool:
    """Return whether all numbers, and those in tuples, have values: none of them is inside a JAX transformation."""
    return not any(is_traced(part) for value in values for part in (value if isinstance(value, tuple) else (value,)))


def _hold(
    owner: object, field: str, allowed: str, is_allowed: Callable[[float], bool], *, is_count: bool = False
) -> None:
    """Set the field to the Python numbers that it was given, if all of them are allowed."""
    value = getattr(owner, field)
    if is_traced(value):
        return
    are_several = _holds_several(owner, field, value)
    is_integer = is_count or set(re.findall(r"int|float", _annotation(owner, field))) == {"int"}
    try:
        numbers = _numbers(field, value, is_integer) if are_several else (_number(field, value, is_integer),)
    except ValueError:
        numbers = None
    if not numbers or not all(is_traced(number) or is_allowed(number) for number in numbers):
        article = "an" if allowed.startswith("i") else "a"
        kind = f"a non-empty tuple of {allowed.format(s='s')}" if are_several else f"{article} {allowed.format(s='')}"
        raise ValueError(f"{type(owner).__name__}: {field} must be {kind}; got {shown(value)}")
    _set(owner, field, numbers if are_several else numbers[0])


def _require_workable(owner: object, field: str) -> None:
    value = getattr(owner, field)
    for number in value if isinstance(value, tuple) else (value,):
        require_workable(owner, field, number)


def _numbers(field: str, value: Any, is_integer: bool) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        array = as_reals(field, value)
        if array.ndim != 1:
            raise ValueError(f"{field} must have one axis; got {array.ndim}")
        value = array.tolist()
    return tuple(_number(field, part, is_integer) for part in value)


def _number(field: str, value: Any, is_integer: bool) -> Any:
    if is_traced(value):
        return value
    if is_integer:
        return as_count(field, value, least=-LARGEST_EXACT)
    return as_number(field, value) + 0.0  # -0.0 becomes 0.0, which it equals


def _holds_several(owner: object, field: str, value: Any) -> bool:
    """Return whether a field is for several numbers, by its annotation; if that is open, by its value."""
    annotation = _annotation(owner, field)
    if annotation.startswith("tuple") and "|" not in annotation:
        return True
    is_for_one = annotation in ("int", "float")
    return not is_for_one and (isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0)


def _annotation(owner: object, field: str) -> str:
    declared = getattr(type(owner), "__dataclass_fields__", {}).get(field)
    annotation = "" if declared is None else declared.type
    return annotation.__name__ if annotation in (int, float) else str(annotation).lower()


def _set(owner: object, field: str, value: Any) -> None:
    object.__setattr__(owner, field, value)  # the owner is a frozen dataclass that is being made
