"""Share of steps in each cell of the grid, by training lifetime and of the optimal policy."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.patches import Rectangle

from comparisons.foraging.figures.marks import NETWORK, mapped_lifetimes
from comparisons.foraging.players import WHO
from comparisons.foraging.tree import longest_lifetime
from comparisons.kind import Figure
from comparisons.report.findings import of_marks
from comparisons.report.style import NEUTRAL

NUM_COLUMNS = 3
"""Maps beside one another."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the share of steps that start in each cell, of networks by training lifetime and of references."""
    networks = tree["behaviour"].dataset["occupancy"].mean("training_seed").to_dataframe("share").reset_index()
    references = tree["reference_behaviour"].dataset["occupancy"].to_dataframe("share").reset_index()
    references = references.assign(who=references.reference.map(WHO)).drop(columns="reference")
    found = pd.concat([networks.assign(who=NETWORK), references], ignore_index=True)
    return found.astype({"train_lifetime": "Int64"})


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a map for some training lifetimes, and one for the optimal policy."""
    shown = {f"trained for {lifetime}": table.train_lifetime == lifetime for lifetime in mapped_lifetimes(table)}
    shown["exact optimum"] = table.who == "optimal"
    maps = {title: table[rows].pivot(index="y", columns="x", values="share") for title, rows in shown.items()}
    panels = figure.subplots(_num_rows(table), NUM_COLUMNS, squeeze=False)
    most = np.nanmax([float(np.max(values.to_numpy())) for values in maps.values()])
    norm = PowerNorm(0.5, 0, most)
    for ax in panels.flat[len(maps) :]:
        ax.set_axis_off()
    image = None
    for ax, (title, values) in zip(panels.flat, maps.items(), strict=False):
        image = ax.imshow(values, cmap="magma", norm=norm, origin="lower")
        _draw_grid(ax, len(values))
        ax.set_title(title)
    if image is not None:
        bar = figure.colorbar(image, ax=panels, shrink=0.8, label="share of steps, %")
        ticks = [share for share in (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4) if share <= most]
        bar.set_ticks(ticks, labels=[f"{100 * share:g}" for share in ticks])


def _draw_grid(ax: Axes, side: int) -> None:
    """Mark the start, the small goal, and the possible cells of the other goals."""
    for first, last, color in ((1, side // 2, "#56b4e9"), (0, side - 1, "#e69f00")):
        ring = [(x, last) for x in range(first, last + 1)] + [(last, y) for y in range(first, last)]
        for x, y in ring:
            ax.add_patch(Rectangle((x - 0.44, y - 0.44), 0.88, 0.88, fill=False, edgecolor=color, linewidth=0.9))
    ax.text(0, 0, "S", ha="center", va="center", color=NEUTRAL, size=8, weight="bold")
    ax.text(1, 1, "1", ha="center", va="center", color="white", size=8, weight="bold")
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"Fraction of the {longest_lifetime(tree)} steps that start in each cell, over all tasks and training seeds "
        "(nonlinear colour scale). S is the start, to which every goal leads, and 1 the small goal. Blue and yellow "
        "frames mark possible cells of the medium and the high goal. Compare where networks and the optimal policy go."
    )


def height(table: pd.DataFrame) -> float:
    """Return the height in inches."""
    return 2.3 * _num_rows(table)


def _num_rows(table: pd.DataFrame) -> int:
    return -(-(len(mapped_lifetimes(table)) + 1) // NUM_COLUMNS)


def _most_visited(table: pd.DataFrame) -> pd.DataFrame:
    """Return the percentage of steps in the most visited cell."""
    shares = table.groupby(["who", "train_lifetime"], sort=False, dropna=False).share.max()
    return (100 * shares).rename("estimate").reset_index()


FIGURE = Figure(
    name="occupancy",
    title="Cells in which steps are spent",
    alt="Maps of the grid, one per training lifetime and one of the exact optimum, show the share of steps in each "
    "cell as colour.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(
        _most_visited(table), ["who", "train_lifetime"], "% of steps in the most visited cell"
    ),
    shows=("shortest_trips", "late_small_goals"),
    needs=("behaviour",),
    height=height,
)
