"""Learning thresholds of networks over a grid of cells, and their distance from the exact ones.

A row of the grid has one reward scale (how hard a task is to learn) and prior scales in ascending order (how much tasks
differ, in rewards). Learning pays above some prior scale, so the share of networks that learn should not fall along a
row; where it falls, that is noise.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from comparisons.statistics.intervals import LEVEL, Interval, student_quantile


class Boundary(NamedTuple):
    """The prior scale, in rewards, above which more than half of the networks learn, for each reward scale."""

    value: Float[np.ndarray, "*batch reward_scale"]
    """The threshold; an end of the grid if the row is censored."""
    is_censored: Bool[np.ndarray, "*batch reward_scale"]
    """Whether the row never changes regime: the threshold is above the last scale or below the first."""


class BoundaryDistance(NamedTuple):
    """Distance of the networks' thresholds from the exact ones, mean over rows; above 0 if networks learn too rarely.

    Rows in which the exact threshold is censored are left out; NaN if that leaves none.
    """

    difference: Interval
    """Learned minus exact, in units of the prior scale (rewards)."""
    log_ratio: Interval
    """Natural logarithm of learned over exact."""
    num_rows: int
    num_bounds: int
    """Rows whose learned threshold is censored: their distances are bounds, too small in size."""


def boundary(
    prior_scales: Float[np.ndarray, "scale"], shares: Float[np.ndarray, "*batch reward_scale prior_scale"]
) -> Boundary:
    """Return where the share of learning networks crosses 1/2, row by row; for one network shares are 0 or 1.

    Shares are first made monotone by least squares (pooling adjacent violators). Between scales the fit is a straight
    line; if it is 1/2 over several scales, their middle counts. For zeros and ones this is the split of the row with
    fewest disagreements, or the middle between such splits (Robertson, Wright & Dykstra 1988, chapter 1). Raises
    `ValueError` for scales that are not positive, do not ascend or do not fit the shares, and for shares that are not
    finite.
    """
    _check_scales(prior_scales, shares.shape[-1])
    if not np.isfinite(shares).all():
        raise ValueError(f"shares must be finite; got {int((~np.isfinite(shares)).sum())} that are not")
    fit = np.round(monotone(shares), 12)  # a mean that is 1/2 but for rounding is 1/2
    num_scales = len(prior_scales)
    first = (fit < 0.5).sum(axis=-1)  # the first scale at 1/2 or more
    last = (fit <= 0.5).sum(axis=-1) - 1  # the last scale at 1/2 or less
    is_censored = (first == num_scales) | (last == -1)
    above, below = np.clip(first, 0, num_scales - 1), np.clip(last, 0, num_scales - 1)
    share_above, share_below = (np.take_along_axis(fit, at[..., None], -1)[..., 0] for at in (above, below))
    is_between = (first > last) & ~is_censored
    rise = np.where(is_between, share_above - share_below, 1.0)
    fraction = np.where(is_between, (0.5 - share_below) / rise, 0.5)
    value = prior_scales[below] + fraction * (prior_scales[above] - prior_scales[below])
    return Boundary(value, is_censored)


def boundary_distance(
    prior_scales: Float[np.ndarray, "scale"],
    learning: Float[np.ndarray, "training_seed reward_scale prior_scale"],
    exact: Boundary,
    *,
    level: float = LEVEL,
) -> BoundaryDistance:
    """Return the distance of trained networks' thresholds from exact ones, with intervals over networks.

    `learning` is 1 for a network that learns and 0 for one that does not, or the probability that it learns; its mean
    over seeds is the share. The interval is Student's: each network has thresholds of its own, found as in `boundary`,
    and their distances vary between networks as the threshold of the share does. Raises `ValueError` as that does, for
    fewer than 2 seeds, values outside [0, 1], an exact boundary of other rows or a level outside (0, 1).
    """
    _check_learning(learning)
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    num_rows = learning.shape[1]
    if exact.value.shape != (num_rows,):
        raise ValueError(f"the exact boundary must have {num_rows} rows, as the networks do; got {exact.value.shape}")
    is_known = ~exact.is_censored
    if not is_known.any():
        undefined = Interval(np.nan, np.nan, np.nan)
        return BoundaryDistance(undefined, undefined, 0, 0)
    learned = boundary(prior_scales, learning.mean(axis=0)[is_known])
    of_networks, known = boundary(prior_scales, learning[:, is_known]).value, exact.value[is_known]
    return BoundaryDistance(
        _over_networks(float((learned.value - known).mean()), of_networks - known, level),
        _over_networks(float(np.log(learned.value / known).mean()), np.log(of_networks / known), level),
        int(is_known.sum()),
        int(learned.is_censored.sum()),
    )


def monotone(values: Float[np.ndarray, "*batch prior_scale"]) -> Float[np.ndarray, "*batch prior_scale"]:
    """Return the least-squares rows that do not fall: max over a ≤ i of min over b ≥ i of the mean from a to b."""
    sums = np.concatenate([np.zeros((*values.shape[:-1], 1)), values.cumsum(axis=-1)], axis=-1)
    fit = np.full(values.shape, -np.inf)
    for start in range(values.shape[-1]):
        tail = sums[..., start + 1 :] - sums[..., start, None]
        means = tail / np.arange(1, tail.shape[-1] + 1)
        least = np.minimum.accumulate(means[..., ::-1], axis=-1)[..., ::-1]
        fit[..., start:] = np.maximum(fit[..., start:], least)
    return fit


def _over_networks(
    estimate: float, distances: Float[np.ndarray, "training_seed reward_scale"], level: float
) -> Interval:
    """Return an estimate with Student's t interval, from the distances of each network's thresholds."""
    by_network = distances.mean(axis=1)
    half = student_quantile(len(by_network), level) * float(by_network.std(ddof=1)) / len(by_network) ** 0.5
    return Interval(estimate, estimate - half, estimate + half)


def _check_scales(prior_scales: Float[np.ndarray, "scale"], num_scales: int) -> None:
    is_ascending = (np.diff(prior_scales) > 0).all() and len(prior_scales) > 0 and prior_scales[0] > 0
    if len(prior_scales) != num_scales or not is_ascending:
        raise ValueError(f"prior_scales must be positive, ascend and be {num_scales}; got {prior_scales}")


def _check_learning(learning: Float[np.ndarray, "training_seed reward_scale prior_scale"]) -> None:
    if len(learning) < 2:
        raise ValueError(f"an interval over networks needs at least 2 training seeds; got {len(learning)}")
    if not ((learning >= 0) & (learning <= 1)).all():
        raise ValueError(f"learning must be in [0, 1]; got values from {learning.min()} to {learning.max()}")
