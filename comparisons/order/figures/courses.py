"""Curves over a task that have no modes: accuracy by trial, and KL from Bayes' predictions."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.order.figures.panels import (
    BAYES_LINE,
    ROLE_COLOURS,
    ROW,
    SMALL,
    columns_of,
    curve_rows,
    has_curves,
    label_decades,
    label_time,
    set_title,
    title_width,
)
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.findings import of_lines
from comparisons.report.log_axis import limit_log_axis
from comparisons.report.style import BAND, is_drawable


def _figure(kind: str, *, title: str, alt: str, caption: str, unit: str, shows: tuple[str, ...] = ()) -> Figure:
    """Return a figure of curves of one kind: a panel per variant and condition, a colour per role."""
    return Figure(
        name=kind,
        title=title,
        alt=alt,
        table=lambda tree: curve_rows(tree, kind).drop(columns=["mode", "mode_label"]),
        draw=_draw_accuracy if kind == "accuracy" else _draw_divergence,
        caption=lambda tree, table: caption,
        finding=lambda tree, table: of_lines(table, ["variant", "system", "condition"], "x", unit),
        shows=shows,
        needs=("curves",),
        is_shown=has_curves(kind),
        height=_height,
    )


def _height(table: pd.DataFrame) -> float:
    num_panels = len(table.drop_duplicates(["variant", "condition"]))
    return 0.7 + (ROW + 0.35) * -(-num_panels // columns_of(num_panels))


def _draw_accuracy(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    first = _draw_lines(table, figure, "accuracy")
    first.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    first.set_ylim(0, 1.02)


def _draw_divergence(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    drawable = table[is_drawable(table.estimate)]
    first = _draw_lines(drawable, figure, "KL, nats per number")
    limit_log_axis(first, drawable)
    low, high = first.get_ylim()
    label_decades(first.yaxis, high / low)


def _draw_lines(table: pd.DataFrame, figure: MatplotlibFigure | SubFigure, label: str) -> Axes:
    """Draw all panels, and return the axes of the first, whose scale all share."""
    groups = list(table.groupby(["variant", "condition"], sort=False))
    columns = columns_of(len(groups))
    axes = figure.subplots(-(-len(groups) // columns), columns, squeeze=False, sharey=True).ravel()
    for ax, ((variant, condition), rows) in zip(axes, groups, strict=False):
        parts = [str(variant), *([] if condition == IN_DISTRIBUTION else [str(condition)])]
        set_title(ax, ", ".join(filter(None, parts)), title_width(columns))
        for (system, role), curve in rows.groupby(["system", "role"], sort=False):
            _draw_line(ax, curve, str(system), str(role))
        label_time(ax, rows, is_logarithmic=False)
    for ax in axes[len(groups) :]:
        ax.set_visible(False)
    entries = {name: handle for ax in axes for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(list(entries.values()), list(entries), loc="outside upper left", ncols=4, frameon=False)
    for ax in axes[::columns]:
        ax.set_ylabel(label, fontsize=SMALL)
    return axes[0]


def _draw_line(ax: Axes, curve: pd.DataFrame, system: str, role: str) -> None:
    finite = curve[np.isfinite(curve.estimate)]
    style: dict[str, Any] = BAYES_LINE | {"zorder": 1.9} if role == "Bayes" else {"zorder": 2.2}
    ax.plot(finite.x, finite.estimate, color=ROLE_COLOURS[role], label=system, **style)
    lower = np.maximum(finite.lower, 0)
    ax.fill_between(finite.x, lower, finite.upper, color=ROLE_COLOURS[role], alpha=BAND, linewidth=0)


ACCURACY = _figure(
    "accuracy",
    unit="accuracy",
    shows=("accuracy_gap",),
    title="Accuracy by trial",
    alt="Line charts: accuracy in percent against the trial, for the network with an interval band and for Bayes as a "
    "dashed line.",
    caption="Probability of the correct action by trial. The first trial is at chance, the floor; the exact Bayesian "
    "learner, dashed, is the best possible. Look for plateaus, and at the distance from the dashes. Bands: 95 % "
    "intervals.",
)
DIVERGENCE = _figure(
    "divergence",
    unit="nats per output dimension",
    title="Distance of predictions from Bayes",
    alt="Line charts, logarithmic: KL divergence from Bayes in nats per output dimension against time, for the network "
    "with an interval band and for predictors that learn nothing.",
    caption="KL from Bayes' predictions. The axis is logarithmic: Bayes itself, at 0, is off its lower end; the floor "
    "is a predictor that learns nothing. Look at when in a task the network is farthest from Bayes. Bands: 95 % "
    "intervals.",
)
