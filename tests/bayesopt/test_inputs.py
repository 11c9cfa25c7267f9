"""Numbers and arrays of every library are read as they are meant, or refused in one line that names them."""

import decimal
import fractions
import math

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from bayesopt.inputs import as_array, as_count, as_flag, as_integers, as_number, as_reals, is_traced

TWOS = [
    2,
    2.0,
    np.int8(2),
    np.uint64(2),
    np.float16(2),
    np.float32(2),
    np.longdouble(2),
    np.array(2),
    np.array(2, dtype=">i4"),
    np.array(2, dtype=object),
    jnp.array(2),
    jnp.array(2, jnp.bfloat16),
    torch.tensor(2),
    torch.tensor(2.0, requires_grad=True),
    torch.tensor(2, dtype=torch.bfloat16),
    xr.DataArray(2),
    fractions.Fraction(4, 2),
    decimal.Decimal("2"),
    np.ma.array(2),
]
NOT_NUMBERS = [
    True,
    np.True_,
    torch.tensor(True),
    jnp.array(False),
    None,
    "2",
    b"2",
    1j,
    np.complex64(2),
    [2],
    (2,),
    {2: 2},
    {2},
    np.array([2]),
    torch.ones(1),
    pd.Series([2]),
    pd.NA,
    pd.NaT,
    np.ma.masked,
    np.ma.array(2, mask=True),
    np.datetime64("2020-01-01"),
    np.timedelta64(2, "s"),
    math.nan,
    math.inf,
    -math.inf,
    np.longdouble("1e400"),
    10**400,
    decimal.Decimal("sNaN"),
    object(),
    jax.random.key(0),
    torch.ones((), device="meta"),
]


def refusal(read, *arguments, **limits):
    with pytest.raises(ValueError) as error:
        read("size", *arguments, **limits)
    message = str(error.value)
    assert message.startswith("size must") and "\n" not in message and len(message) < 400
    return message


@pytest.mark.parametrize("value", TWOS, ids=lambda value: f"{type(value).__module__}.{type(value).__name__}")
def test_two_is_two_in_every_library(value):
    assert as_number("size", value) == 2 and type(as_number("size", value)) is float
    assert as_count("size", value) == 2 and type(as_count("size", value)) is int
    refusal(as_flag, value)


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda value: f"{type(value).__module__}.{type(value).__name__}")
def test_what_is_no_finite_number_is_refused(value):
    assert "; got" in refusal(as_number, value)
    assert "; got" in refusal(as_count, value)


def test_numbers_keep_all_their_digits():
    assert as_number("size", np.float32(0.1)) == float(np.float32(0.1)) != 0.1
    assert as_number("size", fractions.Fraction(1, 3)) == 1 / 3
    assert as_count("size", 2**53) == 2**53
    assert as_number("size", 10**20) == 1e20


def test_limits_are_named():
    assert refusal(as_count, 0, least=1) == "size must be an integer of at least 1; got 0"
    assert refusal(as_count, 2.5) == "size must be an integer of at least 0; got 2.5"
    assert refusal(as_count, 9, most=8) == "size must be an integer from 0 to 8; got 9"
    assert refusal(as_count, 10**18, least=1) == f"size must be an integer from 1 to {2**53}; got {10**18}"
    assert refusal(as_number, 1.5, low=0, high=1) == "size must be in [0, 1]; got 1.5"


@pytest.mark.parametrize("value", [True, np.False_, np.array(True), torch.tensor(False), jnp.array(True)], ids=repr)
def test_truth_values_of_every_library(value):
    assert as_flag("size", value) is bool(value)


@pytest.mark.parametrize("value", [0, 1, "True", None, [True], np.array([True]), 1.0], ids=repr)
def test_what_is_no_truth_value_is_refused(value):
    assert "True or False" in refusal(as_flag, value)


ROWS = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
SAME_ROWS = {
    "lists": ROWS.tolist(),
    "lists of integers": ROWS.astype(int).tolist(),
    "tuples of arrays": tuple(ROWS),
    "transposed": np.ascontiguousarray(ROWS.T).T,
    "reversed twice": ROWS[::-1, ::-1][::-1, ::-1],
    "every second": np.repeat(ROWS, 2, axis=1)[:, ::2],
    "big-endian": ROWS.astype(">f8"),
    "big-endian integers": ROWS.astype(">i2"),
    "float16": ROWS.astype(np.float16),
    "longdouble": ROWS.astype(np.longdouble),
    "uint64": ROWS.astype(np.uint64),
    "objects": ROWS.astype(object),
    "unmasked": np.ma.array(ROWS),
    "JAX": jnp.asarray(ROWS),
    "JAX in bfloat16": jnp.asarray(ROWS, jnp.bfloat16),
    "JAX in int4": jnp.asarray(ROWS, jnp.int4),
    "torch": torch.tensor(ROWS),
    "torch with gradients": torch.tensor(ROWS, requires_grad=True),
    "torch in bfloat16": torch.tensor(ROWS, dtype=torch.bfloat16),
    "torch, transposed": torch.tensor(ROWS.T).T,
    "torch, sparse": torch.tensor(ROWS).to_sparse(),
    "list of torch rows": [torch.tensor(row, requires_grad=True) for row in ROWS],
    "pandas": pd.DataFrame(ROWS),
    "pandas, nullable": pd.DataFrame(ROWS, dtype="Float64"),
    "xarray": xr.DataArray(ROWS, dims=("task", "time")),
    "xarray, transposed": xr.DataArray(ROWS.T, dims=("time", "task")),
    "xarray, other names": xr.DataArray(ROWS, dims=("who", "when")),
}


