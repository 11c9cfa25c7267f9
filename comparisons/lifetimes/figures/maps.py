"""Maps in colours: a panel per player or checkpoint, a row per lifetime, and the learning thresholds as lines."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, Normalize, PowerNorm
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.patches import Rectangle

from comparisons.lifetimes.edges import edges_at
from comparisons.lifetimes.figures.marks import line_of
from comparisons.lifetimes.grid import PLACE, Grid, cells_of, grids_of
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED
from comparisons.lifetimes.regime_boundaries import boundary

LEAST_EXPLORATION = 0.25
"""Trials below which a cell is white."""

EMPTY_HATCH = "xxxx"
"""Hatching of a cell whose networks all diverged."""

NUM_EDGE_SCALES = 40
"""Reward scales at which learning thresholds are drawn."""

TITLES = {
    PRINTED: "printed formula",
    COMMIT: "explore-then-commit",
    BAYES: "Bayes-optimal",
    NETWORK: "networks",
}
"""Headings of the panels."""

_EDGE_NAMES = {
    PRINTED: "threshold: printed formula",
    COMMIT: "threshold: best explore-then-commit policy",
    BAYES: "threshold: Bayes-optimal policy",
    NETWORK: "networks: half of them learn",
}

_HALO = [patheffects.Stroke(linewidth=2.8, foreground="white"), patheffects.Normal()]


def of_cells(tree: xr.DataTree, who: str, values: Float[np.ndarray, "cell"] | Int[np.ndarray, "cell"]) -> pd.DataFrame:
    """Return a value for every cell of the map."""
    return cells_of(tree["theory"].to_dataset()).assign(who=who, estimate=np.asarray(values, float))


def edges_of(tree: xr.DataTree) -> pd.DataFrame:
    """Return three exact learning thresholds at many reward scales, and that of the networks at those of the map."""
    grids = grids_of(cells_of(tree["theory"].to_dataset()))
    return pd.concat([_edges_of_grid(tree, grid) for grid in grids], ignore_index=True)


def exploration_norm(trials: pd.Series) -> tuple[Normalize, Colormap]:
    """Return the colours of exploration, up to the longest, in equal steps of its square root; white is hardly any."""
    longest = float(trials[np.isfinite(trials)].max()) if np.isfinite(trials).any() else 0.0
    colours = mpl.colormaps["viridis_r"].with_extremes(under="white")
    return PowerNorm(0.5, LEAST_EXPLORATION, max(longest, 4 * LEAST_EXPLORATION)), colours


def height_of_maps(table: pd.DataFrame) -> float:
    """Return inches for a row of maps per lifetime, with colours and legends."""
    return 1.0 + 1.75 * table.lifetime.nunique()


def draw_maps(
    figure: MatplotlibFigure | SubFigure,
    panels_of: Sequence[tuple[str, pd.DataFrame]],
    edges: pd.DataFrame | None,
    colours: tuple[Normalize, Colormap],
    label: str,
) -> None:
    """Draw a column of maps for each title and values, a row for each lifetime, with thresholds and a colour bar."""
    grids = grids_of(panels_of[0][1][PLACE])
    panels = figure.subplots(len(grids), len(panels_of), sharex=True, sharey=True, squeeze=False)
    mesh = None
    for row, grid in zip(panels, grids, strict=True):
        for ax, (_, values) in zip(row, panels_of, strict=True):
            mesh = _draw_map(ax, grid, values, *colours)
            if edges is not None:
                _draw_edges(ax, edges[edges.lifetime == grid.lifetime])
    for ax, (title, _) in zip(panels[0], panels_of, strict=True):
        ax.set_title(title, fontsize=9)
    for ax in panels[-1]:
        ax.set_xlabel("reward scale")
    for ax, grid in zip(panels[:, 0], grids, strict=True):
        ax.set_ylabel(f"{grid.lifetime} trials\nprior scale" if len(grids) > 1 else "prior scale")
    if mesh is not None:
        figure.colorbar(
            mesh, ax=panels, extend="min" if colours[0].vmin else "neither", label=label, aspect=14 + 8 * len(grids)
        )


def hatched(table: pd.DataFrame) -> str:
    """Return what crosses mean, if any cell of the networks is empty."""
    is_empty = table.estimate[(table.who == NETWORK) & (table.quantity != "edge")].isna()
    return " Crossed cells are empty: all their networks diverged." if bool(is_empty.any()) else ""


def _draw_map(ax: Axes, grid: Grid, rows: pd.DataFrame, norm: Normalize, colours: Colormap) -> QuadMesh:
    """Draw the values of the cells of one lifetime in colours; cells without a value are empty and hatched."""
    values = _on_grid(grid, rows)
    across, up = grid.spans()
    mesh = ax.pcolormesh(across, up, np.ma.masked_invalid(values), cmap=colours, norm=norm, rasterized=True)
    for row, column in np.argwhere(np.isnan(values)).tolist():
        left, right, low, high = (float(edge) for edge in (*across[column : column + 2], *up[row : row + 2]))
        cross = {"fill": False, "hatch": EMPTY_HATCH, "edgecolor": "#b03060", "linewidth": 0.6}
        ax.add_patch(Rectangle((left, low), right - left, high - low, **cross))
    ax.grid(visible=False)
    ax.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]))
    return mesh


def _on_grid(grid: Grid, rows: pd.DataFrame) -> Float[np.ndarray, "prior_scale reward_scale"]:
    """Return the values of the cells of the grid, without cells off it."""
    own = rows[rows.lifetime == grid.lifetime]
    values = own.pivot(index="prior_scale", columns="reward_scale", values="estimate")
    return values.reindex(index=grid.prior_scales, columns=grid.reward_scales).to_numpy(float)


def _draw_edges(ax: Axes, edges: pd.DataFrame) -> None:
    """Draw exact thresholds as curves, and that of the networks with a point for each reward scale of the map."""
    for who, name in _EDGE_NAMES.items():
        rows = edges[edges.who == who]
        if len(rows):
            marker = {"marker": "o", "markersize": 2.2} if who == NETWORK else {}
            style = {**line_of(who), **marker, "linewidth": 1.3, "path_effects": _HALO}
            ax.plot(rows.reward_scale, rows.estimate, label=name, **style)


def _edges_of_grid(tree: xr.DataTree, grid: Grid) -> pd.DataFrame:
    span, _ = grid.spans()
    scales = np.linspace(grid.reward_scales[0], span[-1], NUM_EDGE_SCALES)
    edges = edges_at(grid.lifetime, scales)
    tables = [
        pd.DataFrame({"who": who, "reward_scale": scales, "estimate": edge})
        for who, edge in ((PRINTED, edges.printed), (COMMIT, edges.commit), (BAYES, edges.sequential))
    ]
    if "networks" in tree.children:
        tables.append(_learned_boundary(tree, grid))
    table = pd.concat(tables, ignore_index=True)
    return table.assign(quantity="edge", lifetime=grid.lifetime, unit="rewards of prior_scale")


def _learned_boundary(tree: xr.DataTree, grid: Grid) -> pd.DataFrame:
    """Return the prior scale above which more than half of the networks learn; at a prior scale of 0 none can."""
    varied = np.flatnonzero(grid.prior_scales > 0)
    shares = tree["curves"].dataset["is_learning"].to_numpy()[grid.cells[:, varied]]
    is_known = np.asarray(np.isfinite(shares).all(axis=1))
    learned = boundary(grid.prior_scales[varied], np.where(is_known[:, None], shares, 0.0))
    values = np.where(is_known & ~learned.is_censored, learned.value, np.nan)
    return pd.DataFrame({"who": NETWORK, "reward_scale": grid.reward_scales, "estimate": values})
