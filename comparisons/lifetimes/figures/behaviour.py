"""The numbers behind the figure of single networks' behaviour: courses by which arm is better, and hidden states."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from comparisons.lifetimes.figures.cells import MOST_COLUMNS, _num_rows
from comparisons.lifetimes.grid import cell_names

SURE, UNCERTAIN = "sure arm better", "uncertain arm better"
"""Tasks by which arm is better."""


ENTROPY, WORSE, CHANGE, STATE, END = "entropy", "pulls of the worse arm", "state change", "state", "last state"


UNITS = {
    ENTROPY: "nats",
    WORSE: "fraction",
    CHANGE: "hidden state",
    STATE: "hidden state",
    END: "hidden state",
}
"""What is shown, and its units."""


NUM_TRAJECTORIES = 12
"""Lifetimes of each side whose hidden states are drawn all along."""


_COLUMNS = ("cell", "lifetime", "reward_scale", "prior_scale", "training_seed", "quantity", "better", "task")


def behaviour_table(tree: xr.DataTree) -> pd.DataFrame:
    """Courses of every shown network, means over its tasks of each side, then hidden states of the first of a cell.

    `time` counts trials from 0; a state change lies between that trial and the next. `component` is the principal
    component of a hidden state, in units of the hidden state; `task` is missing in rows that are means over tasks.
    """
    behaviour = tree["behaviour"].to_dataset()
    lifetime = behaviour.sizes["time"]
    seen: set[int] = set()
    tables = []
    for index in range(behaviour.sizes["shown"]):
        network = behaviour.isel(shown=index)
        cell = int(network["cell"])
        parts = [_courses(network)] + ([_states(network)] if cell not in seen else [])
        seen.add(cell)
        where = {name: network[name].item() for name in ("cell", "training_seed", "reward_scale", "prior_scale")}
        tables.append(pd.concat(parts, ignore_index=True).assign(**where, lifetime=lifetime))
    table = pd.concat(tables, ignore_index=True)
    table = table.assign(unit=table.quantity.map(UNITS)).astype({"task": "Int64", "component": "Int64"})
    return table[[*_COLUMNS, "component", "time", "estimate", "unit"]]


def explained_by_cell(tree: xr.DataTree) -> dict[int, np.ndarray]:
    """The share of the variance of hidden states along each component, of the first network shown of each cell."""
    behaviour = tree["behaviour"].to_dataset()
    cells, first = np.unique(behaviour["cell"].to_numpy(), return_index=True)
    explained = behaviour["explained"].transpose("shown", "component").to_numpy()
    return {int(cell): explained[index] for cell, index in zip(cells, first, strict=True)}


def _courses(network: xr.Dataset) -> pd.DataFrame:
    """Means over the tasks of each side, by trial."""
    is_better = network["is_better"].to_numpy().astype(bool)
    is_pulled = network["is_pulled"].transpose("task", "time").to_numpy().astype(bool)
    courses = {
        ENTROPY: network["entropy"].transpose("task", "time").to_numpy(),
        WORSE: (is_pulled != is_better[:, None]).astype(float),
        CHANGE: network["state_change"].transpose("task", "step").to_numpy(),
    }
    tables = []
    for better, chosen in ((SURE, ~is_better), (UNCERTAIN, is_better)):
        for quantity, values in courses.items():
            course = values[chosen].mean(axis=0)
            rows = {"quantity": quantity, "better": better, "time": np.arange(len(course)), "estimate": course}
            tables.append(pd.DataFrame(rows).assign(task=pd.NA, component=pd.NA))
    return pd.concat(tables, ignore_index=True)


def _states(network: xr.Dataset) -> pd.DataFrame:
    """Hidden states all along a few lifetimes, and the last ones of all."""
    is_better = network["is_better"].to_numpy().astype(bool)
    coordinates = network["coordinates"].transpose("task", "time", "component")
    last = coordinates.sizes["time"] - 1
    tables = []
    for better, chosen in ((SURE, np.flatnonzero(~is_better)), (UNCERTAIN, np.flatnonzero(is_better))):
        for quantity, tasks, times in (
            (STATE, chosen[:NUM_TRAJECTORIES], np.arange(last + 1)),
            (END, chosen, np.array([last])),
        ):
            values = coordinates.isel(task=tasks, time=times).to_numpy().astype(float)
            index = pd.MultiIndex.from_product(
                [tasks, times, range(values.shape[2])], names=["task", "time", "component"]
            )
            rows = pd.DataFrame({"estimate": values.ravel()}, index=index).reset_index()
            tables.append(rows.assign(quantity=quantity, better=better))
    return pd.concat(tables, ignore_index=True)


SIDE_COLOURS = {SURE: "#0072b2", UNCERTAIN: "#e69f00"}
"""A colour for each arm that may be the better one."""


def height_of_behaviour(tree: xr.DataTree) -> float:
    """Inches for four rows of panels of up to `MOST_COLUMNS` cells, as often as it takes."""
    return 0.5 + 6.4 * _num_rows(len(explained_by_cell(tree)))


def draw_behaviour(tree: xr.DataTree, figure: Figure) -> None:
    """Entropy, errors, state changes and hidden states by trial and better arm; a column per shown cell."""
    table, explained, names = behaviour_table(tree), explained_by_cell(tree), cell_names(tree)
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


def _behaviour_caption(tree: xr.DataTree) -> str:
    return (
        "Single networks in tasks whose better arm is plain, half of them each way; thin lines are networks, thick "
        "ones their means. Below: hidden states of the first network of each setting in its own first two principal "
        "components; dots are the last states of all its lifetimes. Look for entropy that rises and falls while it is "
        "found out which arm is better, and for two places where hidden states end; a network that does not learn has "
        "no entropy, one place, and pulls the worse arm for ever where the uncertain arm is better."
    )
