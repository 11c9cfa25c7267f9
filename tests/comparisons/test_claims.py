import numpy as np
import pandas as pd
import pytest

from comparisons.claims import Agrees, AtLeast, AtMost, Within, judge

ROW = {"measure": "gap", "predictor": "network", "unit": "nats", "interval_over": "tasks"}


def outcome_of(claim, estimate, lower, upper):
    table = pd.DataFrame([ROW | {"estimate": estimate, "lower": lower, "upper": upper}])
    return judge(table, [claim])[0].outcome


@pytest.mark.parametrize(
    ("claim", "held", "failed", "undecided"),
    [
        (AtMost("", "gap", "network", 1.0), (0.5, 0.4, 1.0), (1.5, 1.1, 1.9), (1.0, 0.9, 1.1)),
        (AtLeast("", "gap", "network", 1.0), (1.5, 1.0, 2.0), (0.5, 0.1, 0.9), (1.0, 0.9, 1.1)),
        (Within("", "gap", "network", -0.1, 0.1), (0.0, -0.1, 0.1), (0.3, 0.2, 0.4), (0.0, -0.2, 0.05)),
        (Agrees("", "gap", "network", 4.0), (-3.9, np.nan, np.nan), (4.1, np.nan, np.nan), (np.nan, np.nan, np.nan)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_claim_is_decided_by_the_whole_interval(claim, held, failed, undecided):
    assert outcome_of(claim, *held) == "held"
    assert outcome_of(claim, *failed) == "failed"
    assert outcome_of(claim, *undecided) == "undecided"
    assert outcome_of(claim, np.nan, np.nan, np.nan) == "undecided"


def test_what_is_unbounded_on_one_side_is_told_by_infinity():
    table = pd.DataFrame([ROW | {"estimate": 0.0, "lower": 0.0, "upper": np.inf}])
    verdict = judge(table, [AtLeast("", "gap", "network", 0.0)])[0]
    assert (verdict.outcome, verdict.least, verdict.most) == ("held", 0.0, np.inf)


def test_a_claim_about_a_measure_the_table_lacks_names_it():
    table = pd.DataFrame([ROW | {"estimate": 0.0, "lower": 0.0, "upper": 0.0}])
    with pytest.raises(KeyError, match="0 rows for 'shape' of 'network'"):
        judge(table, [AtMost("", "shape", "network", 1.0)])
