"""Memory layout of a Bernoulli bandit's belief states: values at one time, policy bits of all times.

A state is, for each arm, a number of pulls n and of successes s <= n. States with equal pulls of all arms but the last
form a *column*; at a given time the last arm has the rest of the pulls. Columns are numbered by the colex rank of their
counts, so that a column's successors come after it. If neighbouring arms are exchangeable (`is_tied`), only states with
ascending counts are stored.

Values: a column has rows (s of all arms but the last, row-major); each row runs over s of the last arm and is padded to
whole vectors. Time t overwrites time t + 1. Policy: every column has one block per time, in order of time. A block has
ceil((n + 1) / 8) *groups* of eight states for each row, where n is the pulls of the last arm. A group has one byte per
arm.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

LANES = 8
"""Number of states that are processed together: eight float64 fill a vector, eight mask bits a byte."""

LARGEST_COUNTED = 2000


class Layout(NamedTuple):
    """Sizes and positions that locate a state in memory."""

    horizon: int
    num_others: int
    """Number of arms but the last."""
    last_is_tied: bool
    """True if the last arm and the one before it are exchangeable."""
    binomials: Int[np.ndarray, "n k"]
    ranks: Int[np.ndarray, "column"]
    counts: Int[np.ndarray, "column others"]
    totals: Int[np.ndarray, "column"]
    """Sum of the column's counts."""
    group_starts: Int[np.ndarray, "group"]
    """Columns of total m are those from `group_starts[m]` up to, not including, `group_starts[m + 1]`."""
    fewest_last: Int[np.ndarray, "column"]
    """Smallest number of pulls of the last arm that keeps the counts ascending."""
    swaps: Int[np.ndarray, "column others"]
    """Arm with which a pulled arm is swapped, so that the counts still ascend."""
    successors: Int[np.ndarray, "column others"]
    """Column after a pull and this swap."""
    strides: Int[np.ndarray, "column"]
    bases: Int[np.ndarray, "column"]
    num_values: int
    scratch_size: int
    """Size of the largest transposed column. Such scratch space follows the values, once for each arm but the last."""
    groups_before: Int[np.ndarray, "n"]
    """Total number of groups in rows of 1, 2, ..., n states."""
    policy_starts: Int[np.ndarray, "column"]
    """Group at which the column's block would begin at the time when the last arm has no pull."""
    num_groups: int


def make_layout(horizon: int, is_tied: Bool[np.ndarray, "others"]) -> Layout:
    """Return the layout for `len(is_tied) + 1` arms; `is_tied[k]` means that arms k and k + 1 are exchangeable."""
    num_others = len(is_tied)
    last_is_tied = num_others > 0 and bool(is_tied[-1])
    binomials = _binomials(horizon + num_others, num_others + 1)
    counts, ranks = _in_colex_order(_ascending_counts(horizon, is_tied), binomials)
    totals = counts.sum(1)
    fewest_last = counts[:, -1].copy() if last_is_tied else np.zeros_like(totals)

    swaps = np.tile(np.arange(num_others), (len(counts), 1))
    for k in range(num_others - 2, -1, -1):
        swaps[:, k] = np.where(is_tied[k] & (counts[:, k] == counts[:, k + 1]), swaps[:, k + 1], k)
    successors = np.zeros_like(swaps)
    for k in range(num_others):
        pulled = np.minimum(counts + (np.arange(num_others) == swaps[:, k, None]), horizon)
        successors[:, k] = np.searchsorted(ranks, _colex_ranks(pulled, binomials))

    num_rows = np.prod(counts + 1, axis=1)
    strides = padded(horizon + 1 - totals)
    sizes = num_rows * strides
    transposed = num_rows // (fewest_last + 1) * (fewest_last + 2) * padded(fewest_last + 1)
    can_tie = last_is_tied & (totals + fewest_last < horizon)
    groups_before = _groups_before(horizon)
    num_groups = num_rows * np.maximum(groups_before[horizon - totals] - groups_before[fewest_last], 0)
    return Layout(
        horizon=horizon,
        num_others=num_others,
        last_is_tied=last_is_tied,
        binomials=binomials,
        ranks=ranks,
        counts=counts,
        totals=totals,
        group_starts=np.searchsorted(totals, np.arange(horizon + 2)),
        fewest_last=fewest_last,
        swaps=swaps,
        successors=successors,
        strides=strides,
        bases=np.cumsum(sizes) - sizes,
        num_values=int(sizes.sum()) + LANES,
        scratch_size=int(transposed[can_tie].max(initial=0)),
        groups_before=groups_before,
        policy_starts=np.cumsum(num_groups) - num_groups - num_rows * groups_before[fewest_last],
        num_groups=int(num_groups.sum()),
    )


