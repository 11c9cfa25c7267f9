"""Lines on a logarithmic axis, which has no place for 0 and ∞: both are marked at its edges, and no line breaks."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from comparisons.report.style import (
    BAND,
    COLOURS,
    NEUTRAL,
    RESOLUTION,
    is_drawable,
    line_of,
    mark_infinite,
    with_caveat,
)

WITH_ZEROS = "with zeros"
"""Mark of lines whose zeros `limit_log_axis` draws at the lower edge."""


def draw_on_log_axis(ax: Axes, rows: pd.DataFrame, x: str, name: str, *, label: str, marker: str = "") -> None:
    """Draw a line with its band where it is above zero, and triangles at the top where it is infinite.

    `limit_log_axis`, called when all lines are drawn, draws its zeros at the lower edge. With an empty label it is not
    in the legend.
    """
    place, estimate = rows[x].to_numpy(float), rows.estimate.to_numpy(float)
    color = COLOURS.get(name, NEUTRAL)
    ax.plot(
        place,
        with_zeros(estimate),
        marker=marker,
        markersize=3.5,
        label=label and with_caveat(label, rows.estimate),
        zorder=2.3 if name == "network" else 2,
        gid=WITH_ZEROS,
        **line_of(name),
    )
    lower = np.maximum(rows.lower.to_numpy(float), np.finfo(float).tiny)
    drawable = is_drawable(rows.estimate).to_numpy()
    ax.fill_between(place, lower, rows.upper.to_numpy(float), where=drawable, color=color, alpha=BAND, linewidth=0)
    mark_infinite(ax, place[np.isposinf(estimate)], color)


def draw_seeds(ax: Axes, table: pd.DataFrame, x: str) -> None:
    """Draw a thin line for each training seed that the table has rows for."""
    by_seed = table[table.training_seed.notna()]
    for index, (_, rows) in enumerate(by_seed.groupby("training_seed")):
        ax.plot(
            rows[x].to_numpy(float),
            with_zeros(rows.estimate.to_numpy(float)),
            color=COLOURS["network"],
            linewidth=0.7,
            alpha=0.75,
            label="" if index else "each training seed",
            gid=WITH_ZEROS,
        )


def limit_log_axis(ax: Axes, table: pd.DataFrame, *, most_decades: float = np.inf) -> None:
    """Set a logarithmic y-axis that covers the estimates, and draw zeros at its lower edge; intervals may leave it.

    Estimates more than `most_decades` powers of ten below the largest are drawn at the edge like zeros.
    """
    estimates = table.estimate[is_drawable(table.estimate)]
    low, high = (estimates.min(), estimates.max()) if len(estimates) else (1e-3, 1.0)
    room = 6 if np.isposinf(table.estimate).any() else 2
    low = max(low / 2, high * room / 10**most_decades)
    ax.set(ylim=(low, high * room), yscale="log")  # limits first: without a positive number, the scale finds none
    draw_zeros(ax, low)


def said_of_zeros(values: pd.Series) -> str:
    """Return what a caption says of a logarithmic axis on which some values are 0; nothing if none is."""
    return " ▽ marks a value of 0, or below the axis, at its lower edge." if (values.abs() <= RESOLUTION).any() else ""


def draw_zeros(ax: Axes, low: float) -> None:
    """Draw what lies below the lower end of a logarithmic axis at that end, with triangles that point down."""
    for line in [line for line in ax.lines if line.get_gid() == WITH_ZEROS]:
        place, heights = (np.asarray(values, float) for values in line.get_data())
        is_below = heights < low
        if is_below.any():
            line.set_ydata(np.where(is_below, low, heights))
            ax.plot(
                place[is_below],
                np.full(int(is_below.sum()), low),
                "v",
                color=line.get_color(),
                markerfacecolor="white",
                markersize=5,
                clip_on=False,
                gid="zero",
                zorder=line.get_zorder() + 0.5,
            )


def with_zeros(estimate: np.ndarray) -> np.ndarray:
    """Return what a line is drawn through: rounding errors of 0 are 0, and infinite values are left out."""
    return np.where(np.isfinite(estimate), np.where(estimate > RESOLUTION, estimate, 0.0), np.nan)
