"""Exploration of networks in single settings at checkpoints of their training."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from comparisons.kind import Figure
from comparisons.lifetimes.figures.cells import (
    finish_panels,
    height_of_cells,
    mark_references,
    panels_of,
    placed,
    references_of,
)
from comparisons.lifetimes.figures.marks import PLAYER_COLOURS, PROBE, seeds_of
from comparisons.lifetimes.grid import PLACE, has_few_cells
from comparisons.lifetimes.players import NETWORK
from comparisons.report.findings import at_the_end, of_ranges
from comparisons.report.points import concatenate


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the mean pulls of the unknown arm in probe tasks, by each network at each checkpoint and the references.

    `step` is missing in rows of the references.
    """
    pulls = tree["development"].dataset["probe_pulls"].rename("estimate").reset_coords(drop=True)
    networks = pulls.to_dataset().to_dataframe().reset_index()
    tables = [networks.assign(who=NETWORK), references_of(tree).assign(step=pd.NA)]
    table = concatenate([part.astype({"step": "Int64"}) for part in tables]).assign(unit="trials")
    return placed(tree, table)[["cell", *PLACE, "who", "training_seed", "step", "estimate", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a thin line for every network and a thick one for their mean in every cell, with the references as lines."""
    for cell, ax in enumerate(panels_of(tree, figure, share_y=True)):
        rows = table[table.cell == cell]
        networks = rows[rows.who == NETWORK].astype({"step": int})
        color = PLAYER_COLOURS[NETWORK]
        for seed, (_, course) in enumerate(networks.groupby("training_seed")):
            label = "" if seed else "each network"
            ax.plot(course.step, course.estimate, color=color, linewidth=0.7, alpha=0.5, label=label)
        mean = networks.groupby("step").estimate.mean()
        ax.plot(mean.index, mean, color=color, linewidth=2.2, marker="o", markersize=3, label="mean of networks")
        mark_references(ax, rows, ax.axhline)
        ax.set(xlabel="training step", ylim=(0, None))
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    finish_panels(figure, "exploration, trials")


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"{PROBE}; it is shown at checkpoints of training. Lines without dots are single networks, of "
        f"{seeds_of(tree)}. Look for networks that fall to 0 and stay there, and at whether the mean still moves at "
        "the end."
    )


FIGURE = Figure(
    name="development",
    title="Over training",
    alt="Line charts, one per setting, show trials of exploration against training steps, with a thin line per network "
    "and a thick one for their mean. Horizontal lines mark the three references.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(
        at_the_end(table[table.who == NETWORK], "cell", "step"), ["reward_scale", "prior_scale"], "trials at the end"
    ),
    shows=("probe_pulls",),
    needs=("development",),
    is_shown=has_few_cells,
    height=height_of_cells,
)
