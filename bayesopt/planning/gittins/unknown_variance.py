"""Gittins indices of Gaussian arms whose mean and variance are both unknown, with proved error bounds.

The lower bound is the value of a policy (keep or retire for good after N more pulls), evaluated with observations that
are less spread out. The upper bound reveals the mean after N more pulls and spreads observations more. The value is
convex, so the sign of either change is known (`unknown_variance_kernels`).
"""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Int
from scipy import special

from bayesopt.inputs import as_floats, as_number
from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.gittins.index_batches import (
    SMALLEST_NUM_OBSERVATIONS,
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
from bayesopt.planning.gittins.student_knots import informed_value, schemes_below_and_above
from bayesopt.planning.gittins.unknown_variance_kernels import boundaries

KNOTS_FOR_TAILS = 4.0
"""Factor of additional knots for heavy tails: their number is multiplied by 1 + this / degrees of freedom."""

LARGEST_WORK = 1e11
"""Largest work of a sweep, in levels times knots times nodes: a few minutes. More work raises an error."""


SMALLEST_SHARE = 1e-9
"""No tolerance below this share of the index is tried; it would take many minutes."""

LARGEST_NUM_NODES = 2e7
"""Largest number of nodes at the last level: a second and a GB. It grows with the root of the observations."""


class _Arms(NamedTuple):
    belief: tuple[float, float]
    discount: float
    offsets: Int[np.ndarray, " arm"]
    tolerance: float


def normal_unknown_variance_gittins_index(
    num_observations: Real, degrees_of_freedom: Real, discount: Real, *, tolerance: float = 1e-5
) -> CertifiedIndex:
    """Return the known reward per pull that is worth as much as an arm with sample mean 0 and standard deviation 1.

    The belief is normal-gamma. With nu = `degrees_of_freedom`, the precision tau of an observation is
    Gamma(nu / 2, nu / 2), and given tau the mean reward is normal with mean 0 and precision `num_observations * tau`.
    Predictions are Student's t with nu degrees of freedom and scale `sqrt(1 + 1 / num_observations)`; an observation
    adds 1 to both arguments. An arm with sample mean `m` and sample standard deviation `s` (`s^2 = beta / alpha` for a
    Gamma(alpha, beta) belief about the precision, `nu = 2 alpha`) has index
    `m + s * normal_unknown_variance_gittins_index(n, nu, discount).index`.

    Table 8.3 of Gittins, Glazebrook & Weber (2011) is for n observations under the improper prior `1 / sigma`:
    `degrees_of_freedom = num_observations - 1`, and s^2 is the sample variance with divisor n - 1. As nu grows the
    index falls to that of `normal_gittins_index`.

    The index is not multiplied by `1 / (1 - discount)`. Arguments broadcast; scalars give floats. Beliefs that one arm
    can pass through share one sweep.

    Raises:
        ValueError: an argument is out of range (the predictive mean does not exist unless `degrees_of_freedom`
            exceeds 1), or the tolerance cannot be reached.

    Source: Gittins, Glazebrook & Weber (2011), Multi-armed Bandit Allocation Indices, section 7.4.
    """
    require("num_observations", num_observations, lambda x: x > 0, "positive and finite")
    require("degrees_of_freedom", degrees_of_freedom, lambda x: x > 1, "above 1 and finite")
    require("num_observations", num_observations, lambda x: x >= SMALLEST_NUM_OBSERVATIONS, "at least 1e-200")
    require_discount_and_tolerance(discount, tolerance)
    tolerance = as_number("tolerance", tolerance)
    levels, freedoms, discounts = np.broadcast_arrays(
        *(as_floats("arguments", x) for x in (num_observations, degrees_of_freedom, discount))
    )
    flat_levels, flat_freedoms, flat_discounts = levels.ravel(), freedoms.ravel(), discounts.ravel()
    lower, upper = np.zeros(levels.size), np.zeros(levels.size)

    def longest_gap(position: int) -> float:
        return 1.0 + _horizon(flat_levels[position], max(flat_discounts[position], 1e-300), tolerance)

    for run in runs(flat_levels, [flat_freedoms - flat_levels, flat_discounts], longest_gap):
        first, last = run.members[0], run.members[-1]
        if flat_discounts[first] > 0:
            belief, at_discount = (float(flat_levels[first]), float(flat_freedoms[first])), float(flat_discounts[first])
            require_reachable(tolerance, _informed_index(*belief, at_discount), SMALLEST_SHARE)
            lower[run.members], upper[run.members] = refined(
                partial(_sweeps, _Arms(belief, at_discount, run.offsets, tolerance)),
                np.full(len(run.members), tolerance),
                discount=at_discount,
                num_levels=int(run.offsets[-1]) + _horizon(float(flat_levels[last]), at_discount, tolerance),
                spacing=0.1,
            )
    return certified(lower.reshape(levels.shape), upper.reshape(levels.shape), is_scalar=levels.ndim == 0)


def _horizon(num_observations: float, discount: float, tolerance: float) -> int:
    """Return the horizon of a Gaussian arm of known variance, plus a margin for the cruder bound at its end."""
    return 2 + int(1.1 * horizon(num_observations, discount, tolerance) + 1.5 / -np.log(discount))


def _sweeps(arms: _Arms, num_levels: int, spacing: float, reached: float) -> Bracket:
    """Return proved lower and upper bounds, from one sweep each.

    Later levels matter less, so their grids are coarser: `effort` is the relative number of knots and of nodes.
    """
    belief, discount, offsets, tolerance = arms
    frequency = math.sqrt(-2 * math.log(discount))
    refuse(
        tolerance, num_levels * max(1.0, 0.4 / spacing) * 10 / (spacing * frequency) / LARGEST_WORK, reached, order=1
    )
    later = np.arange(num_levels + 1.0)
    n, nu = belief[0] + later, belief[1] + later
    step, beyond = 1 / (np.sqrt(n) * np.sqrt(n + 1)), np.maximum(0.0, later - offsets[-1])
    effort = np.maximum(0.1, (n / (n - beyond)) ** (-1 / 3) * discount ** (beyond / 3))
    width = spacing * step / effort
    num_knots = np.ceil(4 / spacing * effort * (1 + KNOTS_FOR_TAILS / nu))[:-1]
    work = float(num_knots.sum()) * 10 / (spacing * frequency)
    refuse(tolerance, work / LARGEST_WORK, reached, order=1)
    # one observation takes y to at most sqrt(y^2 + (nu + 1) / (n (n + 1)))
    farthest = np.sqrt(_informed_index(*belief, discount) ** 2 + np.cumsum((nu + 1) * step**2))
    tops = np.minimum(farthest, -special.stdtrit(nu, min(0.1, 1e-3 * tolerance)) / np.sqrt(n))
    start = -min(30 / math.sqrt(n[-1]), farthest[-1])
    num_nodes = (tops[-1] - start) / width[-1]
    if num_nodes > LARGEST_NUM_NODES:
        raise ValueError(
            f"num_observations must be at most about {n[-1] * (LARGEST_NUM_NODES / num_nodes) ** 2:.1e} at this "
            f"tolerance; got {belief[0]}. Use the index of an arm of known variance"
        )
    schemes = schemes_below_and_above(n[:-1], nu[:-1], num_knots.astype(int))
    nodes = start + width[-1] * np.arange(math.ceil(num_nodes) + 1)
    leaves = (nodes[-2:] * 0 + [0, width[-1]], np.zeros(2)), (nodes, informed_value(nodes, n[-1], nu[-1]))
    below, above = (
        boundaries(num_levels, discount, is_upper, width, spacing * frequency / 3 / effort, tops, scheme, leaf)
        for is_upper, scheme, leaf in zip((False, True), schemes, leaves, strict=True)
    )
    return np.maximum(-below[offsets], 0.0), -above[offsets]


def _informed_index(num_observations: float, degrees_of_freedom: float, discount: float) -> float:
    """Return an upper bound of the index: its value if one pull revealed the mean."""

    def pull_is_better(y: float) -> bool:
        value = informed_value(np.array([y]), num_observations, degrees_of_freedom)
        return bool(y + discount * value[0] > 0)

    low, high = -1.0, 0.0
    while pull_is_better(low):
        low *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if pull_is_better(middle) else (middle, high)
    return -low
