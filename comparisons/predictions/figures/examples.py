"""What Bayes and the networks predict in the first tasks, with what is then observed."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from comparisons.kind import Figure
from comparisons.report.points import concatenate
from comparisons.report.style import COLOURS, legend_entries
from comparisons.report.words import number

NUM_EXAMPLES = 3
"""Tasks whose predictions are shown."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return what Bayes and the networks predict in the first tasks, and what is observed, up to the scored length.

    `estimate` is the centre of the prediction: the probability of the last outcome, or the median. For finite
    outcomes an observation is 1 where it is the last outcome and 0 where it is another.
    """
    first = {"task": slice(NUM_EXAMPLES), "time": slice(int(tree.attrs["length"]))}
    observations = tree["observed_data"].dataset["observations"]
    unit = "unit of the observations"
    if has_finite_outcomes(tree):
        observations = (observations == observations.max()).astype(float)
        unit = "probability"
    network = tree["network"].dataset["centre"]
    parts = {"observation": observations, "Bayes": tree["reference"].dataset["centre"], "network": network}
    tables = [
        values.isel(first).rename("estimate").to_dataframe().reset_index().assign(predictor=name)
        for name, values in parts.items()
    ]
    return concatenate(tables).assign(lower=np.nan, upper=np.nan, unit=unit)[
        ["predictor", "training_seed", "task", "time", "estimate", "lower", "upper", "unit"]
    ]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a panel for each task, with one legend for all."""
    panels = figure.subplots(1, table.task.nunique(), sharey=True, squeeze=False)[0]
    for ax, (task, rows) in zip(panels, table.groupby("task"), strict=True):
        _draw_task(ax, rows, tree)
        ax.set_title(f"task {task}", loc="right")
        ax.label_outer(remove_inner_ticks=False)
    handles, labels = legend_entries(panels[0])
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    if has_finite_outcomes(tree):
        last = int(tree["observed_data"].dataset["observations"].max())
        what = f"the probability of outcome {last}; a dot at 1 is that outcome, a dot at 0 another"
    else:
        what = "the median of the prediction; dots are what was then observed"
    return f"The first tasks of the evaluation, not selected. Lines: {what}. Look for where the lines part."


def has_finite_outcomes(tree: xr.DataTree) -> bool:
    """Return whether observations are outcomes counted from 0, not real numbers."""
    return bool(np.issubdtype(tree["observed_data"].dataset["observations"].dtype, np.integer))


def _draw_task(ax: Axes, table: pd.DataFrame, tree: xr.DataTree) -> None:
    seen, bayes, network = (table[table.predictor == name] for name in ("observation", "Bayes", "network"))
    ax.plot(seen.time, seen.estimate, "o", color="#b3b3b3", markersize=3.5, label="observation", zorder=1)
    ax.plot(bayes.time, bayes.estimate, color=COLOURS["Bayes"], linewidth=2.6, label="Bayes", zorder=2)
    label = "network" if network.training_seed.nunique() == 1 else "network, each seed"
    for index, (_, one) in enumerate(network.groupby("training_seed")):
        color = COLOURS["network"]
        ax.plot(one.time, one.estimate, color=color, linewidth=1.2, label="" if index else label, zorder=3)
    observations = tree["observed_data"].dataset["observations"]
    if has_finite_outcomes(tree):
        ax.set(ylabel=f"probability of outcome {int(observations.max())}", ylim=(-0.05, 1.05))
    else:
        ax.set(ylabel="next observation (lines: medians)")
        if float(observations.min()) > 0:
            ax.set_yscale("log")
    ax.set_xlabel("observations seen, t")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _finding(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return how far the predictions of the network are from those of Bayes, on average and at most."""
    bayes = table[table.predictor == "Bayes"].set_index(["task", "time"]).estimate
    network = table[table.predictor == "network"].groupby(["task", "time"]).estimate.mean()
    apart = (network - bayes).abs()
    return (
        f"The network is {number(float(apart.mean()))} from Bayes on average and {number(float(apart.max()))} at most "
        f"({table.unit.iloc[0]})."
    )


FIGURE = Figure(
    name="predictions",
    title="What Bayes and the network predict",
    alt="Small line charts, one per example task: the predictions of Bayes and of the network against the number "
    "of observations seen, with the observations as dots.",
    table=table,
    draw=draw,
    caption=caption,
    finding=_finding,
    needs=("observed_data",),
    height=2.9,
)
