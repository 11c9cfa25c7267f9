"""Measured coverage of 95 % intervals over few training seeds.

Intervals over tasks and training seeds cover this much where networks differ far more than tasks do, and more
elsewhere.
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
