"""How a report says numbers and verdicts."""

import numpy as np
import pytest

from comparisons.claims import Verdict
from comparisons.report.claim_tables import claim_rows
from comparisons.report.words import interval, number, quantity
from comparisons.rows import EXACT, Over


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.1e-4, "3.10e-4"),
        (0.0, "0"),
        (0.13735, "0.137"),
        (-0.0583, "−0.0583"),
        (12345.6, "12,346"),
        (1.0, "1.00"),
        (0.9996, "1.00"),
        (9.996e-3, "0.0100"),
        (2.5e7, "2.50e7"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (np.nan, "–"),
    ],
)
def test_numbers_are_written_as_a_person_reads_them(value, text):
    assert number(value) == text


def test_seeds_that_agree_are_not_called_exact():
    seeds = Verdict("They agree.", "held", 0.96, 0.96, 0.96, 0.9, np.inf, "fraction", Over("training seeds"))
    theory = seeds._replace(over=EXACT)
    assert [row.interval for row in claim_rows([seeds, theory])] == ["no spread", "exact"]


def test_intervals_decide_the_digits_and_keep_the_notation_of_the_estimate():
    assert quantity(3.1e-4, 2.8e-4, 3.4e-4) == "3.1e-4 [2.8e-4, 3.4e-4]"
    assert quantity(0.99, 0.87, 1.12) == "0.99 [0.87, 1.12]"
    assert quantity(0.497897, 0.491463, 0.504841) == "0.498 [0.491, 0.505]"
    assert quantity(1.42e-4, 1.42e-4, 1.42e-4) == "1.42e-4"
    assert quantity(np.inf, np.inf, np.inf) == "∞"
    assert interval(0.1, 0.1, 0.1) == "exact"
    assert quantity(6.5, 5.25, np.inf) == "6.50 [5.25, ∞]"
    assert quantity(np.inf, 5.25, np.inf) == "∞ [5.25, ∞]"
