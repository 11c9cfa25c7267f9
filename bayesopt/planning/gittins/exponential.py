"""Gittins indices of arms with exponential rewards and a Gamma belief about their rate, with proved error bounds.

The lower bound is the value of a policy (keep or retire for good after N more pulls), evaluated with rewards that are
less spread out. The upper bound is a supermartingale after N more pulls, evaluated with rewards that are more spread
out. The value is convex, so the sign of either change is known (`exponential_kernels`).
"""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from bayesopt.inputs import as_floats
from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.gittins.exponential_kernels import (
    ROUNDING,
    lower_boundaries,
    lowest_boundary,
    num_cells,
    upper_boundaries,
)
from bayesopt.planning.gittins.index_batches import (
    Bracket,
    Real,
    certified,
    horizon,
    refined,
    refuse,
    require,
    require_discount_and_tolerance,
    require_reachable,
    runs,
)

LARGEST_WORK = 2e10
"""Largest work of a sweep, in levels times grid cells: about a minute. More work raises an error."""


NEGLIGIBLE = 1e-12
"""A closed-form upper bound so close to the mean needs no sweep: concentrations above 1e13."""

LIMIT_OF_FLOAT64 = 1e-13
"""No tolerance below this share of the mean is tried."""

UNIT = " times the rate"


class _Arms(NamedTuple):
    start: float
    discount: float
    offsets: Int[np.ndarray, " arm"]


def exponential_gittins_index(
    concentration: Real, rate: Real, discount: Real, *, tolerance: Real | None = None
) -> CertifiedIndex:
    """Return the known reward per pull that is worth as much as an arm with exponential rewards of unknown mean.

    Rewards are exponential with event rate r, and the belief about r is Gamma(concentration, rate). The predictive mean
    is `rate / (concentration - 1)`, which is the index at discount 0. A reward x makes the belief
    Gamma(concentration + 1, rate + x). The index is in the unit of the rewards and proportional to `rate`; it is not
    multiplied by `1 / (1 - discount)`. `tolerance` is absolute, in the same unit. By default it is `1e-5 * rate`: index
    and error bound are then proportional to `rate` to the last digits.

    Arguments broadcast; scalars give floats. Arms whose concentrations differ by whole numbers share one sweep.

    Raises:
        ValueError: an argument is out of range (the mean is infinite unless `concentration` exceeds 1), or the
            tolerance cannot be reached.

    Source: Gittins, Glazebrook & Weber (2011), Multi-armed Bandit Allocation Indices, section 7.5.
    """
    require("concentration", concentration, lambda x: x > 1, "above 1 and finite")
    require("rate", rate, lambda x: x > 0, "positive and finite")
    require_discount_and_tolerance(discount, 1.0 if tolerance is None else tolerance)
    relative = 1e-5 if tolerance is None else as_floats("tolerance", tolerance) / as_floats("rate", rate)
    levels, rates, discounts, tolerances = np.broadcast_arrays(
        *(as_floats("arguments", x) for x in (concentration, rate, discount, relative))
    )
    flat_levels, flat_rates, flat_discounts = levels.ravel(), rates.ravel(), discounts.ravel()
    flat_tolerances = tolerances.ravel()
    lower = 1 / (flat_levels - 1)
    upper = lower.copy()

    def longest_gap(position: int) -> float:
        return 1.0 + _horizon(
            float(flat_levels[position]), max(flat_discounts[position], 1e-300), float(flat_tolerances[position])
        )

    for run in runs(flat_levels, [flat_discounts], longest_gap):
        first, last = run.members[0], run.members[-1]
        if flat_discounts[first] > 0:
            arms = _Arms(float(flat_levels[first]), float(flat_discounts[first]), run.offsets)
            closed = (1 + 1e-13) / lowest_boundary(arms.start, arms.discount)
            if closed <= (1 + NEGLIGIBLE) * lower[first]:
                upper[run.members] = (1 + NEGLIGIBLE) * lower[run.members]
                continue
            smallest = flat_tolerances[run.members]
            require_reachable(float(smallest.min()), float(lower[first]), LIMIT_OF_FLOAT64, UNIT)
            num_levels = int(run.offsets[-1]) + _horizon(float(flat_levels[last]), arms.discount, float(smallest[-1]))
            lower[run.members], upper[run.members] = refined(
                partial(_sweeps, arms, float(smallest.min())),
                smallest,
                discount=arms.discount,
                num_levels=num_levels,
                spacing=0.5 / (arms.start + num_levels),
                rounding=_rounding(arms.start, arms.discount),
                unit=UNIT,
            )
    lower, upper = (flat_rates * lower).reshape(levels.shape), (flat_rates * upper).reshape(levels.shape)
    return certified(lower, upper, is_scalar=levels.ndim == 0)


def _horizon(concentration: float, discount: float, tolerance: float) -> int:
    """Return the horizon of a Gaussian arm with as many observations and the same scale of the mean, plus a margin."""
    with np.errstate(over="ignore"):
        return 2 + int(1.2 * horizon(concentration, discount, tolerance * np.float64(concentration - 1)))


def _rounding(concentration: float, discount: float) -> float:
    """Return the rounding errors that add up in the sweeps, times the spacing: a lower bound of their effect."""
    levels = np.arange(10_000.0)
    return ROUNDING * float((discount**levels / (concentration + levels)).sum()) / (concentration - 1)


def _sweeps(arms: _Arms, smallest_tolerance: float, num_levels: int, spacing: float, reached: float) -> Bracket:
    """Return proved lower and upper bounds at rate 1, from one sweep each."""
    start, discount = arms.start, arms.discount
    lowest, last = lowest_boundary(start, discount), start + num_levels
    largest_tail = 0.01 * (1 - lowest_boundary(last, discount) / (last - 1))
    largest_tail = min(largest_tail, 0.02 * smallest_tolerance * lowest * math.sqrt(1 - discount))
    work = float(num_levels) * num_cells(last, discount, spacing, largest_tail, lowest)
    work *= 2 if np.isinf(reached) else 1  # a first sweep is hardly ever enough, and the second has twice the cells
    refuse(smallest_tolerance, work / LARGEST_WORK, reached, order=2, unit=UNIT)
    below = lower_boundaries(start, num_levels, discount, spacing, largest_tail)
    above = upper_boundaries(start, num_levels, discount, spacing, largest_tail, below)
    return (1 - 1e-13) / above[arms.offsets], (1 + 1e-13) / below[arms.offsets]
