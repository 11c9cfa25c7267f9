"""The results that the documentation keeps: every estimate lies inside its own interval."""

import math
from pathlib import Path

import pandas as pd
import pytest

RESULTS = Path(__file__).parents[2] / "docs" / "results"
OUTSIDE = {"rabinowitz_2019": 4}
"""Rows whose estimate is outside, of results that were measured when intervals of distances were percentiles."""


@pytest.mark.parametrize("paper", sorted(path.name for path in RESULTS.iterdir()))
def test_an_estimate_lies_inside_its_own_interval(paper):
    table = pd.read_csv(RESULTS / paper / "measures.csv")
    ends = zip(table.estimate, table.lower, table.upper, strict=True)
    outside = [row for row in ends if not math.isnan(row[1]) and not row[1] <= row[0] <= row[2]]
    assert len(outside) == OUTSIDE.get(paper, 0)
