"""Single settings of fixed-arm bandits: what exploring is worth, how training seeds explore, and how they behave."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from comparisons import lifetime_tables as tables
from comparisons.figure_style import BAND
from comparisons.lifetime_behaviour_table import (
    CHANGE,
    END,
    ENTROPY,
    STATE,
    SURE,
    UNCERTAIN,
    UNITS,
    WORSE,
    behaviour_table,
    explained_by_cell,
)
from comparisons.lifetime_figures import PLAYER_COLOURS, PLAYER_DASHES
from comparisons.lifetime_players import COMMIT, NETWORK, PRINTED, SEQUENTIAL

MOST_COLUMNS = 3
"""Cells side by side."""
SIDE_COLOURS = {SURE: "#0072b2", UNCERTAIN: "#e69f00"}
"""A colour for each arm that may be the better one."""

_SHOWN_SHARE = 0.6
"""Of the trials of a lifetime: nobody explores longer, and values fall without end there."""
_NAMES = {COMMIT: "commit optimum", PRINTED: "printed formula", SEQUENTIAL: "sequential optimum"}


def height_of_cells(tree: xr.DataTree) -> float:
    """Inches for a panel per cell, with a legend."""
    return 0.7 + 2.2 * _num_rows(tree["theory"].sizes["cell"])


def height_of_behaviour(tree: xr.DataTree) -> float:
    """Inches for four rows of panels of up to `MOST_COLUMNS` cells, as often as it takes."""
    return 0.5 + 6.4 * _num_rows(len(explained_by_cell(tree)))


def draw_values(tree: xr.DataTree, figure: Figure) -> None:
    """The value of committing after so many trials by two formulas, beside what is best and what networks earn."""
    table = tables.value_table(tree)
    for cell, ax in enumerate(_panels(tree, figure)):
        rows = table[table.cell == cell]
        last = _SHOWN_SHARE * rows.lifetime.iloc[0]
        ax.axhline(0, color="#404040", linewidth=0.6)
        for who in (COMMIT, PRINTED):
            curve = rows[(rows.who == who) & (rows.trials <= last)]
            ax.plot(curve.trials, curve.estimate, **_line(who), label=_NAMES[who])
            best = curve.loc[curve.estimate.idxmax()]
            ax.plot(best.trials, best.estimate, "D", color=PLAYER_COLOURS[who], markersize=5, zorder=3)
        (best,) = rows[rows.who == SEQUENTIAL].estimate
        ax.axhline(best, **_line(SEQUENTIAL), label=_NAMES[SEQUENTIAL])
        network = rows[rows.who == NETWORK]
        mean, seeds = network[network.training_seed.isna()].iloc[0], network[network.training_seed.notna()]
        color = PLAYER_COLOURS[NETWORK]
        ax.axhline(mean.estimate, color=color, linewidth=1.4, label="networks: mean and interval; dots, each")
        if np.isfinite([mean.lower, mean.upper]).all():
            ax.axhspan(mean.lower, mean.upper, color=color, alpha=BAND, linewidth=0)
        ax.plot(seeds.trials, seeds.estimate, "o", color=color, markersize=3.2, alpha=0.55, markeredgewidth=0)
        ax.set(xlim=(-0.02 * last, last), xlabel="trials of exploration")
    _finish(figure, "rewards per lifetime")


def draw_seeds(tree: xr.DataTree, figure: Figure) -> None:
    """A histogram over training seeds of their mean pulls under the probe, with three yardsticks, for every cell."""
    table = tables.seed_table(tree)
    for cell, ax in enumerate(_panels(tree, figure)):
        rows = table[table.cell == cell]
        pulls = rows.estimate[(rows.who == NETWORK) & rows.estimate.notna()]
        largest = max(float(rows.estimate.max()), 1.0)
        width = max(1.0, np.ceil(largest / 20))
        bins = np.arange(0, largest + 2 * width, width)
        ax.hist(
            pulls, bins=bins.tolist(), color=PLAYER_COLOURS[NETWORK], alpha=0.75, edgecolor="white", label="networks"
        )
        _mark_yardsticks(ax, rows, ax.axvline)
        ax.set(xlim=(-width, bins[-1]), xlabel="trials of exploration")
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(figure, "networks")


def draw_cell_development(tree: xr.DataTree, figure: Figure) -> None:
    """Pulls under the probe at checkpoints of training, for every network and on average, for every cell."""
    table = tables.development_table(tree)
    for cell, ax in enumerate(_panels(tree, figure)):
        rows = table[table.cell == cell]
        networks = rows[rows.who == NETWORK].astype({"step": int})
        color = PLAYER_COLOURS[NETWORK]
        for seed, (_, course) in enumerate(networks.groupby("training_seed")):
            label = "" if seed else "each network"
            ax.plot(course.step, course.estimate, color=color, linewidth=0.7, alpha=0.5, label=label)
        mean = networks.groupby("step").estimate.mean()
        ax.plot(mean.index, mean, color=color, linewidth=2.2, marker="o", markersize=3, label="mean of networks")
        _mark_yardsticks(ax, rows, ax.axhline)
        ax.set(xlabel="training step", ylim=(0, None))
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    _finish(figure, "exploration, trials")


def draw_behaviour(tree: xr.DataTree, figure: Figure) -> None:
    """Entropy, errors, state changes and hidden states by trial and better arm; a column per shown cell."""
    table, explained, names = behaviour_table(tree), explained_by_cell(tree), tables.cell_names(tree)
    cells = list(explained)
    blocks: Any = figure.subfigures(_num_rows(len(cells)), 1, squeeze=False)[:, 0]
    num_columns = min(MOST_COLUMNS, len(cells))
    for index, block in enumerate(blocks):
        shown = cells[index * MOST_COLUMNS : (index + 1) * MOST_COLUMNS]
        panels = block.subplots(4, num_columns, squeeze=False, height_ratios=(1, 1, 1, 1.5))
        for ax in panels[:, len(shown) :].flat:
            ax.set_axis_off()
        for column, cell in zip(panels.T, shown, strict=False):
            rows = table[table.cell == cell]
            for ax, quantity in zip(column, (ENTROPY, WORSE, CHANGE), strict=False):
                _draw_course(ax, rows[rows.quantity == quantity])
            _draw_states(column[3], rows)
            column[3].set_title(_ends(tree, cell), fontsize=8)
            _label_states(column[3], explained[cell])
            column[0].set_title(names[cell], fontsize=9)
            column[0].set_ylim(0, 1.05 * np.log(2))
            column[1].set_ylim(-0.03, 1.03)
            column[2].set(xlabel="trial", ylim=(0, None))
        for ax, label in zip(
            panels[:3, 0],
            (f"entropy, {UNITS[ENTROPY]}", "share of pulls\nof the worse arm", "change of\nhidden state"),
            strict=True,
        ):
            ax.set_ylabel(label)
        block.align_ylabels(panels[:, 0])
        if index == 0:
            handles, labels = panels[0, 0].get_legend_handles_labels()
            block.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False)


def _draw_course(ax: Axes, rows: pd.DataFrame) -> None:
    """A line per network, thin, and their mean, for each side; one is narrower, to be seen over the other."""
    for (better, color), width in zip(SIDE_COLOURS.items(), (2.8, 1.3), strict=True):
        side = rows[rows.better == better].assign(trial=lambda own: own.time + 1)
        for _, course in side.groupby("training_seed"):
            ax.plot(course.trial, course.estimate, color=color, linewidth=0.5, alpha=0.3)
        mean = side.groupby("trial").estimate.mean()
        ax.plot(mean.index, mean, color=color, linewidth=width, label=better)


def _draw_states(ax: Axes, rows: pd.DataFrame) -> None:
    """Trajectories in the first two components, and where all lifetimes end."""
    for better, color in SIDE_COLOURS.items():
        side = rows[rows.better == better]
        for _, course in side[side.quantity == STATE].groupby("task"):
            where = course.pivot(index="time", columns="component", values="estimate")
            ax.plot(where[0], where[1], color=color, linewidth=0.5, alpha=0.5)
        ends = side[side.quantity == END].pivot(index="task", columns="component", values="estimate")
        ax.plot(ends[0], ends[1], "o", color=color, markersize=3.5, markeredgecolor="black", markeredgewidth=0.4)
    ax.grid(visible=False)


def _ends(tree: xr.DataTree, cell: int) -> str:
    """In how many places lifetimes end, of the network whose hidden states are drawn."""
    behaviour = tree["behaviour"].to_dataset()
    number = int(behaviour["end_points"].to_numpy()[behaviour["cell"].to_numpy() == cell][0])
    return f"ends in {number} place{'s' * (number != 1)}"


def _label_states(ax: Axes, explained: np.ndarray) -> None:
    shares = ["" if np.isnan(share) else f" ({100 * share:.0f} %)" for share in explained]
    ax.set_xlabel(f"component 1{shares[0]}")
    ax.set_ylabel(f"component 2{shares[1]}")


def _mark_yardsticks(ax: Axes, rows: pd.DataFrame, draw: Any) -> None:
    """A line for each yardstick; the sequential optimum's mean among them."""
    for who, name in _NAMES.items():
        (value,) = rows.estimate[rows.who == who]
        draw(value, **(_line(who) | {"linewidth": 1.5}), label=name)


