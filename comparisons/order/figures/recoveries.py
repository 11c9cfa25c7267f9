"""Recoveries of modes in panels: learners and the network, all learners, other conditions, over meta-training."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D

from comparisons.kind import Figure
from comparisons.order.figures.panels import (
    BAYES_LINE,
    ROW,
    SMALL,
    Panel,
    Panels,
    curve_rows,
    label_time,
    learner_panels,
    order_panels,
    out_of_distribution_panels,
    outer_panels,
    set_title,
    table_of_panels,
    title_width,
)
from comparisons.report.findings import at_the_end, of_ranges
from comparisons.report.style import BAND, NEUTRAL, mode_colours

_CURVE = ["variant", "system", "condition", "mode"]
"""Columns that tell curves apart."""

_HEADING = 0.3
"""Inches of the heading of a variant."""

_LIMITS = (-0.6, 1.8)
"""Recoveries beyond them leave the axes."""

_COLOURS = "A colour per mode, the strongest (or first) the darkest; dotted: one half. Bands: 95 % intervals."
_LOGARITHM = "Logarithmic axes begin shortly before the first mode rises; the files have all records."
_BAYES_LINES = "Wide dashes in the same colours: exact Bayes on the same tasks."


def _figure(
    panels_of: Callable[[pd.DataFrame], Panels],
    num_columns: int,
    *,
    kind: str = "recovery",
    name: str,
    title: str,
    alt: str,
    caption: str,
    shows: tuple[str, ...] = (),
) -> Figure:
    """Return a figure of the panels that a table of curves is sorted into."""

    def panels_in(tree: xr.DataTree) -> Panels:
        return panels_of(curve_rows(tree, kind))

    def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
        _draw_panels(figure, panels_of(table), num_columns)

    def height(table: pd.DataFrame) -> float:
        members = panels_of(table).values()
        return 0.15 + sum(_num_rows(panels, num_columns) * ROW + _HEADING for panels in members)

    return Figure(
        name=name,
        title=title,
        alt=alt,
        table=lambda tree: table_of_panels(panels_in(tree)),
        draw=draw,
        caption=lambda tree, table: caption,
        finding=lambda tree, table: of_ranges(
            at_the_end(table, _CURVE, "x"), ["variant", "system", "condition"], "recovery of its modes at the end"
        ),
        shows=shows,
        needs=("curves",),
        is_shown=lambda tree: bool(panels_in(tree)),
        height=height,
    )


def _draw_panels(figure: MatplotlibFigure | SubFigure, panels: Panels, num_columns: int) -> None:
    """Draw a heading and the panels of each variant, with its modes to the right."""
    heights = [_num_rows(members, num_columns) * ROW + _HEADING for members in panels.values()]
    parts = figure.subfigures(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (variant, members) in zip(parts, panels.items(), strict=True):
        if variant:
            part.suptitle(variant, x=0.005, ha="left", fontsize=9.5, fontweight="bold")
        columns = min(num_columns, len(members))
        axes = part.subplots(_num_rows(members, num_columns), columns, squeeze=False, sharey=True).ravel()
        labels = [_mode_labels(panel) for panel in members]
        for ax, panel, named in zip(axes, members, labels, strict=False):
            _draw_panel(ax, panel, mode_colours(1 + max(named)), width=title_width(columns))
        for ax in axes[len(members) :]:
            ax.set_visible(False)
        for ax in axes[::columns]:
            ax.set_ylabel("recovery ρ", fontsize=SMALL)
        axes[0].set_ylim(*_limits_of(members))
        _add_legends(part, axes, members, labels)


def _draw_panel(ax: Axes, panel: Panel, colours: list[tuple[float, float, float]], *, width: int) -> None:
    ax.axhline(0.5, color=NEUTRAL, linewidth=0.9, linestyle=(0, (1, 1.6)), zorder=1)
    for mode, curve in _strongest_last(panel.rows, panel.is_logarithmic):
        ax.plot(curve.x, curve.estimate, color=colours[mode], linewidth=1.3, zorder=2)
        ax.fill_between(curve.x, curve.lower, curve.upper, color=colours[mode], alpha=BAND, linewidth=0)
    for mode, curve in _strongest_last(panel.reference, panel.is_logarithmic):
        ax.plot(curve.x, curve.estimate, color=colours[mode], zorder=1.9, **BAYES_LINE)
    undefined = [label for mode, label in _mode_labels(panel).items() if mode in _undefined_modes(panel.rows)]
    set_title(ax, f"{panel.title} ({', '.join(undefined)} undefined)" if undefined else panel.title, width)
    label_time(ax, panel.rows, is_logarithmic=panel.is_logarithmic)
    ax.tick_params(labelsize=SMALL)


def _strongest_last(rows: pd.DataFrame, is_logarithmic: bool) -> list[tuple[int, pd.DataFrame]]:
    """Return what the axes can show of each mode, in the order of drawing, so that the strongest is on top."""
    is_shown = np.isfinite(rows.estimate) & ((rows.x > 0) | (not is_logarithmic))
    shown = rows[is_shown].groupby("mode")
    return [(int(mode), curve) for mode, curve in shown][::-1]  # pyright: ignore[reportArgumentType]


def _undefined_modes(rows: pd.DataFrame) -> set[int]:
    has_any = np.isfinite(rows.estimate).groupby(rows["mode"]).any()
    return set(has_any.index[~has_any])


def _mode_labels(panel: Panel) -> dict[int, str]:
    """Return the label of each mode of a panel, in their order."""
    first = panel.rows.drop_duplicates("mode").sort_values("mode")
    return {int(mode): str(label) for mode, label in zip(first["mode"], first.mode_label, strict=True)}


def _add_legends(part: SubFigure, axes: np.ndarray, panels: list[Panel], labels: list[dict[int, str]]) -> None:
    """Add one list of modes for all panels, or one beside each where their modes have different labels."""
    dashed = Line2D([], [], color=NEUTRAL, label="Bayes", **BAYES_LINE)
    style = {"frameon": False, "fontsize": SMALL, "handlelength": 1.5, "labelspacing": 0.25, "borderaxespad": 0.2}
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
    """Return limits from nothing to everything recovered, and wherever else estimates lie, within reason."""
    values = pd.concat([table.estimate for panel in panels for table in (panel.rows, panel.reference)]).dropna()
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    return max(_LIMITS[0], min(-0.05, low - 0.05)), min(_LIMITS[1], max(1.1, high + 0.05))


def _num_rows(members: list[Panel], num_columns: int) -> int:
    return -(-len(members) // num_columns)


ORDER = _figure(
    order_panels,
    3,
    name="order",
    shows=(
        "mode_gap_to_bayes",
        "gap_to_bayes",
        "spread",
        "staggering",
        "mode_difference",
        "staggering_over_network",
        "samples_over_network",
        "least_half_time_ratio",
        "largest_error_of_form",
        "rise_over_form",
        "change_elsewhere",
    ),
    title="The order of learning: gradient learners and the network",
    alt="Line charts in rows, one row per variant: recovery of each mode from 0 to 1 against time, first for gradient "
    "learners in steps, then for the network with Bayes as dashed lines.",
    caption="Recovery of each mode: 0 is nothing, 1 all of it. Time is gradient steps for a gradient learner, and "
    f"pairs or trials of the task for the network. {_COLOURS} {_BAYES_LINES} {_LOGARITHM} Look at whether the colours "
    "fan out, one mode waiting for another, or rise in one bundle, and at how far the bundle is from its dashes. Bayes "
    "fans out too where its prior tells modes apart.",
)
LEARNERS = _figure(
    learner_panels,
    3,
    name="learners",
    shows=(
        "staggering",
        "least_half_time_ratio",
        "largest_error_of_form",
        "rise_over_form",
        "lowest_share_of_start",
        "growth_over_decoupled",
    ),
    title="All learners and controls",
    alt="Small line charts, one per learner or control: recovery of each mode from 0 to 1 against gradient steps.",
    caption="All gradient learners, controls without the property that is thought to separate modes, and the untrained "
    f"network. {_COLOURS} {_LOGARITHM} Look at whether every learner keeps the order, dark before light, and whether "
    "controls lose it; scales of time differ.",
)
OUT_OF_DISTRIBUTION = _figure(
    out_of_distribution_panels,
    2,
    name="out_of_distribution",
    shows=("final_recovery", "stop_band_recovery", "pass_band_recovery"),
    title="Under other conditions, out of distribution among them",
    alt="Line charts, one per condition: recovery of each mode by the network against time on tasks unlike those of "
    "training, with Bayes as dashed lines.",
    caption="The network on tasks unlike those of its training, such as larger or longer ones, beside Bayes with the "
    f"prior of training. {_COLOURS} {_BAYES_LINES} Look for modes that the network fails to recover although Bayes "
    "does, and for those that neither expresses, which the prior rules out.",
)
OUTER = _figure(
    outer_panels,
    2,
    kind="outer",
    name="outer",
    shows=("outer_staggering", "outer_lead_at_peak"),
    title="Over meta-training",
    alt="Line charts, time logarithmic: recovery of each mode in a given time within a task, against steps of "
    "meta-training.",
    caption="Recovery of the network within a task, after the time in the title of the panel, at checkpoints of its "
    f"meta-training; step 0 is not on a logarithmic axis. {_COLOURS} Look at whether modes that are learned together "
    "within a task were acquired together over training, and if not, which came first.",
)
