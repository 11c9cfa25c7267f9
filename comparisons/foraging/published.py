"""Lange & Sprekeler 2020 on the foraging grid: numbers of its figures, most read off the pictures themselves.

The copy that was read is that of the NeurIPS 2020 workshop on meta-learning (arXiv 2010.04466). Returns and counts are
of 100 steps unless said otherwise. Of networks trained for 20 steps and tested in 100, figure 5 has a return of 56 and
figure 6 one of 47: they seem to be of different training runs.
"""

from typing import NamedTuple

import xarray as xr

from comparisons.foraging.measures import longest_lifetime

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


_TENS = tuple(range(10, 101, 10))


OWN_RETURNS = _by_lifetime(
    "figure 6", DIGITISED, 0.51, 0.59, 0.73, 0.75, 0.76, 0.77, 0.79, 0.76, 0.81, 0.79, lifetimes=_TENS
)
"""Rewards per step in the lifetime that was trained for: the diagonal."""


TRANSFERS = {(10, 100): 0.44, (20, 100): 0.47, (30, 100): 0.68, (100, 10): 0.39, (50, 10): 0.35}
"""Rewards per step of networks trained for the first lifetime and tested in the second: figure 6, digitised."""


COURSE_ENDS = _by_lifetime("figure 4", DIGITISED, 47, 57, 68, 82, lifetimes=(10, 20, 30, 100))
"""Return in 100 steps at the end of training, after up to 850,000 lifetimes."""


_MAPPED = (10, 20, 50)


PARTICIPATION_RATIOS = _by_lifetime("figure 9", PRINTED, 3.42, 16.30, 50.55, lifetimes=_MAPPED)
"""Dimensions of hidden states."""


EXPLAINED_BY_THREE = _by_lifetime("figure 9", PRINTED, 0.95, 0.80, 0.57, lifetimes=_MAPPED)
"""Share of their variance along three principal components."""


def is_paper_family(tree: xr.DataTree) -> bool:
    """Whether the paper's numbers are of the same grid and lifetime."""
    from bayesopt.families import ForagingGrid

    return tree.attrs["family"] == repr(ForagingGrid()) and longest_lifetime(tree) == 100
