"""Where the belief states of a Bernoulli bandit lie in memory: values at one time, policy bits of all times.

A state is, for each arm, a number of pulls n and of successes s <= n. States with equal pulls of all arms but the last
form a *column*; at a given time the last arm has what is left of the pulls. Columns are numbered by the colex rank of
their counts, so that a column's successors come after it. Of states that differ by a swap of exchangeable neighbouring
arms (`is_tied`) only those with ascending counts are kept.

Values: the column's rows (s of all arms but the last, row-major), each over s of the last arm and padded to whole
vectors; time t overwrites time t + 1. Policy: every column has one block per time, in order of time; a block has for
each row ceil((n + 1) / 8) *groups* of eight states, n pulls of the last arm, and a group has one byte per arm.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

LANES = 8
"""States that are treated together: eight float64 fill a vector, eight mask bits a byte."""

LARGEST_COUNTED = 2000


class Layout(NamedTuple):
    """Numbers that locate a state."""

    horizon: int
    num_others: int
    """Arms but the last."""
    last_is_tied: bool
    """Whether the last arm and the one before it are exchangeable."""
    binomials: Int[np.ndarray, "n k"]
    ranks: Int[np.ndarray, "column"]
    counts: Int[np.ndarray, "column others"]
    totals: Int[np.ndarray, "column"]
    """The sum of the column's counts."""
    group_starts: Int[np.ndarray, "group"]
    """Columns of total m are those from `group_starts[m]` to before `group_starts[m + 1]`."""
    fewest_last: Int[np.ndarray, "column"]
    """The least number of pulls of the last arm that keeps the counts ascending."""
    swaps: Int[np.ndarray, "column others"]
    """The arm that a pulled arm changes places with, so that the counts still ascend."""
    successors: Int[np.ndarray, "column others"]
    """The column after a pull and that change of places."""
    strides: Int[np.ndarray, "column"]
    bases: Int[np.ndarray, "column"]
    num_values: int
    scratch_size: int
    """Values of the largest transposed column, which follow the others, once for each arm tied with the last."""
    groups_before: Int[np.ndarray, "n"]
    """Groups in a row of 1, a row of 2, ..., and a row of n states, together."""
    policy_starts: Int[np.ndarray, "column"]
    """The group where the column's block would begin at the time when the last arm has no pull."""
    num_groups: int


def make_layout(horizon: int, is_tied: Bool[np.ndarray, "others"]) -> Layout:
    """The layout for `len(is_tied) + 1` arms; `is_tied[k]` says that arms k and k + 1 are exchangeable."""
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
    """Memory of the values and of the policy bits, counted without listing columns.

    Of several arms over more than 2,000 trials it is extrapolated by the power that the number of states grows with.
    """
    num_arms = len(is_tied) + 1
    if num_arms > 1 and horizon > LARGEST_COUNTED:
        values, bits = num_bytes(LARGEST_COUNTED, is_tied)
        growth = float(horizon) / LARGEST_COUNTED
        return values * growth ** (2 * num_arms - 1), bits * growth ** (2 * num_arms)

    total = np.arange(horizon + 1 if num_arms > 1 else 1)
    rows = np.zeros((len(total), len(total)))
    rows[0, 0] = 1.0  # rows of all columns with this total and this count of the arm that was added last
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
    """All tuples of counts with a sum of at most `most`, in colex order, so that sums ascend; and their successors.

    Entry k of a tuple's successors is the position of the tuple with one more at k, were `most` not in the way.
    """
    binomials = _binomials(most + num_parts + 1, num_parts + 1)
    counts, _ = _in_colex_order(_ascending_counts(most, np.zeros(num_parts, dtype=bool)), binomials)
    one_more = np.eye(num_parts, dtype=np.int64)
    return counts, np.stack([_colex_ranks(counts + one_more[k], binomials) for k in range(num_parts)], axis=1)


def padded(num_states: Int[np.ndarray, "*batch"]) -> Int[np.ndarray, "*batch"]:
    """The next multiple of eight."""
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
    """The sum over i of C(n_0 + ... + n_i + i, i + 1)."""
    positions = np.arange(counts.shape[1])
    return binomials[np.minimum(counts.cumsum(1) + positions, len(binomials) - 1), positions + 1].sum(1)


def _binomials(most: int, num_columns: int) -> Int[np.ndarray, "n k"]:
    table = np.zeros((most + 1, num_columns), dtype=np.int64)
    table[:, 0] = 1
    for n in range(1, most + 1):
        table[n, 1:] = table[n - 1, 1:] + table[n - 1, :-1]
    return table
