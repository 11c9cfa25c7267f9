"""Hartigan's dip test of unimodality, for the question whether training seeds form one group or several.

The dip of a sample is the least that any distribution function with one mode (convex up to it, concave beyond it) is
off its empirical distribution function, at the worst place (Hartigan & Hartigan 1985, Ann. Statist. 13, 70–84). It
lies between 1/(2n) and 1/4 for n distinct values: the first for equal spacings, the second for two tight groups of one
size. Equal values are one step, which may be the mode; so it is 0 where all are equal.

Of the distributions with one mode the uniform one has the largest dips (a theorem for long samples, where the others'
tails are no longer than exponential), so p-values from uniform samples are right for it and cautious for the others: of
20,000 samples of 30, 4.9 % of uniform ones are called two regimes at 5 %, and 0.4 % of normal and 0.6 % of exponential
ones.

It sees gaps, not atoms. With a third of 30 networks below 0.5 pulls and the others normal about 20 it finds two regimes
in 95 % (standard deviation 5) and 66 % (8); with the others evenly from 2 to 40, where the gap is narrow, in 18 %, and
no more of many. On log(1 + pulls) these are 93 %, 92 % and 91 %: the question is then whether there is one mode on that
scale, and the scale must be chosen before looking.
"""

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bayesopt.planning.compiled import compiled

NUM_SIMULATIONS = 5000


_NULL_SEED = 1985


class DipTest(NamedTuple):
    """The dip of a sample, and the fraction of uniform samples of that size whose dip is at least as large."""

    dip: float
    p_value: float
    """One of (simulations + 1) simulated and real dips at least: never 0."""


def dip(values: Float[np.ndarray, "value"]) -> float:
    """Return the dip of a sample, a difference of probabilities; it does not depend on the values' unit or scale.

    Raises `ValueError` for no values, or any that is not finite.
    """
    _check(values)
    return float(_dip(np.sort(values)))


def dip_test(values: Float[np.ndarray, "value"], *, num_simulations: int = NUM_SIMULATIONS) -> DipTest:
    """Test one mode against more; small p-values mean that the values form groups with a gap between them.

    The simulated dips are the same for all samples of one length, so p-values of two samples can be compared. Raises
    as `dip`, and `ValueError` for fewer than 4 values or 1 simulation.
    """
    _check(values)
    if len(values) < 4:
        raise ValueError(f"a test of one mode needs at least 4 values; got {len(values)}")
    if num_simulations < 1:
        raise ValueError(f"num_simulations must be at least 1; got {num_simulations}")
    found = dip(values)
    null = _null_dips(len(values), num_simulations)
    num_beyond = num_simulations - np.searchsorted(null, found - 1e-12)  # equal up to rounding counts as beyond
    return DipTest(found, float((1 + num_beyond) / (1 + num_simulations)))


@functools.lru_cache(maxsize=32)
def _null_dips(num_values: int, num_simulations: int) -> Float[np.ndarray, "simulation"]:
    """Return dips of uniform samples in ascending order."""
    generator = np.random.default_rng([_NULL_SEED, num_values])
    dips = np.array([_dip(np.sort(generator.random(num_values))) for _ in range(num_simulations)])
    dips.sort()
    dips.flags.writeable = False
    return dips


def _check(values: Float[np.ndarray, "value"]) -> None:
    if len(values) == 0 or not np.isfinite(values).all():
        raise ValueError(f"a dip needs at least 1 value, all of them finite; got {values}")


@compiled
def _dip(ordered):
    """Return the dip of ascending values, in O(n) for each narrowing of the interval that holds the mode.

    In counts rather than probabilities. Up to the mode the best function runs half the dip above the greatest convex
    minorant, beyond it half the dip below the least concave majorant, and the two may not cross at the mode: so the
    interval narrows to where they are furthest apart until their distance is no longer what decides.
    """
    places, before, after = _steps(ordered)
    low, high = 0, len(places) - 1
    worst = 0.0
    while low < high:
        convex = _hull(places, before, low, high, 1.0)
        concave = _hull(places, after, low, high, -1.0)
        minorant = _between(places, before, convex)
        majorant = _between(places, after, concave)
        furthest = low + np.argmax(majorant - minorant)
        if majorant[furthest - low] - minorant[furthest - low] <= worst:
            break
        left = convex[np.searchsorted(convex, furthest, side="right") - 1]
        right = concave[np.searchsorted(concave, furthest)]
        for i in range(low, left):
            worst = max(worst, after[i] - minorant[i - low])
        for i in range(right + 1, high + 1):
            worst = max(worst, majorant[i - low] - before[i])
        low, high = left, right
    return worst / (2 * len(ordered))


@compiled
def _steps(ordered):
    """Return the steps of the empirical distribution function, and the counts of values before and after each."""
    num_values = len(ordered)
    places, before, after = np.empty(num_values), np.empty(num_values), np.empty(num_values)
    size = 0
    for i in range(num_values):
        if i == 0 or ordered[i] != ordered[i - 1]:
            places[size], before[size] = ordered[i], i
            size += 1
        after[size - 1] = i + 1
    return places[:size], before[:size], after[:size]


@compiled
def _hull(places, heights, low, high, sign):
    """Return indices of the corners of the greatest convex minorant (`sign` 1) or least concave majorant (−1)."""
    corners = np.empty(high - low + 1, np.int64)
    size = 0
    for i in range(low, high + 1):
        while size > 1:
            a, b = corners[size - 2], corners[size - 1]
            turn = (heights[b] - heights[a]) * (places[i] - places[b])
            turn -= (heights[i] - heights[b]) * (places[b] - places[a])
            if sign * turn < 0:
                break
            size -= 1
        corners[size] = i
        size += 1
    return corners[:size]


@compiled
def _between(places, heights, corners):
    """Return heights of the chords between neighbouring corners, at all positions from the first to the last."""
    first = corners[0]
    values = np.empty(corners[-1] - first + 1)
    values[0] = heights[first]
    for k in range(len(corners) - 1):
        a, b = corners[k], corners[k + 1]
        for i in range(a + 1, b + 1):
            share = (places[i] - places[a]) / (places[b] - places[a])
            values[i - first] = heights[a] + share * (heights[b] - heights[a])
    return values
