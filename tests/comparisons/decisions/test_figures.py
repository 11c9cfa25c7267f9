"""Figures of decisions and the tables behind them: what is drawn is what the tree holds, in one colour per agent."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from comparisons.comparison import Comparison
from comparisons.decisions.figures import by_trial, certificate, convergence, losses, margins, repeats
from comparisons.decisions.kind import KIND
from comparisons.decisions.scores import player_groups
from comparisons.report.figure import drawn
from comparisons.report.style import COLOURS, DASHES
from comparisons.rows import Entry, Table, table_of
from comparisons.statistics.intervals import Interval
from tests.comparisons.decisions.trees import LENGTH, MARGINS, PLAYERS, SHORTFALLS, STEPS, made_up_decision_tree

FIGURES = {figure.name: figure for figure in KIND.figures}
WITH_LEGEND = [name for name in FIGURES if name != "gap_by_margin"]
WITHOUT_PLAN = ["losses", "convergence", "regret", "exploration", "repeats"]
BOUNDS = ["estimate", "lower", "upper"]


@pytest.fixture(scope="module")
def tree():
    return made_up_decision_tree()


@pytest.fixture(scope="module")
def unplanned():
    return made_up_decision_tree(plan=False)


@pytest.fixture(scope="module", params=[1, 3])
def of_one_and_of_three_seeds(request):
    return made_up_decision_tree(num_seeds=request.param)


def axes_of(name, tree):
    """The axes of a figure that has one panel, laid out."""
    (ax,) = laid_out(name, tree).axes
    return ax


def laid_out(name, tree):
    canvas = drawn(FIGURES[name], tree)
    canvas.draw_without_rendering()
    return canvas


def pooled_bounds(tree, measure):
    """Estimate, lower and upper end by agent, all training seeds together."""
    return {row.who: row.interval for row in table_of(tree).of(measure) if not row.at}


@pytest.mark.parametrize("name", WITH_LEGEND)
def test_every_figure_has_labelled_axes_and_a_legend_off_the_data(name, of_one_and_of_three_seeds):
    ax = axes_of(name, of_one_and_of_three_seeds)
    assert ax.get_xlabel() and ax.get_ylabel()
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1


@pytest.mark.parametrize("name", WITHOUT_PLAN)
def test_figures_without_an_optimum_are_drawn_too(unplanned, name):
    ax = axes_of(name, unplanned)
    assert ax.get_xlabel() and ax.get_ylabel()
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()


def test_a_comparison_names_the_figures_that_it_has_numbers_for(tree, unplanned):
    assert Comparison(tree).figures == list(FIGURES)
    assert Comparison(unplanned).figures == WITHOUT_PLAN
    few = made_up_decision_tree(num_seeds=1, optional=False)
    assert Comparison(few).figures == [name for name in FIGURES if name not in ("convergence", "certificate")]


@pytest.mark.parametrize("name", ["losses", "action_gap", "convergence", "regret", "certificate"])
def test_losses_name_their_unit(tree, name):
    ax = axes_of(name, tree)
    assert "rewards" in ax.get_xlabel() + ax.get_ylabel()


def test_an_agent_has_the_same_colour_in_every_figure(tree):
    seen = {}
    for name in WITH_LEGEND:
        for line in axes_of(name, tree).get_lines():
            if line.get_label() in COLOURS:
                seen.setdefault(line.get_label(), set()).add(to_hex(line.get_color()))
    agents = ("network", "optimal", "Gittins", "greedy", "Thompson", "UCB1", "uniform")
    assert seen == {name: {COLOURS[name]} for name in agents}
    assert len({COLOURS[name] for name in losses.FAMILIAR}) == len(losses.FAMILIAR)
    assert len({DASHES[name] for name in agents[2:]}) == len(agents[2:])


def test_drawing_leaves_the_settings_of_matplotlib_and_pyplot_alone(tree):
    before, open_figures = dict(mpl.rcParams), plt.get_fignums()
    for name in FIGURES:
        laid_out(name, tree)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == open_figures


def test_losses_are_sorted_and_hold_the_measures(tree):
    table = losses.table(tree)
    pooled = table[table.training_seed.isna()].set_index("agent")
    assert list(pooled.estimate) == sorted(pooled.estimate)
    assert set(pooled.index) == {"network", "untrained network", *PLAYERS} - {"oracle"}
    shortfalls = pooled_bounds(tree, "shortfall")
    np.testing.assert_array_equal(pooled[BOUNDS], [shortfalls[name] for name in pooled.index])
    assert set(table.unit) == {f"rewards per {LENGTH} trials"}
    for seed in range(2):
        row = table[table.training_seed == seed].iloc[0]
        assert row.estimate == pytest.approx(float(tree["totals"]["action_gap"][seed].mean()))
        one = table_of(tree).one("shortfall", "network", training_seed=seed)
        assert row.estimate == pytest.approx(one.interval.estimate, rel=1e-12)


def test_losses_drawn_are_the_losses_of_the_table(tree):
    ax = axes_of("losses", tree)
    table = losses.table(tree)
    pooled = table[table.training_seed.isna()]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(pooled.agent)
    points = [container.lines[0].get_xdata()[0] for container in ax.containers]
    assert points[0] == ax.get_xlim()[0], "the optimum, at 0, is marked at the edge"
    np.testing.assert_array_equal(points[1:], pooled.estimate[1:])
    assert next(text.get_text() for text in ax.texts) == "0"


def test_losses_below_zero_are_drawn_around_it(unplanned):
    table = losses.table(unplanned)
    assert table.estimate.min() < 0
    assert list(table[table.agent == "Gittins"].estimate) == [0.0]
    ax = axes_of("losses", unplanned)
    assert ax.get_xscale() == "symlog"
    seeds = table[table.training_seed.notna()]
    lost = unplanned["totals"]["expected_rewards"]
    groups = player_groups(unplanned)
    gap = lost[groups["Gittins"][0]] - lost[groups["network"]]
    np.testing.assert_allclose(seeds.estimate, gap.mean("task"), rtol=1e-12)


@pytest.mark.parametrize(
    ("figure", "variable"),
    [
        (by_trial.ACTION_GAP, "action_gap"),
        (by_trial.OPTIMAL_PROBS, "optimal_probs"),
        (by_trial.REGRET, "cumulative_regret"),
        (by_trial.EXPLORATION, "uncertain_probs"),
    ],
)
def test_tables_by_trial_hold_the_curves_counted_from_one(tree, figure, variable):
    table = figure.table(tree).set_index("agent")
    for name in ("network", "Gittins", "uniform"):
        curve = tree["curves"][variable].sel(predictor=name).to_numpy()
        if "probability" in set(table.unit):
            curve = curve.clip(0, 1)
        np.testing.assert_array_equal(table.loc[name, BOUNDS], curve)
        np.testing.assert_array_equal(table.loc[name].trial, np.arange(1, LENGTH + 1))


def test_lines_drawn_are_those_of_the_table(tree):
    table = by_trial.action_gap_table(tree)
    for line in axes_of("action_gap", tree).get_lines():
        rows = table[table.agent == line.get_label()]
        np.testing.assert_array_equal(line.get_ydata(), rows.estimate)


def test_cells_of_the_margin_table_add_up_to_the_shortfall(tree):
    table = margins.table(tree)
    assert set(table.agent) == {"network", "Gittins", "greedy"}
    for name, rows in table.groupby("agent"):
        assert len(rows) == len(MARGINS) * LENGTH
        shortfall = table_of(tree).one("shortfall", name).interval.estimate
        assert rows.estimate.sum() == pytest.approx(shortfall, rel=1e-9)
        assert rows.estimate.sum() == pytest.approx(margins.gap_by_trial(tree, name).sum(), rel=1e-12)
    assert np.isposinf(table.margin_to.max())


def test_the_heat_maps_blank_what_is_never_visited_and_share_their_scale(tree):
    table = margins.table(tree)
    canvas = laid_out("gap_by_margin", tree)
    panels = [ax for ax in canvas.axes if ax.get_xlabel() == "trial"]
    assert [ax.get_title(loc="left").partition(",")[0] for ax in panels] == list(margins.PANELS)
    assert panels[0].get_ylabel() and len(canvas.axes) == len(panels) + 1, "one scale of colours for all panels"
    meshes = [ax.collections[0] for ax in panels]
    cells = meshes[0].get_array()
    assert np.ma.getmaskarray(cells).sum() == 1
    assert np.ma.getmaskarray(cells)[2, 0]
    assert {mesh.norm.vmax for mesh in meshes} == {table.estimate.max()}
    for agent, mesh in zip(margins.PANELS, meshes, strict=True):
        found = table[table.agent == agent].pivot(index="margin_from", columns="trial", values="estimate")
        lowest = mesh.norm.vmin / 2
        np.testing.assert_array_equal(mesh.get_array().filled(-1)[:2], np.maximum(found, lowest)[:2])


def test_convergence_table_holds_the_mean_of_every_checkpoint_and_the_references(tree):
    table = convergence.table(tree)
    network = table[table.step.notna()].set_index(["training_seed", "step"])
    for seed in range(2):
        for step in STEPS:
            gap = tree["convergence"]["action_gap"].isel(training_seed=seed).sel(step=step)
            row = network.loc[(seed, step)]
            assert row.estimate == pytest.approx(float(gap.mean()), rel=1e-12)
            assert row.lower < row.estimate < row.upper
    assert {"Gittins", "greedy", "Thompson", "uniform"} <= set(table[table.step.isna()].agent)


def test_convergence_without_an_optimum_is_paired_with_the_reference(unplanned):
    table = convergence.table(unplanned)
    reference = unplanned["totals"]["expected_rewards"].sel(player="Gittins").to_numpy()
    lost = reference - unplanned["convergence"]["expected_rewards"].to_numpy()
    network = table[table.step.notna()]
    np.testing.assert_allclose(network.estimate, lost.mean(2).ravel(), rtol=1e-12)


def test_certificate_table_holds_the_exact_sum_and_the_sampled_estimate(tree):
    table = certificate.table(tree)
    exact = table[(table.quantity == "exact") & table.training_seed.isna()]
    np.testing.assert_array_equal(exact.estimate, tree["certificate"]["gap_by_time"].mean("training_seed"))
    sampled = table[table.quantity == "sampled"]
    expected = tree["trials"]["action_gap"][:2].mean(("player", "detailed_task"))
    np.testing.assert_allclose(sampled.estimate, expected, rtol=1e-12)


def test_repeats_table_holds_the_measures(tree):
    table = repeats.table(tree).set_index(["after", "agent"])
    for after in ("win", "loss"):
        for name in ("network", "UCB1"):
            row = table.loc[(f"after a {after}", name)]
            expected = table_of(tree).one(f"repeats_after_{after}", name).interval
            np.testing.assert_array_equal(row[BOUNDS].astype(float), expected)


def test_a_network_without_any_loss_is_drawn_at_zero():
    tree = made_up_decision_tree(num_seeds=1, optional=False, shortfalls=SHORTFALLS | {"network": 0.0})
    ax = axes_of("losses", tree)
    assert ax.get_xscale() == "log"
    assert np.isfinite(ax.get_xlim()).all()
    labels = [text.get_text() for text in axes_of("action_gap", tree).get_legend().get_texts()]
    assert "network (0 throughout)" in labels


def test_what_is_zero_but_for_rounding_is_drawn_at_zero(tree):
    """Planning with a measured error leaves the optimum a loss of 1e-14: no reason to stretch the axis to it."""
    tree = tree.copy()
    rounded = Interval(3e-14, 3e-14, 3e-14)
    entries = tuple(
        Entry(name, row._replace(interval=rounded) if (name, row.who) == ("shortfall", "optimal") else row)
        for name, row in table_of(tree).entries
    )
    tree["measures"] = Table(entries).to_dataset()
    assert table_of(tree).one("shortfall", "optimal").interval == rounded
    table = losses.table(tree).set_index("agent")
    assert (table.loc[["optimal"], BOUNDS].to_numpy() == 0).all()
    axes = axes_of("losses", tree)
    assert axes.get_xlim()[0] > 1e-6
