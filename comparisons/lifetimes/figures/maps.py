"""Maps of fixed-arm bandits: exploration, regret and its development over grids of settings, with the exact edges."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from comparisons.lifetimes.edges import edges_at
from comparisons.lifetimes.figures.cells import development_table
from comparisons.lifetimes.figures.marks import _PROBE, PLAYER_COLOURS, PLAYER_DASHES, _seeds
from comparisons.lifetimes.grid import _PLACE, Map, _places, has_few_cells, has_networks, maps_of
from comparisons.lifetimes.players import COMMIT, NETWORK, PRINTED, SEQUENTIAL, YARDSTICKS
from comparisons.lifetimes.regime_boundaries import boundary
from comparisons.lifetimes.regimes import THRESHOLD

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
    return 1.0 + 1.75 * len(maps_of(tree))


def draw_exploration(tree: xr.DataTree, figure: Figure) -> None:
    """Exploration by three theories and the networks, if any, with the edges of all over each; a row per lifetime."""
    table, maps = exploration_table(tree), maps_of(tree)
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
    table, maps = map_regret_table(tree), maps_of(tree)
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
    table, maps, steps = development_table(tree), maps_of(tree), shown_steps(tree)
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


def _draw_map(ax: Axes, found: Map, rows: pd.DataFrame, norm: Normalize, colours: Colormap) -> QuadMesh:
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


def _on_map(found: Map, rows: pd.DataFrame) -> Float[np.ndarray, "prior_scale reward_scale"]:
    """Values of the cells of the map; those of cells off its grid are not on it."""
    own = rows[rows.lifetime == found.lifetime]
    values = own.pivot(index="prior_scale", columns="reward_scale", values="estimate")
    return values.reindex(index=found.prior_scales, columns=found.reward_scales).to_numpy(float)


def _draw_edges(ax: Axes, found: Map, edges: pd.DataFrame) -> None:
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


def _label_maps(panels: np.ndarray, maps: list[Map], titles: list[str]) -> None:
    for ax, title in zip(panels[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    for ax in panels[-1]:
        ax.set_xlabel("reward scale")
    for ax, found in zip(panels[:, 0], maps, strict=True):
        ax.set_ylabel(f"{found.lifetime} trials\nprior scale" if len(maps) > 1 else "prior scale")


def _is_map(tree: xr.DataTree) -> bool:
    return bool(maps_of(tree))


def _is_map_of_networks(tree: xr.DataTree) -> bool:
    return has_networks(tree) and _is_map(tree)


def _shows_maps_over_training(tree: xr.DataTree) -> bool:
    return "development" in tree.children and not has_few_cells(tree) and bool(maps_of(tree))


def _hatched(tree: xr.DataTree) -> str:
    """What the crosses mean, where there are any."""
    is_empty = tree["curves"].dataset["shortfall"].isnull()
    return " Crossed cells are empty: all their networks diverged." if bool(is_empty.any()) else ""


def _exploration_caption(tree: xr.DataTree) -> str:
    exact = (
        "The edge of the sequential optimum is interpolated, to half a per cent; the others are exact. The printed "
        "formula takes the variance of a posterior for that of its mean, and says too little."
    )
    white = f"white is less than {LEAST_EXPLORATION:g} of a trial"
    if not has_networks(tree):
        return (
            f"{_PROBE} (sequential optimum), or the trials before committing (the other two); {white}. Look for the "
            "settings between the edges, in which theories disagree on whether to learn, and for how much more the "
            f"best of all policies explores than one that commits. {exact}"
        )
    return (
        f"{_PROBE} (networks, mean over {_seeds(tree)}; sequential optimum), or the trials before committing (the "
        f"other two); {white}. Look for where the networks' white region ends, beside the edges from which on each "
        "theory learns, and for how much they explore beyond it. Networks count as learning above "
        f"{THRESHOLD:g} pull, so at the left, where one is enough, their boundary is above the edges. "
        f"{exact}{_hatched(tree)}"
    )


def _regret_caption(tree: xr.DataTree) -> str:
    return (
        f"Regret to the sequential optimum, the best of all policies: of the networks (mean over {_seeds(tree)}) and "
        "of the best policy that explores and then commits. The line is the edge from which on learning pays. Look "
        f"for where the networks lose more than the commit optimum, and for whether it is at the edge.{_hatched(tree)}"
    )


def _map_development_caption(tree: xr.DataTree) -> str:
    return (
        f"{_PROBE}, at checkpoints of training, mean over {_seeds(tree)}. Look for exploration everywhere at first, "
        "and for when the white region, where networks have stopped exploring, appears and stops growing."
    )


NUM_EDGE_SCALES = 40
"""Reward scales at which the edges of a map are drawn."""


MOST_CHECKPOINTS = 5
"""Checkpoints of which maps are drawn: the last, and others as far apart as can be."""


def exploration_table(tree: xr.DataTree) -> pd.DataFrame:
    """How often each theory and the networks (mean over seeds) pull the uncertain arm under the probe; then edges.

    Where there are no networks it is theory alone. Rows whose `quantity` is "edge" have the prior scale from which on
    somebody learns as their `estimate`; that of the networks is where more than half of them do, NaN where it is off
    the map or all networks of a cell of the row diverged.
    """
    theory = tree["theory"].to_dataset()
    shown = {who: theory[YARDSTICKS[who]].to_numpy() for who in (PRINTED, COMMIT, SEQUENTIAL)}
    if has_networks(tree):
        shown[NETWORK] = tree["curves"].dataset["probe_pulls"].to_numpy()
    tables = [_of_cells(tree, who, values) for who, values in shown.items()]
    exploration = pd.concat(tables, ignore_index=True).assign(quantity="exploration", unit="trials")
    table = pd.concat([exploration, *(_edges(tree, found) for found in maps_of(tree))], ignore_index=True)
    return table[["quantity", "who", *_PLACE, "estimate", "unit"]]


def map_regret_table(tree: xr.DataTree) -> pd.DataFrame:
    """What networks (mean over seeds) and the commit optimum lose beside the sequential optimum, per trial; its edge.

    Rows whose `quantity` is "edge" have the prior scale from which on it learns as their `estimate`.
    """
    theory = tree["theory"].to_dataset()
    best, lifetime = theory["sequential_value"].to_numpy(), theory["lifetime"].to_numpy()
    shown = {
        NETWORK: tree["curves"].dataset["shortfall"].to_numpy(),
        COMMIT: best - theory["commit_value"].to_numpy(),
    }
    tables = [_of_cells(tree, who, values / lifetime) for who, values in shown.items()]
    regret = pd.concat(tables, ignore_index=True).assign(quantity="regret", unit="rewards per trial")
    edges = pd.concat([_edges(tree, found) for found in maps_of(tree)], ignore_index=True)
    table = pd.concat([regret, edges[edges.who == SEQUENTIAL]], ignore_index=True)
    return table[["quantity", "who", *_PLACE, "estimate", "unit"]]


def shown_steps(tree: xr.DataTree) -> list[int]:
    """The checkpoints of which maps are drawn."""
    steps = tree["development"].dataset["step"].to_numpy()
    chosen = np.linspace(0, len(steps) - 1, min(MOST_CHECKPOINTS, len(steps))).round().astype(int)
    return [int(step) for step in steps[chosen]]


def _edges(tree: xr.DataTree, found: Map) -> pd.DataFrame:
    """Three exact edges at many reward scales, and the boundary of the networks at those of the map."""
    span = found.spans()[0]
    scales = np.linspace(found.reward_scales[0], span[-1], NUM_EDGE_SCALES)
    edges = edges_at(found.lifetime, scales)
    exact = [
        pd.DataFrame({"who": who, "reward_scale": scales, "estimate": edge})
        for who, edge in ((PRINTED, edges.printed), (COMMIT, edges.commit), (SEQUENTIAL, edges.sequential))
    ]
    learned = [_learned_boundary(tree, found)] if has_networks(tree) else []
    table = pd.concat([*exact, *learned], ignore_index=True)
    return table.assign(quantity="edge", lifetime=found.lifetime, unit="rewards of prior_scale")


def _learned_boundary(tree: xr.DataTree, found: Map) -> pd.DataFrame:
    """From which prior scale on more than half of the networks learn; where there is no spread, none can."""
    varied = np.flatnonzero(found.prior_scales > 0)
    shares = tree["curves"].dataset["is_learning"].to_numpy()[found.cells[varied].T]
    is_known = np.asarray(np.isfinite(shares).all(axis=1))
    learned = boundary(found.prior_scales[varied], np.where(is_known[:, None], shares, 0.0))
    values = np.where(is_known & ~learned.is_censored, learned.value, np.nan)
    return pd.DataFrame({"who": NETWORK, "reward_scale": found.reward_scales, "estimate": values})


def _of_cells(tree: xr.DataTree, who: str, values: Float[np.ndarray, "cell"] | Int[np.ndarray, "cell"]) -> pd.DataFrame:
    return _places(tree).assign(who=who, estimate=np.asarray(values, float))
