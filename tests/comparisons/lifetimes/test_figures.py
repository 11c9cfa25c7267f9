"""Figures of maps of fixed-arm bandits: what is drawn is what the tree holds, edges are exact, empty cells show."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy import stats

from bayesopt.planning.exploration import commit_edge, commit_value, printed_commit_edge, printed_commit_value
from bayesopt.planning.stopping import sequential_edge
from comparisons.lifetimes.edges import EDGE_ERROR, edges_at
from comparisons.lifetimes.figures import behaviour, exploration, regret, seeds, values
from comparisons.lifetimes.figures.behaviour import (
    CHANGE,
    CLUSTERS,
    END,
    ENTROPY,
    EXPLAINED,
    KNOWN,
    NUM_TRAJECTORIES,
    STATE,
    UNKNOWN,
    WORSE,
)
from comparisons.lifetimes.figures.map_development import shown_steps
from comparisons.lifetimes.figures.maps import EMPTY_HATCH, LEAST_EXPLORATION, MOST_EXPLORATION, NUM_EDGE_SCALES
from comparisons.lifetimes.figures.marks import PLAYER_COLOURS
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED, REFERENCES
from comparisons.report.figure import height_of
from comparisons.report.style import FIGURE_WIDTH, figure_style
from comparisons.seams.fixed_arms import Setting
from tests.comparisons.lifetimes.trees import POINTS, grid_settings, made_up_lifetime_tree, theory_tree

FIGURES = {figure.name: figure for figure in KIND.figures}
EMPTY = 6
"""The cell of the map whose networks all diverged."""
NUM_SEEDS = 12
_DRAWN = {}
"""Figures by name and tree, with the tree: drawing takes longer than all else here."""


@pytest.fixture(scope="module")
def grid():
    return made_up_lifetime_tree(
        grid_settings(4, 12, 25),
        num_seeds=2,
        num_checkpoints=7,
        diverged=((0, EMPTY), (1, EMPTY), (0, 9)),
    )


@pytest.fixture(scope="module")
def points():
    return made_up_lifetime_tree(POINTS, num_seeds=NUM_SEEDS, num_checkpoints=3, shown_cells=(1, 2))


def drawn(name, tree):
    if (name, id(tree)) in _DRAWN:
        return _DRAWN[name, id(tree)][0]
    found = FIGURES[name]
    assert found.is_available(tree)
    table = found.table(tree)
    with figure_style():
        canvas = FigureCanvasAgg(Figure(figsize=(FIGURE_WIDTH, height_of(found, table)), layout="constrained"))
        found.draw(tree, table, canvas.figure)
        canvas.figure.draw_without_rendering()
    _DRAWN[name, id(tree)] = canvas.figure, tree
    return canvas.figure


def maps_drawn(figure):
    """Panels with a map, row by row, and their cells."""
    panels = [ax for ax in figure.axes if ax.get_subplotspec() is not None and ax.get_label() != "<colorbar>"]
    return [(ax, next(part for part in ax.collections if isinstance(part, QuadMesh))) for ax in panels]


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
    assert mesh.norm.vmin == 0 and mesh.norm.vmax == MOST_EXPLORATION
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
    shown = [mesh.cmap(mesh.norm(trials)) for trials in (0.0, 0.9 * LEAST_EXPLORATION, 1.0, 12.0, 30.0)]
    assert shown[0] == shown[1] == (1, 1, 1, 1)
    brightness = [sum(colour[:3]) / 3 for colour in shown[1:]]
    assert brightness[1] < 0.93 and (np.diff(brightness) < 0).all() and brightness[-1] > 0.3


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


def test_checkpoints_of_maps_are_far_apart_and_end_with_the_last(grid, points):
    assert shown_steps(FIGURES["map_development"].table(grid).step.dropna()) == [100, 300, 400, 500, 700]
    assert shown_steps(FIGURES["development"].table(points).step.dropna()) == [100, 200, 300]
    last = maps_drawn(drawn("map_development", grid))[4][1].get_array()
    networks = grid["networks"].dataset["probe_pulls"].to_numpy()[:, 3].mean()
    assert last[3, 0] == pytest.approx(networks, rel=1e-5)


def test_values_are_the_formulas_and_the_networks_mean_has_students_interval(points):
    table = values.table(points)
    rows = table[table.cell == 1]
    problem = {"lifetime": 100, "prior_scale": 3.75, "reward_scale": 9.53}
    trials = np.arange(101)
    np.testing.assert_array_equal(rows.estimate[rows.who == COMMIT], commit_value(trials, **problem))
    np.testing.assert_array_equal(rows.estimate[rows.who == PRINTED], printed_commit_value(trials, **problem))
    theory, networks = points["theory"].to_dataset(), points["networks"].to_dataset()
    best = float(theory["sequential_value"][1])
    earned = best - networks["shortfall"].to_numpy()[:, 1]
    assert rows.estimate[rows.who == BAYES].to_list() == [best]
    network = rows[rows.who == NETWORK]
    mean, single = network[network.training_seed.isna()].iloc[0], network[network.training_seed.notna()]
    low, high = stats.t.interval(0.95, NUM_SEEDS - 1, earned.mean(), stats.sem(earned))
    np.testing.assert_allclose([mean.estimate, mean.lower, mean.upper], [earned.mean(), low, high])
    np.testing.assert_allclose(single.estimate, earned)
    np.testing.assert_allclose(single.trials, networks["probe_pulls"].to_numpy()[:, 1].mean(axis=1))


def test_value_curves_have_their_optima_marked(points):
    figure = drawn("values", points)
    ax = figure.axes[1]
    assert ax.get_title() == "reward scale 9.53,\nprior scale 3.75"
    diamonds = {
        to_hex(line.get_color()): (line.get_xdata()[0], line.get_ydata()[0])
        for line in ax.lines
        if line.get_marker() == "D"
    }
    theory = points["theory"].to_dataset().isel(cell=1)
    assert diamonds[PLAYER_COLOURS[COMMIT]] == pytest.approx(
        (float(theory["commit_trials"]), float(theory["commit_value"]))
    )
    assert diamonds[PLAYER_COLOURS[PRINTED]] == pytest.approx(
        (float(theory["printed_trials"]), float(theory["printed_value"]))
    )


def test_histograms_count_every_network_once_and_mark_the_references(points):
    theory = points["theory"].to_dataset()
    for cell, ax in enumerate(drawn("seeds", points).axes):
        assert sum(bar.get_height() for bar in ax.patches) == NUM_SEEDS
        marked = {to_hex(line.get_color()): line.get_xdata()[0] for line in ax.lines}
        for who, column in REFERENCES.items():
            assert marked[PLAYER_COLOURS[who]] == float(theory[column][cell])
    table = seeds.table(points)
    networks = table[(table.who == NETWORK) & (table.cell == 2)]
    pulls = points["networks"].dataset["probe_pulls"].to_numpy()[:, 2].mean(axis=1)
    np.testing.assert_allclose(networks.estimate, pulls, rtol=1e-6)


def test_development_has_a_line_per_network_and_their_mean(points):
    pulls = points["development"].dataset["probe_pulls"].to_numpy()
    ax = drawn("development", points).axes[2]
    courses = [line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 3]
    assert len(courses) == NUM_SEEDS + 1
    np.testing.assert_allclose(courses[:-1], pulls[:, :, 2].T)
    np.testing.assert_allclose(courses[-1], pulls[:, :, 2].mean(axis=1))


def test_behaviour_is_the_mean_over_tasks_of_each_side(points):
    table, kept = behaviour.table(points), points["behaviour"].to_dataset()
    index = int(np.flatnonzero((kept["cell"] == 2) & (kept["training_seed"] == 4))[0])
    network = kept.isel(shown=index)
    better = network["is_better"].to_numpy()
    pulled = network["is_pulled"].to_numpy().astype(float)
    for side, chosen, worse in ((KNOWN, ~better, pulled), (UNKNOWN, better, 1 - pulled)):
        rows = table[(table.cell == 2) & (table.training_seed == 4) & (table.better == side)]
        for quantity, by_task in (
            (ENTROPY, network["entropy"].to_numpy()),
            (WORSE, worse),
            (CHANGE, network["state_change"].to_numpy()),
        ):
            np.testing.assert_allclose(rows.estimate[rows.quantity == quantity], by_task[chosen].mean(axis=0))
    states = table[table.quantity.isin((STATE, END))]
    assert set(states.training_seed) == {0} and set(states.cell) == {1, 2}
    num_ends, num_courses = 40 * 2, 2 * NUM_TRAJECTORIES * 100 * 2
    assert len(states) == 2 * (num_ends + num_courses)


def test_the_table_of_behaviour_has_all_numbers_that_are_drawn(points):
    """Drawn from the table alone: with other numbers in it, other labels."""
    table, kept = behaviour.table(points), points["behaviour"].to_dataset()
    for cell in (1, 2):
        first = kept.isel(shown=int(np.flatnonzero(kept["cell"] == cell)[0]))
        rows = table[(table.cell == cell) & (table.training_seed == int(first["training_seed"]))]
        np.testing.assert_array_equal(rows.estimate[rows.quantity == EXPLAINED], first["explained"])
        assert rows.estimate[rows.quantity == CLUSTERS].to_list() == [float(first["end_points"])]
    figure = drawn("behaviour", points)
    assert [ax.get_title() for ax in figure.axes if "final" in ax.get_title()] == [
        "1 cluster of final states",
        "2 clusters of final states",
    ]
    changed = table.assign(estimate=table.estimate.where(table.quantity != CLUSTERS, 5.0))
    with figure_style():
        canvas = FigureCanvasAgg(Figure(figsize=(FIGURE_WIDTH, 7), layout="constrained"))
        behaviour.draw(points, changed, canvas.figure)
    titles = [ax.get_title() for ax in canvas.figure.axes if "final" in ax.get_title()]
    assert titles == ["5 clusters of final states"] * 2


def test_hidden_states_are_drawn_from_the_tree(points):
    figure = drawn("behaviour", points)
    ax = [ax for ax in figure.axes if ax.get_xlabel() == "component 1 (70 %)"][1]
    ends = [line for line in ax.lines if line.get_marker() == "o"]
    coordinates = points["behaviour"].to_dataset().isel(shown=1)["coordinates"].to_numpy()[:, -1]
    np.testing.assert_allclose(np.concatenate([line.get_xydata() for line in ends]), coordinates)


def test_figures_are_shown_where_there_is_something_to_show(grid, points):
    few = made_up_lifetime_tree(POINTS[:1], num_seeds=2)
    theory = theory_tree(grid_settings(4, 12))
    shown = {
        name: [figure.name for figure in KIND.figures if figure.is_available(tree)]
        for name, tree in (("grid", grid), ("points", points), ("few", few), ("theory", theory))
    }
    assert shown == {
        "grid": ["exploration", "regret", "map_development"],
        "points": ["values", "seeds", "development", "behaviour"],
        "few": ["values"],
        "theory": ["exploration"],
    }
    assert [ax.get_title() for ax, _ in maps_drawn(drawn("exploration", theory))][-1] == "Bayes-optimal"
    assert NETWORK not in set(exploration.table(theory).who)
    assert "disagree" in exploration.caption(theory, exploration.table(theory))


@pytest.mark.parametrize(
    ("name", "which"),
    [(name, "grid") for name in ("exploration", "regret", "map_development")]
    + [(name, "points") for name in ("values", "seeds", "development", "behaviour")],
)
def test_nothing_overlaps_or_leaves_the_page(name, which, request):
    figure = drawn(name, request.getfixturevalue(which))
    shown = [ax for ax in figure.axes if ax.axison]
    boxes, tight = [ax.get_window_extent() for ax in shown], [ax.get_tightbbox() for ax in shown]
    page = figure.bbox
    assert all(box.width > 0.8 * figure.dpi for ax, box in zip(shown, boxes, strict=True) if ax.get_title())
    assert all(box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 for box in tight)
    assert not [(i, j) for i in range(len(boxes)) for j in range(len(boxes)) if i != j and boxes[i].overlaps(tight[j])]
    titles = [ax.title.get_window_extent() for ax in shown if ax.get_title()]
    assert not [(i, j) for i in range(len(titles)) for j in range(i) if titles[i].overlaps(titles[j])]
    legends = [*figure.legends, *(legend for part in figure.subfigs for legend in part.legends)]
    for legend in legends:
        box = legend.get_window_extent()
        assert box.x1 <= page.x1 + 1 and not any(box.overlaps(other) for other in titles)


def test_every_row_of_every_table_has_a_unit_and_a_place(grid, points):
    for tree in (grid, points):
        for figure in KIND.figures:
            if figure.is_available(tree):
                table = figure.table(tree)
                assert len(table) and table.unit.notna().all() and table.lifetime.notna().all()
                assert table.reward_scale.notna().all() and pd.api.types.is_float_dtype(table.estimate)