@pytest.mark.parametrize("rows", SAME_ROWS.values(), ids=SAME_ROWS)
def test_one_table_in_every_form(rows):
    found = as_reals("rows", rows, dims=("task", "time"))
    assert found.dtype == np.float64 and found.dtype.isnative
    np.testing.assert_array_equal(found, ROWS)
    integers = as_integers("rows", rows, dims=("task", "time"))
    assert integers.dtype == np.int64
    np.testing.assert_array_equal(integers, ROWS)


def test_read_only_arrays_are_read():
    rows = ROWS.copy()
    rows.flags.writeable = False
    np.testing.assert_array_equal(as_reals("rows", rows), ROWS)


WRONG_ROWS = {
    "masked": (np.ma.array(ROWS, mask=ROWS > 0), r"masked entries; got 3 of 6"),
    "masked row in a list": ([np.ma.array([1.0, 2.0], mask=[True, False]), [0.0, 0.0]], "masked entries; got 1 of 2"),
    "masked number in a list": ([1.0, np.ma.masked], "masked entries"),
    "ragged": ([[1, 2], [3]], "rows of equal length"),
    "missing in pandas": (pd.DataFrame({"a": [1.0, None]}), "missing values; got 1"),
    "NA in pandas": (pd.Series([1, None], dtype="Int64"), "missing values; got 1"),
    "NA in a list": ([[1.0, pd.NA]], r"got <NA> at \(0, 1\)"),
    "None in a list": ([[1.0, None]], r"got None at \(0, 1\)"),
    "text": (np.array([["1.0"]]), "text"),
    "text in a list": ([["1.0", 2.0]], "text"),
    "bytes": (np.array([b"1"]), "text"),
    "text in pandas": (pd.Series(["a"]), "'a' at"),
    "complex": (ROWS + 0j, "complex"),
    "complex in torch": (torch.ones(2, dtype=torch.complex64), "complex"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), "dates"),
    "durations": (np.array([1], "m8[s]"), "durations"),
    "records": (np.zeros(2, [("a", float)]), "records"),
    "mixed": ([1.0, True], "mixes"),
    "mixed in pandas": (pd.DataFrame({"a": [1], "b": [True]}), r"got True at \(0, 1\)"),
    "a set": ({1, 2}, r"got \{1, 2\}"),
    "a generator": ((x for x in [1]), "generator"),
    "a dataset": (xr.Dataset({"a": 1}), "Dataset"),
    "without storage": (torch.ones(2, device="meta"), "no values"),
    "keys": (jax.random.split(jax.random.key(0), 2), "no values"),
    "time in the wrong place": (xr.DataArray(ROWS, dims=("time", "who")), "dimensions task, time first"),
    "beyond float64": (np.array([np.longdouble("1e400")]), "range of float64"),
}


@pytest.mark.parametrize(("rows", "reason"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_what_is_no_table_of_numbers_is_refused_by_name(rows, reason):
    with pytest.raises(ValueError, match=reason) as error:
        as_array("rows", rows, dims=("task", "time"))
    assert "\n" not in str(error.value) and str(error.value).startswith("rows must")


@pytest.mark.parametrize(
    ("read", "rows", "reason"),
    [
        (as_reals, [[0.0, math.nan]], r"finite; got nan at \(0, 1\)"),
        (as_reals, [[True]], "truth values"),
        (as_integers, [[0.5]], r"integers .* got 0.5 at \(0, 0\)"),
        (as_integers, np.array([2**63 + 5], np.uint64), "integers that float64 holds exactly"),
        (as_integers, [10**30], "integers that float64 holds exactly"),
    ],
)
def test_what_is_no_real_or_integer_is_refused(read, rows, reason):
    with pytest.raises(ValueError, match=reason):
        read("rows", rows)


def test_large_integers_are_not_wrapped():
    assert as_integers("rows", np.array([2**62 + 1])).item() == 2**62 + 1
    assert as_reals("rows", np.array([2**63 + 5], np.uint64)).item() == 2.0**63


def test_tracers_are_known_as_such_and_refused_where_values_are_needed():
    seen = []

    def trace(x):
        seen.append(is_traced(x))
        with pytest.raises(ValueError, match="outside jit"):
            as_reals("rows", x)
        return x

    jax.jit(trace)(jnp.ones(2))
    assert seen == [True] and not is_traced(jnp.ones(2)) and not is_traced(1.0)


def test_a_users_class_that_fails_is_one_line():
    class Broken:
        def __array__(self, *args, **kwargs):
            raise RuntimeError("no\nway")

    assert "RuntimeError: no way" in refusal(as_array, Broken())
