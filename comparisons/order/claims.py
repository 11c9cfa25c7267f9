"""Claims about the order in which any meta-trained network learns within a task."""

from collections.abc import Iterator

import xarray as xr

from comparisons.claims import AtMost, Claim, Within
from comparisons.order.concurrency import MARGIN
from comparisons.rows import Table

CLOSE = 0.1
"""This package's own margin: recoveries that are closer than this at all times are close."""


def claims_of(tree: xr.DataTree, table: Table) -> Iterator[Claim]:
    """Yield the claims."""
    yield Within(
        "The network learns the modes as concurrently as Bayes does: its path is within a tenth of the way to strictly "
        "staged learning.",
        "concurrency",
        "network",
        -MARGIN,
        MARGIN,
    )
    yield AtMost(
        "The network's recovery of every mode is within 0.1 of Bayes' at every time.",
        "mode_gap_to_bayes",
        "network",
        CLOSE,
    )
