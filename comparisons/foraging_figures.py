"""Figures of networks that forage: against training lifetime, on the grid, over training, and inside the network."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from comparisons import foraging_paper as paper
from comparisons import foraging_tables as tables
from comparisons.figure_style import BAND, COLOURS, NEUTRAL, draw_points

_PAPER_COLOUR = "#0072b2"
_LINES: dict[str, dict[str, Any]] = {
    "optimal": {"color": COLOURS["optimal"], "linestyle": "-", "linewidth": 1.4},
    "full information": {"color": NEUTRAL, "linestyle": (0, (4, 1.2, 1, 1.2)), "linewidth": 1.4},
    "small goal": {"color": NEUTRAL, "linestyle": (0, (1.2, 1.2)), "linewidth": 1.4},
    "untrained network": {"color": COLOURS["untrained network"], "linestyle": (0, (1.2, 1)), "linewidth": 1.4},
}
_NAMES = {
    "optimal": "exact optimum",
    "full information": "full information",
    "small goal": "small goal for ever",
    "untrained network": "untrained",
}
_TITLES = {
    "return": "Return",
    "small_goals": "Small goal",
    "medium_goals": "Medium goal",
    "high_goals": "High goal",
}


def draw_returns(tree: xr.DataTree, figure: Figure) -> None:
    """Return and goals in the longest lifetime against the lifetime that networks were trained for."""
    panels = figure.subplots(2, 2, sharex=True)
    longest = tables.longest_lifetime(tree)
    for ax, (measure, title) in zip(panels.flat, _TITLES.items(), strict=True):
        _draw_measure(ax, tables.measure_rows(tree, measure))
        for who, reference in (("full information", "informed oracle"), *((name, name) for name in _NAMES)):
            value = tables.reference_value(tree, measure, reference)
            is_drawn = np.isfinite(value) and (measure == "return" or who == "optimal")
            if is_drawn:
                ax.axhline(value, **_LINES[who], label=_NAMES[who], zorder=1.5)
        unit = "rewards" if measure == "return" else "entries"
        ax.set(title=title, ylabel=f"{unit} per {longest} steps", ylim=(0, None))
    for ax in panels[1]:
        ax.set_xlabel("steps of training lifetimes")
    _legend_above(figure, panels.flat[0])


def draw_transfer(tree: xr.DataTree, figure: Figure) -> None:
    """Rewards per step for every pair of lifetimes; on the right the diagonal, beside what is possible."""
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    table = tables.transfer_table(tree)
    matrix = table.pivot(index="train_lifetime", columns="test_lifetime", values="estimate")
    matrix = matrix.reindex(tables.train_lifetimes(tree))
    image = left.imshow(matrix, cmap="viridis", aspect="auto", norm=Normalize(0, max(0.9, float(table.estimate.max()))))
    size = 6.3 if matrix.size > 60 else 8
    for row, column in np.ndindex(matrix.shape):
        value = matrix.iat[row, column]
        if np.isfinite(value):
            color = "white" if image.norm(value) < 0.6 else "black"
            weight = "bold" if matrix.index[row] == matrix.columns[column] else "normal"
            text = f"{value:.2f}".removeprefix("0")
            left.text(column, row, text, ha="center", va="center", color=color, size=size, weight=weight)
    left.set(xticks=range(matrix.shape[1]), yticks=range(matrix.shape[0]))
    left.set_xticklabels(matrix.columns)
    left.set_yticklabels(matrix.index)
    left.set(xlabel="steps of tested lifetimes", ylabel="steps of training lifetimes", title="Rewards per step")
    left.grid(visible=False)
    own = tables.own_table(tree)
    for who, name in _NAMES.items():
        rows = own[(own.who == who) & (own.train_lifetime >= table.test_lifetime.min())]
        if len(rows):
            right.plot(rows.train_lifetime, rows.estimate, **_LINES[who], label=name, zorder=1.5)
    _draw_measure(right, own[own.who.isin([tables.NETWORK, tables.PAPER])])
    right.set(xlabel="steps of lifetimes, trained and tested", title="The diagonal", ylim=(0, None), xlim=(0, None))
    right.set_ylabel("rewards per step")
    _legend_above(figure, right)


def draw_occupancy(tree: xr.DataTree, figure: Figure) -> None:
    """Where steps are spent on the grid, by training lifetime and by the optimal policy."""
    maps = {
        f"trained for {lifetime}": tree["behaviour"]
        .dataset["occupancy"]
        .sel(train_lifetime=lifetime)
        .mean("training_seed")
        for lifetime in tables.mapped_lifetimes(tree)
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


def draw_course(tree: xr.DataTree, figure: Figure) -> None:
    """What networks collect in the longest lifetime in the course of their training."""
    ax = figure.subplots()
    table, lifetimes = tables.course_table(tree), tables.train_lifetimes(tree)
    colours = _lifetime_colours(lifetimes)
    ends = paper.COURSE_ENDS.by_lifetime if tables.is_paper_family(tree) else {}
    last = table.num_lifetimes.max() / 1000
    for lifetime in lifetimes:
        rows, color = table[table.train_lifetime == lifetime], colours[lifetime]
        seen = rows.num_lifetimes / 1000
        ax.plot(seen, rows.estimate, color=color, marker="o", markersize=2.5, label=f"{lifetime} steps")
        ax.fill_between(seen, rows.lower, rows.upper, color=color, alpha=BAND, linewidth=0)
        if lifetime in ends:
            ax.plot(1.04 * last, ends[lifetime], "D", color=color, markeredgecolor="white", markersize=6)
    for who in ("optimal", "small goal", "untrained network"):
        value = tables.reference_value(tree, "return", who)
        ax.axhline(value, **_LINES[who], label=_NAMES[who], zorder=1.5)
    if ends:
        ax.plot([], [], "D", color=NEUTRAL, label="paper's ends", linestyle="none")
    ax.set(xlabel="lifetimes seen in training, thousands", ylim=(0, None), xlim=(0, 1.08 * last))
    ax.set_ylabel(f"rewards per {tables.longest_lifetime(tree)} steps")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, title="trained for", alignment="left")


def draw_entropy(tree: xr.DataTree, figure: Figure) -> None:
    """How undecided networks are at every step of the longest lifetime."""
    lifetimes = tables.mapped_lifetimes(tree)
    panels = figure.subplots(1, len(lifetimes), sharey=True, squeeze=False)[0]
    table = tables.entropy_table(tree)
    optimal = table[table.who == "optimal"]
    for ax, lifetime in zip(panels, lifetimes, strict=True):
        rows = table[(table.who == tables.NETWORK) & (table.train_lifetime == lifetime)]
        ax.plot(rows.step, rows.entropy, color=COLOURS["network"], linewidth=0.9, label="networks")
        ax.plot(optimal.step, optimal.entropy, color=COLOURS["optimal"], linewidth=0.6, label="exact optimum")
        ax.set(title=f"trained for {lifetime}", xlabel="step", ylim=(0, np.log(4) * 1.02))
    panels[0].set_ylabel("entropy, nats")
    _legend_above(figure, panels[0])


def draw_states(tree: xr.DataTree, figure: Figure) -> None:
    """In how many dimensions hidden states spread, and where they go in the first two."""
    lifetimes = [lifetime for lifetime in (10, 20, 50) if lifetime in tables.train_lifetimes(tree)]
    lifetimes = lifetimes or tables.train_lifetimes(tree)[:3]
    (above,), (below,) = figure.subfigures(2, 1, squeeze=False)
    panels = above.subplots(1, 2)
    for ax, (measure, title) in zip(
        panels,
        {"participation_ratio": "Participation ratio", "explained_by_three": "Variance in three components"}.items(),
        strict=True,
    ):
        rows = tables.measure_rows(tree, measure)
        _draw_measure(ax, rows)
        ax.set(title=title, xlabel="steps of training lifetimes", ylim=(0, None))
        ax.set_ylabel("dimensions" if measure == "participation_ratio" else "share")
    _legend_above(above, panels[0])
    maps = below.subplots(1, len(lifetimes), squeeze=False)[0]
    points = None
    for ax, lifetime in zip(maps, lifetimes, strict=True):
        where = tree["states"].dataset["coordinates"].sel(train_lifetime=lifetime).to_numpy()
        steps = np.broadcast_to(np.arange(1, where.shape[1] + 1), where.shape[:2])
        points = ax.scatter(where[..., 0], where[..., 1], c=steps, s=2, cmap="viridis", rasterized=True, linewidths=0)
        ax.set(title=f"trained for {lifetime}", xlabel="component 1")
        ax.grid(visible=False)
    maps[0].set_ylabel("component 2")
    if points is not None:
        below.colorbar(points, ax=maps, label="step", aspect=12)


def _draw_measure(ax: Axes, rows: pd.DataFrame) -> None:
    """Networks with intervals and a line through them, and the paper's numbers."""
    network = rows[(rows.who == tables.NETWORK) & rows.estimate.notna()]
    ax.plot(network.train_lifetime, network.estimate, color=COLOURS["network"], linewidth=1.1)
    filled = network.assign(lower=network.lower.fillna(network.estimate), upper=network.upper.fillna(network.estimate))
    draw_points(ax, filled.train_lifetime, filled, COLOURS["network"], "o", "networks")
    known = rows[rows.who == tables.PAPER]
    if len(known):
        style = {"color": _PAPER_COLOUR, "markerfacecolor": "none", "markersize": 4.5, "linestyle": "none"}
        ax.plot(known.train_lifetime, known.estimate, "D", label="paper's networks", **style)


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


def _lifetime_colours(lifetimes: list[int]) -> dict[int, Any]:
    places = np.linspace(0.0, 0.9, len(lifetimes))
    return {t: mpl.colormaps["viridis"](place)[:3] for t, place in zip(lifetimes, places, strict=True)}


def _legend_above(figure: Any, ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, columnspacing=1.4)
