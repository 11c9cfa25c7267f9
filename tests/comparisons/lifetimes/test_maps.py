"""Maps of fixed-arm bandits: what is drawn is what the tree holds, edges are exact, empty cells show."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from bayesopt.planning.exploration import commit_edge, printed_commit_edge
from bayesopt.planning.stopping import sequential_edge
from comparisons.lifetimes.edges import EDGE_ERROR, edges_at
from comparisons.lifetimes.figures import exploration, regret
from comparisons.lifetimes.figures.maps import EMPTY_HATCH, LEAST_EXPLORATION, NUM_EDGE_SCALES
from comparisons.lifetimes.figures.marks import PLAYER_COLOURS
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED, REFERENCES
from comparisons.seams.fixed_arms import Setting
from tests.comparisons.lifetimes.drawn import EMPTY, drawn, maps_drawn
from tests.comparisons.lifetimes.trees import grid_settings, made_up_lifetime_tree


@pytest.mark.parametrize("lifetime", [2, 25])
def test_edges_are_those_of_the_planning_modules(lifetime):
    scales = np.array([0.1, 1.0, 7.0, 20.0])
    edges = edges_at(lifetime, scales)
    np.testing.assert_array_equal(edges.commit, commit_edge(lifetime=lifetime, reward_scale=scales).prior_scale)
    printed = printed_commit_edge(lifetime=lifetime, reward_scale=scales).prior_scale
    np.testing.assert_array_equal(edges.printed, printed)
    exact = [sequential_edge(lifetime=lifetime, reward_scale=float(scale)) for scale in scales]
    np.testing.assert_allclose(edges.sequential, exact, rtol=EDGE_ERROR)


def test_edges_exist_at_a_single_scale_and_are_infinite_in_a_single_trial():
    one = edges_at(25, np.array([3.0])).sequential
    np.testing.assert_allclose(one, sequential_edge(lifetime=25, reward_scale=3.0), rtol=EDGE_ERROR)
    assert all(np.isposinf(edge).all() for edge in edges_at(1, np.array([1.0, 2.0])))


def test_the_table_of_exploration_holds_the_numbers_of_the_tree(grid):
    table, theory = exploration.table(grid), grid["theory"].to_dataset()
    trials = table[table.quantity == "exploration"]
    for who, column in REFERENCES.items():
        np.testing.assert_array_equal(trials.estimate[trials.who == who], theory[column])
    networks = grid["networks"].dataset["probe_pulls"].to_numpy().mean(axis=2)
    expected = [np.nanmean(column) if np.isfinite(column).any() else np.nan for column in networks.T]
    np.testing.assert_allclose(trials.estimate[trials.who == NETWORK], expected, rtol=1e-6)
    for name in ("lifetime", "reward_scale", "prior_scale"):
        np.testing.assert_array_equal(trials[name][trials.who == NETWORK], theory[name])


def test_edges_in_the_table_are_at_the_reward_scales_beside_them(grid):
    table = exploration.table(grid)
    edges = table[(table.quantity == "edge") & (table.who == COMMIT) & (table.lifetime == 25)]
    found = commit_edge(lifetime=25, reward_scale=edges.reward_scale.to_numpy()).prior_scale
    assert len(edges) == NUM_EDGE_SCALES
    np.testing.assert_array_equal(edges.estimate, found)
    lost = regret.table(grid)
    assert set(lost.who[lost.quantity == "edge"]) == {BAYES}


def test_the_learned_boundary_is_where_half_of_the_networks_learn():
    tree = made_up_lifetime_tree(
        [Setting(reward, prior, 12) for reward in (1.0, 2.0, 3.0, 4.0) for prior in (0.0, 1.0, 3.0)], num_seeds=2
    )
    curves = tree["curves"].to_dataset().load()
    curves["is_learning"] = ("cell", [0, 0, 1, 0, 0.5, 1, np.nan, 0, 1, 0, 0, 0.4])
    tree["curves"] = curves
    table = exploration.table(tree)
    boundary = table[(table.quantity == "edge") & (table.who == NETWORK)]
    np.testing.assert_array_equal(boundary.reward_scale, [1, 2, 3, 4])
    # In the third row only the cell without any spread has no value, in the last nobody learns.
    np.testing.assert_allclose(boundary.estimate, [2.0, 1.0, 2.0, np.nan])


def test_maps_show_the_values_of_their_cells_where_the_cells_are(grid):
    maps = maps_drawn(drawn("exploration", grid))
    assert [ax.get_title() for ax, _ in maps[:4]] == [
        "printed formula",
        "explore-then-commit",
        "Bayes-optimal",
        "networks",
    ]
    assert len(maps) == 8
    theory, first = grid["theory"].to_dataset(), slice(16)
    expected = theory["commit_trials"].to_numpy()[first].reshape(4, 4).T  # cells are sorted by reward scale
    ax, mesh = maps[1]
    np.testing.assert_array_equal(mesh.get_array(), expected)
    table = exploration.table(grid)
    longest = table.estimate[table.quantity == "exploration"].max()
    assert mesh.norm.vmin == LEAST_EXPLORATION and mesh.norm.vmax == longest  # no cell is beyond the colours
    reward, prior = theory["reward_scale"].to_numpy()[5], theory["prior_scale"].to_numpy()[5]
    corners = mesh.get_coordinates()[1, 1], mesh.get_coordinates()[2, 2]
    assert corners[0][0] < reward < corners[1][0] and corners[0][1] < prior < corners[1][1]
    assert ax.get_xlim()[0] == ax.get_ylim()[0] == 0


def test_a_setting_off_the_grid_is_not_on_the_map():
    on_grid = grid_settings(3, 10)
    tree = made_up_lifetime_tree([*on_grid, Setting(7.0, 4.0, 10)], num_seeds=3)
    theory = tree["theory"].to_dataset()["commit_trials"].to_numpy()[:9].reshape(3, 3).T
    for name, column in (("exploration", 1), ("regret", 0)):
        _, mesh = maps_drawn(drawn(name, tree))[column]
        assert mesh.get_array().shape == (3, 3)
        assert column == 0 or np.array_equal(mesh.get_array(), theory)


def test_a_cell_without_numbers_is_empty_and_hatched(grid):
    for name, column in (("exploration", 3), ("regret", 0), ("map_development", 0)):
        ax, mesh = maps_drawn(drawn(name, grid))[column]
        assert np.ma.getmaskarray(mesh.get_array()).sum() == 1
        (hatched,) = [patch for patch in ax.patches if patch.get_hatch() == EMPTY_HATCH]
        theory = grid["theory"].to_dataset().isel(cell=EMPTY)
        assert isinstance(hatched, Rectangle) and np.ma.getmaskarray(mesh.get_array())[2, 1]
        assert hatched.get_x() < float(theory["reward_scale"]) < hatched.get_x() + hatched.get_width()
        assert hatched.get_y() < float(theory["prior_scale"]) < hatched.get_y() + hatched.get_height()
    assert "Crossed cells are empty" in exploration.caption(grid, exploration.table(grid))


def test_hardly_any_exploration_is_white_and_one_trial_is_not(grid):
    _, mesh = maps_drawn(drawn("exploration", grid))[0]
    trials = (0.0, 0.9 * LEAST_EXPLORATION, 1.0, *np.linspace(2.0, mesh.norm.vmax, 5))
    shown = [mesh.cmap(mesh.norm(value)) for value in trials]
    assert shown[0] == shown[1] == (1, 1, 1, 1)
    luminance = [np.dot((0.2126, 0.7152, 0.0722), colour[:3]) for colour in shown[1:]]
    assert luminance[1] < 0.93 and (np.diff(luminance) < 0).all()


def test_edges_are_drawn_over_every_map_in_the_colours_of_their_theories(grid):
    table = exploration.table(grid)
    for ax, _ in maps_drawn(drawn("exploration", grid))[4:]:
        lines = {to_hex(line.get_color()): line for line in ax.lines}
        for who in (PRINTED, COMMIT, BAYES, NETWORK):
            rows = table[(table.quantity == "edge") & (table.who == who) & (table.lifetime == 25)]
            np.testing.assert_array_equal(lines[PLAYER_COLOURS[who]].get_ydata(), rows.estimate)


def test_regret_is_that_of_the_tree_per_trial(grid):
    table, theory = regret.table(grid), grid["theory"].to_dataset()
    rows = table[table.quantity == "regret"]
    lifetime = theory["lifetime"].to_numpy()
    shortfall = grid["networks"].dataset["shortfall"].to_numpy()
    expected = [np.nanmean(column) if np.isfinite(column).any() else np.nan for column in shortfall.T]
    np.testing.assert_allclose(rows.estimate[rows.who == NETWORK], expected / lifetime)
    lost = theory["sequential_value"] - theory["commit_value"]
    np.testing.assert_allclose(rows.estimate[rows.who == COMMIT], lost / lifetime)
    assert (rows.estimate[rows.who == COMMIT] > -1e-3).all()
