"""Measures of hidden states: in how many dimensions they spread, and how this changes with the training lifetime."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.foraging.players import Scores
from comparisons.kind import Measure, Section
from comparisons.rows import Resampler, Row, over_tasks
from comparisons.statistics.intervals import Interval

CHANGES = ((10, 20), (20, 50), (10, 50))
"""Training lifetimes that are compared with each other, the shorter one first."""

_NORMAL = 1.959963984540054
"""Standard errors on either side in a normal interval of 95 %."""

Values = Float[np.ndarray, "training_seed lifetime"]


class Spread(NamedTuple):
    """A quantity of the hidden states of every network, with its standard errors over tasks."""

    values: Values
    errors: Values
    at: Mapping[str, int] = {}
    """Coordinates of all its rows."""


def _participation_ratio(states: xr.Dataset) -> Spread:
    ratios = states["participation_ratio"].to_numpy()
    return Spread(ratios[..., 0], (ratios[..., 2] - ratios[..., 1]) / (2 * _NORMAL))


def _explained_variance(states: xr.Dataset) -> Spread:
    explained = states["explained"].sum("component", skipna=False).to_numpy()
    return Spread(explained, np.zeros_like(explained), {"components": states.sizes["component"]})


def _by_lifetime(scores: Scores, over: Resampler, *, spread: Callable[[xr.Dataset], Spread]) -> Iterator[Row]:
    found = spread(scores.tree["states"].to_dataset().astype(float))
    for index, lifetime in enumerate(scores.lifetimes):
        interval = _interval_over_seeds(found, index)
        yield Row("network", interval, over_tasks(scores.num_seeds), {"train_lifetime": lifetime, **found.at})


def _changes(scores: Scores, over: Resampler, *, spread: Callable[[xr.Dataset], Spread]) -> Iterator[Row]:
    found, lifetimes = spread(scores.tree["states"].to_dataset().astype(float)), scores.lifetimes
    for first, last in CHANGES:
        if first in lifetimes and last in lifetimes:
            interval = _interval_over_seeds(found, lifetimes.index(last), beside=lifetimes.index(first))
            at = {"from_lifetime": first, "to_lifetime": last, **found.at}
            yield Row("network", interval, over_tasks(scores.num_seeds), at)


def _interval_over_seeds(spread: Spread, index: int, *, beside: int | None = None) -> Interval:
    """Return the mean over training seeds at one lifetime with its interval; with `beside`, less that at another.

    The interval is normal. The standard error of a mean is that over seeds or, where it is larger, that over tasks.
    There is no interval where both are 0.
    """
    values, num_seeds = spread.values, len(spread.values)
    between = values.var(axis=0, ddof=1) if num_seeds > 1 else np.zeros(values.shape[1])
    standard_errors = np.sqrt(np.maximum(between, (spread.errors**2).mean(axis=0)) / num_seeds)
    means = values.mean(axis=0)
    mean, error = means[index], standard_errors[index]
    if beside is not None:
        mean, error = mean - means[beside], np.hypot(standard_errors[beside], error)
    half = _NORMAL * error if error > 0 else np.nan
    return Interval(float(mean), float(mean - half), float(mean + half))


_SHARE = "share of variance along the first {components} principal components"
_CHANGE = "from training for {from_lifetime} to {to_lifetime} steps"

HIDDEN_STATES = Section(
    "Hidden states",
    "A participation ratio is a number of dimensions, between 1 and the number of units. Intervals are normal; the "
    "standard error is that over training seeds or, where it is larger, over tasks.",
    (
        Measure(
            "participation_ratio",
            "participation ratio",
            "dimensions",
            partial(_by_lifetime, spread=_participation_ratio),
        ),
        Measure("explained_variance", _SHARE, "fraction", partial(_by_lifetime, spread=_explained_variance)),
    ),
)

STATE_CHANGES = (
    Measure(
        "participation_ratio_gain",
        f"participation ratio, {_CHANGE}",
        "dimensions",
        partial(_changes, spread=_participation_ratio),
    ),
    Measure(
        "explained_variance_gain",
        f"{_SHARE}, {_CHANGE}",
        "fraction",
        partial(_changes, spread=_explained_variance),
    ),
)
