"""Figures of decisions and the tables behind them: what is drawn is what the tree holds, in one colour per agent."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from comparisons.decisions.figures.by_trial import (
    action_gap_table,
    exploration_table,
    optimal_probs_table,
    plot_action_gap,
    plot_exploration,
    plot_optimal_probs,
    plot_regret,
    regret_table,
)
from comparisons.decisions.figures.certificate import certificate_table, plot_certificate
from comparisons.decisions.figures.convergence import convergence_table, plot_convergence
from comparisons.decisions.figures.losses import FAMILIAR, loss_table, plot_losses
from comparisons.decisions.figures.margins import PANELS, gap_by_trial, margin_table, plot_gap_by_margin
from comparisons.decisions.figures.repeats import plot_repeats, repeats_table
from comparisons.decisions.scores import player_groups
from comparisons.report.style import COLOURS, DASHES
from tests.comparisons.decisions.trees import LENGTH, MARGINS, PLAYERS, SHORTFALLS, STEPS, made_up_decision_tree

PLOTS = {
    "losses": plot_losses,
    "action_gap": plot_action_gap,
    "optimal_probs": plot_optimal_probs,
    "convergence": plot_convergence,
    "regret": plot_regret,
    "exploration": plot_exploration,
    "repeats": plot_repeats,
    "certificate": plot_certificate,
}
WITHOUT_PLAN = ("losses", "convergence", "regret", "exploration", "repeats")
BOUNDS = ["estimate", "lower", "upper"]


@pytest.fixture(scope="module")
def tree():
    return made_up_decision_tree()


@pytest.fixture(scope="module")
def unplanned():
    return made_up_decision_tree(plan=False)


def drawn(plot, tree, **arguments):
    figure = Figure(layout="constrained")
    ax = plot(tree, ax=figure.add_subplot(), **arguments)
    figure.draw_without_rendering()
    return ax


def measured(tree, measure):
    table = tree["measures"].to_dataset().to_dataframe()
    return table[table.measure == measure].set_index("predictor")


@pytest.mark.parametrize("num_seeds", [1, 3])
@pytest.mark.parametrize("name", PLOTS)
def test_every_figure_has_labelled_axes_and_a_legend_off_the_data(name, num_seeds):
    ax = drawn(PLOTS[name], made_up_decision_tree(num_seeds=num_seeds))
    assert ax.get_xlabel() and ax.get_ylabel()
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1


@pytest.mark.parametrize("name", WITHOUT_PLAN)
def test_figures_without_an_optimum_are_drawn_too(unplanned, name):
    ax = drawn(PLOTS[name], unplanned)
    assert ax.get_xlabel() and ax.get_ylabel()
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()


@pytest.mark.parametrize("name", ["losses", "action_gap", "convergence", "regret", "certificate"])
def test_losses_name_their_unit(tree, name):
    ax = drawn(PLOTS[name], tree)
    assert "rewards" in ax.get_xlabel() + ax.get_ylabel()


def test_an_agent_has_the_same_colour_in_every_figure(tree):
    seen = {}
    for plot in PLOTS.values():
        for line in drawn(plot, tree).get_lines():
            if line.get_label() in COLOURS:
                seen.setdefault(line.get_label(), set()).add(to_hex(line.get_color()))
    agents = ("network", "optimal", "Gittins", "greedy", "Thompson", "UCB1", "uniform")
    assert seen == {name: {COLOURS[name]} for name in agents}
    assert len({COLOURS[name] for name in FAMILIAR}) == len(FAMILIAR)
    assert len({DASHES[name] for name in agents[2:]}) == len(agents[2:])


def test_drawing_leaves_the_settings_of_matplotlib_alone(tree):
    before = dict(mpl.rcParams)
    for plot in (*PLOTS.values(), plot_gap_by_margin):
        drawn(plot, tree)
    assert dict(mpl.rcParams) == before


def test_without_axes_a_new_figure_is_made(tree):
    from matplotlib import pyplot as plt

    plt.switch_backend("agg")
    ax = plot_losses(tree)
    assert plt.get_fignums() == [ax.figure.number]
    plt.close(ax.figure)


def test_losses_are_sorted_and_hold_the_measures(tree):
    table = loss_table(tree)
    pooled = table[table.training_seed.isna()].set_index("agent")
    assert list(pooled.estimate) == sorted(pooled.estimate)
    assert set(pooled.index) == {"network", "untrained network", *PLAYERS} - {"oracle"}
    expected = measured(tree, "shortfall").loc[pooled.index, BOUNDS]
    np.testing.assert_array_equal(pooled[BOUNDS], expected)
    assert set(table.unit) == {f"rewards per {LENGTH} trials"}
    for seed in range(2):
        row = table[table.training_seed == seed].iloc[0]
        assert row.estimate == pytest.approx(float(tree["totals"]["action_gap"][seed].mean()))


def test_losses_drawn_are_the_losses_of_the_table(tree):
    ax = drawn(plot_losses, tree)
    table = loss_table(tree)
    pooled = table[table.training_seed.isna()]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(pooled.agent)
    points = [container.lines[0].get_xdata()[0] for container in ax.containers]
    assert points[0] == ax.get_xlim()[0], "the optimum, at 0, is marked at the edge"
    np.testing.assert_array_equal(points[1:], pooled.estimate[1:])
    assert next(text.get_text() for text in ax.texts) == "0"


def test_losses_below_zero_are_drawn_around_it(unplanned):
    table = loss_table(unplanned)
    assert table.estimate.min() < 0
    assert list(table[table.agent == "Gittins"].estimate) == [0.0]
    ax = drawn(plot_losses, unplanned)
    assert ax.get_xscale() == "symlog"
    seeds = table[table.training_seed.notna()]
    lost = unplanned["totals"]["expected_rewards"]
    groups = player_groups(unplanned)
    gap = lost[groups["Gittins"][0]] - lost[groups["network"]]
    np.testing.assert_allclose(seeds.estimate, gap.mean("task"), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "variable"),
    [
        (action_gap_table, "action_gap"),
        (optimal_probs_table, "optimal_probs"),
        (regret_table, "cumulative_regret"),
        (exploration_table, "uncertain_probs"),
    ],
)
def test_tables_by_trial_hold_the_curves_counted_from_one(tree, make, variable):
    table = make(tree).set_index("agent")
    for name in ("network", "Gittins", "uniform"):
        curve = tree["curves"][variable].sel(predictor=name).to_numpy()
        if "probability" in set(table.unit):
            curve = curve.clip(0, 1)
        np.testing.assert_array_equal(table.loc[name, BOUNDS], curve)
        np.testing.assert_array_equal(table.loc[name].trial, np.arange(1, LENGTH + 1))


def test_lines_drawn_are_those_of_the_table(tree):
    table = action_gap_table(tree)
    for line in drawn(plot_action_gap, tree).get_lines():
        rows = table[table.agent == line.get_label()]
        np.testing.assert_array_equal(line.get_ydata(), rows.estimate)


def test_cells_of_the_margin_table_add_up_to_the_shortfall(tree):
    table = margin_table(tree)
    assert set(table.agent) == {"network", "Gittins", "greedy"}
    for name, rows in table.groupby("agent"):
        assert len(rows) == len(MARGINS) * LENGTH
        shortfall = measured(tree, "shortfall").loc[name].estimate
        assert rows.estimate.sum() == pytest.approx(shortfall, rel=1e-9)
        assert rows.estimate.sum() == pytest.approx(gap_by_trial(tree, name).sum(), rel=1e-12)
    assert np.isposinf(table.margin_to.max())


def test_the_heat_map_blanks_what_is_never_visited_and_shares_its_scale(tree):
    meshes = {name: drawn(plot_gap_by_margin, tree, agent=name).collections[0] for name in PANELS}
    cells = meshes["network"].get_array()
    assert np.ma.getmaskarray(cells).sum() == 1
    assert np.ma.getmaskarray(cells)[2, 0]
    assert {mesh.norm.vmax for mesh in meshes.values()} == {margin_table(tree).estimate.max()}


def test_convergence_table_holds_the_mean_of_every_checkpoint_and_the_references(tree):
    table = convergence_table(tree)
    network = table[table.step.notna()].set_index(["training_seed", "step"])
    for seed in range(2):
        for step in STEPS:
            gap = tree["convergence"]["action_gap"].isel(training_seed=seed).sel(step=step)
            row = network.loc[(seed, step)]
            assert row.estimate == pytest.approx(float(gap.mean()), rel=1e-12)
            assert row.lower < row.estimate < row.upper
    assert {"Gittins", "greedy", "Thompson", "uniform"} <= set(table[table.step.isna()].agent)


def test_convergence_without_an_optimum_is_paired_with_the_reference(unplanned):
    table = convergence_table(unplanned)
    reference = unplanned["totals"]["expected_rewards"].sel(player="Gittins").to_numpy()
    lost = reference - unplanned["convergence"]["expected_rewards"].to_numpy()
    network = table[table.step.notna()]
    np.testing.assert_allclose(network.estimate, lost.mean(2).ravel(), rtol=1e-12)


def test_certificate_table_holds_the_exact_sum_and_the_sampled_estimate(tree):
    table = certificate_table(tree)
    exact = table[(table.quantity == "exact") & table.training_seed.isna()]
    np.testing.assert_array_equal(exact.estimate, tree["certificate"]["gap_by_time"].mean("training_seed"))
    sampled = table[table.quantity == "sampled"]
    expected = tree["trials"]["action_gap"][:2].mean(("player", "detailed_task"))
    np.testing.assert_allclose(sampled.estimate, expected, rtol=1e-12)


def test_repeats_table_holds_the_measures(tree):
    table = repeats_table(tree).set_index(["after", "agent"])
    for after in ("win", "loss"):
        expected = measured(tree, f"repeats_after_{after}")
        for name in ("network", "UCB1"):
            row = table.loc[(f"after a {after}", name)]
            np.testing.assert_array_equal(row[BOUNDS].astype(float), expected.loc[name, BOUNDS].astype(float))


def test_a_network_without_any_loss_is_drawn_at_zero():
    tree = made_up_decision_tree(num_seeds=1, optional=False, shortfalls=SHORTFALLS | {"network": 0.0})
    ax = drawn(plot_losses, tree)
    assert ax.get_xscale() == "log"
    assert np.isfinite(ax.get_xlim()).all()
    labels = [text.get_text() for text in drawn(plot_action_gap, tree).get_legend().get_texts()]
    assert "network (0 throughout)" in labels


def test_what_is_zero_but_for_rounding_is_drawn_at_zero():
    """Planning with a measured error leaves the optimum a loss of 1e-14: no reason to stretch the axis to it."""
    tree = made_up_decision_tree()
    measures = tree["measures"].to_dataset().load()
    rows = (measures.measure == "shortfall") & (measures.predictor == "optimal")
    for bound in BOUNDS:
        measures[bound] = measures[bound].where(~rows, 3e-14)
    tree["measures"] = measures
    table = loss_table(tree).set_index("agent")
    assert (table.loc[["optimal"], BOUNDS].to_numpy() == 0).all()
    axes = drawn(plot_losses, tree)
    assert axes.get_xlim()[0] > 1e-6
