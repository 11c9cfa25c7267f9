"""Numbers and arrays that users hand in, turned into Python numbers and NumPy arrays, or refused in one line.

Every public function reads its numbers here. A number may come from Python, NumPy, JAX or torch, as a scalar or as an
array without axes. An array may be anything that holds real numbers: nested sequences, arrays of NumPy in any layout
and byte order, JAX arrays, torch tensors with or without gradients, pandas or xarray objects. Nothing is guessed:
masked or missing values, text, dates, complex numbers, truth values where numbers are meant, and numbers beyond float64
raise `ValueError`. Neither JAX nor torch is imported.
"""

import decimal
import fractions
import math
import sys
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

Numbers = Any
"""Numbers, nested sequences of numbers, or arrays of any library: anything that `as_array` reads."""

LARGEST_EXACT = 2**53
"""Integers beyond this have no exact float64."""

_PLAIN = {bool, int, float}
_SHOWN = 200


def as_number(name: str, value: Any, *, low: float = -math.inf, high: float = math.inf) -> float:
    """Return a finite real number from `low` to `high` as a Python float.

    Raises `ValueError` for anything else. Truth values are not numbers; fractions and decimals are rounded.
    """
    plain = _scalar(value)
    plain = None if plain is None else _as_float(plain)
    if plain is None or not math.isfinite(plain) or not low <= plain <= high:
        allowed = "a finite number"
        if low > -math.inf:
            allowed = f"in [{low:g}, {high:g}]" if high < math.inf else f"a finite number of at least {low:g}"
        raise ValueError(f"{name} must be {allowed}; got {shown(value)}")
    return plain


def as_count(name: str, value: Any, *, least: int = 0, most: int = LARGEST_EXACT, reason: str = "") -> int:
    """Return an integer from `least` to `most` as a Python int. A float without a fraction, such as 20.0, counts too.

    Raises `ValueError` for anything else; the message says the `reason` of the limits.
    """
    plain = _scalar(value)
    is_count = plain is not None and (isinstance(plain, int) or plain.is_integer()) and least <= plain <= most
    if plain is None or not is_count:
        is_low = most == LARGEST_EXACT and not (plain is not None and plain > most)
        allowed = f"of at least {least}" if is_low else f"from {least} to {most}"
        because = f" ({reason})" if reason else ""
        raise ValueError(f"{name} must be an integer {allowed}{because}; got {shown(value)}")
    return int(plain)


def as_flag(name: str, value: Any) -> bool:
    """Return True or False as a Python bool. Raises `ValueError` for anything else, 0 and 1 included."""
    plain = value if isinstance(value, bool) else _read(name, value, (), allowed="True or False")
    if isinstance(plain, np.ndarray) and (plain.ndim or plain.dtype != bool):
        raise ValueError(f"{name} must be True or False; got {shown(value)}")
    return bool(plain)


def as_array(name: str, value: Numbers, *, dims: tuple[str, ...] = ()) -> Shaped[np.ndarray, "..."]:
    """Return an array of bool, int64 or float64 with the same values; they need not be finite.

    `dims` names the leading axes: an xarray object whose dimensions have these names in another order is transposed.
    Raises `ValueError` for what is not an array of real numbers, and for masked or missing values.
    """
    return _read(name, value, dims)


def as_floats(name: str, value: Numbers, *, dims: tuple[str, ...] = ()) -> Float[np.ndarray, "..."]:
    """Return an array in float64, finite or not. Raises `ValueError` as `as_array` does, and for truth values."""
    array = _read(name, value, dims)
    if array.dtype == bool:
        raise ValueError(f"{name} must be numbers; got truth values. Convert them to 0 and 1 if that is what they mean")
    return array.astype(np.float64, copy=False)


def as_reals(name: str, value: Numbers, *, dims: tuple[str, ...] = ()) -> Float[np.ndarray, "..."]:
    """Return an array of finite numbers in float64. Raises `ValueError` as `as_floats` does."""
    return finite(name, as_floats(name, value, dims=dims))


def as_integers(name: str, value: Numbers, *, dims: tuple[str, ...] = ()) -> Int[np.ndarray, "..."]:
    """Return an array of integers in int64; floats that are integers count as such. Raises `ValueError` otherwise."""
    array = as_array(name, value, dims=dims)
    if array.dtype == bool:
        raise ValueError(f"{name} must be integers; got truth values")
    if array.dtype != np.int64:
        is_integer = (np.abs(array) <= LARGEST_EXACT) & (array == np.rint(array))
        if not is_integer.all():
            raise ValueError(f"{name} must be integers that float64 holds exactly; got {_first(array, ~is_integer)}")
    return array.astype(np.int64, copy=False)


def finite(name: str, array: Float[np.ndarray, "*batch"]) -> Float[np.ndarray, "*batch"]:
    """Return the array itself. Raises `ValueError` naming the first entry that is not finite."""
    is_finite = np.isfinite(array)
    if not is_finite.all():
        raise ValueError(f"{name} must be finite; got {_first(array, ~is_finite)}. Drop or replace such entries")
    return array


def is_traced(value: Any) -> bool:
    """Return whether a value stands for a number inside a JAX transformation, where there is no number to check yet."""
    jax_core = sys.modules.get("jax.core")
    return jax_core is not None and isinstance(value, jax_core.Tracer)


