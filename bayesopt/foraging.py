"""Geometry, beliefs and goal counts of the foraging grid.

Cells are numbered `y * side + x` from the bottom-left corner, (x, y) = (0, 0). The actions are up, down, left, right,
numbered in this order. A belief is two sets of candidate cells, each a bit mask.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from bayesopt.memory import require_memory

SMALLEST_SIDE = 4

MOST_CANDIDATES = 62
"""Largest number of candidate cells of a goal; a belief holds one bit of an integer for each."""
ACTIONS = ("up", "down", "left", "right")
_STEPS = ((0, 1), (0, -1), (-1, 0), (1, 0))


class ForagingLayout(NamedTuple):
    """Cells, candidate cells and rewards, which all tasks of a foraging grid share."""

    side: int
    start: int
    next_cell: Int[np.ndarray, "cell action"]
    """Cell that an action leads to; at a wall, the same cell."""
    small_cell: int
    medium_cells: Int[np.ndarray, "medium"]
    """Candidate cells of the medium goal; bit i of a belief, or latent i, stands for the i-th of them."""
    high_cells: Int[np.ndarray, "high"]
    """Candidate cells of the high goal, in the same way."""
    rewards: Float[np.ndarray, "goal"]
    """Rewards of the small, the medium and the high goal."""


@runtime_checkable
class HasForagingLayout(Protocol):
    """Family of foraging grids, with goals uniform over their candidate cells."""

    @property
    def layout(self) -> ForagingLayout:
        """Cells, candidate cells and rewards of all its tasks."""
        ...


class ForagingBelief(NamedTuple):
    """Candidate cells that remain for each goal, as bit masks: bit i stands for the i-th candidate of the layout.

    All remaining candidates are equally likely. A goal is known when one bit is left.
    """

    medium_candidates: Int[np.ndarray, "task"]
    high_candidates: Int[np.ndarray, "task"]


class GoalCounts(NamedTuple):
    """Number of times that each goal was entered, per task."""

    small: Int[np.ndarray, "task"]
    medium: Int[np.ndarray, "task"]
    high: Int[np.ndarray, "task"]


def foraging_layout(side: int, rewards: tuple[float, float, float]) -> ForagingLayout:
    """Return the layout of a grid of `side` x `side` cells, with the small goal at (1, 1).

    Candidates of the medium goal are the cells of row and column side // 2 with coordinates from 1 to side // 2. Those
    of the high goal are the last row and column. Candidates are ordered along the ring, from its left end over the
    corner to its lower end. Raises `ValueError` for a grid that does not fit in memory.
    """
    require_memory(100.0 * side**2, f"grids of {side:,} x {side:,} cells", remedy="Lower side")
    x, y = np.tile(np.arange(side), side), np.repeat(np.arange(side), side)
    moved = [np.clip(y + dy, 0, side - 1) * side + np.clip(x + dx, 0, side - 1) for dx, dy in _STEPS]
    return ForagingLayout(
        side=side,
        start=0,
        next_cell=np.stack(moved, axis=1),
        small_cell=side + 1,
        medium_cells=_ring(side, side // 2, first=1),
        high_cells=_ring(side, side - 1, first=0),
        rewards=np.array(rewards, float),
    )


def cell_at(side: int, x: int, y: int) -> int:
    """Return the number of the cell at (x, y). Raises `ValueError` outside the grid."""
    if not (0 <= x < side and 0 <= y < side):
        raise ValueError(f"x and y must be from 0 to {side - 1}; got ({x}, {y})")
    return y * side + x


def prior_belief(layout: ForagingLayout, num_tasks: int) -> ForagingBelief:
    """Return the belief before any step: no candidate is ruled out.

    Raises `ValueError` for more candidates of a goal than an integer has bits.
    """
    counts = len(layout.medium_cells), len(layout.high_cells)
    if max(counts) > MOST_CANDIDATES:
        raise ValueError(
            f"side must give at most {MOST_CANDIDATES} candidate cells of a goal for beliefs; got {max(counts)} at "
            f"side {layout.side}"
        )
    return ForagingBelief(*(np.full(num_tasks, (1 << count) - 1, np.int64) for count in counts))


def update_belief(
    layout: ForagingLayout,
    belief: ForagingBelief,
    cell: Int[np.ndarray, "task"],
    action: Int[np.ndarray, "task"],
    reward: Float[np.ndarray, "task"],
) -> ForagingBelief:
    """Return the belief after `action` in `cell` gave `reward` (Bayes' rule).

    A candidate that is entered without reward is ruled out; one that gives a reward is the goal. Raises `ValueError`
    if the rewards rule out all candidates of a goal.
    """
    entered, is_paid = layout.next_cell[cell, action], np.asarray(reward) > 0
    updated = []
    for name, candidates, cells in zip(
        ("medium", "high"), belief, (layout.medium_cells, layout.high_cells), strict=True
    ):
        bits = np.zeros(layout.side**2, np.int64)
        bits[cells] = 1 << np.arange(len(cells))
        bit = bits[entered]
        left = np.where(bit == 0, candidates, candidates & np.where(is_paid, bit, ~bit))
        if not left.all():
            raise ValueError(
                f"rewards must leave a candidate cell for the {name} goal; got rewards that rule out every cell in "
                f"{(left == 0).sum()} of {len(left)} tasks"
            )
        updated.append(left)
    return ForagingBelief(*updated)


def goal_counts(
    layout: ForagingLayout,
    observations: Int[np.ndarray, "task time"],
    actions: Int[np.ndarray, "task time"],
    rewards: Float[np.ndarray, "task time"],
) -> GoalCounts:
    """Return how often each goal was entered, given the cells in which actions were taken and their rewards."""
    entered = layout.next_cell[observations, actions]
    cells = (layout.small_cell, layout.medium_cells, layout.high_cells)
    return GoalCounts(*((np.isin(entered, goal) & (rewards > 0)).sum(axis=1) for goal in cells))


def occupancy(cells: Int[np.ndarray, "task time"], *, side: int) -> Float[np.ndarray, "y x"]:
    """Return the fraction of steps that start in each cell, over all tasks; row 0 is the bottom row.

    Entering a goal leads back to the start in the same step, so no step starts in a goal. Raises `ValueError` for
    cells outside the grid.
    """
    if cells.min() < 0 or cells.max() >= side**2:
        raise ValueError(f"cells must be from 0 to {side**2 - 1}; got {cells.min()} to {cells.max()}")
    return np.bincount(cells.ravel(), minlength=side**2).reshape(side, side) / cells.size


def _ring(side: int, index: int, *, first: int) -> Int[np.ndarray, "candidate"]:
    along = [(x, index) for x in range(first, index + 1)]
    down = [(index, y) for y in range(index - 1, first - 1, -1)]
    return np.array([cell_at(side, x, y) for x, y in along + down])
