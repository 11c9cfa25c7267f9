"""Regret of networks and of the best explore-then-commit policy over the map."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.lifetimes.figures.maps import TITLES, draw_maps, edges_of, hatched, height_of_maps, of_cells
from comparisons.lifetimes.figures.marks import seeds_of
from comparisons.lifetimes.grid import PLACE, forms_grids
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK
from comparisons.report.findings import of_ranges


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the regret per trial to the Bayes-optimal policy, by networks and the best explore-then-commit policy.

    Networks are means over training seeds. Rows whose `quantity` is "edge" have the learning threshold of the
    Bayes-optimal policy, a prior scale, as their `estimate`.
    """
    theory = tree["theory"].to_dataset()
    best, lifetime = theory["sequential_value"].to_numpy(), theory["lifetime"].to_numpy()
    shown = {
        NETWORK: tree["curves"].dataset["shortfall"].to_numpy(),
        COMMIT: best - theory["commit_value"].to_numpy(),
    }
    tables = [of_cells(tree, who, values / lifetime) for who, values in shown.items()]
    regret = pd.concat(tables, ignore_index=True).assign(quantity="regret", unit="rewards per trial")
    edges = edges_of(tree)
    table = pd.concat([regret, edges[edges.who == BAYES]], ignore_index=True)
    return table[["quantity", "who", *PLACE, "estimate", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a map for the networks and one for the best explore-then-commit policy, with the threshold over both."""
    values, edges = table[table.quantity == "regret"], table[table.quantity == "edge"]
    shown = [(TITLES[who], values[values.who == who]) for who in (NETWORK, COMMIT)]
    colours = PowerNorm(0.5, 0, _largest(values.estimate)), mpl.colormaps["viridis_r"]
    draw_maps(figure, shown, edges, colours, "regret, rewards per trial")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", frameon=False, handlelength=2.6)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"Regret per trial to the Bayes-optimal policy, of the networks (mean over {seeds_of(tree)}) and of the best "
        "explore-then-commit policy. The line is the learning threshold of the Bayes-optimal policy. Look at where the "
        "networks lose more than the best explore-then-commit policy, and whether that is near the line."
        f"{hatched(table)}"
    )


def _largest(values: pd.Series) -> float:
    """Return the upper end of the colours, the largest regret; it is never 0."""
    known = values[np.isfinite(values)]
    return max(float(known.max()), 1e-3) if len(known) else 1.0


FIGURE = Figure(
    name="regret",
    title="Regret to the Bayes-optimal policy",
    alt="Heat maps, one row per lifetime, show regret per trial by reward scale (x) and prior scale (y) for the "
    "networks and the best explore-then-commit policy. A line marks the learning threshold.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(table[table.quantity == "regret"], "who", "rewards per trial"),
    shows=("regret_share",),
    needs=("networks",),
    is_shown=forms_grids,
    height=lambda table: height_of_maps(table) + 0.2,
)
