"""Lange & Sprekeler 2020 on the foraging grid: numbers of its figures, most of them read off the pictures.

The copy that was read is that of the NeurIPS 2020 workshop on meta-learning (arXiv 2010.04466). Returns and counts are
per 100 steps unless said otherwise. For networks trained for 20 steps and tested in 100, figure 5 shows a return of 56
and figure 6 one of 47: they seem to come from different training runs.
"""

from typing import NamedTuple

import xarray as xr

from bayesopt.families import ForagingGrid
from comparisons.foraging.tree import longest_lifetime

PAPER_GRID = ForagingGrid()
"""The grid of the paper."""

PAPER_LIFETIME = 100
"""Steps of the lifetime that the paper's returns and counts are about."""

DIGITISED = "digitised"
"""Read off a picture: about ±0.5 for returns, ±0.3 for counts, ±0.01 for rewards per step, ±2 for ends of curves."""

PRINTED = "printed"
"""Printed as a number."""


class Numbers(NamedTuple):
    """Numbers of one figure, by training lifetime in steps."""

    figure: str
    source: str
    """How they are known: `DIGITISED` or `PRINTED`."""
    by_lifetime: dict[int, float]


def is_paper_setting(tree: xr.DataTree) -> bool:
    """Return whether the paper's numbers are about the grid and the longest lifetime of a comparison.

    A tree from before has no attribute for it, so its family is compared by name.
    """
    by_name = tree.attrs["family"] == repr(PAPER_GRID)
    return bool(tree.attrs.get("is_paper_grid", by_name)) and longest_lifetime(tree) == PAPER_LIFETIME


_LIFETIMES = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100)


def _by_lifetime(figure: str, source: str, *values: float, lifetimes: tuple[int, ...] = _LIFETIMES) -> Numbers:
    return Numbers(figure, source, dict(zip(lifetimes, values, strict=True)))


RETURNS = _by_lifetime("figure 5", DIGITISED, 46, 47, 53, 56, 68, 75, 75, 77, 79, 79, 81, 80)
"""Median return in 100 steps."""

SMALL_GOALS = _by_lifetime("figure 5", DIGITISED, 46, 36, 29, 18, 12, 7.6, 5.2, 4.7, 3.2, 2.7, 1.7, 1.3)
MEDIUM_GOALS = _by_lifetime("figure 5", DIGITISED, 0, 2.4, 0.2, 1.8, 4.0, 4.1, 6.1, 3.7, 4.2, 4.1, 3.6, 4.7)
HIGH_GOALS = _by_lifetime("figure 5", DIGITISED, 0, 0, 3.5, 5.2, 7.4, 9.2, 8.7, 10.4, 10.6, 10.7, 11.5, 10.9)
"""Median entries of each goal in 100 steps."""

GOALS = {"small_goals": SMALL_GOALS, "medium_goals": MEDIUM_GOALS, "high_goals": HIGH_GOALS}

OWN_RETURNS = _by_lifetime(
    "figure 6",
    DIGITISED,
    *(0.51, 0.59, 0.73, 0.75, 0.76, 0.77, 0.79, 0.76, 0.81, 0.79),
    lifetimes=tuple(range(10, 101, 10)),
)
"""Rewards per step in the training lifetime: the diagonal."""

TRANSFERS = {(10, 100): 0.44, (20, 100): 0.47, (30, 100): 0.68, (100, 10): 0.39, (50, 10): 0.35}
"""Rewards per step of networks trained for the first lifetime and tested in the second: figure 6, digitised."""

COURSE_ENDS = _by_lifetime("figure 4", DIGITISED, 47, 57, 68, 82, lifetimes=(10, 20, 30, 100))
"""Return in 100 steps at the end of training, after up to 850,000 lifetimes."""

PARTICIPATION_RATIOS = _by_lifetime("figure 9", PRINTED, 3.42, 16.30, 50.55, lifetimes=(10, 20, 50))
"""Dimensions of hidden states."""

EXPLAINED_BY_THREE = _by_lifetime("figure 9", PRINTED, 0.95, 0.80, 0.57, lifetimes=(10, 20, 50))
"""Share of their variance along three principal components."""

BY_MEASURE = {
    "return": RETURNS,
    **GOALS,
    "own_return_per_step": OWN_RETURNS,
    "participation_ratio": PARTICIPATION_RATIOS,
    "explained_variance": EXPLAINED_BY_THREE,
}
"""Numbers of the paper by the name of the measure that they are of."""
