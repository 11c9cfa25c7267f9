"""What is claimed of the order in which any meta-trained network learns within a task."""

import pandas as pd

from comparisons.claims import AtMost, Claim, Within, decidable
from comparisons.order.concurrency import MARGIN

CLOSE = 0.1
"""This package's own margin: recoveries that are closer than this at all times are close."""


def claims_of(table: pd.DataFrame) -> tuple[Claim, ...]:
    """What is claimed; those claims that the table can decide."""
    claims: tuple[Claim, ...] = (
        Within(
            "The network learns the modes as concurrently as Bayes does: its path is within a tenth of the way to "
            "strictly staged learning.",
            "concurrency",
            "network",
            -MARGIN,
            MARGIN,
        ),
        AtMost(
            "The network's recovery of every mode is within 0.1 of Bayes' at every time.",
            "mode_gap_to_bayes",
            "network",
            CLOSE,
        ),
    )
    return decidable(claims, table)
