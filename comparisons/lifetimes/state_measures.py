"""Measures of single networks at the end of a lifetime: entropy of the policy, and hidden states."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from comparisons.kind import Measure, Section
from comparisons.lifetimes.players import NETWORK, SHUFFLED
from comparisons.lifetimes.scores import (
    Scores,
    mean_over_seeds,
    mean_over_seeds_and_tasks,
    over_networks,
    place_of,
)
from comparisons.rows import Over, Resampler, Row
from comparisons.statistics.counts import share_interval
from comparisons.statistics.intervals import Interval

_LAST = 0.1
"""The end of a lifetime: this share of its trials, and at least one."""


def _final_entropy(scores: Scores, over: Resampler) -> Iterator[Row]:
    for networks in _behaviours(scores):
        entropies = networks["entropy"].transpose("shown", "task", "time").to_numpy().astype(float)
        num_last = max(1, round(_LAST * entropies.shape[2]))
        yield mean_over_seeds_and_tasks(NETWORK, entropies[:, :, -num_last:].mean(axis=2), at=_at(networks))


def _end_points(scores: Scores, over: Resampler) -> Iterator[Row]:
    for networks in _behaviours(scores):
        numbers = networks["end_points"].to_numpy().astype(float)
        yield mean_over_seeds(NETWORK, numbers, np.nan, at=_at(networks), least=1)


def _state_dimensions(scores: Scores, over: Resampler) -> Iterator[Row]:
    for networks in _behaviours(scores):
        yield _of_bounds(NETWORK, networks, "participation_ratio", least=1, most=np.inf)


def _read_out(scores: Scores, over: Resampler) -> Iterator[Row]:
    for networks in _behaviours(scores):
        yield _read_out_of_networks(networks)
        shuffled = _of_bounds(SHUFFLED, networks, "shuffled_read_out", least=0, most=1)
        yield shuffled._replace(over=Over("shuffles")) if networks.sizes["shown"] == 1 else shuffled


def _behaviours(scores: Scores) -> Iterator[xr.Dataset]:
    """Yield the networks of every setting whose behaviour was kept."""
    if "behaviour" in scores.tree.children:
        behaviour = scores.tree["behaviour"].to_dataset()
        for cell in np.unique(behaviour["cell"]):
            yield behaviour.isel(shown=np.flatnonzero(behaviour["cell"] == cell))


def _of_bounds(who: str, networks: xr.Dataset, variable: str, *, least: float, most: float) -> Row:
    """Return the mean over networks; of a single network, its own estimate with its interval over tasks."""
    bounds, at = networks[variable].transpose("shown", "bound").to_numpy().astype(float), _at(networks)
    if len(bounds) == 1:
        return Row(who, Interval(*map(float, bounds[0])), over_networks(1), at)
    return mean_over_seeds(who, bounds[:, 0], np.nan, at=at, least=least, most=most)


def _read_out_of_networks(networks: xr.Dataset) -> Row:
    """Return the accuracy, mean over networks; that of a single network is a share of its tasks, half of each kind."""
    row = _of_bounds(NETWORK, networks, "read_out", least=0, most=1)
    if networks.sizes["shown"] == 1:
        number = networks.sizes["task"]
        return row._replace(interval=share_interval(row.interval.estimate * number, number))
    return row


def _at(networks: xr.Dataset) -> dict[str, str | int | float]:
    return place_of(networks.isel(shown=0))


ENDS = Section(
    "Single settings: ends of lifetimes",
    "In tasks whose better arm is plain; each arm is better in half of them. Entropy in the last tenth of a lifetime "
    "is between 0 and ln 2. Final hidden states form two clusters if a network has found out which arm is better, and "
    "one if it has not. A linear decoder predicts the better arm from the final state; an accuracy of 1/2 is chance. "
    "The number of dimensions of hidden states (participation ratio) is between 1 and the number of units.",
    (
        Measure("final_entropy", "entropy of the policy at the end", "nats", _final_entropy),
        Measure("end_points", "clusters of final hidden states", "clusters", _end_points),
        Measure("read_out", "accuracy of decoding the better arm from the final state", "fraction", _read_out),
        Measure("state_dimensions", "dimensions of hidden states", "dimensions", _state_dimensions),
    ),
)
