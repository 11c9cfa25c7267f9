"""Intervals of hidden states over few training seeds."""

import numpy as np
import pytest
from scipy import stats

from comparisons.foraging.kind import KIND
from comparisons.kind import measured
from comparisons.rows import table_of
from tests.comparisons.foraging.trees import made_up_foraging_tree

RATIOS = np.array([4.0, 5.0, 9.0])
CHANGES = np.array([1.0, 2.0, 0.0])


def table_with(*, within):
    """A table of three networks; the ends of a network's own normal interval are `within` from its ratio."""
    tree = made_up_foraging_tree(num_seeds=3)
    states = tree["states"].to_dataset()
    at_10, at_20 = (list(states.train_lifetime.to_numpy()).index(lifetime) for lifetime in (10, 20))
    ratios = states["participation_ratio"].to_numpy().copy()
    for index, means in ((at_10, RATIOS), (at_20, RATIOS + CHANGES)):
        ratios[:, index] = means[:, None] + np.array([0, -within, within])
    tree["states"] = states.assign(participation_ratio=(states["participation_ratio"].dims, ratios))
    return table_of(measured(tree, KIND))


def of_student(values):
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return values.mean(), values.mean() - half, values.mean() + half


def test_intervals_over_three_seeds_are_student_s():
    table = table_with(within=0.01)
    mean, _, upper = of_student(RATIOS)
    level = table.one("participation_ratio", "network", train_lifetime=10)
    assert level.interval == pytest.approx((mean, 1.0, upper))  # a ratio is at least 1
    gain = table.one("participation_ratio_gain", "network", from_lifetime=10, to_lifetime=20)
    assert gain.interval == pytest.approx(of_student(CHANGES))
    assert str(level.over) == str(gain.over) == "3 training seeds"


def test_seeds_that_agree_do_not_hide_the_uncertainty_over_tasks():
    level = table_with(within=30.0).one("participation_ratio", "network", train_lifetime=10)
    assert level.interval.upper == pytest.approx(RATIOS.mean() + 30.0 / np.sqrt(3))


def test_shares_stay_within_what_a_share_can_be():
    rows = table_with(within=0.01).of("explained_variance")
    assert len(rows) == 12 and all(0 <= row.interval.lower <= row.interval.upper <= 1 for row in rows)
