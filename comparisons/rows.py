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
    mean_bounds,
    mean_interval,
    ratio_interval,
    reach_of,
)
from comparisons.statistics.resampling import distance_interval

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


NO_DENOMINATOR = Over("no interval: the denominator may be zero")
"""A ratio whose denominator is not away from 0, so that it may be any number."""


UNDEFINED = Over("no interval: undefined")
"""A number that is not defined for these scores."""


ONE_NETWORK = Over("no interval: one network")
"""A number that only a sample of networks could give an interval."""


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

    def mean(self, who: str, values: Scores, *, most: float = np.inf, **at: Coordinate) -> Row:
        """Return the mean over tasks and training seeds; no value can be above `most`."""
        return Row(who, mean_interval(values, most=most), over_tasks(len(values)), at)

    def ratio(self, who: str, above: Scores, below: Float[np.ndarray, "#training_seed task"], **at: Coordinate) -> Row:
        """Return the ratio of two means over tasks and training seeds; `below` broadcasts."""
        interval = ratio_interval(above, np.broadcast_to(below, above.shape))
        return Row(who, interval, NO_DENOMINATOR if np.isnan(interval.lower) else over_tasks(len(above)), at)


def explained(row: Row) -> Row:
    """Return a row that says why if it has no interval."""
    has_words = not np.isnan(row.interval.lower) or row.over.units.startswith("no interval")
    return row if has_words else row._replace(over=UNDEFINED)


def exactly(who: str, value: float, **at: Coordinate) -> Row:
    """Return a row of a number without sampling error."""
    return Row(who, Interval(value, value, value), EXACT, at)


def without_interval(who: str, value: float, why: str, **at: Coordinate) -> Row:
    """Return a row of a number that has no interval, and in words why: "a count of these modes"."""
    return Row(who, Interval(value, np.nan, np.nan), Over(f"no interval: {why}"), at)


def from_deviations(
    who: str,
    estimate: float,
    deviations: np.ndarray,
    over: Over,
    *,
    least: float = -np.inf,
    **at: Coordinate,
) -> Row:
    """Return a row of an estimate with the interval of `distance_interval`."""
    interval = distance_interval(estimate, deviations, least=least)
    return Row(who, interval, UNDEFINED if np.isnan(interval.lower) else over, at)


def in_standard_errors(who: str, differences: Float[np.ndarray, "task"], **at: Coordinate) -> Row:
    """Return a row of how many standard errors a mean difference over tasks is from 0; NaN where it is infinite.

    The interval is that of the mean, counted in standard errors too.
    """
    if not np.isfinite(differences).all():
        return without_interval(who, np.nan, "a difference is infinite", **at)
    if not differences.any():
        return Row(who, Interval(0.0, 0.0, 0.0), Over("tasks"), at)
    mean, error = float(differences.mean()), float(differences.std(ddof=1) / len(differences) ** 0.5)
    if error == 0:
        return without_interval(who, float(np.sign(mean)) * np.inf, "all differences are alike", **at)
    reach = reach_of(differences - mean, np.zeros(1), level=LEVEL)
    count, below, above = (float(value) / error for value in (mean, *reach))
    return Row(who, Interval(count, count - below, count + above), Over("tasks"), at)


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


def curve_of(values: Float[np.ndarray, "training_seed task time"]) -> Float[np.ndarray, "time bound"]:
    """Return the mean at every time with its interval over tasks and training seeds."""
    return np.stack(mean_bounds(np.moveaxis(values, 2, 0)), axis=1)


def _column(values: list[Coordinate | None]) -> pd.Series:
    """Return a column of a coordinate, which rows may lack; whole numbers stay whole."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, int) for value in there):
        return pd.Series(values, dtype="Int64")
    return pd.Series(values, dtype="Float64" if all(isinstance(value, int | float) for value in there) else "str")
