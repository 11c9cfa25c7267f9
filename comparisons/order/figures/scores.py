"""Figures of the order of learning: recoveries of modes in panels, scores with their intervals, curves over time.

A mode has one colour in all panels of a variant, the strongest the darkest; Bayes is dashed in the same colours. What
has no modes has the colour of its role.
"""

import textwrap

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from comparisons.order.concurrency import EQUIVALENCE_LEVEL, MARGIN
from comparisons.order.figures.panels import _DOT_ROW, _SMALL, ROLE_COLOURS, score_table
from comparisons.report.style import NEUTRAL
from comparisons.report.words import quantity

_MARKS = {"network": "o", "Bayes": "D", "learner": "s", "control": "^", "untrained": "v"}


_SCORES = (-0.8, 1.8)
"""Scores beyond them are at the edge."""


def height_of_scores(tree: xr.DataTree) -> float:
    """Inches for a row for each score, and a heading for each variant."""
    table = score_table(tree)
    return 1.5 + _DOT_ROW * (len(table) + table.variant.nunique())


def draw_scores(tree: xr.DataTree, figure: Figure) -> None:
    """Every system's concurrency score with its interval, beside both poles and the band of equivalence to Bayes."""
    ax, table = figure.add_subplot(), score_table(tree)
    low, high = _extent_of_scores(table)
    ax.axvspan(-MARGIN, MARGIN, color="#e3e3e3", linewidth=0, zorder=0)
    for pole, text in ((0.0, "0: Bayes’ path"), (1.0, "1: one mode\nafter another")):
        ax.axvline(pole, color=NEUTRAL, linewidth=1.1, zorder=1)
        ax.annotate(
            text, (pole, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points", ha="center",
            va="bottom", fontsize=_SMALL,
        )  # fmt: skip
    names: list[str] = []
    headings: list[int] = []
    for variant, rows in table.groupby("variant", sort=False):
        if variant:
            headings.append(len(names))
            names.append(str(variant))
        for one in rows.itertuples(index=False):
            _draw_score(ax, len(names), pd.Series(one._asdict()), low, high)
            names.append(str(one.system))
    ax.set_yticks(range(len(names)), [textwrap.shorten(name, 58, placeholder=" …") for name in names])
    for row in headings:
        ax.get_yticklabels()[row].set_fontweight("bold")
    ax.tick_params(axis="y", length=0, labelsize=_SMALL)
    ax.set(xlim=(low, high), ylim=(len(names) - 0.4, -0.6), xlabel="concurrency score c, 90 % interval")
    ax.grid(axis="y", visible=False)
    roles = [role for role in ROLE_COLOURS if role in set(table.role)]
    handles = [
        Line2D([], [], color=ROLE_COLOURS[role], marker=_MARKS[role], linestyle="", label=role) for role in roles
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=5, frameon=False, fontsize=_SMALL)


def _draw_score(ax: Axes, row: int, one: pd.Series, low: float, high: float) -> None:
    is_undefined = not np.isfinite(one.estimate)
    text = "undefined" if is_undefined else quantity(one.estimate, one.lower, one.upper)
    where = {"xycoords": ("axes fraction", "data"), "va": "center_baseline", "annotation_clip": False}
    weight = "bold" if one.role == "network" else "normal"
    ax.annotate(
        text, (1.02, row), fontsize=_SMALL, fontweight=weight, color=NEUTRAL if is_undefined else "black", **where
    )
    if is_undefined:
        return
    colour, at = ROLE_COLOURS[one.role], float(np.clip(one.estimate, low, high))
    mark = _MARKS[one.role] if at == one.estimate else "<" if at == low else ">"
    ax.hlines(row, max(one.lower, low), min(one.upper, high), color=colour, linewidth=1.5, zorder=2.5)
    ax.plot([at], [row], mark, color=colour, markersize=5, zorder=2.6, clip_on=False)


def _extent_of_scores(table: pd.DataFrame) -> tuple[float, float]:
    """Both poles, and estimates as far as they are shown."""
    finite = table[np.isfinite(table.estimate)]
    low, high = min([-0.25, *finite.lower - 0.05]), max([1.25, *finite.upper + 0.05])
    return max(low, _SCORES[0]), min(high, _SCORES[1])


def _score_caption(tree: xr.DataTree) -> str:
    undefined = [
        f"{row.variant}: {row.system}" for row in score_table(tree).itertuples() if row.estimate != row.estimate
    ]
    where = f" Undefined, where the poles cannot be told apart or are not passed: {'; '.join(undefined)}." * bool(
        undefined
    )
    return (
        f"The score c of every system, with "
        f"{100 * EQUIVALENCE_LEVEL:g} % intervals: 0 is the path of Bayes, 1 strictly one mode "
        f"after another, below 0 an order against it. Shaded, ±{MARGIN:g}: as Bayes, if the whole interval lies in it. "
        f"Look at whether networks lie in the band and gradient learners right of it.{where}"
    )
