"""The table of results: its rows, how scores become rows, and how rows are found, saved and read.

A row says in columns what was measured, of whom and where. Nothing has to be read out of a name.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.statistics.intervals import (
    LEVEL,
    Interval,
    bootstrap_mean,
    bootstrap_ratio,
    percentile_interval,
    resampled_means,
)

Scores = Float[np.ndarray, "training_seed task"]
Coordinate = str | int | float

LAYOUT = 2
"""Layout of the table on disk. A table of another layout is measured again."""


class Over(NamedTuple):
    """What an interval is over."""

    units: str
    """What was drawn at random, as "tasks"."""
    num_seeds: int = 0
    """How many training seeds it is over too; 0 where they play no part."""

    def __str__(self) -> str:
        """Return it in words, as "tasks and 3 training seeds"."""
        seeds = f"{self.num_seeds} training seeds" * bool(self.num_seeds)
        return " and ".join(filter(None, (self.units, seeds)))


EXACT = Over("nothing: exact")
"""A number without sampling error."""


def over_tasks(num_seeds: int) -> Over:
    """Return what an interval over tasks and so many networks is over; one network is no sample of networks."""
    return Over("tasks", num_seeds if num_seeds > 1 else 0)


class Row(NamedTuple):
    """One number of the table of results, with its interval."""

    who: str
    """What was scored, as "network" or "memoryless"."""
    interval: Interval
    over: Over
    at: Mapping[str, Coordinate] = {}
    """Where it was scored, by coordinate, as {"training_seed": 1}."""
    unit: str = ""
    """Its unit; empty for that of its measure."""


class Resampler(NamedTuple):
    """Makes rows from scores. Equal seeds give equal resamples, so measures of one tree can be combined."""

    seed: int

    def mean(self, who: str, values: Scores, **at: Coordinate) -> Row:
        """Return the mean over tasks and training seeds."""
        return Row(who, bootstrap_mean(values, seed=self.seed), over_tasks(len(values)), at)

    def ratio(self, who: str, above: Scores, below: Float[np.ndarray, "#training_seed task"], **at: Coordinate) -> Row:
        """Return the ratio of two means over tasks and training seeds; `below` broadcasts."""
        below = np.broadcast_to(below, above.shape)
        return Row(who, bootstrap_ratio(above, below, seed=self.seed), over_tasks(len(above)), at)


def exactly(who: str, value: float, **at: Coordinate) -> Row:
    """Return a row of a number without sampling error."""
    return Row(who, Interval(value, value, value), EXACT, at)


def without_interval(who: str, value: float, over: Over = Over("tasks"), **at: Coordinate) -> Row:
    """Return a row of a number that has no interval, such as a difference in standard errors."""
    return Row(who, Interval(value, np.nan, np.nan), over, at)


def from_resamples(who: str, estimate: float, resampled: np.ndarray, over: Over, **at: Coordinate) -> Row:
    """Return a row of an estimate with the central interval of its resampled values."""
    return Row(who, percentile_interval(estimate, resampled), over, at)


class Entry(NamedTuple):
    """A row together with the name of its measure."""

    measure: str
    row: Row


@dataclass(frozen=True)
class Table:
    """The table of results of one comparison."""

    entries: tuple[Entry, ...]

    def one(self, measure: str, who: str, **at: Coordinate) -> Row:
        """Return the row of a measure at exactly these coordinates. Raises `KeyError` naming what there is."""
        row = self.get(measure, who, **at)
        if row is None:
            there = "; ".join(f"{row.who} {dict(row.at)}" for row in self.of(measure)) or "nothing"
            raise KeyError(f"no row of {measure!r} for {who!r} at {at}; there is {there}")
        return row

    def get(self, measure: str, who: str, **at: Coordinate) -> Row | None:
        """Return the row of a measure at exactly these coordinates, or `None`."""
        found = [row for row in self.of(measure) if row.who == who and dict(row.at) == at]
        if len(found) > 1:
            raise KeyError(f"{len(found)} rows of {measure!r} for {who!r} at {at}")
        return found[0] if found else None

    def of(self, measure: str, **at: Coordinate) -> list[Row]:
        """Return the rows of a measure that agree with these coordinates, whatever their others are."""
        return [row for name, row in self.entries if name == measure and at.items() <= row.at.items()]

    def at(self, **at: Coordinate) -> "Table":
        """Return the part of the table at these coordinates, without them: one experiment of several, say."""
        kept = (entry for entry in self.entries if at.items() <= entry.row.at.items())
        return Table(
            tuple(
                Entry(name, row._replace(at={key: value for key, value in row.at.items() if key not in at}))
                for name, row in kept
            )
        )

    def known(self) -> "Table":
        """Return the rows whose estimate is a number."""
        return Table(tuple(entry for entry in self.entries if not np.isnan(entry.row.interval.estimate)))

    def placed(self, **at: Coordinate) -> "Table":
        """Return the table with further coordinates in front, as the experiment that it belongs to."""
        return Table(tuple(Entry(name, row._replace(at={**at, **row.at})) for name, row in self.entries))

    def frame(self) -> pd.DataFrame:
        """Return a tidy table: measure, who, a column per coordinate, estimate, lower, upper, unit, over, num_seeds."""
        names = dict.fromkeys(name for _, row in self.entries for name in row.at)
        columns: dict[str, object] = {
            "measure": [name for name, _ in self.entries],
            "who": [row.who for _, row in self.entries],
            **{name: _column([row.at.get(name) for _, row in self.entries]) for name in names},
            **{end: [getattr(row.interval, end) for _, row in self.entries] for end in Interval._fields},
            "unit": [row.unit for _, row in self.entries],
            "over": [str(row.over) for _, row in self.entries],
            "num_seeds": [row.over.num_seeds for _, row in self.entries],
        }
        return pd.DataFrame(columns)

    def to_dataset(self) -> xr.Dataset:
        """Return the table as it is saved; coordinates are one column of JSON."""
        columns: dict[str, list[object]] = {
            "measure": [name for name, _ in self.entries],
            "who": [row.who for _, row in self.entries],
            "at": [json.dumps(dict(row.at)) for _, row in self.entries],
            **{end: [float(getattr(row.interval, end)) for _, row in self.entries] for end in Interval._fields},
            "unit": [row.unit for _, row in self.entries],
            "over": [row.over.units for _, row in self.entries],
            "num_seeds": [row.over.num_seeds for _, row in self.entries],
        }
        dataset = xr.Dataset({name: (("row",), np.asarray(values)) for name, values in columns.items()})
        return dataset.assign_attrs(level=LEVEL, layout=LAYOUT)


def table_of(tree: xr.DataTree) -> Table:
    """Return the table of results that a measured tree holds."""
    dataset = tree["measures"].to_dataset()
    columns = [dataset[name].to_numpy().tolist() for name in dataset.data_vars]
    found = [dict(zip(dataset.data_vars, values, strict=True)) for values in zip(*columns, strict=True)]
    return Table(
        tuple(
            Entry(
                one["measure"],
                Row(
                    one["who"],
                    Interval(one["estimate"], one["lower"], one["upper"]),
                    Over(one["over"], one["num_seeds"]),
                    json.loads(one["at"]),
                    one["unit"],
                ),
            )
            for one in found
        )
    )


def concatenated(tables: Iterable[Table]) -> Table:
    """Return tables below one another."""
    return Table(tuple(entry for table in tables for entry in table.entries))


def in_standard_errors(differences: Float[np.ndarray, "task"]) -> float:
    """Return how many standard errors the mean difference is from zero; NaN where it is infinite."""
    if not np.isfinite(differences).all():
        return float("nan")
    if not differences.any():
        return 0.0
    return float(differences.mean() / (differences.std(ddof=1) / len(differences) ** 0.5))


def curve_of(values: Float[np.ndarray, "training_seed task time"], seed: int) -> Float[np.ndarray, "time bound"]:
    """Return mean and percentile interval at every time, over tasks and training seeds."""
    resampled = resampled_means(np.moveaxis(values, 2, 0), seed=seed, num_resamples=500)
    tail = (1 - LEVEL) / 2
    lower, upper = np.quantile(resampled, [tail, 1 - tail], axis=1, method="lower")
    return np.stack([values.mean((0, 1)), lower, upper], axis=1)


def _column(values: list[Coordinate | None]) -> pd.Series:
    """Return a column of a coordinate, which rows may lack; whole numbers stay whole."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, int) for value in there):
        return pd.Series(values, dtype="Int64")
    return pd.Series(values, dtype="Float64" if all(isinstance(value, int | float) for value in there) else "str")
