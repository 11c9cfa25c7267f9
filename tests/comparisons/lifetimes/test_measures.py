"""Measures of maps: every number that is worked out here by hand, on made-up networks."""

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparisons.lifetimes.grid import FEW_CELLS, grid_of, maps_of
from comparisons.lifetimes.measures import cell_curves, lifetime_measures, with_lifetime_measures
from comparisons.lifetimes.players import COMMIT, NETWORK, NEVER, PRINTED, SEQUENTIAL, UNTRAINED
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
    num_extra = len(cells) - len(CELLS)  # nothing is to be had there
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
    return xr.DataTree.from_dict({"theory": theory, "networks": networks})


class Table:
    """Rows by measure and by the end of what they are of."""

    def __init__(self, tree):
        self.rows = pd.DataFrame(lifetime_measures(tree, seed=0))

    def __call__(self, measure, who):
        rows = self.rows
        found = rows[(rows["measure"] == measure) & (rows["predictor"] == who)]
        assert len(found) == 1, (measure, who, sorted(rows["predictor"].unique()))
        return found.iloc[0]


@pytest.fixture
def table():
    return Table(made_up_tree())


def test_intervals_over_training_seeds_are_students():
    found = t_interval(np.array([1.0, 2.0, np.nan, 3.0]), 0.1)
    assert tuple(found) == pytest.approx((2.0, 2 - T_2 / 3**0.5, 2 + T_2 / 3**0.5), abs=1e-5)
    single = t_interval(np.array([np.nan, 2.0]), 0.1)
    assert tuple(single) == pytest.approx((2.0, 2 - 0.1 * Z, 2 + 0.1 * Z), abs=1e-6)
    assert np.isnan(t_interval(np.array([np.nan, np.nan]), 0.1)).all()


def test_regret_is_a_share_of_what_full_information_is_worth(table):
    """Sums of 2, 3 and 3 of 10."""
    row = table("regret_share", f"lifetime 10: {NETWORK}")
    half = T_2 * np.std([0.2, 0.3, 0.3], ddof=1) / 3**0.5
    assert tuple(row[2:5]) == pytest.approx((0.8 / 3, 0.8 / 3 - half, 0.8 / 3 + half), abs=1e-6)
    assert tuple(row[5:]) == ("fraction", "training seeds")
    exact = {COMMIT: 0.2, PRINTED: 0.4, NEVER: 0.6, UNTRAINED: 0.2}
    for who, share in exact.items():
        row = table("regret_share", f"lifetime 10: {who}")
        assert tuple(row[2:5]) == pytest.approx((share, share, share), abs=1e-12)
    for who in (COMMIT, PRINTED, NEVER):
        row = table("regret_to_yardstick", f"lifetime 10: {NETWORK} against {who}")
        mean = 0.8 / 3 - exact[who]
        assert tuple(row[2:5]) == pytest.approx((mean, mean - half, mean + half), abs=1e-6)
    assert table("diverged_networks", f"lifetime 10: {NETWORK}")["estimate"] == 0


def test_regimes_agree_cell_by_cell(table):
    """The networks learn in cells (2, 4), (2) and (1, 2, 4); the optimum in (2, 4), the printed formula in (2)."""
    row = table("learning_cells", f"lifetime 10: {NETWORK}")
    assert T_2 * 0.25 / 3**0.5 > 0.5
    assert tuple(row[2:5]) == pytest.approx((0.5, 0, 1), abs=1e-6)  # shares of settings are between 0 and 1
    for who, share, agreements in (
        (SEQUENTIAL, 0.5, [1.0, 0.75, 0.75]),
        (COMMIT, 0.5, [1.0, 0.75, 0.75]),
        (PRINTED, 0.25, [0.75, 1.0, 0.5]),
    ):
        assert table("learning_cells", f"lifetime 10: {who}")["estimate"] == share
        row = table("regime_agreement", f"lifetime 10: {NETWORK} with {who}")
        half = T_2 * np.std(agreements, ddof=1) / 3**0.5
        mean = np.mean(agreements)
        assert tuple(row[2:5]) == pytest.approx((mean, max(mean - half, 0), min(mean + half, 1)), abs=1e-6)


def test_pulls_are_correlated_seed_by_seed():
    """(0, 3, 0, 2) with (0, 2, 0, 3): 5.75 / 6.75."""
    table = Table(made_up_tree(SHORTFALL[:1], PULLS[:1]))
    row = table("pulls_correlation", f"lifetime 10: {NETWORK} with {COMMIT}")
    assert row["estimate"] == pytest.approx(5.75 / 6.75, abs=1e-6)
    constant = Table(made_up_tree(SHORTFALL[:1], np.ones((1, 4))))
    assert math.isnan(constant("pulls_correlation", f"lifetime 10: {NETWORK} with {COMMIT}")["estimate"])


BOUNDARY = ((1.25 - 1.5) + (1.75 - 1.5)) / 2, (math.log(1.25 / 1.5) + math.log(1.75 / 1.5)) / 2
"""Shares of networks that learn are (1/3, 1) and (0, 2/3) in the two rows, at prior scales 1 and 2; the exact boundary
is half-way in both."""


