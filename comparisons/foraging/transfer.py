"""Transfer between lifetimes: returns of networks in lifetimes that they were, and were not, trained for.

After Lange & Sprekeler 2020 (arXiv 2010.04466), figures 5 and 6: losses grow with the mismatch of lifetimes.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from comparisons.statistics.intervals import LEVEL, Interval, mean_bounds, ratio_interval, smooth_interval


class TransferTable(NamedTuple):
    """A measure for each pair of lifetimes, with the ends of the interval of each pair."""

    estimate: Float[np.ndarray, "train_lifetime test_lifetime"]
    lower: Float[np.ndarray, "train_lifetime test_lifetime"]
    upper: Float[np.ndarray, "train_lifetime test_lifetime"]


class LifetimeTransfer(NamedTuple):
    """Returns and losses of networks in lifetimes that they were, and were not, trained for."""

    returns: TransferTable
    """Mean reward per trial."""
    losses: TransferTable
    """Per cent of the return of the networks trained for the test lifetime; NaN where that is 0 or less."""
    mismatch_slope: Interval
    """Per cent lost for each doubling of the longer of the two lifetimes over the shorter; least squares through 0."""


def lifetime_transfer(
    totals: Float[np.ndarray, "train_lifetime test_lifetime training_seed task"],
    train_lifetimes: Int[np.ndarray, "train"],
    test_lifetimes: Int[np.ndarray, "test"],
    *,
    level: float = LEVEL,
) -> LifetimeTransfer:
    """Return mean rewards per trial, losses against networks trained for the lifetime, and the slope of the losses.

    `totals` are sums of rewards over a test lifetime; all networks meet the same tasks. Intervals are over tasks and
    training seeds; over tasks alone for one seed. A loss is a ratio of means, with Fieller's interval. Raises
    `ValueError` for fewer than 2 tasks, totals that are not finite, lifetimes that are not at least 1 or appear twice,
    a test lifetime for which no network was trained, or a level outside (0, 1).
    """
    own_rows = _rows_of_own_lifetime(totals, train_lifetimes, test_lifetimes)
    per_trial = totals / test_lifetimes[:, None, None]
    returns = TransferTable(*mean_bounds(per_trial, level=level))
    own = per_trial[own_rows, np.arange(len(test_lifetimes))]
    losses = np.full((3, *returns.estimate.shape), np.nan)
    influences = np.zeros(per_trial.shape)
    doublings = np.abs(np.log2(train_lifetimes[:, None] / test_lifetimes))
    for column, own_return in enumerate(own.mean(axis=(1, 2))):
        if own_return > 0:
            for row, found in enumerate(per_trial[:, column]):
                share = returns.estimate[row, column] / own_return
                loss = ratio_interval(own[column] - found, own[column], level=level)
                losses[:, row, column] = 100 * (own_return - returns.estimate[row, column]) / own_return, *loss[1:]
                losses[1:, row, column] *= 100
                influences[row, column] = -100 * (found - share * own[column]) / own_return
    is_defined = ~np.isnan(losses[0])
    total = (doublings[is_defined] ** 2).sum()
    slope = Interval(np.nan, np.nan, np.nan)
    if total > 0:
        estimate = float((losses[0] * doublings)[is_defined].sum() / total)
        slope = smooth_interval(estimate, np.tensordot(doublings / total, influences, axes=2), level=level)
    return LifetimeTransfer(returns, TransferTable(*losses), slope)


def _rows_of_own_lifetime(
    totals: np.ndarray, train_lifetimes: np.ndarray, test_lifetimes: np.ndarray
) -> Int[np.ndarray, "test_lifetime"]:
    """Return the row of the networks that were trained for each test lifetime, after checking all input."""
    if totals.shape[:2] != (len(train_lifetimes), len(test_lifetimes)) or 0 in totals.shape:
        raise ValueError(
            f"totals must have {len(train_lifetimes)} rows and {len(test_lifetimes)} columns, and at least 1 seed; "
            f"got the shape {totals.shape}"
        )
    for name, lifetimes in (("train_lifetimes", train_lifetimes), ("test_lifetimes", test_lifetimes)):
        if (lifetimes < 1).any() or len(set(lifetimes.tolist())) < len(lifetimes):
            raise ValueError(f"{name} must be at least 1 and all different; got {lifetimes}")
    if not np.isfinite(totals).all():
        raise ValueError(f"totals must be finite; got {int((~np.isfinite(totals)).sum())} that are not")
    missing = sorted(set(test_lifetimes.tolist()) - set(train_lifetimes.tolist()))
    if missing:
        raise ValueError(f"networks must be trained for every test lifetime; got none for {missing}")
    return (train_lifetimes[:, None] == test_lifetimes).argmax(axis=0)
