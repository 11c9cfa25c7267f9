"""Claims: decided by the whole interval of the row that they are about."""

import numpy as np
import pytest

from comparisons.claims import Agrees, AtLeast, AtMost, Within, decidable, judge
from comparisons.rows import Entry, Over, Row, Table
from comparisons.statistics.intervals import Interval


def table_with(*interval, **at):
    return Table((Entry("gap", Row("network", Interval(*interval), Over("tasks", 2), at, "nats")),))


def outcome_of(claim, *interval):
    return judge(table_with(*interval), [claim])[0].outcome


@pytest.mark.parametrize(
    ("claim", "held", "failed", "undecided"),
    [
        (AtMost("", "gap", "network", 1.0), (0.5, 0.4, 1.0), (1.5, 1.1, 1.9), (1.0, 0.9, 1.1)),
        (AtLeast("", "gap", "network", 1.0), (1.5, 1.0, 2.0), (0.5, 0.1, 0.9), (1.0, 0.9, 1.1)),
        (Within("", "gap", "network", -0.1, 0.1), (0.0, -0.1, 0.1), (0.3, 0.2, 0.4), (0.0, -0.2, 0.05)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_claim_is_decided_by_the_whole_interval(claim, held, failed, undecided):
    assert outcome_of(claim, *held) == "held"
    assert outcome_of(claim, *failed) == "failed"
    assert outcome_of(claim, *undecided) == "undecided"


@pytest.mark.parametrize("interval", [(np.nan, np.nan, np.nan), (0.0, np.nan, np.nan), (9.0, np.nan, np.nan)])
@pytest.mark.parametrize("claim", [AtMost("", "gap", "network", 1.0), Within("", "gap", "network", -0.1, 0.1)])
def test_without_an_interval_a_claim_is_not_measurable(claim, interval):
    assert outcome_of(claim, *interval) == "not measurable"


def test_an_agreement_is_decided_by_the_estimate():
    claim = Agrees("", "gap", "network", 4.0)
    assert outcome_of(claim, -3.9, -5.9, -1.9) == outcome_of(claim, -3.9, np.nan, np.nan) == "held"
    assert outcome_of(claim, 4.1, 2.1, 6.1) == "failed"
    assert outcome_of(claim, np.nan, np.nan, np.nan) == "not measurable"


def test_what_is_unbounded_on_one_side_is_told_by_infinity():
    verdict = judge(table_with(0.0, 0.0, np.inf), [AtLeast("", "gap", "network", 0.0)])[0]
    assert (verdict.outcome, verdict.least, verdict.most) == ("held", 0.0, np.inf)


def test_a_verdict_has_the_interval_the_unit_and_what_it_is_over():
    claim = AtMost("It is small.", "gap", "network", 1.0, bound_set="paper")
    verdict = judge(table_with(0.2, 0.1, 0.3), [claim])[0]
    assert verdict[:9] == ("It is small.", "held", 0.2, 0.1, 0.3, -np.inf, 1.0, "nats", Over("tasks", 2))
    assert verdict[9:] == ("paper", "gap", "")


def test_a_claim_is_about_the_row_at_its_coordinates():
    table = Table((*table_with(0.0, 0.0, 0.0, lifetime=10).entries, *table_with(3.0, 3.0, 3.0, lifetime=25).entries))
    claims = [AtMost("", "gap", "network", 1.0, at={"lifetime": lifetime}) for lifetime in (10, 25)]
    assert [verdict.outcome for verdict in judge(table, claims)] == ["held", "failed"]


def test_a_claim_about_a_measure_the_table_lacks_names_it():
    table = table_with(0.0, 0.0, 0.0, lifetime=10)
    with pytest.raises(KeyError, match="no row of 'shape' for 'network' at {}; there is nothing"):
        judge(table, [AtMost("", "shape", "network", 1.0)])
    with pytest.raises(KeyError, match="no row of 'gap' for 'network' at {}; there is network {'lifetime': 10}"):
        judge(table, [AtMost("", "gap", "network", 1.0)])


def test_claims_without_a_row_are_left_out():
    table = table_with(0.0, 0.0, 0.0, lifetime=10)
    there = AtMost("", "gap", "network", 1.0, at={"lifetime": 10})
    absent = [
        AtMost("", "shape", "network", 1.0, at={"lifetime": 10}),
        AtMost("", "gap", "Bayes", 1.0, at={"lifetime": 10}),
        AtMost("", "gap", "network", 1.0, at={"lifetime": 25}),
        AtMost("", "gap", "network", 1.0),
    ]
    assert decidable([*absent, there], table) == (there,)
