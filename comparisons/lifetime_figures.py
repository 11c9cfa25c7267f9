"""Maps of fixed-arm bandits: exploration, regret and its development over grids of settings, with the exact edges."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from comparisons import lifetime_tables as tables
from comparisons.figure_style import COLOURS
from comparisons.lifetime_players import COMMIT, NETWORK, PRINTED, SEQUENTIAL

PLAYER_COLOURS = {
    SEQUENTIAL: COLOURS["optimal"],
    COMMIT: COLOURS["Gittins"],
    PRINTED: COLOURS["greedy"],
    NETWORK: COLOURS["network"],
}
"""One colour per yardstick: what is Bayes-optimal black, networks warm, other policies cool."""
PLAYER_DASHES: dict[str, Any] = {
    SEQUENTIAL: "-",
    COMMIT: (0, (4.6, 1.6)),
    PRINTED: (0, (1.2, 1.0)),
    NETWORK: "-",
}
"""One dash pattern per yardstick, so that colour is not the only difference."""
MOST_EXPLORATION = 25.0
"""Trials at the upper end of the colours, as in the paper; more look alike."""
LEAST_EXPLORATION = 0.25
"""Trials below which a cell is white."""
EMPTY_HATCH = "xxxx"
"""How a cell looks in which there is nothing to show."""

_TITLES = {
    PRINTED: "printed formula",
    COMMIT: "commit optimum",
    SEQUENTIAL: "sequential optimum",
    NETWORK: "networks",
}
_EDGE_NAMES = {
    PRINTED: "edge: printed formula",
    COMMIT: "edge: commit optimum",
    SEQUENTIAL: "edge: sequential optimum",
    NETWORK: "networks: half of them learn",
}
_HALO = [patheffects.Stroke(linewidth=2.8, foreground="white"), patheffects.Normal()]


def height_of_maps(tree: xr.DataTree) -> float:
    """Inches for a row of maps per lifetime, with colours and legends."""
    return 1.0 + 1.75 * len(tables.maps_of(tree))


def draw_exploration(tree: xr.DataTree, figure: Figure) -> None:
    """Exploration by three theories and the networks, if any, with the edges of all over each; a row per lifetime."""
    table, maps = tables.exploration_table(tree), tables.maps_of(tree)
    trials, edges = table[table.quantity == "exploration"], table[table.quantity == "edge"]
    shown = [who for who in _TITLES if (trials.who == who).any()]
    panels = figure.subplots(len(maps), len(shown), sharex=True, sharey=True, squeeze=False)
    norm, colours = Normalize(0, MOST_EXPLORATION), _exploration_colours()
    mesh = None
    for row, found in zip(panels, maps, strict=True):
        for ax, who in zip(row, shown, strict=True):
            mesh = _draw_map(ax, found, trials[trials.who == who], norm, colours)
            _draw_edges(ax, found, edges)
    _label_maps(panels, maps, [_TITLES[who] for who in shown])
    if mesh is not None:
        figure.colorbar(mesh, ax=panels, extend="max", label="exploration, trials", aspect=14 + 8 * len(maps))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False, handlelength=2.6)


def draw_regret(tree: xr.DataTree, figure: Figure) -> None:
    """What networks and the commit optimum lose beside the sequential optimum, with its edge; a row per lifetime."""
    table, maps = tables.map_regret_table(tree), tables.maps_of(tree)
    shown = (NETWORK, COMMIT)
    panels = figure.subplots(len(maps), len(shown), sharex=True, sharey=True, squeeze=False)
    values, edges = table[table.quantity == "regret"], table[table.quantity == "edge"]
    norm, mesh = Normalize(0, _largest_shown(values.estimate)), None
    for row, found in zip(panels, maps, strict=True):
        for ax, who in zip(row, shown, strict=True):
            mesh = _draw_map(ax, found, values[values.who == who], norm, mpl.colormaps["YlOrBr"])
            _draw_edges(ax, found, edges)
    _label_maps(panels, maps, [_TITLES[who] for who in shown])
    if mesh is not None:
        label = "regret, rewards per trial"
        figure.colorbar(mesh, ax=panels, extend="max", label=label, aspect=14 + 8 * len(maps))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", frameon=False, handlelength=2.6)


def draw_map_development(tree: xr.DataTree, figure: Figure) -> None:
    """Exploration of the networks at checkpoints of their training, mean over seeds; a row per lifetime."""
    table, maps, steps = tables.development_table(tree), tables.maps_of(tree), tables.shown_steps(tree)
    place = ["lifetime", "reward_scale", "prior_scale", "step"]
    means = table[table.who == NETWORK].groupby(place, as_index=False).estimate.mean()
    panels = figure.subplots(len(maps), len(steps), sharex=True, sharey=True, squeeze=False)
    norm, colours, mesh = Normalize(0, MOST_EXPLORATION), _exploration_colours(), None
    for row, found in zip(panels, maps, strict=True):
        for ax, step in zip(row, steps, strict=True):
            mesh = _draw_map(ax, found, means[means.step == step], norm, colours)
    _label_maps(panels, maps, [f"step {step:,}" for step in steps])
    if mesh is not None:
        figure.colorbar(mesh, ax=panels, extend="max", label="exploration, trials", aspect=14 + 8 * len(maps))


def _exploration_colours() -> Colormap:
    """Greys, as lines in all colours are drawn over them: white for hardly any trial, and never as dark as a line."""
    num_steps = round(MOST_EXPLORATION / LEAST_EXPLORATION)
    greys = mpl.colormaps["Greys"](np.linspace(0.16, 0.68, num_steps))
    greys[0] = 1.0
    return ListedColormap(greys, name="exploration")


def _largest_shown(values: pd.Series) -> float:
    """The upper end of the colours: few cells are beyond it, and it is never 0."""
    known = values[np.isfinite(values)]
    return max(float(np.quantile(known, 0.99)), 1e-3) if len(known) else 1.0


def _draw_map(ax: Axes, found: tables.Map, rows: pd.DataFrame, norm: Normalize, colours: Colormap) -> QuadMesh:
    """Values of the cells of one lifetime in colours; those without a value are empty and hatched."""
    values = _on_map(found, rows)
    across, up = found.spans()
    mesh = ax.pcolormesh(across, up, np.ma.masked_invalid(values), cmap=colours, norm=norm, rasterized=True)
    for row, column in np.argwhere(np.isnan(values)).tolist():
        left, right, low, high = (float(edge) for edge in (*across[column : column + 2], *up[row : row + 2]))
        cross = {"fill": False, "hatch": EMPTY_HATCH, "edgecolor": "#b03060", "linewidth": 0.6}
        ax.add_patch(Rectangle((left, low), right - left, high - low, **cross))
    ax.grid(visible=False)
    ax.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]))
    return mesh


def _on_map(found: tables.Map, rows: pd.DataFrame) -> Float[np.ndarray, "prior_scale reward_scale"]:
    """Values of the cells of the map; those of cells off its grid are not on it."""
    own = rows[rows.lifetime == found.lifetime]
    values = own.pivot(index="prior_scale", columns="reward_scale", values="estimate")
    return values.reindex(index=found.prior_scales, columns=found.reward_scales).to_numpy(float)


def _draw_edges(ax: Axes, found: tables.Map, edges: pd.DataFrame) -> None:
    """The exact edges as curves; the boundary of the networks with a point for each reward scale of the map."""
    for who, name in _EDGE_NAMES.items():
        rows = edges[(edges.lifetime == found.lifetime) & (edges.who == who)]
        if not len(rows):
            continue
        marker = {"marker": "o", "markersize": 2.2} if who == NETWORK else {}
        ax.plot(
            rows.reward_scale,
            rows.estimate,
            color=PLAYER_COLOURS[who],
            linestyle=PLAYER_DASHES[who],
            linewidth=1.3,
            path_effects=_HALO,
            label=name,
            **marker,
        )


def _label_maps(panels: np.ndarray, maps: list[tables.Map], titles: list[str]) -> None:
    for ax, title in zip(panels[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    for ax in panels[-1]:
        ax.set_xlabel("reward scale")
    for ax, found in zip(panels[:, 0], maps, strict=True):
        ax.set_ylabel(f"{found.lifetime} trials\nprior scale" if len(maps) > 1 else "prior scale")
