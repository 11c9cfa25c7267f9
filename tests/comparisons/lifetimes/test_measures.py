"""Measures of maps: every number that is worked out here by hand, on made-up networks."""

import math

import numpy as np
import pytest

from comparisons.kind import measured
from comparisons.lifetimes.grid import FEW_CELLS
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, NEVER, ORACLE, PRINTED, UNTRAINED
from comparisons.rows import EXACT, Over, Row
from comparisons.statistics.counts import share_interval
from comparisons.statistics.intervals import t_interval
from tests.comparisons.lifetimes.maps import (
    BOUNDARY,
    CELLS,
    PLACE,
    PULLS,
    SHORTFALL,
    T_2,
    TEN,
    Z,
    curves,
    made_up_tree,
    measures_of,
    names_of,
    without,
)


def test_intervals_over_training_seeds_are_students():
    found = t_interval(np.array([1.0, 2.0, np.nan, 3.0]), 0.1)
    assert tuple(found) == pytest.approx((2.0, 2 - T_2 / 3**0.5, 2 + T_2 / 3**0.5), abs=1e-5)
    single = t_interval(np.array([np.nan, 2.0]), 0.1)
    assert tuple(single) == pytest.approx((2.0, 2 - 0.1 * Z, 2 + 0.1 * Z), abs=1e-6)
    assert np.isnan(t_interval(np.array([np.nan, np.nan]), 0.1)).all()


def test_regret_is_a_share_of_what_the_oracle_earns(table):
    """Sums of 2, 3 and 3 of 10."""
    row = table.one("regret_share", NETWORK, **TEN)
    half = T_2 * np.std([0.2, 0.3, 0.3], ddof=1) / 3**0.5
    assert row.interval == pytest.approx((0.8 / 3, 0.8 / 3 - half, 0.8 / 3 + half), abs=1e-6)
    assert (row.unit, row.over, str(row.over)) == ("fraction", Over("", 3), "3 training seeds")
    exact = {COMMIT: 0.2, PRINTED: 0.4, NEVER: 0.6, UNTRAINED: 0.2}
    for who, share in exact.items():
        row = table.one("regret_share", who, **TEN)
        assert row.interval == pytest.approx((share, share, share), abs=1e-12)
        assert row.over == (Over("", 3) if who == UNTRAINED else EXACT)
    for who in (COMMIT, PRINTED, NEVER):
        row = table.one("regret_to_reference", NETWORK, **TEN, reference=who)
        mean = 0.8 / 3 - exact[who]
        assert row.interval == pytest.approx((mean, mean - half, mean + half), abs=1e-6)
    assert table.one("diverged_networks", NETWORK, **TEN).interval.estimate == 0


def test_regimes_agree_cell_by_cell(table):
    """The networks learn in cells (2, 4), (2) and (1, 2, 4); the optimum in (2, 4), the printed formula in (2)."""
    row = table.one("learning_cells", NETWORK, **TEN)
    assert T_2 * 0.25 / 3**0.5 > 0.5
    assert row.interval == pytest.approx((0.5, 0, 1), abs=1e-6)  # shares of settings are between 0 and 1
    for who, share, agreements in (
        (BAYES, 0.5, [1.0, 0.75, 0.75]),
        (COMMIT, 0.5, [1.0, 0.75, 0.75]),
        (PRINTED, 0.25, [0.75, 1.0, 0.5]),
    ):
        assert table.one("learning_cells", who, **TEN).interval.estimate == share
        row = table.one("regime_agreement", NETWORK, **TEN, reference=who)
        half = T_2 * np.std(agreements, ddof=1) / 3**0.5
        mean = np.mean(agreements)
        assert row.interval == pytest.approx((mean, max(mean - half, 0), min(mean + half, 1)), abs=1e-6)


def test_pulls_are_correlated_seed_by_seed():
    """(0, 3, 0, 2) with (0, 2, 0, 3): 5.75 / 6.75."""
    table = measures_of(made_up_tree(SHORTFALL[:1], PULLS[:1]))
    row = table.one("pulls_correlation", NETWORK, **TEN, reference=COMMIT)
    assert row.interval.estimate == pytest.approx(5.75 / 6.75, abs=1e-6)
    constant = measures_of(made_up_tree(SHORTFALL[:1], np.ones((1, 4))))
    assert math.isnan(constant.one("pulls_correlation", NETWORK, **TEN, reference=COMMIT).interval.estimate)


def test_one_training_seed_has_an_interval_over_tasks():
    table = measures_of(made_up_tree(SHORTFALL[:1], PULLS[:1]))
    row = table.one("regret_share", NETWORK, **TEN)
    half = Z * (4 * 0.1**2) ** 0.5 / 10
    assert row.interval == pytest.approx((0.2, 0.2 - half, 0.2 + half), abs=1e-6)
    assert row.over == Over("tasks")
    row = table.one("regime_agreement", NETWORK, **TEN, reference=BAYES)
    assert row == Row(NETWORK, share_interval(4, 4), Over("settings"), row.at, "fraction")
    row = table.one("pulls_correlation", NETWORK, **TEN, reference=BAYES)
    assert np.isnan(row.interval.lower) and str(row.over).startswith("no interval")
    row = table.one("value", NETWORK, **PLACE)
    assert row.interval == pytest.approx((3.0, 3 - 0.1 * Z, 3 + 0.1 * Z), abs=1e-6)
    assert not {"boundary_distance", "boundary_log_ratio"} & names_of(table)


def test_lifetimes_are_apart():
    table = measures_of(made_up_tree(lifetimes=(10, 25)))
    for lifetime in (10, 25):
        row = table.one("regret_share", NETWORK, lifetime=lifetime)
        assert row.interval.estimate == pytest.approx(0.8 / 3)


