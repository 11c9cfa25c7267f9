"""Figures of networks that forage: against training lifetime, on the grid, over training, and inside the network."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from comparisons.foraging.figures.returns import NETWORK
from comparisons.foraging.measures import longest_lifetime, train_lifetimes
from comparisons.report.style import NEUTRAL


def draw_occupancy(tree: xr.DataTree, figure: Figure) -> None:
    """Where steps are spent on the grid, by training lifetime and by the optimal policy."""
    maps = {
        f"trained for {lifetime}": tree["behaviour"]
        .dataset["occupancy"]
        .sel(train_lifetime=lifetime)
        .mean("training_seed")
        for lifetime in mapped_lifetimes(tree)
    }
    maps["exact optimum"] = tree["reference_behaviour"].dataset["occupancy"].sel(reference="optimal")
    panels = figure.subplots(-(-len(maps) // 3), 3, squeeze=False)
    most = np.nanmax([float(values.max()) for values in maps.values()])
    norm = PowerNorm(0.5, 0, most)
    for ax in panels.flat[len(maps) :]:
        ax.set_axis_off()
    image = None
    for ax, (title, values) in zip(panels.flat, maps.items(), strict=False):
        image = ax.imshow(values, cmap="magma", norm=norm, origin="lower")
        _draw_grid(ax, values.shape[0])
        ax.set_title(title)
    if image is not None:
        bar = figure.colorbar(image, ax=panels, shrink=0.8, label="share of steps, %")
        ticks = [share for share in (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4) if share <= most]
        bar.set_ticks(ticks, labels=[f"{100 * share:g}" for share in ticks])


def _draw_grid(ax: Axes, side: int) -> None:
    """The start, the small goal, and the rings on which the others are."""
    for first, last, color in ((1, side // 2, "#56b4e9"), (0, side - 1, "#e69f00")):
        ring = [(x, last) for x in range(first, last + 1)] + [(last, y) for y in range(first, last)]
        for x, y in ring:
            ax.add_patch(Rectangle((x - 0.44, y - 0.44), 0.88, 0.88, fill=False, edgecolor=color, linewidth=0.9))
    ax.text(0, 0, "S", ha="center", va="center", color=NEUTRAL, size=8, weight="bold")
    ax.text(1, 1, "1", ha="center", va="center", color="white", size=8, weight="bold")
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)


def _occupancy_caption(tree: xr.DataTree) -> str:
    return (
        f"Where steps of {longest_lifetime(tree)} are begun, all tasks and training seeds together; the scale "
        "is stretched for small shares. S: the start, where every goal leads. 1: the small goal. Blue and yellow "
        "frames: where the medium and the high goal may be. Look for how far from the start networks go, and for "
        "where the optimum goes that they do not."
    )


def _rows_of_maps(tree: xr.DataTree) -> int:
    return -(-(len(mapped_lifetimes(tree)) + 1) // 3)


MAPPED = (10, 20, 30, 50, 100)
"""Training lifetimes whose behaviour is drawn, where there are such networks."""


def mapped_lifetimes(tree: xr.DataTree) -> list[int]:
    """The training lifetimes whose behaviour is drawn: those of `MAPPED`, or the first few."""
    available = train_lifetimes(tree)
    return [lifetime for lifetime in MAPPED if lifetime in available] or available[:5]


def occupancy_table(tree: xr.DataTree) -> pd.DataFrame:
    """The share of steps in each cell, of networks by training lifetime and of references."""
    networks = tree["behaviour"].dataset["occupancy"].mean("training_seed").to_dataframe("share").reset_index()
    references = tree["reference_behaviour"].dataset["occupancy"].to_dataframe("share").reset_index()
    return pd.concat([networks.assign(who=NETWORK), references.rename(columns={"reference": "who"})], ignore_index=True)
