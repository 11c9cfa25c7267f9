"""Figures of the order of learning: recoveries of modes in panels, scores with their intervals, curves over time.

A mode has one colour in all panels of a variant, the strongest the darkest; Bayes is dashed in the same colours. What
has no modes has the colour of its role.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from comparisons.kind import ReportFigure
from comparisons.order.figures.panels import (
    _BAYES,
    _ROW,
    _SMALL,
    ROLE_COLOURS,
    _columns_of,
    _label_decades,
    _label_time,
    _set_title,
    _title_width,
    curve_rows,
    has_curves,
)
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.style import BAND, is_drawable, limit_log_axis


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


def _draw_line(ax: Axes, curve: pd.DataFrame, system: str, role: str) -> None:
    finite = curve[np.isfinite(curve.estimate)]
    colour = ROLE_COLOURS[role]
    is_bayes = role == "Bayes"
    style: dict[str, Any] = _BAYES | {"zorder": 1.9} if is_bayes else {"zorder": 2.2}
    ax.plot(finite.x, finite.estimate, color=colour, label=system, **style)
    ax.fill_between(finite.x, np.maximum(finite.lower, 0), finite.upper, color=colour, alpha=BAND, linewidth=0)


def _accuracy_caption(tree: xr.DataTree) -> str:
    return (
        "How often the action is correct, by trial. The first trial is chance, the floor; the ceiling is the exact "
        "Bayesian learner, dashed. Look for plateaus, and at the distance from the dashes. Bands: 95 % intervals."
    )


def _divergence_caption(tree: xr.DataTree) -> str:
    return (
        "KL from Bayes' predictions, on a logarithmic axis: 0, Bayes itself, is off its lower end; the floor is a "
        "predictor that learns nothing. Look at when in a task the network is farthest from Bayes. Bands: 95 % "
        "intervals."
    )


def _of_lines(kind: str, *, title: str, alt: str, caption: Callable[[xr.DataTree], str]) -> ReportFigure:
    """A figure of curves that have no modes."""
    return ReportFigure(
        name=kind,
        title=title,
        is_available=has_curves(kind),
        height=lambda tree: height_of_lines(tree, kind),
        draw=lambda tree, figure: draw_lines(tree, figure, kind),
        table=lambda tree: curve_rows(tree, kind).drop(columns=["mode", "mode_label"]),
        alt=alt,
        caption=caption,
    )