def test_boundaries_lie_where_half_of_the_networks_learn(table):
    who = f"lifetime 10: {NETWORK} against {SEQUENTIAL}"
    difference, log_ratio = table("boundary_distance", who), table("boundary_log_ratio", who)
    assert (difference["estimate"], log_ratio["estimate"]) == pytest.approx(BOUNDARY, abs=1e-9)
    assert difference["lower"] < 0 < difference["upper"]


def test_cells_without_a_spread_have_no_part_in_the_boundary():
    """A third column of prior scale 0, where nobody learns: the shares of cells change, the boundary does not."""
    table = Table(made_up_tree(cells=[*CELLS, (1.0, 0.0), (3.0, 0.0)]))
    who = f"lifetime 10: {NETWORK} against {SEQUENTIAL}"
    assert table("boundary_distance", who)["estimate"] == pytest.approx(BOUNDARY[0], abs=1e-9)
    assert table("learning_cells", f"lifetime 10: {SEQUENTIAL}")["estimate"] == pytest.approx(2 / 6)
    assert table("regret_share", f"lifetime 10: {NETWORK}")["estimate"] == pytest.approx(0.8 / 3)


def test_there_is_a_boundary_on_grids_alone():
    table = Table(made_up_tree(cells=[*CELLS, (5.0, 1.0), (5.0, 7.0)]))
    assert not table.rows["measure"].str.startswith("boundary").any()
    theory = made_up_tree(cells=[CELLS[index] for index in (3, 0, 2, 1)])["theory"].to_dataset()
    reward_scales, prior_scales, cells = grid_of(theory)
    assert reward_scales.tolist() == sorted({scale for scale, _ in CELLS})
    assert prior_scales.tolist() == [1.0, 2.0]
    assert cells.tolist() == [[1, 3], [2, 0]]


def test_a_cell_alone_in_its_row_is_not_of_the_grid():
    tree = made_up_tree(cells=[(5.0, 7.0), *CELLS])
    assert grid_of(tree["theory"].to_dataset()).cells.tolist() == [[1, 2], [3, 4]]
    (found,) = maps_of(tree)
    assert found.cells.tolist() == [[1, 3], [2, 4]]
    assert found.prior_scales.tolist() == [1.0, 2.0]


def test_one_training_seed_has_an_interval_over_tasks():
    table = Table(made_up_tree(SHORTFALL[:1], PULLS[:1]))
    row = table("regret_share", f"lifetime 10: {NETWORK}")
    half = Z * (4 * 0.1**2) ** 0.5 / 10
    assert tuple(row[2:5]) == pytest.approx((0.2, 0.2 - half, 0.2 + half), abs=1e-6)
    assert row["interval_over"] == "tasks"
    row = table("regime_agreement", f"lifetime 10: {NETWORK} with {SEQUENTIAL}")
    assert row["estimate"] == 1.0
    assert np.isnan(row[["lower", "upper"]].to_numpy(float)).all()
    row = table("value", f"reward_scale 1, prior_scale 2, lifetime 10: {NETWORK}")
    assert tuple(row[2:5]) == pytest.approx((3.0, 3 - 0.1 * Z, 3 + 0.1 * Z), abs=1e-6)
    assert not table.rows["measure"].str.startswith("boundary").any()


def test_lifetimes_are_apart():
    table = Table(made_up_tree(lifetimes=(10, 25)))
    for lifetime in (10, 25):
        row = table("regret_share", f"lifetime {lifetime}: {NETWORK}")
        assert row["estimate"] == pytest.approx(0.8 / 3)


def test_rows_of_a_cell(table):
    where = "reward_scale 1, prior_scale 2, lifetime 10: "
    half = T_2 * np.std([3.0, 2.0, 3.0], ddof=1) / 3**0.5
    row = table("value", where + NETWORK)
    assert tuple(row[2:6]) == pytest.approx((8 / 3, 8 / 3 - half, 8 / 3 + half, "rewards per 10 trials"), abs=1e-6)
    row = table("share_of_sequential", where + NETWORK)
    assert tuple(row[2:5]) == pytest.approx((2 / 3, 2 / 3 - half / 4, 2 / 3 + half / 4), abs=1e-6)
    for measure, who, value in (
        ("value", SEQUENTIAL, 4.0),
        ("value", COMMIT, 3.0),
        ("value", f"{PRINTED}, as a policy", 2.0),
        ("value", f"{PRINTED}, as printed", 1.0),
        ("value", "full information", 5.0),
        ("value", UNTRAINED, 3.5),
        ("share_of_sequential", COMMIT, 0.75),
        ("share_of_sequential", PRINTED, 0.5),
        ("probe_pulls", NETWORK, 3.0),
        ("probe_pulls", SEQUENTIAL, 3.0),
        ("probe_pulls", COMMIT, 2.0),
        ("probe_pulls", PRINTED, 2.0),
        ("learning_share", NETWORK, 3.5 / 4),  # all three learn: Beta(3 + 1/2, 1/2)
    ):
        assert table(measure, where + who)["estimate"] == pytest.approx(value, abs=1e-9), (measure, who)
    shares = table.rows.loc[table.rows["measure"] == "share_of_sequential", "predictor"]
    assert not shares.str.contains("prior_scale 1,").any()  # the optimum is 0 there
    assert "unimodality_p_value" not in set(table.rows["measure"])