def num_bytes(horizon: int, is_tied: Bool[np.ndarray, "others"]) -> tuple[float, float]:
    """Return the bytes of the values and of the policy bits, counted without listing columns.

    For several arms and more than 2,000 trials they are extrapolated by the power law of the number of states.
    """
    num_arms = len(is_tied) + 1
    if num_arms > 1 and horizon > LARGEST_COUNTED:
        values, bits = num_bytes(LARGEST_COUNTED, is_tied)
        growth = float(horizon) / LARGEST_COUNTED
        return values * growth ** (2 * num_arms - 1), bits * growth ** (2 * num_arms)

    total = np.arange(horizon + 1 if num_arms > 1 else 1)
    rows = np.zeros((len(total), len(total)))
    rows[0, 0] = 1.0  # number of rows of all columns, by their total and by the count of the arm added last
    for is_bounded in [False, *is_tied[:-1]][: num_arms - 1]:
        before = np.cumsum(rows, axis=1) if is_bounded else np.broadcast_to(rows.sum(1)[:, None], rows.shape)
        rows = np.zeros_like(rows)
        for n in total:
            rows[n:, n] = before[: len(total) - n, n] * (n + 1)
    fewest_last = total if num_arms > 1 and is_tied[-1] else np.zeros_like(total)
    most_last = horizon - total[:, None]
    groups_before = _groups_before(horizon)
    groups = np.maximum(groups_before[most_last] - groups_before[fewest_last], 0)
    values = (rows * padded(most_last + 1) * (fewest_last <= most_last)).sum()
    return 8.0 * float(values), num_arms * float((rows * groups).sum())


def compositions(most: int, num_parts: int) -> tuple[Int[np.ndarray, "state parts"], Int[np.ndarray, "state parts"]]:
    """Return all tuples of counts with a sum of at most `most`, in colex order (sums ascend), and their successors.

    Entry k of a tuple's successors is the position of the tuple with one more at k, as if `most` were larger.
    """
    binomials = _binomials(most + num_parts + 1, num_parts + 1)
    counts, _ = _in_colex_order(_ascending_counts(most, np.zeros(num_parts, dtype=bool)), binomials)
    one_more = np.eye(num_parts, dtype=np.int64)
    return counts, np.stack([_colex_ranks(counts + one_more[k], binomials) for k in range(num_parts)], axis=1)


def padded(num_states: Int[np.ndarray, "*batch"]) -> Int[np.ndarray, "*batch"]:
    """Round up to a multiple of eight."""
    return -(-num_states // LANES) * LANES


def _groups_before(horizon: int) -> Int[np.ndarray, "n"]:
    return np.concatenate([[0], np.cumsum(padded(np.arange(1, horizon + 1)) // LANES)])


def _ascending_counts(horizon: int, is_tied: Bool[np.ndarray, "others"]) -> Int[np.ndarray, "column others"]:
    counts = np.zeros((1, 0), dtype=np.int64)
    for k in range(len(is_tied)):
        fewest = counts[:, -1] if k and is_tied[k - 1] else np.zeros(len(counts), dtype=np.int64)
        most = horizon - counts.sum(1)
        parents, n = np.nonzero((np.arange(horizon + 1) >= fewest[:, None]) & (np.arange(horizon + 1) <= most[:, None]))
        counts = np.column_stack([counts[parents], n])
    if len(is_tied) and is_tied[-1]:
        counts = counts[counts[:, -1] <= horizon - counts.sum(1)]
    return counts


def _in_colex_order(
    counts: Int[np.ndarray, "column others"], binomials: Int[np.ndarray, "n k"]
) -> tuple[Int[np.ndarray, "column others"], Int[np.ndarray, "column"]]:
    ranks = _colex_ranks(counts, binomials)
    order = np.argsort(ranks)
    return counts[order], ranks[order]


def _colex_ranks(
    counts: Int[np.ndarray, "column others"], binomials: Int[np.ndarray, "n k"]
) -> Int[np.ndarray, "column"]:
    """Return the sum over i of C(n_0 + ... + n_i + i, i + 1)."""
    positions = np.arange(counts.shape[1])
    return binomials[np.minimum(counts.cumsum(1) + positions, len(binomials) - 1), positions + 1].sum(1)


def _binomials(most: int, num_columns: int) -> Int[np.ndarray, "n k"]:
    table = np.zeros((most + 1, num_columns), dtype=np.int64)
    table[:, 0] = 1
    for n in range(1, most + 1):
        table[n, 1:] = table[n - 1, 1:] + table[n - 1, :-1]
    return table
