"""The look of figures: one colour per predictor, one style, and marks that all figures draw in the same way.

Nothing here changes matplotlib's settings beyond the drawing of one figure.
"""

from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

COLOURS = {
    "Bayes": "#1a1a1a",
    "network": "#d55e00",
    "wrong-prior Bayes": "#009e73",
    "memoryless": "#56b4e9",
    "prior predictive": "#0072b2",
    "untrained network": "#cc79a7",
    "optimal": "#1a1a1a",
    "Gittins": "#0072b2",
    "greedy": "#009e73",
    "Thompson": "#56b4e9",
    "UCB1": "#882255",
    "uniform": "#8a8a8a",
}
"""One colour per predictor or agent (Okabe & Ito's and Tol's colour-blind-safe palettes): what is Bayes-optimal black,
the network warm, floors and references cool. Predictors and agents never meet in a figure, so they share colours."""


DASHES: dict[str, Any] = {
    "wrong-prior Bayes": (0, (6, 1.5)),
    "memoryless": (0, (3.5, 1.2)),
    "prior predictive": (0, (4, 1.2, 1, 1.2)),
    "untrained network": (0, (1.2, 1)),
    "Gittins": (0, (4.6, 1.6)),
    "greedy": (0, (2.2, 1.1)),
    "Thompson": (0, (4, 1.2, 1, 1.2)),
    "UCB1": (0, (6, 1.2, 1, 1.2, 1, 1.2)),
    "uniform": (0, (1.2, 1.6)),
}
"""One dash pattern per floor or reference, so that colour is not the only difference."""


OPTIMAL = ("Bayes", "optimal")
"""The Bayes-optimal ones: drawn wide, so that lines on top of them can be seen."""


FIGURE_WIDTH = 7.2
"""Inches; a report shows it 770 pixels wide on a wide screen, and `NARROW_WIDTH` pixels wide on a phone."""

NARROW_WIDTH = 640
"""Pixels of a figure on a narrow screen, on which it is scrolled sideways."""

LEAST_TEXT = 7.3
"""Points of the smallest text in a figure: 9 pixels on a narrow screen."""


NEUTRAL = "#767676"
"""The grey of what is not a predictor."""


BAND = 0.22
"""Opacity of interval bands."""


RESOLUTION = 1e-12
"""Nats or rewards below which a loss is rounding error of float64 and counts as 0."""


_NOT_STYLE = ("backend", "backend_fallback", "interactive", "toolbar", "webagg.open_in_browser")
"""Settings of matplotlib that say where figures are shown, not how they look."""


def figure_style() -> AbstractContextManager[Any]:
    """Return the style of all figures as a context: fonts and lines on top of matplotlib's defaults.

    The user's own settings play no part, and return afterwards.
    """
    settings: dict[Any, Any] = {name: value for name, value in mpl.rcParamsDefault.items() if name not in _NOT_STYLE}
    settings |= sns.axes_style("ticks")
    settings |= sns.plotting_context("paper")
    settings |= {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # the first is matplotlib's own; Verdana is as wide
        "font.size": 9.5,
        "axes.labelsize": 9.5,
        "axes.titlesize": 9.5,
        "axes.edgecolor": "#404040",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.color": "#e6e6e6",
        "grid.linewidth": 0.7,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "xtick.color": "#404040",
        "ytick.color": "#404040",
        "legend.fontsize": 9,
        "lines.linewidth": 1.7,
        "pdf.fonttype": 42,
        "svg.hashsalt": "bayesgauge",
        "svg.fonttype": "none",  # text as text: it is small, and sharp at any size
        "figure.dpi": 100,
    }
    return mpl.rc_context(settings)


def mode_colours(num_modes: int) -> list[tuple[float, float, float]]:
    """Return a colour per mode, from dark (the strongest) to light; readable in grey and by the colour-blind."""
    places = np.linspace(0.0, 0.86, num_modes) if num_modes > 1 else np.zeros(1)
    return [mpl.colormaps["viridis"](place)[:3] for place in places]


def line_of(name: str) -> dict[str, Any]:
    """Return the colour and the dashes of a predictor."""
    return {"color": COLOURS.get(name, NEUTRAL), "linestyle": DASHES.get(name, "-")}


