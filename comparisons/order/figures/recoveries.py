"""Figures of the order of learning: recoveries of modes in panels, scores with their intervals, curves over time.

A mode has one colour in all panels of a variant, the strongest the darkest; Bayes is dashed in the same colours. What
has no modes has the colour of its role.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from comparisons.kind import ReportFigure
from comparisons.order.figures.panels import (
    _BAYES,
    _HEADING,
    _ROW,
    _SMALL,
    Panel,
    Panels,
    _label_time,
    _num_rows,
    _set_title,
    _title_width,
    table_of,
)
from comparisons.report.style import BAND, NEUTRAL, mode_colours

_LIMITS = (-0.6, 1.8)
"""Recoveries beyond them leave the axes."""


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


_COLOURS = "A colour per mode, the strongest (or first) the darkest; dotted: one half. Bands: 95 % intervals."


_LOGARITHM = "Logarithmic axes begin shortly before the first mode rises; the files have all records."


_BAYES_LINES = "Wide dashes in the same colours: exact Bayes on the same tasks."


def _order_caption(tree: xr.DataTree) -> str:
    return (
        "Recovery of each mode: 0 is nothing, 1 all of it. A gradient learner is shown in its own steps, the network "
        f"in what it has seen of a task. {_COLOURS} {_BAYES_LINES} {_LOGARITHM} Look at whether the colours fan out, "
        "one "
        "mode waiting for another, or rise in one bundle, and at how far the bundle is from its dashes. Bayes fans "
        "out too where its prior tells modes apart."
    )


def _learner_caption(tree: xr.DataTree) -> str:
    return (
        "All gradient learners, controls that lack what is thought to separate modes, and the untrained network. "
        f"{_COLOURS} {_LOGARITHM} Look at whether every learner keeps the order, dark before light, and whether "
        "controls lose it; scales of time differ."
    )


def _out_of_distribution_caption(tree: xr.DataTree) -> str:
    return (
        "The network on tasks unlike those of its training, as larger or longer ones, beside Bayes with the prior of "
        "training. "
        f"{_COLOURS} {_BAYES_LINES} Look for modes that the network fails to recover although Bayes does, and for "
        "those "
        "that neither expresses, which the prior rules out."
    )


def _outer_caption(tree: xr.DataTree) -> str:
    return (
        "What the network recovers within a task, in the time that a panel names, at checkpoints of its meta-training; "
        f"step 0 is not on a logarithmic axis. {_COLOURS} Look at whether modes that are learned together within a "
        "task were acquired together over training, and if not, which came first."
    )


def _of_panels(
    panels_of: Callable[[xr.DataTree], Panels],
    num_columns: int,
    *,
    name: str,
    title: str,
    alt: str,
    caption: Callable[[xr.DataTree], str],
) -> ReportFigure:
    """A figure of recoveries in panels."""
    return ReportFigure(
        name=name,
        title=title,
        is_available=lambda tree: "curves" in tree.children and bool(panels_of(tree)),
        height=lambda tree: height_of(panels_of(tree), num_columns),
        draw=lambda tree, figure: draw_panels(figure, panels_of(tree), num_columns),
        table=lambda tree: table_of(panels_of(tree)),
        alt=alt,
        caption=caption,
    )
