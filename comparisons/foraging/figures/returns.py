"""Return and entries of goals in the longest lifetime, by training lifetime."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.foraging.figures.marks import (
    LINES,
    NAMES,
    NETWORK,
    bars,
    beside_paper,
    draw_networks,
    legend_above,
    measure_rows,
)
from comparisons.foraging.tree import longest_lifetime
from comparisons.kind import Figure
from comparisons.report.findings import of_lines
from comparisons.rows import table_of

TITLES = {
    "return": "Return",
    "small_goals": "Small goal",
    "medium_goals": "Medium goal",
    "high_goals": "High goal",
}
"""Titles of the panels, by measure."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the measures of networks by training lifetime, and of references and untrained networks in a row each."""
    results = table_of(tree)
    references = [
        {"measure": measure, "who": who, "estimate": results.one(measure, who).interval.estimate}
        for measure in TITLES
        for who in ("optimal", "small goal", "oracle", "untrained network")
    ]
    networks = [measure_rows(tree, measure) for measure in TITLES]
    return pd.concat([*networks, pd.DataFrame(references)], ignore_index=True).astype({"train_lifetime": "Int64"})


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a panel for each measure, with horizontal lines for references."""
    panels = figure.subplots(2, 2, sharex=True)
    longest = longest_lifetime(tree)
    for ax, (measure, title) in zip(panels.flat, TITLES.items(), strict=True):
        rows = table[table.measure == measure]
        draw_networks(ax, rows)
        for who, style in LINES.items():
            value = rows[rows.who == who].estimate.item()
            if np.isfinite(value) and (measure == "return" or who == "optimal"):
                ax.axhline(value, **style, label=NAMES[who], zorder=1.5)
        unit = "rewards" if measure == "return" else "entries"
        ax.set(title=title, ylabel=f"{unit} per {longest} steps", ylim=(0, None))
    for ax in panels[1]:
        ax.set_xlabel("steps of training lifetimes")
    legend_above(figure, panels.flat[0])


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"Return and entries of goals in lifetimes of {longest_lifetime(tree)} steps, whatever networks were trained "
        f"for. {bars(tree)}{beside_paper(tree, 'figure 5, medians read off the picture (±0.5, counts ±0.3)')} Several "
        "policies can be optimal with different entries of small and medium goals; the black lines show one of them. "
        "Look for the lifetimes from which networks use the medium and then the high goal, and for the remaining "
        "distance from the exact optimum."
    )


FIGURE = Figure(
    name="returns",
    title="Returns and goals by training lifetime",
    alt="Four line charts show return and entries of the small, medium and high goal against training lifetime, for "
    "networks with 95 % intervals, the paper's networks, and the exact optimum.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(table[table.who == NETWORK], "measure", "train_lifetime", "networks"),
    shows=(
        "high_goals",
        "medium_goals",
        "small_goals",
        "return_rank_correlation",
        "return_gain",
        "return_share",
        "shortest_learning_lifetime",
    ),
    needs=("measures",),
    height=5.2,
)
