"""Claims about the order in which any meta-trained network learns within a task."""

from collections.abc import Iterator

import xarray as xr

from comparisons.claims import AtMost, Claim, Within, set_when
from comparisons.order.concurrency import MARGIN
from comparisons.rows import Table

CLOSE = 0.1
"""This package's own margin: recoveries that are closer than this at all times are close."""


def claims_of(tree: xr.DataTree, table: Table) -> list[Claim]:
    """Return the claims."""
    return set_when("before", _claims_of(tree, table))


def _claims_of(tree: xr.DataTree, table: Table) -> Iterator[Claim]:
    yield Within(
        f"The network's concurrency score c is within ±{MARGIN:g}: 0 is the path of Bayes, 1 strictly staged learning.",
        "concurrency",
        "network",
        -MARGIN,
        MARGIN,
    )
    yield AtMost(
        f"The network's recovery of every mode differs from Bayes' by at most {CLOSE:g} at every time.",
        "mode_gap_to_bayes",
        "network",
        CLOSE,
    )
