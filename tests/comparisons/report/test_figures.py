"""Figures for readers: text that can be read on a phone, lines that do not break, legends in the order of lines."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from comparisons.kinds import kind_of
from comparisons.report.figure import drawn
from comparisons.report.findings import at_the_end, of_lines, of_marks, of_ranges
from comparisons.report.log_axis import draw_on_log_axis, limit_log_axis, said_of_zeros
from comparisons.report.style import FIGURE_WIDTH, LEAST_TEXT, NARROW_WIDTH, with_legend
from tests.comparisons.made_up import MADE_UP, made_up
from tests.comparisons.report.test_page import STYLE

FEW = "decisions-few"
OTHERS = [name for name in MADE_UP if name not in (FEW, "mikulik_2020")]
LEAST_PIXELS = 9.0
"""Pixels of the smallest text in a figure on a phone."""


def figures_of(name):
    tree = made_up(name)
    return [(tree, figure) for figure in kind_of(tree).figures if figure.is_available(tree)]


def text_sizes(tree, figure):
    texts = [text for text in drawn(figure, tree).findobj(Text) if text.get_visible() and text.get_text().strip()]
    return {text.get_text(): text.get_fontsize() for text in texts}


def test_a_narrow_screen_shows_the_smallest_text_with_nine_pixels():
    assert f"width: {NARROW_WIDTH}px" in STYLE[STYLE.index("max-width: 640px") :]
    assert LEAST_TEXT / 72 * NARROW_WIDTH / FIGURE_WIDTH >= LEAST_PIXELS


QUICK = ("predictions", "decisions", "lifetimes-map", "foraging", "mikulik_2020")
"""Comparisons whose figures are drawn by default; the slow tests draw those of all."""


@pytest.mark.parametrize(
    "name", ["decisions-few", "mikulik_2020", *(pytest.param(n, marks=pytest.mark.slow) for n in MADE_UP)]
)
def test_no_text_in_a_figure_is_too_small(name):
    for tree, figure in figures_of(name):
        assert {text: size for text, size in text_sizes(tree, figure).items() if size < LEAST_TEXT} == {}, figure.name


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MADE_UP]
)
def test_every_figure_says_in_numbers_what_it_shows(name):
    silent = []
    for tree, figure in figures_of(name):
        table = figure.table(tree)
        finding = figure.finding(tree, table)
        assert not finding or (finding.endswith(".") and any(letter.isdigit() for letter in finding))
        if not finding and table.select_dtypes("number").notna().any(axis=None) and "estimate" in table:
            silent += [figure.name] * bool(table.estimate.notna().any())
    assert silent == []


@pytest.fixture
def ax():
    figure = Figure()
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def rows_of(values):
    return pd.DataFrame({"time": range(len(values)), "estimate": values, "lower": values, "upper": values})


def test_a_line_on_a_logarithmic_axis_does_not_break_at_zeros(ax):
    rows = rows_of([0.1, 0.0, 1e-15, 0.01, np.inf])
    draw_on_log_axis(ax, rows, "time", "network", label="network")
    limit_log_axis(ax, rows)
    low = ax.get_ylim()[0]
    line = ax.get_lines()[0]
    np.testing.assert_allclose(line.get_ydata()[:4], [0.1, low, low, 0.01])
    (marks,) = [line for line in ax.get_lines() if line.get_gid() == "zero"]
    np.testing.assert_array_equal(marks.get_xdata(), [1, 2])
    assert not marks.get_clip_on() and marks.get_marker() == "v"
    assert "▽" in said_of_zeros(rows.estimate) and said_of_zeros(rows.estimate[:1]) == ""


def test_values_far_below_the_others_are_drawn_at_the_edge(ax):
    rows = rows_of([1.0, 1e-9])
    draw_on_log_axis(ax, rows, "time", "network", label="network")
    limit_log_axis(ax, rows, most_decades=5)
    assert ax.get_ylim()[0] > 1e-6
    assert ax.get_lines()[0].get_ydata()[1] == ax.get_ylim()[0]


def test_the_legend_lists_lines_from_top_to_bottom(ax):
    for name, height in (("network", 1.0), ("greedy", 3.0), ("optimal", 2.0)):
        ax.plot([0, 1], [9 - height, height], label=name)
    ax.axvline(0.5, label="marked")
    texts = [text.get_text() for text in with_legend(ax).get_legend().get_texts()]
    assert texts == ["greedy", "optimal", "network", "marked"]


def test_findings_name_lines_and_their_ends():
    table = pd.DataFrame(
        {"who": ["a", "a", "b", "b"], "step": [1, 2, 1, 2], "estimate": [0.1, 0.2, 3.0, np.nan], "scale": [1.5] * 4}
    )
    assert of_lines(table, "who", "step", "nats") == "From left to right: a: 0.100 to 0.200; b: 3.00 (nats)."
    assert of_marks(table, ["who", "scale"], "nats") == "a, scale 1.5: 0.150; b, scale 1.5: 3.00 (nats)."
    assert of_ranges(table, "who", "nats") == "a: 0.100 to 0.200, on average 0.150; b: 3.00 (nats)."
    assert list(at_the_end(table, "who", "step").estimate) == [0.2, 3.0]
    assert of_marks(table[:0], "who", "nats") == ""


def test_panels_of_a_row_share_an_axis():
    tree = made_up("lifetimes-points")
    (figure,) = [figure for figure in kind_of(tree).figures if figure.name == "behaviour"]
    rows = {}
    for ax in drawn(figure, tree).axes:
        rows.setdefault(ax.get_subplotspec().rowspan.start, []).append(ax.get_ylim())
    assert len(rows) == 4 and all(len(limits) > 1 and len(set(limits)) == 1 for row, limits in rows.items() if row < 3)
