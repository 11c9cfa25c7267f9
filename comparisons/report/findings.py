"""What a figure shows, in numbers from its table: the end of its alternative text, for readers who cannot see it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from comparisons.report.words import number

_MOST = 8
"""Lines, marks or panels that are told one by one."""


def of_lines(table: pd.DataFrame, by: str | Sequence[str], x: str, unit: str) -> str:
    """Return the first and the last value of every line.

    "From left to right: network: 0.2 to 0.1 (nats)." is an example.

    A line is what has one value of the columns `by`; rows of single training seeds are left out.
    """
    said = []
    for name, line in _groups(_pooled(table), by):
        heights = line.sort_values(x, kind="stable").estimate.to_numpy(float)
        heights = heights[~np.isnan(heights)]
        if len(heights):
            said.append(f"{name}: {_span(heights[0], heights[-1])}")
    return _sentence("From left to right: ", said, unit)


def of_marks(table: pd.DataFrame, by: str | Sequence[str], unit: str) -> str:
    """Return every value, as "network: 0.1; Bayes: 0 (nats)."; values that share a name are averaged."""
    said = [
        f"{name}: {number(float(rows.estimate.mean()))}"
        for name, rows in _groups(_pooled(table), by)
        if rows.estimate.notna().any()
    ]
    return _sentence("", said, unit)


def of_ranges(table: pd.DataFrame, by: str | Sequence[str], unit: str) -> str:
    """Return the range of the values that share a name, and their mean.

    "networks: 0 to 12, on average 4 (trials)." is an example.
    """
    said = []
    for name, rows in _groups(table, by):
        values = rows.estimate[np.isfinite(rows.estimate.to_numpy(float))]
        if len(values):
            low, high, mean = float(values.min()), float(values.max()), float(values.mean())
            said.append(f"{name}: {_span(low, high)}" + f", on average {number(mean)}" * (low < high))
    return _sentence("", said, unit)


def at_the_end(table: pd.DataFrame, by: str | Sequence[str], x: str) -> pd.DataFrame:
    """Return the rows of each name at its last `x` that has a value."""
    known = table[table.estimate.notna()]
    return known[known[x] == known.groupby(by, sort=False)[x].transform("max")]


def _groups(table: pd.DataFrame, by: str | Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    columns = [by] if isinstance(by, str) else list(by)
    groups = table.groupby(columns, sort=False, dropna=False)
    return [(", ".join(_parts(columns, name)), rows) for name, rows in groups]


def _parts(columns: Sequence[str], values: Sequence[object]) -> list[str]:
    """Return a name in parts: a number with the name of its column, a word alone; what is missing is left out."""
    found = [
        (column, value) for column, value in zip(columns, values, strict=True) if not pd.isna(value) and value != ""
    ]  # pyright: ignore[reportArgumentType, reportCallIssue]
    return [
        value.replace("_", " ") if isinstance(value, str) else f"{column.replace('_', ' ')} {value:g}"
        for column, value in found
    ]


def _span(first: float, last: float) -> str:
    return number(first) if first == last else f"{number(first)} to {number(last)}"


def _pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are over all training seeds; all rows where there are only single seeds."""
    if "training_seed" not in table or table.training_seed.notna().all():
        return table
    return table[table.training_seed.isna()]


def _sentence(begin: str, said: list[str], unit: str) -> str:
    if not said:
        return ""
    more = f"; and {len(said) - _MOST} more" if len(said) > _MOST else ""
    return f"{begin}{'; '.join(said[:_MOST])}{more} ({unit})."
