"""Checks of families' hyper-parameters; each raises `ValueError` with the field, the allowed values and the value."""

import math


def require_positive(owner: object, field: str) -> None:
    """Require a finite number above zero, or a non-empty tuple of such numbers."""
    value = getattr(owner, field)
    values = value if isinstance(value, tuple) else (value,)
    if not values or not all(_is_number(v) and math.isfinite(v) and v > 0 for v in values):
        kind = "a non-empty tuple of finite numbers > 0" if isinstance(value, tuple) else "a finite number > 0"
        raise ValueError(f"{type(owner).__name__}: {field} must be {kind}; got {value!r}")


def require_non_negative(owner: object, field: str) -> None:
    """Require a finite number of at least zero."""
    value = getattr(owner, field)
    if not (_is_number(value) and math.isfinite(value) and value >= 0):
        raise ValueError(f"{type(owner).__name__}: {field} must be a finite number >= 0; got {value!r}")


def require_finite(owner: object, field: str) -> None:
    """Require a finite number, or a non-empty tuple of finite numbers."""
    value = getattr(owner, field)
    values = value if isinstance(value, tuple) else (value,)
    if not values or not all(_is_number(v) and math.isfinite(v) for v in values):
        kind = "a non-empty tuple of finite numbers" if isinstance(value, tuple) else "a finite number"
        raise ValueError(f"{type(owner).__name__}: {field} must be {kind}; got {value!r}")


def require_count(owner: object, field: str, *, least: int = 0) -> None:
    """Require an integer of at least `least`."""
    value = getattr(owner, field)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{type(owner).__name__}: {field} must be an integer of at least {least}; got {value!r}")


def require_equal_lengths(owner: object, *fields: str) -> None:
    """Require tuples of equal length."""
    lengths = {field: len(getattr(owner, field)) for field in fields}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} of {field}" for field, length in lengths.items())
        raise ValueError(f"{type(owner).__name__}: {' and '.join(fields)} must have equal lengths; got {found}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
