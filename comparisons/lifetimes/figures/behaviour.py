"""Single networks trial by trial: entropy, pulls of the worse arm, and hidden states."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.lifetimes.figures.cells import MOST_COLUMNS, cell_names, num_rows
from comparisons.report.findings import of_lines

KNOWN, UNKNOWN = "known arm better", "unknown arm better"
"""Tasks by their better arm."""

ENTROPY, WORSE, CHANGE, STATE, END, EXPLAINED, CLUSTERS = (
    "entropy",
    "pulls of the worse arm",
    "state change",
    "state",
    "final state",
    "explained variance",
    "clusters of final states",
)

UNITS = {
    ENTROPY: "nats",
    WORSE: "fraction",
    CHANGE: "hidden state",
    STATE: "hidden state",
    END: "hidden state",
    EXPLAINED: "fraction",
    CLUSTERS: "clusters",
}
"""Quantities of the table, and their units."""

NUM_TRAJECTORIES = 12
"""Lifetimes of each side whose hidden states are drawn at every trial."""

SIDE_COLOURS = {KNOWN: "#0072b2", UNKNOWN: "#e69f00"}
"""A colour for each arm that may be the better one."""

_COLUMNS = ("cell", "lifetime", "reward_scale", "prior_scale", "training_seed", "quantity", "better", "task")


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return means over tasks of each side by trial, for every shown network; then states of the first of each cell.

    `time` counts trials from 0; a state change lies between that trial and the next. `component` is the principal
    component of a hidden state, in units of the hidden state, with the fraction of the variance along it. `task` is
    missing in rows that are means over tasks, and so is whatever else a row is not about.
    """
    behaviour = tree["behaviour"].to_dataset()
    lifetime = behaviour.sizes["time"]
    seen: set[int] = set()
    tables = []
    for index in range(behaviour.sizes["shown"]):
        network = behaviour.isel(shown=index)
        cell = int(network["cell"])
        parts = [_courses(network)] + ([_states(network), _summary(network)] if cell not in seen else [])
        seen.add(cell)
        where = {name: network[name].item() for name in ("cell", "training_seed", "reward_scale", "prior_scale")}
        tables.append(pd.concat(parts, ignore_index=True).assign(**where, lifetime=lifetime))
    table = pd.concat(tables, ignore_index=True)
    table = table.assign(unit=table.quantity.map(UNITS))
    table = table.astype({"task": "Int64", "component": "Int64", "time": "Int64", "estimate": float})
    return table[[*_COLUMNS, "component", "time", "estimate", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw entropy, errors, state changes and hidden states by better arm; a column per shown cell."""
    names = cell_names(tree)
    cells = sorted(table.cell.unique())
    blocks: Any = figure.subfigures(num_rows(len(cells)), 1, squeeze=False)[:, 0]
    num_columns = min(MOST_COLUMNS, len(cells))
    for index, block in enumerate(blocks):
        shown = cells[index * MOST_COLUMNS : (index + 1) * MOST_COLUMNS]
        panels = block.subplots(4, num_columns, squeeze=False, height_ratios=(1, 1, 1, 1.5))
        for ax in panels[:, len(shown) :].flat:
            ax.set_axis_off()
        for column, cell in zip(panels.T, shown, strict=False):
            _draw_cell(column, table[table.cell == cell], names[cell])
        _share_rows(panels[:3, : len(shown)])
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


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        "Single networks in tasks whose better arm is plain; each arm is better in half of them. Thin lines are "
        "networks, thick lines their means. The lowest panels show hidden states of the first network of each setting "
        "in its own first two principal components; dots are the final states of all its lifetimes. Look for entropy "
        "that rises and falls while the network finds out which arm is better, and for two clusters of final states. A "
        "network that does not learn has no entropy and one cluster, and it always pulls the worse arm if the unknown "
        "arm is better."
    )


def _courses(network: xr.Dataset) -> pd.DataFrame:
    """Return means over the tasks of each side, by trial."""
    is_better = network["is_better"].to_numpy().astype(bool)
    is_pulled = network["is_pulled"].transpose("task", "time").to_numpy().astype(bool)
    courses = {
        ENTROPY: network["entropy"].transpose("task", "time").to_numpy(),
        WORSE: (is_pulled != is_better[:, None]).astype(float),
        CHANGE: network["state_change"].transpose("task", "step").to_numpy(),
    }
    tables = []
    for better, chosen in ((KNOWN, ~is_better), (UNKNOWN, is_better)):
        for quantity, values in courses.items():
            course = values[chosen].mean(axis=0)
            rows = {"quantity": quantity, "better": better, "time": np.arange(len(course)), "estimate": course}
            tables.append(pd.DataFrame(rows).assign(task=pd.NA, component=pd.NA))
    return pd.concat(tables, ignore_index=True)


def _states(network: xr.Dataset) -> pd.DataFrame:
    """Return hidden states at every trial of a few lifetimes, and the final ones of all."""
    is_better = network["is_better"].to_numpy().astype(bool)
    coordinates = network["coordinates"].transpose("task", "time", "component")
    last = coordinates.sizes["time"] - 1
    tables = []
    for better, chosen in ((KNOWN, np.flatnonzero(~is_better)), (UNKNOWN, np.flatnonzero(is_better))):
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


def _summary(network: xr.Dataset) -> pd.DataFrame:
    """Return the fraction of the variance along each component, and the number of clusters of final states."""
    explained = network["explained"].to_numpy()
    variances = pd.DataFrame({"quantity": EXPLAINED, "component": range(len(explained)), "estimate": explained})
    clusters = pd.DataFrame({"quantity": [CLUSTERS], "estimate": [float(network["end_points"])]})
    return pd.concat([variances, clusters], ignore_index=True)


def _draw_cell(column: np.ndarray, rows: pd.DataFrame, name: str) -> None:
    """Draw the four panels of one cell."""
    for ax, quantity in zip(column, (ENTROPY, WORSE, CHANGE), strict=False):
        _draw_course(ax, rows[rows.quantity == quantity])
    _draw_states(column[3], rows)
    column[0].set_title(name, fontsize=9)
    column[0].set_ylim(-0.03, 1.05 * np.log(2))
    column[1].set_ylim(-0.03, 1.03)
    column[2].set(xlabel="trial", ylim=(-0.03 * column[2].get_ylim()[1], None))


def _share_rows(panels: np.ndarray) -> None:
    """Give the panels of a row, which show one quantity, one axis."""
    for row in panels:
        low, high = min(ax.get_ylim()[0] for ax in row), max(ax.get_ylim()[1] for ax in row)
        for ax in row:
            ax.set_ylim(low, high)
        for ax in row[1:]:
            ax.tick_params(labelleft=False)


def _draw_course(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw a thin line per network and their mean, for each side; one is narrower, to be visible over the other."""
    for (better, color), width in zip(SIDE_COLOURS.items(), (2.8, 1.3), strict=True):
        side = rows[rows.better == better].assign(trial=lambda own: own.time + 1)
        for _, course in side.groupby("training_seed"):
            ax.plot(course.trial, course.estimate, color=color, linewidth=0.5, alpha=0.3, rasterized=True)
        mean = side.groupby("trial").estimate.mean()
        ax.plot(mean.index, mean, color=color, linewidth=width, label=better)


def _draw_states(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw trajectories in the first two components, the final states, and what they amount to in the labels."""
    for better, color in SIDE_COLOURS.items():
        side = rows[rows.better == better]
        for _, course in side[side.quantity == STATE].groupby("task"):
            where = course.pivot(index="time", columns="component", values="estimate")
            ax.plot(where[0], where[1], color=color, linewidth=0.5, alpha=0.5, rasterized=True)
        ends = side[side.quantity == END].pivot(index="task", columns="component", values="estimate")
        style = {"color": color, "markersize": 3.5, "markeredgecolor": "black", "markeredgewidth": 0.4}
        ax.plot(ends[0], ends[1], "o", rasterized=True, **style)
    ax.grid(visible=False)
    number = int(rows.estimate[rows.quantity == CLUSTERS].iloc[0])
    ax.set_title(f"{number} cluster{'s' * (number != 1)} of final states", fontsize=8)
    explained = rows.estimate[rows.quantity == EXPLAINED]
    shares = ["" if np.isnan(share) else f" ({100 * share:.0f} %)" for share in explained]
    ax.set_xlabel(f"component 1{shares[0]}")
    ax.set_ylabel(f"component 2{shares[1]}")


FIGURE = Figure(
    name="behaviour",
    title="Behaviour within a lifetime",
    alt="Line charts, one column per setting, show entropy of the policy, share of pulls of the worse arm and change "
    "of the hidden state against the trial, by better arm. Below, scatter plots show hidden states in two principal "
    "components.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(
        table[table.quantity == ENTROPY]
        .groupby(["reward_scale", "prior_scale", "better", "time"], as_index=False)
        .estimate.mean(),
        ["reward_scale", "prior_scale", "better"],
        "time",
        "nats of entropy",
    ),
    shows=("read_out", "final_entropy"),
    needs=("behaviour",),
    height=lambda table: 0.5 + 6.4 * num_rows(table.cell.nunique()),
)
