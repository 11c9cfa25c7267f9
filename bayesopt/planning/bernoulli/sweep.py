"""Backward sweep of a Bernoulli bandit's dynamic program, eight states at a time.

V(t) overwrites V(t + 1) in memory. The value of arm k, with mean p, is
`p (1 + discount V(success)) + (1 - p) discount V(failure)`; memory holds `discount V`. The inner loop is written with
LLVM vectors, because only they turn eight comparisons into one byte of policy bits.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from bayesopt.agent import TIE_TOLERANCE
from bayesopt.planning.bernoulli.layout import LANES, Layout
from bayesopt.planning.compiled import compiled

WAVEFRONT = 8
"""Number of times that one pass over memory updates."""

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_LANE = ir.IntType(32)


def _generate_update_rows(
    typing: Any, values: Any, policy: Any, arms: Any, work: Any, rows: Any, last_other: Any, discount: Any
) -> Any:
    """Update rows that differ in the successes of the arm before the last ("last other"), 0, 1, ..., in place.

    In `work`, `failures[k]` is the start of the first row after a failure of arm k, `gains[k]` the distance from there
    to the row after a success, `moves[k]` the distance to the next row, and `means[k]` the probabilities of success and
    failure in all rows, except for the last other; `last_means` has the last arm's mean for every state. `rows` holds
    the start of the first row, the stride of rows, their number, the number of groups in each, and the first group in
    `policy`. `last_other` holds concentration1, concentration0 + pulls, and 1 over the sum of both. If `policy` is
    None, no policy is written.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def data(kind: Any, array: Any) -> Any:
            return context.make_array(kind)(context, builder, array).data

        def item(array: Any, index: int) -> Any:
            return builder.load(builder.gep(array, [cgutils.intp_t(index)]))

        def vector_at(array: Any, index: Any) -> Any:
            return builder.bitcast(builder.gep(array, [index]), _VECTOR.as_pointer())

        def load(array: Any, index: Any) -> Any:
            return builder.load(vector_at(array, index), align=8)

        def spread(scalar: Any) -> Any:
            undefined = ir.Constant(_VECTOR, ir.Undefined)
            first = builder.insert_element(undefined, scalar, _LANE(0))
            return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_LANE, LANES), [0] * LANES))

        def constant(number: float) -> Any:
            return ir.Constant(_VECTOR, [number] * LANES)

        def multiply_add(a: Any, b: Any, c: Any) -> Any:
            form = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
            return builder.call(cgutils.get_or_insert_function(builder.module, form, "llvm.fmuladd.v8f64"), [a, b, c])

        def maximum(a: Any, b: Any) -> Any:
            return builder.select(builder.fcmp_ordered(">", a, b), a, b)

        fields = zip(
            signature.args[3].fields, signature.args[3].types, cgutils.unpack_tuple(builder, arguments[3]), strict=True
        )
        space = {name: data(kind, array) for name, kind, array in fields}
        values, discount = data(signature.args[0], arguments[0]), spread(arguments[6])
        first_row, stride, num_rows, num_groups, first_group = cgutils.unpack_tuple(builder, arguments[4])
        one, most, share = cgutils.unpack_tuple(builder, arguments[5])
        others = range(signature.args[2].count - 1)
        first_failure, gains, moves = ([item(space[x], k) for k in others] for x in ("failures", "gains", "moves"))
        mean, rest = ([spread(item(space["means"], 2 * k + side)) for k in others] for side in (0, 1))
        shift = ir.Constant(ir.VectorType(_LANE, LANES), list(range(1, LANES + 1)))

        def update_row(index: Any) -> None:
            begin = builder.add(first_row, builder.mul(index, stride))
            group = builder.add(first_group, builder.mul(index, num_groups))
            failure = [builder.add(first_failure[k], builder.mul(index, moves[k])) for k in others]
            success = [builder.add(failure[k], gains[k]) for k in others]
            if others:
                successes = builder.sitofp(index, ir.DoubleType())
                mean[-1] = spread(builder.fmul(builder.fadd(one, successes), share))
                rest[-1] = spread(builder.fmul(builder.fsub(most, successes), share))
            here = cgutils.alloca_once_value(builder, load(values, begin))
            with cgutils.for_range(builder, num_groups) as loop:
                update_group(begin, group, loop.index, failure, success, here)

        def update_group(begin: Any, group: Any, index: Any, failure: Any, success: Any, here: Any) -> None:
            start = builder.mul(index, cgutils.intp_t(LANES))
            own = builder.add(begin, start)
            at_failure = builder.load(here)
            following = load(values, builder.add(own, cgutils.intp_t(LANES)))
            builder.store(following, here)
            at_success = builder.shuffle_vector(at_failure, following, shift)
            gain = builder.fadd(builder.fsub(at_success, at_failure), constant(1.0))
            worth = [
                multiply_add(
                    mean[k],
                    load(values, builder.add(success[k], start)),
                    multiply_add(rest[k], load(values, builder.add(failure[k], start)), mean[k]),
                )
                for k in others
            ]
            worth.append(multiply_add(load(space["last_means"], start), gain, at_failure))
            best = worth[-1]
            for k in others:
                best = maximum(worth[k], best)
            builder.store(builder.fmul(best, discount), vector_at(values, own), align=8)
            if signature.args[1] != types.none:
                good = builder.fmul(best, constant(1 - TIE_TOLERANCE))
                slot = builder.mul(builder.add(group, index), cgutils.intp_t(len(worth)))
                for k, q in enumerate(worth):
                    bits = builder.bitcast(builder.fcmp_ordered(">=", q, good), ir.IntType(8))
                    builder.store(
                        bits, builder.gep(data(signature.args[1], arguments[1]), [builder.add(slot, cgutils.intp_t(k))])
                    )

        with cgutils.for_range(builder, num_rows) as loop:
            update_row(loop.index)
        return context.get_dummy_value()

    return types.void(values, policy, arms, work, rows, last_other, discount), generate


