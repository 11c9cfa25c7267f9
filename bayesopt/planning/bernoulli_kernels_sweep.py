"""The backward sweep of a Bernoulli bandit's dynamic program, eight states at a time.

With V(t + 1) in memory, V(t) is written over it. Arm k, with mean p, is worth
`p (1 + discount V(success)) + (1 - p) discount V(failure)`; what is stored is `discount V`. The inner loop is written
in LLVM's own vectors, because only so do eight comparisons become one byte of policy bits.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from bayesopt.planning.compiled import compiled

TIE = 1e-12
"""Arms within this of the best one, relative to it, are as good."""

LANES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_LANE = ir.IntType(32)


@intrinsic
def _update_row(
    typing: Any, values: Any, policy: Any, arms: Any, failures: Any, gains: Any, means: Any, last_means: Any, row: Any
) -> Any:
    """Update one row, in place; a state's mean of the last arm is in `last_means`, other arms have one for the row.

    `failures[k]` is where the row after a failure of arm k begins, `gains[k]` the distance from there to the row after a
    success, `means[k]` the probabilities of both, success first. `row` is: the row's beginning, the number of groups of
    eight, the first of them in `policy`, discount. Nothing is noted where `policy` is None.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def data(position: int) -> Any:
            make = context.make_array(signature.args[position])
            return make(context, builder, arguments[position]).data

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

        values, failures, gains, means, last_means = (data(position) for position in (0, 3, 4, 5, 6))
        begin, num_groups, group, discount = cgutils.unpack_tuple(builder, arguments[7])
        discount = spread(discount)
        others = range(signature.args[2].count - 1)
        failure = [item(failures, k) for k in others]
        success = [builder.add(failure[k], item(gains, k)) for k in others]
        mean, rest = [[spread(item(means, 2 * k + side)) for k in others] for side in (0, 1)]
        here = cgutils.alloca_once_value(builder, load(values, begin))
        shift = ir.Constant(ir.VectorType(_LANE, LANES), list(range(1, LANES + 1)))
        with cgutils.for_range(builder, num_groups) as loop:
            start = builder.mul(loop.index, cgutils.intp_t(LANES))
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
            worth.append(multiply_add(load(last_means, start), gain, at_failure))
            best = worth[-1]
            for k in others:
                best = maximum(worth[k], best)
            builder.store(builder.fmul(best, discount), vector_at(values, own), align=8)
            if signature.args[1] != types.none:
                good = builder.fmul(best, constant(1 - TIE))
                slot = builder.mul(builder.add(group, loop.index), cgutils.intp_t(len(worth)))
                for k, q in enumerate(worth):
                    bits = builder.bitcast(builder.fcmp_ordered(">=", q, good), ir.IntType(8))
                    builder.store(bits, builder.gep(data(1), [builder.add(slot, cgutils.intp_t(k))]))
        return context.get_dummy_value()

    return types.void(values, policy, arms, failures, gains, means, last_means, row), generate


@compiled
def _transpose(values, layout, column, n_last, k):
    """Copy the column as if arm k had changed places with the last arm, of as many pulls; returns where to."""
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
    failures, gains, steps, successes, shares, means, last_means = work
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
        gains[k] = steps[k, k]
        successes[k] = 0
        num_rows *= counts[k] + 1
        one, zero = concentrations[k]
        shares[k] = 1 / (one + zero + counts[k])
        means[k, 0], means[k, 1] = one * shares[k], (zero + counts[k]) * shares[k]

    begin = layout.bases[column]
    group = layout.policy_starts[column] + num_rows * layout.groups_before[n_last]
    for _ in range(num_rows):
        row = (begin, num_groups, group, discount)
        _update_row(values, policy, concentrations, failures, gains, means, last_means, row)
        begin += layout.strides[column]
        group += num_groups
        for i in range(num_others - 1, -1, -1):
            is_last = successes[i] == counts[i]
            moved = -counts[i] if is_last else 1
            successes[i] += moved
            one, zero = concentrations[i]
            means[i, 0] = (one + successes[i]) * shares[i]
            means[i, 1] = (zero + (counts[i] - successes[i])) * shares[i]
            for k in range(num_others):
                failures[k] += moved * steps[k, i]
            if not is_last:
                break


@compiled
def sweep(values, policy, concentrations, discount, layout, newest, oldest, depth):
    """Carry `discount V` from time `newest + 1` back to `oldest`, `depth` times in one pass over memory.

    `concentrations` holds a pair for each arm, a tuple of tuples. `policy` (group, arm) receives the mask bits, or is
    None. A column at time t needs its successors at t + 1, whose total is at most one larger, and nothing later.
    """
    others = layout.num_others
    work = (
        np.zeros(others, np.int64),
        np.zeros(others, np.int64),
        np.zeros((others, others), np.int64),
        np.zeros(others, np.int64),
        np.zeros(others),
        np.zeros((others, 2)),
        np.zeros(layout.horizon + 2 * LANES),
    )
    for top in range(newest, oldest - 1, -depth):
        for front in range(top + depth):
            for t in range(top, max(top - depth, oldest - 1), -1):
                total = front - (top - t)
                if 0 <= total <= t:
                    for column in range(layout.group_starts[total], layout.group_starts[total + 1]):
                        if t - total >= layout.fewest_last[column]:
                            _update_column(values, policy, concentrations, discount, layout, column, t - total, work)
