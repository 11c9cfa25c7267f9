"""The foraging grid without its prior: its cells and goals, what visits rule out, and what trajectories collected.

Cells are numbered `y * side + x` from the bottom-left corner, (x, y) = (0, 0). The actions are up, down, left, right,
numbered in this order. A belief is two sets of candidates, each a bit mask.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

SMALLEST_SIDE = 4
ACTIONS = ("up", "down", "left", "right")
_STEPS = ((0, 1), (0, -1), (-1, 0), (1, 0))


class ForagingLayout(NamedTuple):
    """What all tasks of a foraging grid have in common."""

    side: int
    start: int
    next_cell: Int[np.ndarray, "cell action"]
    """The cell that is entered; at a wall, the same one."""
    small_cell: int
    medium_cells: Int[np.ndarray, "medium"]
    """Where the medium goal may be: bit or index i of a belief or latent is the i-th of them."""
    high_cells: Int[np.ndarray, "high"]
    """Where the high goal may be."""
    rewards: Float[np.ndarray, "goal"]
    """What the small, the medium and the high goal pay."""


@runtime_checkable
class HasForagingLayout(Protocol):
    """A family whose tasks are foraging grids, goals uniform over their candidates."""

    @property
    def layout(self) -> ForagingLayout:
        """What all its tasks have in common."""
        ...


class ForagingBelief(NamedTuple):
    """The cells at which each goal may still be, as bit masks: bit i stands for the i-th candidate of the layout.

    All candidates that are left are equally likely. A goal is known when one bit is left.
    """

    medium_candidates: Int[np.ndarray, "task"]
    high_candidates: Int[np.ndarray, "task"]


class GoalCounts(NamedTuple):
    """How often each task's goals were entered."""

    small: Int[np.ndarray, "task"]
    medium: Int[np.ndarray, "task"]
    high: Int[np.ndarray, "task"]


def foraging_layout(side: int, rewards: tuple[float, float, float]) -> ForagingLayout:
    """A grid of `side` x `side` cells; the small goal is at (1, 1).

    The medium goal is in the row and column of index side // 2, between 1 and this index; the high goal in the last
    row and column. Candidates are ordered along the ring, from its left end over the corner to its lower end.
    """
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
    """The number of the cell at (x, y), counted from the bottom-left corner. Raises `ValueError` outside the grid."""
    if not (0 <= x < side and 0 <= y < side):
        raise ValueError(f"x and y must be from 0 to {side - 1}; got ({x}, {y})")
    return y * side + x


def prior_belief(layout: ForagingLayout, num_tasks: int) -> ForagingBelief:
    """Nothing is ruled out."""
    counts = len(layout.medium_cells), len(layout.high_cells)
    return ForagingBelief(*(np.full(num_tasks, (1 << count) - 1, np.int64) for count in counts))


def update_belief(
    layout: ForagingLayout,
    belief: ForagingBelief,
    cell: Int[np.ndarray, "task"],
    action: Int[np.ndarray, "task"],
    reward: Float[np.ndarray, "task"],
) -> ForagingBelief:
    """The belief after `action` was taken in `cell` and paid `reward` (Bayes' rule).

    A candidate that is entered without pay is ruled out; one that pays is the goal. Raises `ValueError` where nothing
    is left that agrees with the rewards.
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
                f"the {name} goal must be somewhere; {(left == 0).sum()} of {len(left)} tasks have rewards that rule "
                "out every cell"
            )
        updated.append(left)
    return ForagingBelief(*updated)


def goal_counts(
    layout: ForagingLayout,
    observations: Int[np.ndarray, "task time"],
    actions: Int[np.ndarray, "task time"],
    rewards: Float[np.ndarray, "task time"],
) -> GoalCounts:
    """How often each goal was entered, from the cells in which actions were taken and what they paid."""
    entered = layout.next_cell[observations, actions]
    cells = (layout.small_cell, layout.medium_cells, layout.high_cells)
    return GoalCounts(*((np.isin(entered, goal) & (rewards > 0)).sum(axis=1) for goal in cells))


def occupancy(cells: Int[np.ndarray, "task time"], *, side: int) -> Float[np.ndarray, "y x"]:
    """The share of steps in each cell, all tasks together; row 0 is the bottom row.

    Of the cells where actions are taken: a goal that pays is left in the same step, so it has none. Raises
    `ValueError` for cells outside the grid.
    """
    if cells.min() < 0 or cells.max() >= side**2:
        raise ValueError(f"cells must be from 0 to {side**2 - 1}; got {cells.min()} to {cells.max()}")
    return np.bincount(cells.ravel(), minlength=side**2).reshape(side, side) / cells.size


def _ring(side: int, index: int, *, first: int) -> Int[np.ndarray, "candidate"]:
    along = [(x, index) for x in range(first, index + 1)]
    down = [(index, y) for y in range(index - 1, first - 1, -1)]
    return np.array([cell_at(side, x, y) for x, y in along + down])
