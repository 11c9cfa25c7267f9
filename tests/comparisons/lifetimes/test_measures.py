"""Measures of maps: every number that is worked out here by hand, on made-up networks."""

import math

import numpy as np
import pytest
import xarray as xr

from comparisons.kind import measured
from comparisons.lifetimes.grid import FEW_CELLS, cells_of, grid_of, grids_of
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, NEVER, ORACLE, PRINTED, UNTRAINED
from comparisons.lifetimes.scores import curves_of, scores_of
from comparisons.rows import EXACT, Over, table_of
from comparisons.statistics.intervals import t_interval

T_2 = 4.302653
"""Student's 97.5 % point of 2 degrees of freedom, and the normal one."""
Z = 1.959964
CELLS = [(1.0, 1.0), (1.0, 2.0), (3.0, 1.0), (3.0, 2.0)]
SHORTFALL = np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 2.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0]])
PULLS = np.array([[0.0, 3.0, 0.0, 2.0], [0.0, 3.0, 0.0, 0.0], [2.0, 3.0, 0.0, 2.0]])
"""Mean pulls under the probe, of three training seeds: more than one is learning."""


def made_up_tree(shortfall=SHORTFALL, pulls=PULLS, *, cells=CELLS, lifetimes=(10,)):
    """Four cells, in two of which learning pays; once more for every further lifetime."""
    num_extra = len(cells) - len(CELLS)  # nothing can be earned there
    known = {
        "commit_trials": [0, 2, 0, 3],
        "commit_value": [0.0, 3.0, 0.0, 1.0],
        "printed_trials": [0, 2, 0, 0],
        "printed_value": [0.0, 1.0, 0.0, 0.5],
        "printed_policy_value": [0.0, 2.0, 0.0, 0.0],
        "printed_exploring_value": [-1.0, 1.0, -1.0, -0.5],
        "sequential_value": [0.0, 4.0, 0.0, 2.0],
        "sequential_value_error": [0.0] * 4,
        "sequential_pulls": [0.0, 5.0, 0.0, 6.0],
        "sequential_probe_pulls": [0.5, 3.0, 0.0, 4.0],
        "sequential_probe_median": [0, 2, 0, 3],
        "full_information_value": [1.0, 5.0, 1.0, 3.0],
    }
    times = len(lifetimes)
    theory = xr.Dataset({name: ("cell", (row + [0] * num_extra) * times) for name, row in known.items()})
    theory = theory.assign_coords(
        reward_scale=("cell", [reward for reward, _ in cells] * times),
        prior_scale=("cell", [prior for _, prior in cells] * times),
        lifetime=("cell", np.repeat(lifetimes, len(cells))),
    )
    dims = ("training_seed", "cell")
    shortfall, pulls = (np.tile(np.pad(v, ((0, 0), (0, num_extra))), times) for v in (shortfall, pulls))
    probes = np.repeat(pulls[..., None], 4, axis=2).astype(np.float32)
    networks = xr.Dataset(
        {
            "shortfall": (dims, shortfall),
            "shortfall_error": (dims, np.where(np.isnan(shortfall), np.nan, 0.1)),
            "mean_pulls": (dims, np.where(np.isnan(shortfall), np.nan, 5.0)),
            "untrained_shortfall": (dims, np.full(shortfall.shape, 0.5)),
            "probe_pulls": ((*dims, "probe"), probes),
        }
    )
    tree = xr.DataTree.from_dict({"theory": theory, "networks": networks})
    tree.attrs = {"seed": 0}
    return tree


TEN = {"lifetime": 10}
PLACE = {"reward_scale": 1.0, "prior_scale": 2.0, "lifetime": 10}
"""The second cell."""


def measures_of(tree):
    return table_of(measured(tree, KIND))


def names_of(table):
    return {name for name, _ in table.entries}


def curves(tree):
    return curves_of(scores_of(tree), 0)


@pytest.fixture
def table():
    return measures_of(made_up_tree())


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


BOUNDARY = ((1.25 - 1.5) + (1.75 - 1.5)) / 2, (math.log(1.25 / 1.5) + math.log(1.75 / 1.5)) / 2
"""Shares of networks that learn are (1/3, 1) and (0, 2/3) in the two rows, at prior scales 1 and 2; the exact boundary
is half-way in both."""