def _line(who: str) -> dict[str, Any]:
    return {"color": PLAYER_COLOURS[who], "linestyle": PLAYER_DASHES[who]}


def _panels(tree: xr.DataTree, figure: Figure) -> list[Axes]:
    """Axes for every cell, with its name."""
    names = tables.cell_names(tree)
    num_columns = min(MOST_COLUMNS, len(names))
    panels = figure.subplots(_num_rows(len(names)), num_columns, squeeze=False)
    for ax in panels.flat[len(names) :]:
        ax.set_axis_off()
    used = list(panels.flat[: len(names)])
    for ax, name in zip(used, names, strict=True):
        ax.set_title(name, fontsize=9)
    return used


def _finish(figure: Figure, ylabel: str) -> None:
    """A label per row, and one legend for all panels."""
    panels = [ax for ax in figure.axes if ax.axison]
    for ax in panels:
        place = ax.get_subplotspec()
        if place is not None and place.is_first_col():
            ax.set_ylabel(ylabel)
    handles, labels = panels[0].get_legend_handles_labels()
    num_columns = 2 if len(labels) == 4 else 3
    figure.legend(handles, labels, loc="outside upper left", ncols=num_columns, frameon=False, handlelength=2.6)


def _num_rows(num_panels: int) -> int:
    return -(-num_panels // MOST_COLUMNS)
