"""Gittins indices of Bernoulli arms with beta beliefs, with proved error bounds.

Every index is enclosed by two proved bounds (see `bernoulli_kernels`). The lower bound is the value of a
feasible stopping rule, the upper bound comes from relaxations of the problem, and both include an allowance for
rounding errors of float64. The result is the middle; its error bound is half the distance plus rounding errors.
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from bayesopt.inputs import as_count, as_floats, as_number
from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.gittins.bernoulli_kernels import ROWS, index_bracket, make_cells, narrow_brackets
from bayesopt.planning.gittins.index_batches import Real, require, require_discount_and_tolerance

LARGEST_DISCOUNT = 0.999999
"""Largest discount; above it one index takes minutes."""

LARGEST_DISCOUNT_OF_TABLE = 0.99999
"""Largest discount of a table; above it even a small table takes many minutes."""

LARGEST_MAX_TOTAL = 4000
"""Largest total of a table, which takes 64 bytes times its square."""

ROUNDING = 1e-15
"""Bound on rounding errors of means and middles, which are below 1."""

FIRST_NUM_WORTHS = 64
"""Number of known rewards in the first sweeps of a table."""

SHARE_OF_WIDE = 0.6
"""More sweeps of a table are made if they are fewer than this times the number of states with too wide brackets."""

Triangle = Float[np.ndarray, " state"]
"""States of a table, ordered by total concentration and then by successes."""


def bernoulli_gittins_index(
    concentration1: Real, concentration0: Real, discount: Real, *, tolerance: float = 1e-9
) -> CertifiedIndex:
    """Return the known reward per trial that is worth as much as a Bernoulli arm with unknown success probability.

    The belief about the probability is Beta(concentration1, concentration0). Concentrations are any positive numbers
    and include both prior and observations (under a uniform prior, 1 + successes and 1 + failures). The arm pays 1 for
    a success and 0 for a failure and may be left at any time. Rewards are discounted by `discount` per trial; at
    discount 0 the index is the mean. The true index lies within `error_bound`, at most `tolerance`, of the returned
    index. Arguments broadcast; scalars give floats.

    Raises:
        ValueError: an argument is out of range, or the tolerance is below what float64 allows.

    Source: Gittins (1979), JRSS B 41:148, for the index; `bernoulli_kernels` for the bounds.
    """
    tolerance = as_number("tolerance", tolerance)
    arguments = (concentration1, concentration0, discount)
    if all(type(value) in (float, int) for value in arguments):
        return _certified(*_bracket(float(concentration1), float(concentration0), float(discount), tolerance))
    batch = np.broadcast_arrays(*(as_floats("arguments", value) for value in arguments))
    arms = np.stack([x.ravel() for x in batch], axis=-1).tolist()
    brackets = [_bracket(c1, c0, at_discount, tolerance) for c1, c0, at_discount in arms]
    bounds = np.array(brackets).reshape(-1, 2).T.reshape(2, *batch[0].shape)
    return _certified(*(bounds if batch[0].ndim else bounds.tolist()))


def bernoulli_gittins_table(max_total: int, discount: float, *, tolerance: float = 1e-7) -> CertifiedIndex:
    """Return the indices of all integer concentrations with a sum of at most `max_total`, far faster than one by one.

    Entry `[concentration1 - 1, concentration0 - 1]` of either array, of shape (max_total - 1, max_total - 1), is the
    result of `bernoulli_gittins_index` for Beta(concentration1, concentration0); it is NaN if the sum exceeds
    `max_total`. The sweeps begin so far beyond the table that its last diagonal is as accurate as its first.

    Raises:
        ValueError: an argument is out of range, or the tolerance is below what float64 allows.
    """
    require_discount_and_tolerance(discount, tolerance)
    max_total = as_count("max_total", max_total, least=2, most=LARGEST_MAX_TOTAL)
    discount, tolerance = as_number("discount", discount), as_number("tolerance", tolerance)
    row, successes = np.tril_indices(max_total - 1)
    index, error_bound = np.full((2, max_total - 1, max_total - 1), np.nan)
    triangle = _certified(*_triangle(1.0 + successes, 1.0 + row - successes, max_total, discount, tolerance))
    index[successes, row - successes], error_bound[successes, row - successes] = triangle
    return CertifiedIndex(index, error_bound)


def _certified(
    lower: float | Float[np.ndarray, "*batch"], upper: float | Float[np.ndarray, "*batch"]
) -> CertifiedIndex:
    """Return the middle of brackets; the error bound is half their width plus rounding errors."""
    return CertifiedIndex((lower + upper) / 2, (upper - lower) / 2 + ROUNDING)


def _bracket(concentration1: float, concentration0: float, discount: float, tolerance: float) -> tuple[float, float]:
    """Return bounds of one index, less than twice the tolerance apart."""
    if not (0 < concentration1 < math.inf and 0 < concentration0 < math.inf and 0 <= discount < 1 and tolerance > 0):
        require("concentration1", concentration1, lambda x: x > 0, "positive and finite")
        require("concentration0", concentration0, lambda x: x > 0, "positive and finite")
        require_discount_and_tolerance(discount, tolerance)
    total, mean = concentration1 + concentration0, 1 / (1 + concentration0 / concentration1)
    lower, upper = mean, float(_upper_bound(mean, total, discount))
    if upper - lower <= 2 * (tolerance - ROUNDING):
        return lower, upper
    _require_affordable(discount, LARGEST_DISCOUNT)
    arm, depth = (concentration1, concentration0, discount), _first_depth(discount)
    bounds = index_bracket(*arm, max(tolerance - ROUNDING, ROUNDING**2), lower, upper, mean, depth)
    if bounds[1] - bounds[0] > 2 * (tolerance - ROUNDING):
        loosely = index_bracket(*arm, 1e-3 * (upper - lower), lower, upper, mean, depth)
        raise ValueError(_unreachable(tolerance, loosely[2]))
    return bounds[0], bounds[1]


def _upper_bound(mean: float | Triangle, total: float | Triangle, discount: float) -> float | Triangle:
    """Return the smaller of two closed-form bounds: perfect information after one trial, and a perpetual put."""
    rate = -math.log(discount) if discount > 0 else math.inf
    return np.minimum((1 - discount) * mean + discount, mean + 1 / (math.sqrt(8 * rate) * (total + 1)))


def _triangle(
    concentrations1: Triangle, concentrations0: Triangle, max_total: int, discount: float, tolerance: float
) -> tuple[Triangle, Triangle]:
    """Return bounds of all indices of a table, from sweeps with many known rewards, then narrowed one by one."""
    totals, target = concentrations1 + concentrations0, tolerance - ROUNDING
    lower = concentrations1 / totals
    upper = np.asarray(_upper_bound(lower, totals, discount))
    if np.all(upper - lower <= 2 * target):
        return lower, upper
    _require_affordable(discount, LARGEST_DISCOUNT_OF_TABLE)

    # The corners of the table, and its longest edge, determine the depth and the range of known rewards.
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
        # Halve the intervals with brackets that are too wide, as long as that is less work than single indices.
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


def _require_affordable(discount: float, largest: float) -> None:
    if discount > largest:
        raise ValueError(f"discount must be at most {largest} (larger values take minutes); got {discount}")


def _unreachable(tolerance: float, least: float) -> str:
    reachable = 2 * least + 2 * ROUNDING
    return f"tolerance must be at least {reachable:.1e}, the limit of float64; got {tolerance}"
