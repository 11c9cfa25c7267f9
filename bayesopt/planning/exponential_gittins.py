"""Gittins indices of arms with exponential rewards and a Gamma belief about their rate, with proved error bounds.

Bounds from below: a policy (keep or retire for good after N more pulls), evaluated with rewards that are less spread
out. Bounds from above: a supermartingale after N more pulls, evaluated with rewards that are more spread out. The
value is convex, so that either change has a known sign (`exponential_gittins_kernels`).
"""

import math

import numpy as np
from jaxtyping import Float, Int

from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.exponential_gittins_kernels import (
    lower_boundaries,
    lowest_boundary,
    num_cells,
    upper_boundaries,
)
from bayesopt.planning.index_batches import (
    Bracket,
    Real,
    Run,
    certified,
    horizon,
    require,
    require_discount_and_tolerance,
    runs,
)

LARGEST_WORK = 2e10
"""Levels times grid cells; about a minute. Sweeps that need more are refused."""


def exponential_gittins_index(
    concentration: Real, rate: Real, discount: Real, *, tolerance: float = 1e-5
) -> CertifiedIndex:
    """The constant reward per pull that is as good as an arm with exponential rewards of unknown mean.

    Rewards are exponential with event rate r, more is better, and r has a Gamma(concentration, rate) belief: the
    predictive mean is `rate / (concentration - 1)`, which is the index at discount 0, and a reward x makes the belief
    Gamma(concentration + 1, rate + x). The index is in the unit of the rewards and proportional to `rate`; it is not
    multiplied by `1 / (1 - discount)`. `tolerance` is absolute, in that unit too.

    Arguments broadcast; scalars in, floats out. Arms whose concentrations differ by whole numbers share one sweep.

    Raises:
        ValueError: an argument is out of range (the mean is infinite unless `concentration` exceeds 1), or the
            tolerance cannot be reached.

    Source: Gittins, Glazebrook & Weber (2011), Multi-armed Bandit Allocation Indices, section 7.5.
    """
    require("concentration", concentration, lambda x: x > 1, "above 1 and finite")
    require("rate", rate, lambda x: x > 0, "positive and finite")
    require_discount_and_tolerance(discount, tolerance)
    levels, rates, discounts = np.broadcast_arrays(*(np.asarray(x, float) for x in (concentration, rate, discount)))
    flat_levels, flat_rates, flat_discounts = levels.ravel(), rates.ravel(), discounts.ravel()
    lower = 1 / (flat_levels - 1)
    upper = lower.copy()
    relative = tolerance / flat_rates

    def longest_gap(position: int) -> float:
        return 1.0 + _horizon(flat_levels[position], max(flat_discounts[position], 1e-300), relative[position])

    for run in runs(flat_levels, [flat_discounts], longest_gap):
        first = run.members[0]
        if flat_discounts[first] > 0:
            lower[run.members], upper[run.members] = _brackets(
                float(flat_levels[first]), run, float(flat_discounts[first]), relative[run.members]
            )
    lower, upper = (flat_rates * lower).reshape(levels.shape), (flat_rates * upper).reshape(levels.shape)
    return certified(lower, upper, is_scalar=levels.ndim == 0)


def _horizon(concentration: float, discount: float, tolerance: float) -> int:
    """The horizon of a Gaussian arm with as many observations and the same mean's standard deviation, and a margin."""
    return 2 + int(1.2 * horizon(concentration, discount, tolerance * (concentration - 1)))


def _brackets(start: float, run: Run, discount: float, tolerance: Float[np.ndarray, " arm"]) -> Bracket:
    """Brackets of the arms of a run at rate 1; horizon and grid are refined until all are narrow enough."""
    last, extra = int(run.offsets[-1]), _horizon(start + run.offsets[-1], discount, float(tolerance[-1]))
    spacing, excess = 0.5 / (start + last + extra), math.inf
    while True:
        lower, upper = _sweeps(start, last + extra, discount, spacing, tolerance, run.offsets, excess)
        coarse = _excess(lower, upper, tolerance)
        if coarse <= 1:
            return lower, upper
        lower, upper = _sweeps(start, last + extra, discount, spacing / 2, tolerance, run.offsets, coarse)
        excess = _excess(lower, upper, tolerance)
        if excess <= 1:
            return lower, upper
        of_grid = max(coarse - excess, 0.0) * 4 / 3  # at `spacing`; falls with its square
        of_horizon = coarse - of_grid
        if of_horizon > 0.3:
            extra += 1 + int(max(0.3, 0.5 * math.log(of_horizon / 0.3)) / -math.log(discount))
        spacing *= min(0.5, math.sqrt(0.5 / max(of_grid, 0.5)))


def _excess(lower: np.ndarray, upper: np.ndarray, tolerance: np.ndarray) -> float:
    """The largest half-width of the brackets, in tolerances."""
    return float(((upper - lower) / tolerance).max()) / 2 * (1 + 1e-9)


def _sweeps(
    start: float,
    num_levels: int,
    discount: float,
    spacing: float,
    tolerance: Float[np.ndarray, " arm"],
    offsets: Int[np.ndarray, " arm"],
    reached: float,
) -> Bracket:
    """Proved lower and upper bounds, from one sweep each; refuses to work for hours."""
    lowest, last = lowest_boundary(start, discount), start + num_levels
    largest_tail = 0.01 * (1 - lowest_boundary(last, discount) / (last - 1))
    largest_tail = min(largest_tail, 0.02 * float(tolerance.min()) * lowest * math.sqrt(1 - discount))
    work = num_levels * num_cells(last, discount, spacing, largest_tail, lowest)
    if work > LARGEST_WORK:
        raise ValueError(
            f"the tolerance cannot be reached at discount {discount} and concentration {start}: it takes {work:.0e} "
            f"steps, more than {LARGEST_WORK:.0e}; the smallest that can be reached is {reached:.2g} times as large"
        )
    below = lower_boundaries(start, num_levels, discount, spacing, largest_tail)
    above = upper_boundaries(start, num_levels, discount, spacing, largest_tail, below)
    return (1 - 1e-13) / above[offsets], (1 + 1e-13) / below[offsets]
