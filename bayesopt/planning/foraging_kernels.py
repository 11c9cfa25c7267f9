"""Backward sweep of the foraging grid by one more remaining step, for every set of candidates and every cell."""

from bayesopt.planning.compiled import compiled


@compiled
def _enter(worth, later, medium, high, layout):
    """Fill `worth` with the value of entering each cell, its reward included, given these candidate bit masks.

    `later` (medium, high, cell) is the value of being in a cell afterwards.
    """
    start = layout.start
    worth[:] = later[medium, high]
    worth[layout.small_cell] = layout.rewards[0] + later[medium, high, start]
    num_medium = num_high = 0
    for i in range(len(layout.medium_cells)):
        num_medium += (medium >> i) & 1
    for i in range(len(layout.high_cells)):
        num_high += (high >> i) & 1
    for i in range(len(layout.medium_cells)):
        bit = 1 << i
        if medium & bit:
            cell = layout.medium_cells[i]
            worth[cell] = layout.rewards[1] + later[bit, high, start]
            if num_medium > 1:
                worth[cell] = (worth[cell] + (num_medium - 1) * later[medium ^ bit, high, cell]) / num_medium
    for i in range(len(layout.high_cells)):
        bit = 1 << i
        if high & bit:
            cell = layout.high_cells[i]
            worth[cell] = layout.rewards[2] + later[medium, bit, start]
            if num_high > 1:
                worth[cell] = (worth[cell] + (num_high - 1) * later[medium, high ^ bit, cell]) / num_high


@compiled
def sweep(values, policy, later, layout, tolerance, worth):
    """Fill `values` (medium, high, cell) from `later`, the values with one remaining step less.

    `policy` (medium, high, pair) receives the optimal actions, those within a relative `tolerance` of the best, as
    four bits for each of two neighbouring cells, the even cell in the lower half.
    """
    neighbours, num_cells = layout.next_cell, len(layout.next_cell)
    for medium in range(1, values.shape[0]):
        for high in range(1, values.shape[1]):
            _enter(worth, later, medium, high, layout)
            for cell in range(num_cells):
                up, down = worth[neighbours[cell, 0]], worth[neighbours[cell, 1]]
                left, right = worth[neighbours[cell, 2]], worth[neighbours[cell, 3]]
                best = max(max(up, down), max(left, right))
                values[medium, high, cell] = best
                good = best - tolerance * best
                bits = (up >= good) | (down >= good) << 1 | (left >= good) << 2 | (right >= good) << 3
                if cell % 2:
                    policy[medium, high, cell // 2] |= bits << 4
                else:
                    policy[medium, high, cell // 2] = bits


@compiled
def read_action_values(action_values, rows, medium, high, cells, later, layout, worth):
    """Fill these rows of `action_values` (row, action) from the values with one remaining step less."""
    for row in rows:
        _enter(worth, later, medium[row], high[row], layout)
        for action in range(action_values.shape[1]):
            action_values[row, action] = worth[layout.next_cell[cells[row], action]]
