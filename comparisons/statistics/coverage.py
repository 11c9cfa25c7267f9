"""Measured coverage of 95 % intervals over few training seeds.

The numbers are simulated by `tests/comparisons/statistics/coverage.py`, and `docs/intervals.md` explains them.
"""

from collections.abc import Mapping
from typing import NamedTuple

FEW_SEEDS = 10
"""With fewer training seeds than these, a report says what its intervals assume."""


class Coverage(NamedTuple):
    """Percentage of intervals that contain the true mean, for four distributions of the differences between seeds."""

    normal: int
    skewed: int
    """Exponential."""
    two_groups: int
    """Each network falls into one of two narrow groups, with equal probability."""
    rare_group: int
    """The same with probabilities 9/10 and 1/10."""


STUDENT: Mapping[int, Coverage] = {
    2: Coverage(95, 91, 50, 18),
    3: Coverage(95, 88, 75, 27),
    4: Coverage(95, 88, 87, 35),
    5: Coverage(95, 88, 94, 41),
    6: Coverage(95, 89, 97, 47),
    7: Coverage(95, 89, 87, 52),
    8: Coverage(95, 90, 93, 57),
    9: Coverage(95, 90, 96, 61),
    10: Coverage(95, 90, 98, 65),
    30: Coverage(95, 93, 96, 96),
}
"""Coverage of `t_interval`, by the number of training seeds. Simulation errors are at most 0.2 points."""


BOOTSTRAP: Mapping[int, Mapping[int, Coverage]] = {
    1: {
        2: Coverage(93, 93, 91, 94),
        3: Coverage(94, 95, 94, 94),
        4: Coverage(94, 94, 94, 94),
        5: Coverage(95, 95, 95, 94),
        6: Coverage(95, 94, 95, 94),
        7: Coverage(95, 95, 95, 94),
        8: Coverage(95, 95, 95, 94),
        9: Coverage(95, 95, 94, 95),
        10: Coverage(95, 95, 95, 95),
        30: Coverage(95, 95, 95, 95),
    },
    10: {
        2: Coverage(81, 80, 55, 84),
        3: Coverage(88, 88, 77, 87),
        4: Coverage(91, 89, 89, 87),
        5: Coverage(92, 91, 93, 88),
        6: Coverage(93, 92, 94, 89),
        7: Coverage(94, 93, 94, 90),
        8: Coverage(94, 93, 94, 91),
        9: Coverage(94, 93, 95, 92),
        10: Coverage(94, 94, 95, 92),
        30: Coverage(95, 94, 95, 94),
    },
    100: {
        2: Coverage(69, 63, 50, 25),
        3: Coverage(82, 76, 74, 33),
        4: Coverage(86, 80, 88, 39),
        5: Coverage(88, 83, 94, 46),
        6: Coverage(89, 85, 95, 50),
        7: Coverage(90, 86, 91, 56),
        8: Coverage(91, 88, 93, 60),
        9: Coverage(93, 88, 94, 64),
        10: Coverage(92, 90, 93, 68),
        30: Coverage(94, 93, 94, 92),
    },
}
"""Coverage of `bootstrap_mean`, by the variance ratio and the number of training seeds.

The ratio is the variance between networks over the sampling variance of a mean over the tasks. Simulation errors are at
most 0.7 points.
"""