def test_rows_of_a_cell(table):
    half = T_2 * np.std([3.0, 2.0, 3.0], ddof=1) / 3**0.5
    row = table.one("value", NETWORK, **PLACE)
    assert row.interval == pytest.approx((8 / 3, 8 / 3 - half, 8 / 3 + half), abs=1e-6)
    assert row.unit == "rewards per 10 trials"
    row = table.one("share_of_optimum", NETWORK, **PLACE)
    assert row.interval == pytest.approx((2 / 3, 2 / 3 - half / 4, 2 / 3 + half / 4), abs=1e-6)
    for measure, who, value in (
        ("value", BAYES, 4.0),
        ("value", COMMIT, 3.0),
        ("value", PRINTED, 2.0),
        ("printed_value", PRINTED, 1.0),
        ("printed_exploring_value", PRINTED, 1.0),
        ("value", ORACLE, 5.0),
        ("value", UNTRAINED, 3.5),
        ("share_of_optimum", COMMIT, 0.75),
        ("share_of_optimum", PRINTED, 0.5),
        ("probe_pulls", NETWORK, 3.0),
        ("probe_pulls", BAYES, 3.0),
        ("probe_pulls", COMMIT, 2.0),
        ("probe_pulls", PRINTED, 2.0),
        ("learning_share", NETWORK, 3.5 / 4),  # all three learn: Beta(3 + 1/2, 1/2)
    ):
        assert table.one(measure, who, **PLACE).interval.estimate == pytest.approx(value, abs=1e-9), (measure, who)
    shares = table.of("share_of_optimum")
    assert len(shares) and not [row for row in shares if row.at["prior_scale"] == 1]  # the optimum is 0 there
    assert "unimodality_p_value" not in names_of(table)


def test_two_modes_are_looked_for_where_there_are_seeds_enough():
    pulls = np.tile(PULLS, (4, 1))
    pulls[:, 1] = [0, 10] * 6
    table = measures_of(made_up_tree(np.tile(SHORTFALL, (4, 1)), pulls))
    row = table.one("unimodality_p_value", NETWORK, **PLACE)
    assert row.interval.estimate < 0.01
    assert str(row.over) == "no interval: a p-value over 12 training seeds"


def test_large_maps_have_no_rows_of_cells():
    extra = [(float(number), 0.0) for number in range(1, FEW_CELLS - 2)]
    assert "value" in names_of(measures_of(made_up_tree(cells=[*CELLS, *extra[:-1]])))
    assert "value" not in names_of(measures_of(made_up_tree(cells=[*CELLS, *extra])))


def test_a_network_that_diverged_does_not_count():
    """Nor do the oracle's rewards in its cell: the second seed's regret is 1 of 5."""
    table = measures_of(without((1, 1)))
    assert table.one("regret_share", NETWORK, **TEN).interval.estimate == pytest.approx((0.2 + 0.2 + 0.3) / 3)
    assert table.one("diverged_networks", NETWORK, **TEN).interval.estimate == 1
    row = table.one("learning_cells", NETWORK, **TEN)
    assert row.interval.estimate == pytest.approx((0.5 + 0.0 + 0.75) / 3)
    row = table.one("regime_agreement", NETWORK, **TEN, reference=BAYES)
    assert row.interval.estimate == pytest.approx((1.0 + 2 / 3 + 0.75) / 3)
    row = table.one("boundary_distance", NETWORK, **TEN, reference=BAYES)
    assert row.interval.estimate == pytest.approx(BOUNDARY[0], abs=1e-9)  # all others of its cell learn
    row = table.one("value", NETWORK, **PLACE)
    assert row.interval.estimate == pytest.approx(3.0)
    assert row.over == Over("", 2)
    row = table.one("learning_share", NETWORK, **PLACE)
    assert row.interval.estimate == pytest.approx(2.5 / 3)


def test_a_cell_or_a_seed_of_which_all_diverged_is_left_out():
    table = measures_of(without((0, 1), (1, 1), (2, 1)))
    assert math.isnan(table.one("value", NETWORK, **PLACE).interval.estimate)
    assert table.get("probe_pulls", NETWORK, **PLACE) is None
    assert table.one("regret_share", NETWORK, **TEN).interval.estimate == pytest.approx((1 + 1 + 2) / 3 / 5)
    table = measures_of(without(*((0, cell) for cell in range(4))))
    assert table.one("regret_share", NETWORK, **TEN).interval.estimate == pytest.approx(0.3)
    row = table.one("regime_agreement", NETWORK, **TEN, reference=BAYES)
    assert row.interval.estimate == pytest.approx(0.75)
    assert row.over == Over("", 2)


def test_curves_are_means_over_training_seeds():
    found = curves(made_up_tree())
    np.testing.assert_allclose(found["probe_pulls"], [2 / 3, 3, 0, 4 / 3])
    np.testing.assert_allclose(found["is_learning"], [1 / 3, 1, 0, 2 / 3])
    np.testing.assert_allclose(found["shortfall"], [0, 4 / 3, 1 / 3, 1])
    found = curves(without((1, 1), (2, 3)))
    np.testing.assert_allclose(found["is_learning"], [1 / 3, 1, 0, 1 / 2])
    np.testing.assert_allclose(found["shortfall"], [0, 1, 1 / 3, 1])
    assert np.isnan(curves(without((0, 1), (1, 1), (2, 1)))["is_learning"][1])


def test_measures_are_added_to_the_tree_and_are_the_same_again():
    tree = made_up_tree()
    tree.attrs["seed"] = 3
    first, again = measured(tree, KIND), measured(tree, KIND)
    assert set(first.children) == {"theory", "networks", "measures", "curves"}
    assert first["measures"].to_dataset().identical(again["measures"].to_dataset())
    assert first["measures"].attrs["level"] == 0.95
