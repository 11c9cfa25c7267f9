"""Exploration of networks over the map at checkpoints of their training."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.lifetimes.figures import development
from comparisons.lifetimes.figures.maps import draw_maps, exploration_norm, height_of_maps
from comparisons.lifetimes.figures.marks import PROBE, seeds_of
from comparisons.lifetimes.grid import PLACE, forms_grids, has_few_cells
from comparisons.lifetimes.players import NETWORK
from comparisons.report.findings import of_ranges

MOST_CHECKPOINTS = 5
"""Checkpoints of which maps are drawn: the last, and others as far apart as possible."""


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a map of the mean over training seeds at each of a few checkpoints."""
    networks = table[table.who == NETWORK]
    means = networks.groupby([*PLACE, "step"], as_index=False).estimate.mean()
    shown = [(f"step {step:,}", means[means.step == step]) for step in shown_steps(networks.step)]
    draw_maps(figure, shown, None, exploration_norm(means.estimate), "exploration, trials")


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"{PROBE}; it is shown at checkpoints of training, as the mean over {seeds_of(tree)}. Look for exploration "
        "everywhere at first, and at when the white region, where networks have stopped exploring, appears and stops "
        "growing."
    )


def shown_steps(steps: pd.Series) -> list[int]:
    """Return the checkpoints of which maps are drawn."""
    every = np.unique(steps)
    chosen = np.linspace(0, len(every) - 1, min(MOST_CHECKPOINTS, len(every))).round().astype(int)
    return [int(step) for step in every[chosen]]


FIGURE = Figure(
    name="map_development",
    title="Over training",
    alt="Heat maps, one row per lifetime and one column per checkpoint of training, show the networks' trials of "
    "exploration by reward scale (x) and prior scale (y).",
    table=development.table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(table[table.who == NETWORK], "step", "trials of exploration"),
    shows=("learning_cells", "early_learning_cells"),
    needs=("development",),
    is_shown=lambda tree: forms_grids(tree) and not has_few_cells(tree),
    height=lambda table: height_of_maps(table) - 0.2,
)
