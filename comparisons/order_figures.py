"""Figures of the order of learning: recoveries of modes in panels, scores with their intervals, curves over time.

A mode has one colour in all panels of a variant, the strongest the darkest; Bayes is dashed in the same colours. What
has no modes has the colour of its role.
"""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from comparisons.concurrency import MARGIN
from comparisons.figure_style import (
    BAND,
    COLOURS,
    NEUTRAL,
    is_drawable,
    label_plainly,
    limit_log_axis,
    mode_colours,
)
from comparisons.order_panels import Panel, Panels, curve_rows, score_table
from comparisons.systems import IN_DISTRIBUTION
from comparisons.wording import quantity

ROLE_COLOURS = {
    "network": COLOURS["network"],
    "Bayes": COLOURS["Bayes"],
    "learner": COLOURS["prior predictive"],
    "control": COLOURS["memoryless"],
    "untrained": COLOURS["untrained network"],
}
"""One colour per role, where there are no modes to tell apart."""

_BAYES: dict[str, Any] = {"linewidth": 2.8, "linestyle": (0, (1.5, 0.7)), "alpha": 0.5, "dash_capstyle": "butt"}
"""Wide and pale, so that what lies on it can be seen over it."""

_MARKS = {"network": "o", "Bayes": "D", "learner": "s", "control": "^", "untrained": "v"}
_ROW, _HEADING, _DOT_ROW = 1.75, 0.3, 0.2
_LIMITS = (-0.6, 1.8)
"""Recoveries beyond them leave the axes."""

_SCORES = (-0.8, 1.8)
"""Scores beyond them are at the edge."""

_RISEN = 0.1
"""Recovery at which a mode can be seen to rise."""

_SMALL = 8.0
"""Points: the size of all text but headings."""


def height_of(panels: Panels, num_columns: int) -> float:
    """Inches for the panels of all variants, so many in a row."""
    return 0.15 + sum(_num_rows(members, num_columns) * _ROW + _HEADING for members in panels.values())


