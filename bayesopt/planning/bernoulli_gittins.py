"""Gittins indices of Bernoulli arms with beta beliefs, with proved error bounds.

Every index is enclosed by two numbers that are proved to lie on either side of it (`bernoulli_gittins_kernels` says
how): from below by a rule to stop that can be carried out, from above by relaxations of the problem, and either by as
much more as float64 may have rounded. The middle is returned, with half the distance and the rounding of both.
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from bayesopt.planning.bernoulli_gittins_kernels import ROWS, index_bracket, make_cells, narrow_brackets
from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.index_batches import Real, require, require_discount_and_tolerance

LARGEST_DISCOUNT = 0.999999
"""Beyond it one index takes minutes."""

LARGEST_MAX_TOTAL = 4000
"""A table takes 64 bytes times its square."""

ROUNDING = 1e-15
"""Of means and middles, which are below 1."""

FIRST_NUM_WORTHS = 64
"""Known rewards that a table is first swept with."""

SHARE_OF_WIDE = 0.6
"""Sweeps of a table are worth their while if they are fewer than this times the states that are not narrow yet."""

Triangle = Float[np.ndarray, " state"]
"""The states of a table, by total concentration and then by successes."""


def bernoulli_gittins_index(
    concentration1: Real, concentration0: Real, discount: Real, *, tolerance: float = 1e-9
) -> CertifiedIndex:
    """The known reward per trial that is as good as an arm that succeeds with a probability of unknown size.

    The belief about that probability is Beta(concentration1, concentration0): any positive numbers, that count prior
    and observations together (under a uniform prior, 1 + successes and 1 + failures). The arm pays 1 for a success and
    0 for a failure and may be left at any time; rewards are discounted by `discount` per trial, and at discount 0 the
    index is the mean. The true index lies within `error_bound`, at most `tolerance`, of the one returned. Arguments
    broadcast; scalars in, floats out.

    Raises:
        ValueError: an argument is out of range, or the tolerance is below what float64 allows.

    Source: Gittins (1979), JRSS B 41:148, for the index; `bernoulli_gittins_kernels` for the bounds.
    """
    arguments = (concentration1, concentration0, discount)
    if all(isinstance(value, float | int) for value in arguments):
        return _certified(*_bracket(float(concentration1), float(concentration0), float(discount), tolerance))
    batch = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in arguments))
    arms = np.stack([x.ravel() for x in batch], axis=-1).tolist()
    brackets = [_bracket(c1, c0, at_discount, tolerance) for c1, c0, at_discount in arms]
    bounds = np.array(brackets).reshape(-1, 2).T.reshape(2, *batch[0].shape)
    return _certified(*(bounds if batch[0].ndim else bounds.tolist()))


def bernoulli_gittins_table(max_total: int, discount: float, *, tolerance: float = 1e-7) -> CertifiedIndex:
    """The indices of all arms with whole concentrations whose sum is at most `max_total`, far faster than one by one.

    Entry `[concentration1 - 1, concentration0 - 1]` of either array, of shape (max_total - 1, max_total - 1), is what
    `bernoulli_gittins_index` says of Beta(concentration1, concentration0); it is NaN where the sum exceeds `max_total`.
    The sweeps begin so far beyond the table that its last diagonal is as right as its first.

    Raises:
        ValueError: an argument is out of range, or the tolerance is below what float64 allows.
    """
    require_discount_and_tolerance(discount, tolerance)
    if not 2 <= max_total <= LARGEST_MAX_TOTAL:
        raise ValueError(f"max_total must be from 2 to {LARGEST_MAX_TOTAL}, got {max_total}")
    row, successes = np.tril_indices(max_total - 1)
    index, error_bound = np.full((2, max_total - 1, max_total - 1), np.nan)
    triangle = _certified(*_triangle(1.0 + successes, 1.0 + row - successes, max_total, discount, tolerance))
    index[successes, row - successes], error_bound[successes, row - successes] = triangle
    return CertifiedIndex(index, error_bound)


def _certified(
    lower: float | Float[np.ndarray, "*batch"], upper: float | Float[np.ndarray, "*batch"]
) -> CertifiedIndex:
    """The middle of brackets, with half their width."""
    return CertifiedIndex((lower + upper) / 2, (upper - lower) / 2 + ROUNDING)


def _bracket(concentration1: float, concentration0: float, discount: float, tolerance: float) -> tuple[float, float]:
    """Bounds of one index, less than twice the tolerance apart."""
    if not (0 < concentration1 < math.inf and 0 < concentration0 < math.inf and 0 <= discount < 1 and tolerance > 0):
        require("concentration1", concentration1, lambda x: x > 0, "positive and finite")
        require("concentration0", concentration0, lambda x: x > 0, "positive and finite")
        require_discount_and_tolerance(discount, tolerance)
    total, mean = concentration1 + concentration0, 1 / (1 + concentration0 / concentration1)
    lower, upper = mean, float(_upper_bound(mean, total, discount))
    if upper - lower <= 2 * (tolerance - ROUNDING):
        return lower, upper
    _require_affordable(discount)
    arm, depth = (concentration1, concentration0, discount), _first_depth(discount)
    bounds = index_bracket(*arm, max(tolerance - ROUNDING, ROUNDING**2), lower, upper, mean, depth)
    if bounds[1] - bounds[0] > 2 * (tolerance - ROUNDING):
        loosely = index_bracket(*arm, 1e-3 * (upper - lower), lower, upper, mean, depth)
        raise ValueError(_unreachable(tolerance, loosely[2]))
    return bounds[0], bounds[1]


def _upper_bound(mean: float | Triangle, total: float | Triangle, discount: float) -> float | Triangle:
    """In closed form: that of perfect information after one trial, and that of a perpetual put (see the kernels)."""
    rate = -math.log(discount) if discount > 0 else math.inf
    return np.minimum((1 - discount) * mean + discount, mean + 1 / (math.sqrt(8 * rate) * (total + 1)))


def _triangle(
    concentrations1: Triangle, concentrations0: Triangle, max_total: int, discount: float, tolerance: float
) -> tuple[Triangle, Triangle]:
    """Bounds of all indices of a table: from sweeps with many known rewards, narrowed one by one where need be."""
    totals, target = concentrations1 + concentrations0, tolerance - ROUNDING
    lower = concentrations1 / totals
    upper = np.asarray(_upper_bound(lower, totals, discount))
    if np.all(upper - lower <= 2 * target):
        return lower, upper
    _require_affordable(discount)

    # The corners of the table, and its longest edge, tell how deep to go and between which rewards.
    probes = np.flatnonzero((totals == 2) | (totals == max_total) & _is_end_or_middle(concentrations1, max_total))
    depth = 1
    for i in probes:
        arm = (concentrations1[i], concentrations0[i], discount)
        lower[i], upper[i], least, needed = index_bracket(
            *arm, max(0.5 * target, ROUNDING**2), lower[i], upper[i], lower[i], _first_depth(discount)
        )
        if upper[i] - lower[i] > target:
            raise ValueError(_unreachable(tolerance, 2 * least))
        depth = max(depth, int(totals[i]) - 2 + needed)
    depth = 1 + -(-(depth - 1) // ROWS) * ROWS
    rows = totals.astype(int) - 2, concentrations1.astype(int) - 1
    first, last = np.arcsin(np.sqrt([lower[probes].min(), upper[probes].max()]))
    angles = np.linspace(first, last, FIRST_NUM_WORTHS)
    brackets, cells = np.zeros((4, max_total - 1, max_total - 1)), make_cells(1.0, discount, depth)
    brackets[1] = 1.0
    added = angles
    while True:
        narrow_brackets(brackets, cells, discount, 0.01 * target * math.sqrt(1 - discount), np.sin(added) ** 2)
        lower, upper = np.maximum(lower, brackets[0][rows]), np.minimum(upper, brackets[1][rows])
        wide = np.flatnonzero(upper - lower > 2 * target)
        # Halves the intervals where states are still too wide, as long as that is less work than to take one by one.
        gaps = np.unique(np.searchsorted(angles, np.arcsin(np.sqrt((lower[wide] + upper[wide]) / 2))))
        gaps = gaps[(gaps > 0) & (gaps < len(angles))]
        if len(gaps) == 0 or len(gaps) > SHARE_OF_WIDE * len(wide):
            break
        added = (angles[gaps - 1] + angles[gaps]) / 2
        angles = np.insert(angles, gaps, added)

    for i in wide:
        arm = (concentrations1[i], concentrations0[i], discount)
        guess = min((lower[i] + upper[i]) / 2 + 0.6 * target, upper[i])
        deep_enough = depth - rows[0][i] // ROWS * ROWS
        lower[i], upper[i], least, _ = index_bracket(*arm, target, lower[i], upper[i], guess, deep_enough)
        if upper[i] - lower[i] > 2 * target:
            raise ValueError(_unreachable(tolerance, least))
    return lower, upper


def _is_end_or_middle(concentrations1: Triangle, max_total: int) -> Bool[np.ndarray, " state"]:
    return np.isin(concentrations1, [1, max_total - 1, max_total // 2])


def _first_depth(discount: float) -> int:
    return 1 + ROWS * max(1, int(-0.06 / math.log(discount)))


def _require_affordable(discount: float) -> None:
    if discount > LARGEST_DISCOUNT:
        raise ValueError(
            f"discount must be at most {LARGEST_DISCOUNT} for its index to take no minutes, got {discount}"
        )


def _unreachable(tolerance: float, least: float) -> str:
    reachable = 2 * least + 2 * ROUNDING
    return f"tolerance {tolerance} is below what float64 allows; the smallest that can be reached is {reachable:.1e}"