def draw_with_band(ax: Axes, rows: pd.DataFrame, x: str, name: str) -> None:
    """Draw a line with its band where it is finite, and triangles at the upper edge where it is infinite."""
    finite = rows[np.isfinite(rows.estimate)]
    wide = 3.2 if name in OPTIMAL else 1.7
    order = 2.1 if name in OPTIMAL else 2.2 if name == "network" else 2
    style = line_of(name) | {"linewidth": wide, "zorder": order}
    ax.plot(finite[x], finite.estimate, **style, label=with_caveat(name, rows.estimate))
    mark_infinite(ax, rows[x][np.isposinf(rows.estimate)].to_numpy(), style["color"])
    ax.fill_between(finite[x], finite.lower, finite.upper, color=style["color"], alpha=BAND, linewidth=0)


def draw_points(
    ax: Axes, place: pd.Series, rows: pd.DataFrame, color: str, marker: str, label: str, *, facecolor: str | None = None
) -> None:
    """Draw points with whiskers from `lower` to `upper`."""
    drawn = ax.errorbar(
        place,
        rows.estimate,
        whiskers(rows),
        fmt=marker,
        color=color,
        markerfacecolor=facecolor or color,
        markersize=4.5,
        elinewidth=1.2,
        capsize=2.5,
        label=label,
        zorder=2.5,
    )
    drawn.lines[0].set_clip_on(False)  # the edge of the axes cuts no mark


def whiskers(rows: pd.DataFrame) -> np.ndarray:
    """Return the distances from the estimate to the ends of its interval."""
    return np.maximum([rows.estimate - rows.lower, rows.upper - rows.estimate], 0.0)


def is_drawable(values: pd.Series) -> pd.Series:
    """Return whether a logarithmic axis can show each value: finite, and above zero by more than rounding."""
    return pd.Series(np.isfinite(values) & (values > RESOLUTION))


def mark_infinite(ax: Axes, place: np.ndarray, color: str) -> None:
    """Draw triangles at the upper edge of the axes where a value is infinite; each call draws a row of them."""
    if len(place):
        row = sum(line.get_gid() == "infinite" for line in ax.lines)
        height = np.full(len(place), 0.975 - 0.05 * row)
        edge = ax.get_xaxis_transform()
        ax.plot(place, height, "^", color=color, markersize=5, transform=edge, clip_on=False, gid="infinite")


def with_caveat(label: str, values: pd.Series) -> str:
    """Return the label with a note on the values that the axes cannot show."""
    if np.isposinf(values).all():
        return f"{label} (▲: ∞ throughout)"
    if np.isposinf(values).any():
        return f"{label} (▲: ∞)"
    if values.isna().all():
        return f"{label} (infinite or undefined)"
    return f"{label} (0 throughout)" if (values.abs() <= RESOLUTION).all() else label


def label_plainly(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, at 1, 2 and 5 times powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def legend_entries(ax: Axes) -> tuple[list[Any], list[str]]:
    """Return handles and labels of the legend: lines from top to bottom as they end on the right, then all else."""
    entries = list(zip(*ax.get_legend_handles_labels(), strict=True))
    heights = [_height_at_the_end(ax, handle) for handle, _ in entries]
    order = sorted(range(len(entries)), key=lambda place: -heights[place])
    return [entries[place][0] for place in order], [entries[place][1] for place in order]


def _height_at_the_end(ax: Axes, handle: Any) -> float:
    """Return where a line ends on the right, as a fraction of the height of the axes; −∞ for anything else."""
    handle = handle.lines[0] if isinstance(handle, ErrorbarContainer) else handle
    if not isinstance(handle, Line2D) or handle.get_transform() == ax.get_xaxis_transform():
        return -np.inf
    heights = np.asarray(handle.get_ydata(), float)
    heights = heights[np.isfinite(heights)]
    if not len(heights):
        return -np.inf
    bottom = ax.get_ylim()[0]
    last = max(float(heights[-1]), bottom) if ax.get_yscale() == "log" else float(heights[-1])
    return float(ax.transAxes.inverted().transform(ax.transData.transform((ax.get_xlim()[1], last)))[1])


def with_legend(ax: Axes) -> Axes:
    """Add a legend above the axes, where it covers nothing, and return the axes."""
    handles, labels = legend_entries(ax)
    ax.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        borderaxespad=0,
        ncols=3 if max(map(len, labels)) <= 26 else 2,
        frameon=False,
        handlelength=2.6,
        columnspacing=1.6,
    )
    sns.despine(ax=ax)
    return ax
