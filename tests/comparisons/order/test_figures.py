"""Figures of the order of learning: what is drawn is what the tree holds, one colour per mode, legible at any size."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from comparisons.order.figures import panels
from comparisons.order.kind import KIND
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.figure import drawn, height_of
from comparisons.report.style import mode_colours
from comparisons.tree import open_tree, save_tree
from tests.comparisons.order.trees import BANDIT, LARGEST, LINEAR, LOW_PASS, SMALLEST, made_up_order_tree

BOUNDS = ["estimate", "lower", "upper"]
FIGURES = {figure.name: figure for figure in KIND.figures}


@pytest.fixture(scope="module")
def tree():
    return made_up_order_tree(LINEAR, BANDIT)


@pytest.fixture(scope="module")
def recoveries(tree):
    return panels.curve_rows(tree, "recovery")


def heights_of(tree):
    """The height of every figure that this tree has the numbers for."""
    shown = [figure for figure in KIND.figures if figure.is_available(tree)]
    return {figure.name: height_of(figure, figure.table(tree)) for figure in shown}


def titles_of(members_by_variant):
    return {name: [panel.title for panel in members] for name, members in members_by_variant.items()}


def axes_by_title(figure):
    return {ax.get_title(loc="left").replace("\n", " "): ax for ax in figure.axes if ax.get_visible()}


def curves_of(ax):
    """Lines of recoveries, solid and dashed."""
    lines = [line for line in ax.get_lines() if len(line.get_xdata()) > 2]
    return (
        [line for line in lines if line.get_linestyle() == "-"],
        [line for line in lines if line.get_linestyle() != "-"],
    )


def test_mode_colours_get_lighter_from_the_strongest_on():
    for num_modes in range(1, 9):
        colours = np.array(mode_colours(num_modes))
        luminance = colours @ [0.2126, 0.7152, 0.0722]
        assert colours.shape == (num_modes, 3)
        assert (np.diff(luminance) > 0.02).all() and luminance[-1] < 0.85


def test_the_first_learners_and_the_network_are_shown_per_variant(recoveries):
    found = panels.order_panels(recoveries)
    shown = titles_of(found)
    assert shown == {
        LINEAR.name: ["SGD, depth 2", "Adam, depth 2", "network"],
        BANDIT.name: ["policy gradient, shared bias", "network"],
    }
    last = found[LINEAR.name][-1]
    assert set(last.reference.system) == {"Bayes"} and set(last.reference.condition) == {IN_DISTRIBUTION}
    assert len(last.rows) == len(last.reference)


def test_all_learners_and_controls_are_shown_where_there_are_more(recoveries):
    shown = titles_of(panels.learner_panels(recoveries))
    assert shown[LINEAR.name] == [*LINEAR.learners, *LINEAR.controls, "untrained network"]
    few = panels.curve_rows(made_up_order_tree(LINEAR._replace(learners=LINEAR.learners[:2], controls=())), "recovery")
    assert panels.learner_panels(few[few.role != "untrained"]) == {}


def test_conditions_out_of_distribution_have_bayes_of_their_own_condition(recoveries):
    members = panels.out_of_distribution_panels(recoveries)[LINEAR.name]
    assert [panel.title for panel in members] == list(LINEAR.conditions)
    for panel in members:
        assert set(panel.rows.condition) == set(panel.reference.condition) == {panel.title}


@pytest.mark.parametrize("name", ["order", "learners", "out_of_distribution", "outer", "accuracy", "divergence"])
def test_the_table_of_a_figure_holds_the_rows_of_the_tree(tree, name):
    table = FIGURES[name].table(tree)
    kind = name if name in ("outer", "accuracy", "divergence") else "recovery"
    assert set(table.kind) == {kind}
    rows = panels.curve_rows(tree, kind)
    key = ["variant", "system", "condition", "x"] + (["mode"] if "mode" in table else [])
    found = table.merge(rows, on=key, suffixes=("", "_tree"), validate="one_to_one")
    assert len(found) == len(table) > 0
    np.testing.assert_array_equal(found[BOUNDS], found[[f"{bound}_tree" for bound in BOUNDS]])


def test_lines_drawn_are_the_curves_in_the_colours_of_their_modes(recoveries):
    axes = axes_by_title(drawn(FIGURES["order"], made_up_order_tree(LINEAR)))
    colours = [to_hex(colour) for colour in mode_colours(len(LINEAR.labels))]
    rows = recoveries[(recoveries.variant == LINEAR.name) & (recoveries.condition == IN_DISTRIBUTION)]
    for name, role in (("SGD, depth 2", "learner"), ("network", "network")):
        solid, dashed = curves_of(axes[name])
        assert len(solid) == len(LINEAR.labels) and len(dashed) == (len(solid) if role == "network" else 0)
        for lines, system in ((solid, name), (dashed, "Bayes")):
            for line in lines:
                curve = rows[(rows.system == system) & (rows["mode"] == colours.index(to_hex(line.get_color())))]
                curve = curve if role == "network" else curve[curve.x > 0]
                np.testing.assert_array_equal(line.get_xdata(), curve.x)
                np.testing.assert_array_equal(line.get_ydata(), curve.estimate)
    assert axes["network"].get_xlabel() == "pairs seen" and axes["SGD, depth 2"].get_xlabel() == "gradient steps"


def test_time_is_logarithmic_where_the_first_mode_is_learned_early(tree):
    axes = axes_by_title(drawn(FIGURES["order"], made_up_order_tree(LINEAR, LOW_PASS)))
    assert axes["SGD, depth 2"].get_xscale() == axes["Adam, depth 2"].get_xscale() == "log"
    assert axes["Adam, ReLU network"].get_xscale() == axes["network"].get_xscale() == "linear"
    outer = panels.outer_panels(panels.curve_rows(tree, "outer"))
    assert outer and all(panel.is_logarithmic for members in outer.values() for panel in members)


def test_half_is_marked_in_every_panel():
    for ax in drawn(FIGURES["learners"], made_up_order_tree(BANDIT)).axes:
        if ax.get_visible():
            assert any(list(line.get_ydata()) == [0.5, 0.5] for line in ax.get_lines())


def test_modes_are_listed_once_where_they_are_called_the_same():
    figure = drawn(FIGURES["order"], made_up_order_tree(LINEAR))
    (part,) = figure.subfigs
    assert [text.get_text() for text in part.legends[0].get_texts()] == [*LINEAR.labels, "Bayes"]
    assert not any(ax.get_legend() for ax in figure.axes)


def test_modes_are_listed_by_panel_where_they_are_called_differently():
    tree = made_up_order_tree(LINEAR._replace(learners=LINEAR.learners[:1]))
    curves = tree["curves"].to_dataset()
    other = (curves.condition == LINEAR.conditions[0]).to_numpy()
    renamed = np.where(other, [f"2 × {label}" for label in curves.mode_label.to_numpy()], curves.mode_label)
    tree["curves"] = curves.assign(mode_label=("point", renamed))
    figure = drawn(FIGURES["out_of_distribution"], tree)
    legends = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in figure.axes]
    assert legends == [[f"2 × {label}" for label in LINEAR.labels] + ["Bayes"], [*LINEAR.labels, "Bayes"]]


def test_a_mode_without_recovery_is_named_and_not_drawn():
    axes = axes_by_title(drawn(FIGURES["order"], made_up_order_tree(LINEAR, is_undefined=True)))
    solid, dashed = curves_of(axes[f"network ({LINEAR.labels[-1]} undefined)"])
    assert len(solid) == len(dashed) == len(LINEAR.labels) - 1


def test_divergences_of_zero_are_off_a_logarithmic_axis():
    tree = made_up_order_tree(SMALLEST)
    curves = tree["curves"].to_dataset().load()
    is_first = (curves.kind == "divergence") & (curves.x == 0)
    tree["curves"] = curves.assign(
        estimate=curves.estimate.where(~is_first, 0.0), lower=curves.lower.where(curves.kind != "divergence", 0.0)
    )
    ax = drawn(FIGURES["divergence"], tree).axes[0]
    assert ax.get_yscale() == "log" and ax.get_ylim()[0] > 1e-3
    assert [len(line.get_xdata()) for line in ax.get_lines()] == [20, 20]


def test_accuracy_is_a_percentage_from_zero_with_bayes_dashed():
    ax = drawn(FIGURES["accuracy"], made_up_order_tree(BANDIT)).axes[0]
    assert ax.get_ylim()[0] == 0
    assert {line.get_label(): line.get_linestyle() for line in ax.get_lines()} == {"Bayes": "--", "network": "-"}
    assert ax.yaxis.get_major_formatter()(0.2, None) == "20 %"


@pytest.mark.parametrize("variant", [SMALLEST, LARGEST], ids=["smallest", "largest"])
@pytest.mark.parametrize("name", ["order", "learners", "concurrency", "outer"])
def test_panels_of_any_number_are_large_enough_and_apart(variant, name):
    tree = made_up_order_tree(variant)
    figure = drawn(FIGURES[name], tree)
    figure.draw_without_rendering()
    shown = [ax for ax in figure.axes if ax.get_visible()]
    boxes = [ax.get_window_extent() for ax in shown]
    inches = figure.dpi
    assert all(box.width > 1.2 * inches and box.height > 0.7 * inches for box in boxes)
    tight = [ax.get_tightbbox() for ax in shown]
    page = figure.bbox
    assert all(box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 for box in tight)
    overlapping = [
        (one, other) for one in range(len(boxes)) for other in range(one) if boxes[one].overlaps(tight[other])
    ]
    assert not overlapping


def test_heights_grow_with_what_there_is_to_show(tree):
    more, fewer = heights_of(tree), heights_of(made_up_order_tree(BANDIT))
    assert fewer.keys() == FIGURES.keys() - {"out_of_distribution"}
    assert all(more[name] > height or name in ("accuracy", "divergence") for name, height in fewer.items())
    assert more["learners"] > more["order"]


def test_figures_without_rows_are_left_out():
    smallest = made_up_order_tree(SMALLEST)
    available = [figure.name for figure in KIND.figures if figure.is_available(smallest)]
    assert available == ["order", "concurrency", "learners", "outer", "divergence"]


def test_a_tree_that_was_saved_is_drawn_the_same(tree, tmp_path):
    save_tree(tree, tmp_path / "order.nc")
    again = open_tree(tmp_path / "order.nc")
    for figure in KIND.figures:
        first, second = figure.table(tree), figure.table(again)
        np.testing.assert_array_equal(first.to_numpy(dtype=str), second.to_numpy(dtype=str))


def test_drawing_leaves_the_settings_of_matplotlib_alone(tree):
    before = dict(mpl.rcParams)
    drawn(FIGURES["concurrency"], tree)
    assert dict(mpl.rcParams) == before
