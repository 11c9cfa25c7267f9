"""The concurrency score of every system, as a dot chart."""

import textwrap

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D

from comparisons.kind import Figure
from comparisons.order.concurrency import EQUIVALENCE_LEVEL, MARGIN
from comparisons.order.figures.panels import ROLE_COLOURS, SMALL, curve_rows, variants_of
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.findings import of_marks
from comparisons.report.style import NEUTRAL
from comparisons.report.words import quantity
from comparisons.rows import table_of

_MARKS = {"network": "o", "Bayes": "D", "learner": "s", "control": "^", "untrained": "v"}
_DOT_ROW = 0.2
_SCORES = (-0.8, 1.8)
"""Scores beyond them are drawn at the edge."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the concurrency score of every system that has one, with its variant and its role.

    Raises `ValueError` for a score of a system, or of a variant, whose recovery is not in the tree.
    """
    curves = curve_rows(tree, "recovery").drop_duplicates(["variant", "system", "condition"])
    roles = {(row.variant, row.system, row.condition): row.role for row in curves.itertuples()}
    variants = variants_of(tree)
    found = [
        {
            "variant": str(row.at.get("experiment", "")),
            "system": row.who,
            "condition": str(row.at.get("condition", IN_DISTRIBUTION)),
            **row.interval._asdict(),
            "unit": row.unit,
        }
        for row in table_of(tree).of("concurrency")
    ]
    columns = ["variant", "system", "role", "condition", "estimate", "lower", "upper", "unit"]
    table = pd.DataFrame(found, columns=[name for name in columns if name != "role"])
    keys = list(table[["variant", "system", "condition"]].itertuples(index=False, name=None))
    if strangers := [key for key in keys if key not in roles]:
        raise ValueError(f"every concurrency score must have curves of recovery; got none for {strangers[0]!r}")
    table = table.assign(role=[str(roles[key]) for key in keys])[columns]
    return table.sort_values("variant", key=lambda names: names.map(variants.index), kind="stable", ignore_index=True)


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw every score with its interval, beside both poles and the band of equivalence to Bayes."""
    ax = figure.add_subplot()
    low, high = _extent_of(table)
    ax.axvspan(-MARGIN, MARGIN, color="#e3e3e3", linewidth=0, zorder=0)
    for pole, text in ((0.0, "0: Bayes’ path"), (1.0, "1: one mode\nafter another")):
        ax.axvline(pole, color=NEUTRAL, linewidth=1.1, zorder=1)
        ax.annotate(
            text, (pole, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points", ha="center",
            va="bottom", fontsize=SMALL,
        )  # fmt: skip
    names: list[str] = []
    headings: list[int] = []
    for variant, rows in table.groupby("variant", sort=False):
        if variant:
            headings.append(len(names))
            names.append(str(variant))
        for one in rows.itertuples(index=False):
            _draw_score(ax, len(names), pd.Series(one._asdict()), low, high)
            names.append(one.system if one.condition == IN_DISTRIBUTION else f"{one.system}, {one.condition}")
    ax.set_yticks(range(len(names)), [textwrap.shorten(name, 58, placeholder=" …") for name in names])
    for row in headings:
        ax.get_yticklabels()[row].set_fontweight("bold")
    ax.tick_params(axis="y", length=0, labelsize=SMALL)
    ax.set(xlim=(low, high), ylim=(len(names) - 0.4, -0.6), xlabel="concurrency score c, 90 % interval")
    ax.grid(axis="y", visible=False)
    roles = [role for role in ROLE_COLOURS if role in set(table.role)]
    handles = [
        Line2D([], [], color=ROLE_COLOURS[role], marker=_MARKS[role], linestyle="", label=role) for role in roles
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=5, frameon=False, fontsize=SMALL)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    names = [f"{row.variant}: {row.system}" for row in table.itertuples() if row.estimate != row.estimate]
    undefined = f" Undefined, because the poles are too close or the path is not between them: {'; '.join(names)}."
    return (
        f"Concurrency score c of every system, with {100 * EQUIVALENCE_LEVEL:g} % intervals: 0 is the path of exact "
        "Bayes, 1 is strictly staged learning, and below 0 the order is the opposite. An interval wholly inside the "
        f"shaded band of ±{MARGIN:g} counts as equivalent to Bayes. Look at whether networks lie in the band and "
        f"gradient learners right of it.{undefined * bool(names)}"
    )


def _draw_score(ax: Axes, row: int, one: pd.Series, low: float, high: float) -> None:
    is_undefined = not np.isfinite(one.estimate)
    text = "undefined" if is_undefined else quantity(one.estimate, one.lower, one.upper)
    where = {"xycoords": ("axes fraction", "data"), "va": "center_baseline", "annotation_clip": False}
    weight = "bold" if one.role == "network" else "normal"
    ax.annotate(
        text, (1.02, row), fontsize=SMALL, fontweight=weight, color=NEUTRAL if is_undefined else "black", **where
    )
    if is_undefined:
        return
    colour, at = ROLE_COLOURS[one.role], float(np.clip(one.estimate, low, high))
    mark = _MARKS[one.role] if at == one.estimate else "<" if at == low else ">"
    ax.hlines(row, max(one.lower, low), min(one.upper, high), color=colour, linewidth=1.5, zorder=2.5)
    ax.plot([at], [row], mark, color=colour, markersize=5, zorder=2.6, clip_on=False)


def _extent_of(table: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold both poles, and estimates as far as they are shown."""
    finite = table[np.isfinite(table.estimate)]
    low, high = min([-0.25, *finite.lower - 0.05]), max([1.25, *finite.upper + 0.05])
    return max(low, _SCORES[0]), min(high, _SCORES[1])


FIGURE = Figure(
    name="concurrency",
    title="One score for the order",
    alt="Dot chart with interval bars: the concurrency score of every system, grouped by variant, with vertical lines "
    "at 0 for Bayes and at 1 for strictly staged learning, and a shaded band of equivalence around 0.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(table, ["variant", "system", "condition"], "concurrency score"),
    shows=("concurrency",),
    needs=("curves", "measures"),
    is_shown=lambda tree: bool(table_of(tree).of("concurrency")),
    height=lambda table: 1.5 + _DOT_ROW * (len(table) + table.variant.nunique()),
)