def test_boundaries_lie_where_half_of_the_networks_learn(table):
    difference, log_ratio = (
        table.one(measure, NETWORK, **TEN, reference=BAYES) for measure in ("boundary_distance", "boundary_log_ratio")
    )
    assert (difference.interval.estimate, log_ratio.interval.estimate) == pytest.approx(BOUNDARY, abs=1e-9)
    assert difference.interval.lower < 0 < difference.interval.upper
    assert difference.over == log_ratio.over == Over("", 3)


def test_cells_without_a_spread_have_no_part_in_the_boundary():
    """A third column of prior scale 0, where nobody learns: the shares of cells change, the boundary does not."""
    table = measures_of(made_up_tree(cells=[*CELLS, (1.0, 0.0), (3.0, 0.0)]))
    distance = table.one("boundary_distance", NETWORK, **TEN, reference=BAYES)
    assert distance.interval.estimate == pytest.approx(BOUNDARY[0], abs=1e-9)
    assert table.one("learning_cells", BAYES, **TEN).interval.estimate == pytest.approx(2 / 6)
    assert table.one("regret_share", NETWORK, **TEN).interval.estimate == pytest.approx(0.8 / 3)


def test_there_is_a_boundary_on_grids_alone():
    table = measures_of(made_up_tree(cells=[*CELLS, (5.0, 1.0), (5.0, 7.0)]))
    assert not {"boundary_distance", "boundary_log_ratio"} & names_of(table)
    theory = made_up_tree(cells=[CELLS[index] for index in (3, 0, 2, 1)])["theory"].to_dataset()
    grid = grid_of(cells_of(theory))
    assert grid.lifetime == 10
    assert grid.reward_scales.tolist() == sorted({scale for scale, _ in CELLS})
    assert grid.prior_scales.tolist() == [1.0, 2.0]
    assert grid.cells.tolist() == [[1, 3], [2, 0]]


def test_a_cell_alone_in_its_row_is_not_of_the_grid():
    cells = cells_of(made_up_tree(cells=[(5.0, 7.0), *CELLS])["theory"].to_dataset())
    assert grid_of(cells).cells.tolist() == [[1, 2], [3, 4]]
    (found,) = grids_of(cells)
    assert found.cells.tolist() == [[1, 2], [3, 4]]
    assert found.prior_scales.tolist() == [1.0, 2.0]


def test_cells_of_several_lifetimes_are_a_grid_each():
    """The second lifetime's cells come after the first's in the tree."""
    cells = cells_of(made_up_tree(lifetimes=(10, 25))["theory"].to_dataset())
    assert [(grid.lifetime, grid.cells.tolist()) for grid in grids_of(cells)] == [
        (10, [[0, 1], [2, 3]]),
        (25, [[4, 5], [6, 7]]),
    ]
    assert grids_of(cells.iloc[:-1]) == []  # one of them is no grid


def test_one_training_seed_has_an_interval_over_tasks():
    table = measures_of(made_up_tree(SHORTFALL[:1], PULLS[:1]))
    row = table.one("regret_share", NETWORK, **TEN)
    half = Z * (4 * 0.1**2) ** 0.5 / 10
    assert row.interval == pytest.approx((0.2, 0.2 - half, 0.2 + half), abs=1e-6)
    assert row.over == Over("tasks")
    row = table.one("regime_agreement", NETWORK, **TEN, reference=BAYES)
    assert row.interval.estimate == 1.0
    assert np.isnan(row.interval[1:]).all()
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
    assert row.over == Over("", 12)


def test_large_maps_have_no_rows_of_cells():
    extra = [(float(number), 0.0) for number in range(1, FEW_CELLS - 2)]
    assert "value" in names_of(measures_of(made_up_tree(cells=[*CELLS, *extra[:-1]])))
    assert "value" not in names_of(measures_of(made_up_tree(cells=[*CELLS, *extra])))


def without(*networks):
    """The made-up networks, those at (training seed, cell) diverged."""
    shortfall, pulls = SHORTFALL.copy(), PULLS.copy()
    for seed, cell in networks:
        shortfall[seed, cell] = pulls[seed, cell] = np.nan
    return made_up_tree(shortfall, pulls)


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