def test_two_modes_are_looked_for_where_there_are_seeds_enough():
    pulls = np.tile(PULLS, (4, 1))
    pulls[:, 1] = [0, 10] * 6
    table = Table(made_up_tree(np.tile(SHORTFALL, (4, 1)), pulls))
    row = table("unimodality_p_value", f"reward_scale 1, prior_scale 2, lifetime 10: {NETWORK}")
    assert row["estimate"] < 0.01


def test_large_maps_have_no_rows_of_cells():
    extra = [(float(number), 0.0) for number in range(1, FEW_CELLS - 2)]
    assert "value" in set(Table(made_up_tree(cells=[*CELLS, *extra[:-1]])).rows["measure"])
    assert "value" not in set(Table(made_up_tree(cells=[*CELLS, *extra])).rows["measure"])


def without(*networks):
    """The made-up networks, those at (training seed, cell) diverged."""
    shortfall, pulls = SHORTFALL.copy(), PULLS.copy()
    for seed, cell in networks:
        shortfall[seed, cell] = pulls[seed, cell] = np.nan
    return made_up_tree(shortfall, pulls)


def test_a_network_that_diverged_does_not_count():
    """Nor does what there was to be had in its cell: the second seed's regret is 1 of 5."""
    table = Table(without((1, 1)))
    assert table("regret_share", f"lifetime 10: {NETWORK}")["estimate"] == pytest.approx((0.2 + 0.2 + 0.3) / 3)
    assert table("diverged_networks", f"lifetime 10: {NETWORK}")["estimate"] == 1
    row = table("learning_cells", f"lifetime 10: {NETWORK}")
    assert row["estimate"] == pytest.approx((0.5 + 0.0 + 0.75) / 3)
    row = table("regime_agreement", f"lifetime 10: {NETWORK} with {SEQUENTIAL}")
    assert row["estimate"] == pytest.approx((1.0 + 2 / 3 + 0.75) / 3)
    row = table("boundary_distance", f"lifetime 10: {NETWORK} against {SEQUENTIAL}")
    assert row["estimate"] == pytest.approx(BOUNDARY[0], abs=1e-9)  # all others of its cell learn
    row = table("value", f"reward_scale 1, prior_scale 2, lifetime 10: {NETWORK}")
    assert row["estimate"] == pytest.approx(3.0)
    row = table("learning_share", f"reward_scale 1, prior_scale 2, lifetime 10: {NETWORK}")
    assert row["estimate"] == pytest.approx(2.5 / 3)


def test_a_cell_or_a_seed_of_which_all_diverged_is_left_out():
    table = Table(without((0, 1), (1, 1), (2, 1)))
    who = f"reward_scale 1, prior_scale 2, lifetime 10: {NETWORK}"
    assert math.isnan(table("value", who)["estimate"])
    assert not ((table.rows["measure"] == "probe_pulls") & (table.rows["predictor"] == who)).any()
    assert table("regret_share", f"lifetime 10: {NETWORK}")["estimate"] == pytest.approx((1 + 1 + 2) / 3 / 5)
    table = Table(without(*((0, cell) for cell in range(4))))
    assert table("regret_share", f"lifetime 10: {NETWORK}")["estimate"] == pytest.approx(0.3)
    row = table("regime_agreement", f"lifetime 10: {NETWORK} with {SEQUENTIAL}")
    assert row["estimate"] == pytest.approx(0.75)


def test_curves_are_means_over_training_seeds():
    curves = cell_curves(made_up_tree())
    np.testing.assert_allclose(curves["probe_pulls"], [2 / 3, 3, 0, 4 / 3])
    np.testing.assert_allclose(curves["is_learning"], [1 / 3, 1, 0, 2 / 3])
    np.testing.assert_allclose(curves["shortfall"], [0, 4 / 3, 1 / 3, 1])
    curves = cell_curves(without((1, 1), (2, 3)))
    np.testing.assert_allclose(curves["is_learning"], [1 / 3, 1, 0, 1 / 2])
    np.testing.assert_allclose(curves["shortfall"], [0, 1, 1 / 3, 1])
    assert np.isnan(cell_curves(without((0, 1), (1, 1), (2, 1)))["is_learning"][1])


def test_measures_are_added_to_the_tree_and_are_the_same_again():
    tree = made_up_tree()
    first, again = with_lifetime_measures(tree, seed=3), with_lifetime_measures(tree, seed=3)
    assert set(first.children) == {"theory", "networks", "measures", "curves"}
    assert first["measures"].to_dataset().identical(again["measures"].to_dataset())
    assert first["measures"].attrs["level"] == 0.95