def shown(value: Any) -> str:
    """Return a value as a message shows it: in one line, of moderate length."""
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        return f"{_type_name(value)} of shape {tuple(shape)}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a user's class may have any `__repr__`
        text = _type_name(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _scalar(value: Any) -> int | float | None:
    """Return a real number as Python's int or float, and `None` for anything else."""
    if type(value) is bool:
        return None
    if not isinstance(value, (int, float)):
        if isinstance(value, (str, bytes, list, tuple, dict)) or value is None:
            return None
        if isinstance(value, (fractions.Fraction, decimal.Decimal)):
            return _as_float(value)
        try:
            array = _read("value", value, ())
        except ValueError:
            return None
        return None if array.ndim or array.dtype == bool else array.item()
    return float(value) if isinstance(value, float) else int(value)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError):  # an integer beyond float64, or a signalling NaN
        return math.nan


def _read(name: str, value: Any, dims: tuple[str, ...], *, allowed: str = "numbers") -> Shaped[np.ndarray, "..."]:
    if is_traced(value):
        raise ValueError(f"{name} must be known numbers; got a tracer of JAX. Call this outside jit, vmap and grad")
    try:
        array = np.asarray(_untangled(name, value, dims))
    except _Refusal as refusal:
        raise ValueError(str(refusal)) from None
    except Exception as error:  # whatever a library or a user's class raises when it is asked for its values
        if isinstance(value, (list, tuple)) and "inhomogeneous" in str(error):
            raise ValueError(f"{name} must have rows of equal length; got rows that differ. Pad or cut them") from None
        reason = " ".join(str(error).split())[:_SHOWN]
        raise ValueError(
            f"{name} must be {allowed}; got {shown(value)}, which has no values ({type(error).__name__}: {reason})"
        ) from None
    return _standard(name, array, value, allowed)


class _Refusal(Exception):
    """Message for a part of an input that is refused."""


def _untangled(name: str, value: Any, dims: tuple[str, ...]) -> Any:
    """Return what NumPy can read: without masks, gradients, named axes and special storage."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (list, tuple)):
        if bool in (types := set(map(type, value))) and len(types) > 1:
            raise _Refusal(f"{name} must be numbers, or all truth values; got {shown(value)}, which mixes them")
        return [element if type(element) in _PLAIN else _untangled(name, element, ()) for element in value]
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            raise _Refusal(
                f"{name} must not have masked entries; got {int(np.ma.count_masked(value))} of {value.size}. "
                "Drop them, or hand in sequences without gaps"
            )
        return value.data
    if hasattr(value, "detach") and hasattr(value, "is_floating_point"):  # torch
        tensor = value.to_dense()
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy(force=True)
    if hasattr(value, "isna") and hasattr(value, "to_numpy"):  # pandas
        num_missing = int(np.asarray(value.isna()).sum())
        if num_missing:
            raise _Refusal(f"{name} must not have missing values; got {num_missing} (NA or NaN). Drop or fill them")
        return value
    if dims and not hasattr(value, "data_vars") and hasattr(value, "dims"):  # an array of xarray
        return np.asarray(_in_order(name, value, dims))
    return value


def _in_order(name: str, value: Any, dims: tuple[str, ...]) -> Any:
    named = [dim for dim in value.dims if dim in dims]
    if list(value.dims[: len(named)]) == list(dims[: len(named)]):
        return value
    if len(named) < len(dims):
        raise _Refusal(f"{name} must have the dimensions {', '.join(dims)} first, in this order; got {value.dims}")
    return value.transpose(*dims, ...)


def _standard(name: str, array: Any, value: Any, allowed: str) -> Shaped[np.ndarray, "..."]:
    """Return the array as bool, int64 or float64 in native byte order."""
    kind, is_extended = array.dtype.kind, array.dtype.kind == "V" and not array.dtype.name.startswith("void")
    if is_extended:  # bfloat16 and other small types of JAX
        return array.astype(np.float64)
    if kind == "O":
        return _of_objects(name, array, value, allowed)
    if kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        return array.astype(np.float64)
    if kind not in "biuf":
        kinds = {"c": "complex numbers", "M": "dates", "m": "durations", "V": "records"}
        raise ValueError(f"{name} must be {allowed}; got {kinds.get(kind, 'text')}: {shown(value)}")
    with np.errstate(over="ignore"):
        standard = array.astype({"b": np.bool_, "f": np.float64}.get(kind, np.int64), copy=False)
    if array.dtype == np.longdouble and (is_beyond := np.isinf(standard) & np.isfinite(array)).any():
        raise ValueError(f"{name} must be within the range of float64; got {_first(array, is_beyond)}")
    return standard


def _of_objects(name: str, array: Any, value: Any, allowed: str) -> Shaped[np.ndarray, "..."]:
    """Return an array of Python objects as float64, or as int64 if all are integers; truth values stay apart."""
    if array.size and all(isinstance(entry, (bool, np.bool_)) for entry in array.flat):
        return array.astype(bool)
    if array.ndim == 0 and not isinstance(value, np.ndarray):
        raise ValueError(f"{name} must be {allowed}; got {shown(value)}")
    found = [_scalar(entry) for entry in array.flat]
    for position, entry in enumerate(found):
        if entry is None:
            where = tuple(map(int, np.unravel_index(position, array.shape)))
            raise ValueError(f"{name} must be {allowed}; got {shown(array[where])} at {where}")
    are_integers = bool(found) and all(isinstance(entry, int) and abs(entry) < 2**63 for entry in found)
    dtype = np.int64 if are_integers else np.float64
    return np.array([entry if are_integers else _as_float(entry) for entry in found], dtype).reshape(array.shape)


def _first(array: Any, is_bad: Any) -> str:
    where = tuple(map(int, np.argwhere(is_bad)[0]))
    return f"{array[where]} at {where}" if where else f"{array[()]}"


def _type_name(value: Any) -> str:
    cls = type(value)
    module = cls.__module__.partition(".")[0]
    return f"an object of type {cls.__name__}" if module in ("builtins", "__main__") else f"a {module} {cls.__name__}"
