"""The numbers behind the figure of single networks' behaviour: courses by which arm is better, and hidden states."""

import numpy as np
import pandas as pd
import xarray as xr

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
