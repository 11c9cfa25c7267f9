"""Transfer between lifetimes: returns of networks in lifetimes that they were, and were not, trained for.

After Lange & Sprekeler 2020 (arXiv 2010.04466), figures 5 and 6: losses grow with the mismatch of lifetimes.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from comparisons.statistics.intervals import (
    LEVEL,
    NUM_RESAMPLES,
    Interval,
    percentile_interval,
    resampled_means,
    summed_in_blocks,
)


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
    seed: int,
    level: float = LEVEL,
    num_resamples: int = NUM_RESAMPLES,
) -> LifetimeTransfer:
    """Return mean rewards per trial, losses against networks trained for the lifetime, and the slope of the losses.

    `totals` are sums of rewards over a test lifetime; all networks meet the same tasks. Intervals are percentiles over
    tasks and training seeds, resampled alike for all pairs; over tasks alone for one seed. Raises `ValueError` for
    fewer than 2 tasks, totals that are not finite, lifetimes that are not at least 1 or appear twice, a test lifetime
    for which no network was trained, or a level outside (0, 1).
    """
    own_rows = _rows_of_own_lifetime(totals, train_lifetimes, test_lifetimes)
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    num_train, num_test, num_seeds, num_tasks = totals.shape
    per_trial = (totals / test_lifetimes[:, None, None]).reshape(num_train * num_test, num_seeds, num_tasks)
    counts = np.ones((1, num_seeds, num_tasks))  # blocks of tasks may differ in size by one
    sums = summed_in_blocks(np.concatenate([per_trial, counts]))
    resampled_sums = resampled_means(sums, seed=seed, num_resamples=num_resamples)
    resampled = resampled_sums[:-1] / resampled_sums[-1]
    # The table itself comes first, then its resamples.
    returns = np.column_stack([per_trial.mean(axis=(1, 2)), resampled]).T.reshape(-1, num_train, num_test)
    own = returns[:, own_rows, np.arange(num_test)]
    is_defined = own > 0
    safe = np.where(is_defined, own, 1.0)[:, None]
    losses = np.where(is_defined[:, None], 100 * (safe - returns) / safe, np.nan)
    doublings = np.abs(np.log2(train_lifetimes[:, None] / test_lifetimes))[:, is_defined[0]]
    slopes = _slopes(losses[:, :, is_defined[0]], doublings)
    slope = percentile_interval(float(slopes[0]), slopes[1:], level=level)
    return LifetimeTransfer(_table(returns, level), _table(losses, level), slope)


def _slopes(
    losses: Float[np.ndarray, "table train_lifetime defined"], doublings: Float[np.ndarray, "train_lifetime defined"]
) -> Float[np.ndarray, "table"]:
    """Return the slope of a least-squares line through the origin; NaN if no pair of lifetimes differs."""
    total = (doublings**2).sum()
    if total == 0:
        return np.full(len(losses), np.nan)
    return (losses * doublings).sum(axis=(1, 2)) / total


def _table(tables: Float[np.ndarray, "table train_lifetime test_lifetime"], level: float) -> TransferTable:
    tail = (1 - level) / 2
    lower, upper = np.quantile(tables[1:], [tail, 1 - tail], axis=0)
    return TransferTable(tables[0], lower, upper)


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
