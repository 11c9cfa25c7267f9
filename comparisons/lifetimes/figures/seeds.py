"""Exploration of training seeds in single settings, as histograms."""

import numpy as np
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
from comparisons.report.findings import of_ranges
from comparisons.report.points import concatenate

FEWEST_SEEDS = 5
"""Training seeds below which there is no histogram over them."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the mean pulls of the unknown arm in probe tasks, by each network and by the three references."""
    pulls = tree["networks"].dataset["probe_pulls"].mean("probe")
    networks = pulls.rename("estimate").to_dataset().reset_coords(drop=True).to_dataframe().reset_index()
    table = concatenate([networks.assign(who=NETWORK), references_of(tree)]).assign(unit="trials")
    return placed(tree, table)[["cell", *PLACE, "who", "training_seed", "estimate", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a histogram over training seeds for every cell, with the references as lines."""
    for cell, ax in enumerate(panels_of(tree, figure, share_y=True)):
        rows = table[table.cell == cell]
        pulls = rows.estimate[(rows.who == NETWORK) & rows.estimate.notna()]
        largest = max(float(rows.estimate.max()), 1.0)
        width = max(1.0, np.ceil(largest / 20))
        bins = np.arange(0, largest + 2 * width, width)
        ax.hist(
            pulls, bins=bins.tolist(), color=PLAYER_COLOURS[NETWORK], alpha=0.75, edgecolor="white", label="networks"
        )
        mark_references(ax, rows, ax.axvline)
        ax.set(xlim=(-width, bins[-1]), xlabel="trials of exploration")
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    finish_panels(figure, "networks")


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"{PROBE}. Each bar counts networks, of {seeds_of(tree)}. Lines mark the trials before committing, by the "
        "correct and by the printed formula, and the mean of the Bayes-optimal policy. Look for a bimodal distribution "
        "with one mode at 0: some networks never learn although others of the same setting do."
    )


FIGURE = Figure(
    name="seeds",
    title="Exploration of training seeds",
    alt="Histograms, one per setting, count networks by their mean trials of exploration. Vertical lines mark the "
    "three references.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(table, ["reward_scale", "prior_scale", "who"], "trials of exploration"),
    shows=("learning_share", "probe_pulls"),
    needs=("networks",),
    is_shown=lambda tree: has_few_cells(tree) and tree["networks"].sizes["training_seed"] >= FEWEST_SEEDS,
    height=height_of_cells,
)
