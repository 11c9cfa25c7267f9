"""Measures of hidden states: in how many dimensions they spread, and how this changes with the training lifetime."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.foraging.players import Scores
from comparisons.kind import Measure, Section
from comparisons.rows import ONE_NETWORK, Over, Resampler, Row
from comparisons.statistics.intervals import Interval, t_interval

CHANGES = ((10, 20), (20, 50), (10, 50))
"""Training lifetimes that are compared with each other, the shorter one first."""

_STANDARD_ERRORS = 2 * 1.959963984540054
"""Standard errors between the ends of a normal interval of 95 %."""

ByLifetime = Float[np.ndarray, "training_seed lifetime"]
BySeed = Float[np.ndarray, "training_seed"]


class Spread(NamedTuple):
    """A quantity of the hidden states of every network, with its standard errors over tasks."""

    values: ByLifetime
    errors: ByLifetime
    """NaN where they are unknown."""
    least: float
    most: float
    at: Mapping[str, int] = {}
    """Coordinates of all its rows."""


def _participation_ratio(states: xr.Dataset) -> Spread:
    ratios = states["participation_ratio"].to_numpy()
    return Spread(ratios[..., 0], (ratios[..., 2] - ratios[..., 1]) / _STANDARD_ERRORS, least=1, most=np.inf)


def _explained_variance(states: xr.Dataset) -> Spread:
    explained = states["explained"].sum("component", skipna=False).to_numpy()
    return Spread(explained, np.full_like(explained, np.nan), 0, 1, {"components": states.sizes["component"]})


def _by_lifetime(scores: Scores, over: Resampler, *, spread: Callable[[xr.Dataset], Spread]) -> Iterator[Row]:
    found = spread(scores.tree["states"].to_dataset().astype(float))
    for index, lifetime in enumerate(scores.lifetimes):
        row = _mean_over_seeds(found.values[:, index], found.errors[:, index], found.least, found.most)
        yield row._replace(at={"train_lifetime": lifetime, **found.at})


def _changes(scores: Scores, over: Resampler, *, spread: Callable[[xr.Dataset], Spread]) -> Iterator[Row]:
    found, lifetimes = spread(scores.tree["states"].to_dataset().astype(float)), scores.lifetimes
    for first, last in CHANGES:
        if first in lifetimes and last in lifetimes:
            before, after = lifetimes.index(first), lifetimes.index(last)
            changes = found.values[:, after] - found.values[:, before]
            errors = np.hypot(found.errors[:, after], found.errors[:, before])
            row = _mean_over_seeds(changes, errors, found.least - found.most, found.most - found.least)
            yield row._replace(at={"from_lifetime": first, "to_lifetime": last, **found.at})


def _mean_over_seeds(values: BySeed, errors: BySeed, least: float, most: float) -> Row:
    """Return the mean over training seeds with Student's t interval, at least as wide as that over tasks.

    If a network diverged, it is NaN, like all measures of that training lifetime.
    """
    over = Over("", len(values)) if len(values) > 1 else Over("tasks")
    if not np.isfinite(values).all():
        return Row("network", Interval(np.nan, np.nan, np.nan), over)
    error = float(np.sqrt((errors**2).mean() / len(values)))
    interval = t_interval(values, error, least=least, most=most, is_over_tasks_if_wider=True)
    return Row("network", interval, ONE_NETWORK if np.isnan(interval.lower) else over)


_SHARE = "share of variance along the first {components} principal components"
_CHANGE = "from training for {from_lifetime} to {to_lifetime} steps"

HIDDEN_STATES = Section(
    "Hidden states",
    "A participation ratio is a number of dimensions, between 1 and the number of units. Intervals over training seeds "
    "are Student's t; they are at least as wide as those over tasks.",
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