_update_rows: Any = intrinsic(_generate_update_rows)


class Workspace(NamedTuple):
    """Work space of the update of a column, with an entry for each arm but the last."""

    failures: Int[np.ndarray, "others"]
    gains: Int[np.ndarray, "others"]
    steps: Int[np.ndarray, "others others"]
    """Distance that the row after a failure of arm k moves with a success of arm i."""
    moves: Int[np.ndarray, "others"]
    """Last column of `steps`."""
    successes: Int[np.ndarray, "others"]
    means: Float[np.ndarray, "others 2"]
    last_means: Float[np.ndarray, "state"]


def make_workspace(layout: Layout) -> Workspace:
    """Return work space for this layout."""
    others = layout.num_others
    return Workspace(
        failures=np.zeros(others, np.int64),
        gains=np.zeros(others, np.int64),
        steps=np.zeros((others, others), np.int64),
        moves=np.zeros(others, np.int64),
        successes=np.zeros(others, np.int64),
        means=np.zeros((others, 2)),
        last_means=np.zeros(layout.horizon + 2 * LANES),
    )


@compiled
def _transpose(values, layout, column, n_last, k):
    """Copy the column with arm k and the last arm swapped (their pulls are equal); return the start of the copy."""
    counts, stride = layout.counts[column], layout.strides[column]
    low = 1
    for i in range(k + 1, layout.num_others):
        low *= counts[i] + 1
    high = 1
    for i in range(k):
        high *= counts[i] + 1
    copy, copy_stride = layout.num_values + k * layout.scratch_size, (n_last // LANES + 1) * LANES
    for i in range(high):
        for s in range(n_last + 1):
            for j in range(low):
                row = layout.bases[column] + ((i * (n_last + 1) + s) * low + j) * stride
                start = copy + (i * (n_last + 2) * low + j) * copy_stride + s
                for s_last in range(n_last + 2):
                    values[start + s_last * low * copy_stride] = values[row + s_last]
    return copy


@compiled
def _update_column(values, policy, concentrations, discount, layout, column, n_last, work):
    """Update one column, in place."""
    failures, gains, steps, moves, successes, means, last_means = work
    num_others, counts = layout.num_others, layout.counts[column]
    num_groups = n_last // LANES + 1
    last1, last0 = concentrations[num_others]
    share = 1 / (last1 + last0 + n_last)
    for s in range(num_groups * LANES):
        last_means[s] = (last1 + s) * share

    num_rows = 1
    for k in range(num_others):
        role = layout.swaps[column, k]
        if layout.last_is_tied and role == num_others - 1 and counts[role] == n_last:
            role, step = k, num_groups * LANES
            failures[k] = _transpose(values, layout, column, n_last, k)
        else:
            successor = layout.successors[column, k]
            step = layout.strides[successor]
            failures[k] = layout.bases[successor]
        for i in range(num_others - 1, -1, -1):
            steps[k, i] = step
            step *= counts[i] + (2 if i == role else 1)
        steps[k, k], steps[k, role] = steps[k, role], steps[k, k]
        gains[k], moves[k] = steps[k, k], steps[k, num_others - 1]
        successes[k] = 0
        num_rows *= counts[k] + 1
        one, zero = concentrations[k]
        means[k, 0], means[k, 1] = one / (one + zero + counts[k]), (zero + counts[k]) / (one + zero + counts[k])

    together, last_other = 1, (0.0, 0.0, 0.0)
    if num_others > 0:
        one, zero = concentrations[num_others - 1]
        pulls = counts[num_others - 1]
        together, last_other = pulls + 1, (one, zero + pulls, 1 / (one + zero + pulls))
    stride = layout.strides[column]
    begin = layout.bases[column]
    group = layout.policy_starts[column] + num_rows * layout.groups_before[n_last]
    for _ in range(num_rows // together):
        rows = (begin, stride, together, num_groups, group)
        _update_rows(values, policy, concentrations, work, rows, last_other, discount)
        begin += together * stride
        group += together * num_groups
        for i in range(num_others - 2, -1, -1):
            is_last = successes[i] == counts[i]
            moved = -counts[i] if is_last else 1
            successes[i] += moved
            one, zero = concentrations[i]
            means[i, 0] = (one + successes[i]) / (one + zero + counts[i])
            means[i, 1] = (zero + (counts[i] - successes[i])) / (one + zero + counts[i])
            for k in range(num_others):
                failures[k] += moved * steps[k, i]
            if not is_last:
                break


@compiled
def sweep(values, policy, concentrations, discount, layout, work, newest, oldest):
    """Carry `discount V` from time `newest + 1` back to `oldest`, several times in one pass over memory.

    `concentrations` holds a pair for each arm, as a tuple of tuples. `policy` (group, arm) receives the mask bits, or
    is None. A column at time t needs only its successors at t + 1, whose total is at most one larger.
    """
    for top in range(newest, oldest - 1, -WAVEFRONT):
        for front in range(top + WAVEFRONT):
            for t in range(top, max(top - WAVEFRONT, oldest - 1), -1):
                total = front - (top - t)
                if 0 <= total <= t:
                    for column in range(layout.group_starts[total], layout.group_starts[total + 1]):
                        if t - total >= layout.fewest_last[column]:
                            _update_column(values, policy, concentrations, discount, layout, column, t - total, work)
