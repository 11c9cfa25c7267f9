"""Figures and the tables behind them: what is drawn is what the tree holds, in one colour per predictor."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from comparisons.comparison import Comparison
from comparisons.predictions.figures import (
    calibration,
    certificate,
    convergence,
    examples,
    kl_by_time,
    order_cost,
    regret,
)
from comparisons.report.figure import drawn
from comparisons.report.style import COLOURS
from tests.comparisons.predictions.trees import FLOORS, LENGTH, POSITIONS, STEPS, made_up_tree

FIGURES = {
    module.FIGURE.name: module.FIGURE
    for module in (kl_by_time, examples, convergence, calibration, regret, order_cost, certificate)
}
BOUNDS = ["estimate", "lower", "upper"]


@pytest.fixture(scope="module")
def tree():
    return made_up_tree()


def axes_of(module, tree):
    """The axes of a figure that has one panel, laid out."""
    (ax,) = laid_out(module.FIGURE, tree).axes
    return ax


def laid_out(figure, tree):
    canvas = drawn(figure, tree)
    canvas.draw_without_rendering()
    return canvas


def labels_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("num_seeds", [1, 3])
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_labelled_axes_and_a_legend_off_the_data(name, num_seeds):
    canvas = laid_out(FIGURES[name], made_up_tree(num_seeds=num_seeds))
    assert all(ax.get_xlabel() for ax in canvas.axes) and canvas.axes[0].get_ylabel()
    (legend,) = [*canvas.legends, *filter(None, (ax.get_legend() for ax in canvas.axes))]
    assert all(legend.get_window_extent().y0 >= ax.get_window_extent().y1 for ax in canvas.axes)


@pytest.mark.parametrize("name", ["kl_by_time", "convergence", "regret", "order_cost", "certificate"])
def test_divergences_name_their_unit(tree, name):
    assert "nats" in drawn(FIGURES[name], tree).axes[0].get_ylabel()


def test_a_predictor_has_the_same_colour_in_every_figure(tree):
    seen = {}
    for figure in FIGURES.values():
        for line in (line for ax in drawn(figure, tree).axes for line in ax.get_lines()):
            if line.get_label() in COLOURS:
                seen.setdefault(line.get_label(), set()).add(to_hex(line.get_color()))
    predictors = ("Bayes", "network", "untrained network", *FLOORS)
    assert seen == {name: {COLOURS[name]} for name in predictors}
    assert len({COLOURS[name] for name in predictors}) == len(predictors)


def test_drawing_leaves_the_settings_of_matplotlib_alone(tree):
    before = dict(mpl.rcParams)
    for figure in FIGURES.values():
        drawn(figure, tree)
    assert dict(mpl.rcParams) == before


def test_a_comparison_names_its_figures_and_draws_each(tree):
    comparison = Comparison(tree)
    assert comparison.figures == list(FIGURES)
    few = Comparison(made_up_tree(num_seeds=1, optional=False))
    assert few.figures == ["kl_by_time", "predictions", "calibration", "regret"]
    for name in comparison.figures:
        assert comparison.plot(name).axes[0].get_xlabel() == drawn(FIGURES[name], tree).axes[0].get_xlabel()
    with pytest.raises(KeyError, match="no figure 'convergence'; there are kl_by_time, predictions, calibration, reg"):
        few.plot("convergence")


def test_without_a_figure_a_new_one_is_made_and_pyplot_is_left_alone(tree, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("a figure function called plt.show()"))
    before = plt.get_fignums()
    first, second = Comparison(tree).plot("regret"), Comparison(tree).plot("regret")
    assert first is not second and isinstance(first, Figure)
    assert plt.get_fignums() == before


def test_a_figure_that_is_given_is_drawn_on(tree):
    mine = Figure(layout="constrained")
    assert Comparison(tree).plot("regret", mine) is mine
    assert mine.axes[0].get_xlabel() == "observations predicted"


def test_the_scored_length_is_marked_only_where_times_beyond_it_exist(tree):
    marker = f"scored length, {LENGTH}"
    assert marker in labels_of(axes_of(kl_by_time, tree))
    assert marker not in labels_of(axes_of(kl_by_time, made_up_tree(beyond=False)))


def test_infinite_divergences_are_marked_and_named():
    infinite = made_up_tree(finite=False, infinite=True)
    ax = axes_of(kl_by_time, infinite)
    assert {"network (▲: ∞ throughout)", "untrained network (▲: ∞)"} <= set(labels_of(ax))
    marks = [line for line in ax.get_lines() if line.get_gid() == "infinite"]
    assert sorted(len(line.get_xdata()) for line in marks) == [1, 2 * LENGTH]
    assert np.isfinite(ax.get_ylim()).all()
    assert "mean KL over orders (▲: ∞ throughout)" in labels_of(axes_of(order_cost, infinite))


def test_an_infinite_certificate_is_marked_too(tree):
    infinite = tree.copy(deep=True)
    infinite["certificate"]["kl_by_time"][:, -1] = np.inf
    infinite["network"]["kl_divergence"][:, 0, LENGTH - 1] = np.inf
    assert "exact, over all histories (▲: ∞)" in labels_of(axes_of(certificate, infinite))


def test_an_exact_network_is_said_to_be_at_zero_throughout():
    tree = made_up_tree(num_seeds=1)
    tree["curves"]["kl_divergence"].loc[{"predictor": "network"}] = 1e-17
    assert "network (0 throughout)" in labels_of(axes_of(kl_by_time, tree))


def test_the_table_of_kl_by_time_holds_the_curves_and_the_means_of_each_seed(tree):
    table = kl_by_time.table(tree)
    pooled = table[table.training_seed.isna()].set_index("predictor")
    for name in ("network", "untrained network", *FLOORS):
        expected = tree["curves"]["kl_divergence"].sel(predictor=name).to_numpy()
        np.testing.assert_array_equal(pooled.loc[name, BOUNDS], expected)
    for seed in range(2):
        rows = table[table.training_seed == seed]
        np.testing.assert_array_equal(
            rows.estimate, tree["network"]["kl_divergence"].isel(training_seed=seed).mean("task")
        )
    assert set(table.unit) == {"nats"}


def test_one_training_seed_has_no_rows_of_its_own():
    assert kl_by_time.table(made_up_tree(num_seeds=1)).training_seed.isna().all()


def test_the_table_of_predictions_holds_the_first_tasks_up_to_the_length(tree):
    table = examples.table(tree).set_index(["predictor", "task", "time"])
    assert len(table) == examples.NUM_EXAMPLES * LENGTH * 4
    for task in range(examples.NUM_EXAMPLES):
        for time in range(LENGTH):
            at = {"task": task, "time": time}
            assert table.loc[("Bayes", task, time)].estimate.item() == tree["reference"]["centre"].isel(at)
            centres = tree["network"]["centre"].isel(at)
            np.testing.assert_array_equal(table.loc[("network", task, time)].estimate, centres)
            observed = table.loc[("observation", task, time)].estimate.item()
            assert observed == tree["observed_data"]["observations"].isel(at)


def test_the_table_of_convergence_holds_the_mean_of_every_checkpoint_and_the_floors(tree):
    table = convergence.table(tree)
    network = table[table.step.notna()].set_index(["training_seed", "step"])
    for seed in range(2):
        for step in STEPS:
            kl = tree["convergence"]["kl_divergence"].isel(training_seed=seed).sel(step=step)
            row = network.loc[(seed, step)]
            assert row.estimate == pytest.approx(float(kl.mean()), rel=1e-12)
            assert row.lower < row.estimate < row.upper
    assert set(table[table.step.isna()].predictor) == {"untrained network", *FLOORS}


def test_the_table_of_calibration_pools_the_networks_and_leaves_out_empty_bins(tree):
    table = calibration.table(tree)
    assert 1 not in set(table.bin)
    dataset = tree["calibration"].to_dataset()
    for name, indices in (("network", [0, 1]), ("Bayes", [2])):
        sums = dataset.isel(predictor=indices).sum(("predictor", "task"))
        rows = table[table.predictor == name]
        np.testing.assert_allclose(rows.stated, (sums.stated / sums["num_statements"]).isel(bin=rows.bin.to_numpy()))
        np.testing.assert_allclose(
            rows.observed, (sums.observed / sums["num_statements"]).isel(bin=rows.bin.to_numpy())
        )
        np.testing.assert_allclose(rows.estimate, rows.observed - rows.stated)
        assert ((rows.lower <= rows.estimate) & (rows.estimate <= rows.upper)).all()


def test_a_bin_that_few_tasks_fall_into_is_not_drawn(tree):
    sparse = tree.copy(deep=True)
    for field in ("num_statements", "stated", "observed"):
        sparse["calibration"][field][:, calibration.MIN_CALIBRATION_TASKS - 1 :, 0] = 0.0
    for comparison, num_bins in ((tree, 4), (sparse, 3)):
        ax = axes_of(calibration, comparison)
        assert [len(container.lines[0].get_xdata()) for container in ax.containers] == [num_bins, num_bins]


def test_the_table_of_regret_holds_the_curves(tree):
    table = regret.table(tree).set_index("predictor")
    for name in ("Bayes", "network", "untrained network", *FLOORS):
        expected = tree["curves"]["cumulative_regret"].sel(regret_predictor=name).to_numpy()
        np.testing.assert_array_equal(table.loc[name, BOUNDS], expected)
        np.testing.assert_array_equal(table.loc[name].observations, np.arange(1, 2 * LENGTH + 1))


def test_the_table_of_the_order_cost_holds_the_measures(tree):
    table = order_cost.table(tree).set_index(["quantity", "observations"])
    for position in POSITIONS:
        at = tree["order_cost"].to_dataset().sel(position=position)
        assert table.loc[("order cost", position)].estimate == pytest.approx(float(at.cost.mean()))
        assert table.loc[("mean KL over orders", position)].estimate == pytest.approx(float(at.mean_kl.mean()))


def test_the_table_of_the_certificate_holds_the_exact_sum_and_the_sampled_estimate(tree):
    table = certificate.table(tree)
    exact = table[(table.quantity == "exact") & table.training_seed.isna()]
    np.testing.assert_array_equal(exact.estimate, tree["certificate"]["kl_by_time"].mean("training_seed"))
    sampled = table[table.quantity == "sampled"]
    expected = tree["network"]["kl_divergence"].isel(time=slice(LENGTH)).mean(("training_seed", "task"))
    np.testing.assert_allclose(sampled.estimate, expected, rtol=1e-12)
    for seed in range(2):
        rows = table[table.training_seed == seed]
        np.testing.assert_array_equal(rows.estimate, tree["certificate"]["kl_by_time"].isel(training_seed=seed))
