"""Measured coverage of the intervals of every statistic in the tables, at sizes that experiments use.

The widths are relative to those of an oracle, who knows how estimates vary: the central 95 % of the estimates of all
simulations. A statistic whose estimate hardly varies, such as a maximum of noise alone, has no such width.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tests.comparisons.statistics import simulated_curves, simulated_means
from tests.comparisons.statistics.simulated import Case

NUM_SIMULATIONS = 2000
ALLOWED = 0.015
"""By how much less than it states an interval may cover."""


class Measured(NamedTuple):
    """What the intervals of a case cover, and how wide they are."""

    case: Case
    coverage: float
    width: float
    """Median width, over the oracle's."""
    num_without: int
    """Simulations without an interval, which do not count."""


def all_cases() -> Iterator[Case]:
    """Yield all cases."""
    yield from simulated_means.cases()
    yield from simulated_curves.cases()


def measure(case: Case, *, num_simulations: int = NUM_SIMULATIONS) -> Measured:
    """Simulate a case. Raises `AssertionError` for an estimate outside its own interval."""
    rng = np.random.default_rng(zlib.crc32(f"{case.statistic} {case.size} {case.tasks}".encode()))
    drawn = case.draw(rng, num_simulations)
    estimates, lower, upper = drawn[~np.isnan(drawn[:, 1])].T
    assert ((lower <= estimates) & (estimates <= upper)).all(), case
    rounding = 1e-9 * (1 + abs(case.truth))
    covers = (lower <= case.truth + rounding) & (case.truth - rounding <= upper)
    spread = np.diff(np.quantile(estimates, [(1 - case.level) / 2, (1 + case.level) / 2]))[0]
    width = float(np.median(upper - lower) / spread) if spread > rounding else np.nan
    return Measured(case, float(covers.mean()), width, num_simulations - len(lower))


def all_rows() -> list[Measured]:
    """Simulate all cases."""
    return [measure(case) for case in all_cases()]


def rows_in_markdown(rows: Iterable[Measured]) -> str:
    """Return the table of `docs/intervals.md`."""
    lines = [
        "| statistic | rule | size | tasks | stated | measured | width |",
        "| --- | --- | --- | --- " + "| ---: " * 3 + "|",
    ]
    for case, coverage, width, _ in rows:
        cells = (
            case.statistic,
            f"`{case.rule}`",
            case.size,
            case.tasks,
            f"{100 * case.level:g} %",
            f"{100 * coverage:.1f} %",
            f"{width:.2f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
