"""Figures of the settings that are shown, and what all figures of lifetimes have in common."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy import stats

from bayesopt.planning.exploration import commit_value, printed_commit_value
from comparisons.lifetimes.figures import behaviour, exploration, seeds, values
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
from comparisons.lifetimes.figures.marks import PLAYER_COLOURS
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED, REFERENCES
from comparisons.report.style import FIGURE_WIDTH, figure_style
from tests.comparisons.lifetimes.drawn import FIGURES, NUM_SEEDS, drawn, maps_drawn
from tests.comparisons.lifetimes.trees import POINTS, grid_settings, made_up_lifetime_tree, theory_tree


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