def draw_panels(figure: Figure, panels: Panels, num_columns: int) -> None:
    """Recoveries of every mode: a heading and its panels for each variant, with its modes to the right."""
    heights = [_num_rows(members, num_columns) * _ROW + _HEADING for members in panels.values()]
    parts = figure.subfigures(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (variant, members) in zip(parts, panels.items(), strict=True):
        if variant:
            part.suptitle(variant, x=0.005, ha="left", fontsize=9.5, fontweight="bold")
        columns = min(num_columns, len(members))
        axes = part.subplots(_num_rows(members, num_columns), columns, squeeze=False, sharey=True).ravel()
        labels = [_mode_labels(panel) for panel in members]
        for ax, panel, named in zip(axes, members, labels, strict=False):
            _draw_panel(ax, panel, mode_colours(1 + max(named)), width=_title_width(columns))
        for ax in axes[len(members) :]:
            ax.set_visible(False)
        for ax in axes[::columns]:
            ax.set_ylabel("recovery ρ", fontsize=_SMALL)
        axes[0].set_ylim(*_limits_of(members))
        _add_legends(part, axes, members, labels)


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


def height_of_lines(tree: xr.DataTree, kind: str) -> float:
    """Inches for curves without modes, three panels in a row."""
    num_panels = len(curve_rows(tree, kind).drop_duplicates(["variant", "condition"]))
    return 0.7 + (_ROW + 0.35) * -(-num_panels // _columns_of(num_panels))


def draw_lines(tree: xr.DataTree, figure: Figure, kind: str) -> None:
    """Curves of one kind that have no modes: a panel per variant and condition, a colour per role."""
    table = curve_rows(tree, kind)
    if kind == "divergence":
        table = table[is_drawable(table.estimate)]
    groups = list(table.groupby(["variant", "condition"], sort=False))
    columns = _columns_of(len(groups))
    axes = figure.subplots(-(-len(groups) // columns), columns, squeeze=False, sharey=True).ravel()
    for ax, ((variant, condition), rows) in zip(axes, groups, strict=False):
        parts = [str(variant), *([] if condition == IN_DISTRIBUTION else [str(condition)])]
        _set_title(ax, ", ".join(filter(None, parts)), _title_width(columns))
        for (system, role), curve in rows.groupby(["system", "role"], sort=False):
            _draw_line(ax, curve, str(system), str(role))
        _label_time(ax, rows, is_logarithmic=False)
    for ax in axes[len(groups) :]:
        ax.set_visible(False)
    entries = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(list(entries.values()), list(entries), loc="outside upper left", ncols=4, frameon=False)
    if kind == "accuracy":
        axes[0].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes[0].set_ylim(0, 1.02)
    else:
        limit_log_axis(axes[0], table)
        low, high = axes[0].get_ylim()
        _label_decades(axes[0].yaxis, high / low)
    for ax in axes[::columns]:
        ax.set_ylabel("accuracy" if kind == "accuracy" else "KL, nats per number", fontsize=_SMALL)


def _draw_panel(ax: Axes, panel: Panel, colours: list[tuple[float, float, float]], *, width: int) -> None:
    ax.axhline(0.5, color=NEUTRAL, linewidth=0.9, linestyle=(0, (1, 1.6)), zorder=1)
    for mode, curve in _strongest_last(panel.rows, panel.is_logarithmic):
        ax.plot(curve.x, curve.estimate, color=colours[mode], linewidth=1.3, zorder=2)
        ax.fill_between(curve.x, curve.lower, curve.upper, color=colours[mode], alpha=BAND, linewidth=0)
    for mode, curve in _strongest_last(panel.reference, panel.is_logarithmic):
        ax.plot(
            curve.x,
            curve.estimate,
            color=colours[mode],
            zorder=1.9,
            **_BAYES,
        )
    undefined = [label for mode, label in _mode_labels(panel).items() if mode in _undefined_modes(panel.rows)]
    _set_title(ax, f"{panel.title} ({', '.join(undefined)} undefined)" if undefined else panel.title, width)
    _label_time(ax, panel.rows, is_logarithmic=panel.is_logarithmic)
    ax.tick_params(labelsize=_SMALL)


def _strongest_last(rows: pd.DataFrame, is_logarithmic: bool) -> list[tuple[int, pd.DataFrame]]:
    """What the axes can show of each mode, in the order of drawing, so that the strongest is on top."""
    is_shown = np.isfinite(rows.estimate) & ((rows.x > 0) | (not is_logarithmic))
    return [(int(mode), curve) for mode, curve in rows[is_shown].groupby("mode")][::-1]  # pyright: ignore[reportArgumentType]


def _undefined_modes(rows: pd.DataFrame) -> set[int]:
    has_any = np.isfinite(rows.estimate).groupby(rows["mode"]).any()
    return set(has_any.index[~has_any])


def _label_time(ax: Axes, rows: pd.DataFrame, *, is_logarithmic: bool) -> None:
    ax.set_xlabel(str(rows.x_unit.iloc[0]), fontsize=_SMALL)
    ax.tick_params(labelsize=_SMALL)
    times = rows.x[rows.x > 0]
    if is_logarithmic and len(times):
        ax.set_xscale("log")
        _label_decades(ax.xaxis, times.max() / _first_shown(rows))
        ax.set_xlim(_first_shown(rows) / 1.02, times.max() * 1.02)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter("{x:,.0f}")


def _first_shown(rows: pd.DataFrame) -> float:
    """Where a logarithmic axis begins: a tenth of the time at which some mode rises, or at the first record."""
    risen = rows.x[(rows.estimate.abs() > _RISEN) & (rows.x > 0)]
    first = float(rows.x[rows.x > 0].min())
    return max(first, float(risen.min()) / 10) if len(risen) else first


def _label_decades(axis: Axis, ratio: float) -> None:
    """Plain numbers, at powers of ten where there are several."""
    label_plainly(axis)
    if ratio > 30:
        axis.set_major_locator(LogLocator())
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:,g}")


def _title_width(num_columns: int) -> int:
    """Characters that fit above a panel."""
    return {1: 90, 2: 46}.get(num_columns, 28)


def _set_title(ax: Axes, title: str, width: int) -> None:
    ax.set_title(textwrap.fill(title, width), fontsize=_SMALL, loc="left")


def _mode_labels(panel: Panel) -> dict[int, str]:
    """What each mode of a panel is called, in their order."""
    first = panel.rows.drop_duplicates("mode").sort_values("mode")
    return {int(mode): str(label) for mode, label in zip(first["mode"], first.mode_label, strict=True)}


def _add_legends(
    part: SubFigure,
    axes: np.ndarray,
    panels: list[Panel],
    labels: list[dict[int, str]],
) -> None:
    """One list of modes for all panels, or one beside each where modes are called differently in them."""
    dashed = Line2D([], [], color=NEUTRAL, label="Bayes", **_BAYES)
    style = {"frameon": False, "fontsize": _SMALL, "handlelength": 1.5, "labelspacing": 0.25, "borderaxespad": 0.2}
    lines = [
        [Line2D([], [], color=mode_colours(1 + max(named))[mode], label=label) for mode, label in named.items()]
        for named in labels
    ]
    has_reference = any(len(panel.reference) for panel in panels)
    if all(named == labels[0] for named in labels):
        part.legend(handles=[*lines[0], dashed][: None if has_reference else -1], loc="outside right upper", **style)
        return
    for ax, handles, panel in zip(axes, lines, panels, strict=False):
        handles = [*handles, dashed] if len(panel.reference) else handles
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), **style)


def _limits_of(panels: list[Panel]) -> tuple[float, float]:
    """From nothing to everything recovered, and wherever else estimates lie, within reason."""
    values = pd.concat([table.estimate for panel in panels for table in (panel.rows, panel.reference)]).dropna()
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    return max(_LIMITS[0], min(-0.05, low - 0.05)), min(_LIMITS[1], max(1.1, high + 0.05))


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


def _draw_line(ax: Axes, curve: pd.DataFrame, system: str, role: str) -> None:
    finite = curve[np.isfinite(curve.estimate)]
    colour = ROLE_COLOURS[role]
    is_bayes = role == "Bayes"
    style: dict[str, Any] = _BAYES | {"zorder": 1.9} if is_bayes else {"zorder": 2.2}
    ax.plot(finite.x, finite.estimate, color=colour, label=system, **style)
    ax.fill_between(finite.x, np.maximum(finite.lower, 0), finite.upper, color=colour, alpha=BAND, linewidth=0)


def _num_rows(members: list[Panel], num_columns: int) -> int:
    return -(-len(members) // num_columns)


def _columns_of(num_panels: int) -> int:
    return min(3, num_panels)
