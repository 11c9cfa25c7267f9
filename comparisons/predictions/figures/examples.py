"""The numbers behind every figure of a comparison of predictions, as tables: one row for each point that is drawn.

A table has `estimate`, `lower`, `upper` and `unit` beside the columns that say which point it is. `training_seed` is
missing (NA) where a row is not about a single training seed, `lower` and `upper` where no interval is drawn.
"""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from comparisons.report.points import concatenate
from comparisons.report.style import (
    COLOURS,
    legend_entries,
    new_axes,
    styled,
    with_legend,
)

NUM_EXAMPLES = 3
"""Tasks whose predictions are shown."""


def predictions_table(tree: xr.DataTree, *, num_tasks: int = NUM_EXAMPLES) -> pd.DataFrame:
    """What Bayes and the networks predict in the first tasks, and what is then observed, up to the scored length.

    `estimate` is the centre of the prediction: the probability of the last outcome, or the median. For finite
    outcomes an observation is 1 where it is the last outcome and 0 where it is another.
    """
    first = {"task": slice(num_tasks), "time": slice(int(tree.attrs["length"]))}
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
    table = concatenate(tables).assign(lower=np.nan, upper=np.nan, unit=unit)
    return table[["predictor", "training_seed", "task", "time", "estimate", "lower", "upper", "unit"]]


def has_finite_outcomes(tree: xr.DataTree) -> bool:
    """Whether observations are outcomes counted from 0, not real numbers."""
    return bool(np.issubdtype(tree["observed_data"].dataset["observations"].dtype, np.integer))


@styled
def plot_predictions(tree: xr.DataTree, *, ax: Axes | None = None, task: int = 0) -> Axes:
    """The centre of what Bayes and the networks predict in one task (by its index), with what is then observed."""
    ax = ax or new_axes()
    table = predictions_table(tree, num_tasks=task + 1)
    table = table[table.task == task]
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
    ax.set_title(f"task {task}", loc="right")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    return with_legend(ax)


def _draw_examples(tree: xr.DataTree, figure: Figure) -> None:
    num_tasks = min(NUM_EXAMPLES, tree["observed_data"].sizes["task"])
    panels = figure.subplots(1, num_tasks, sharey=True, squeeze=False)[0]
    for task, ax in enumerate(panels):
        plot_predictions(tree, task=task, ax=ax)
        legend = ax.get_legend()
        assert legend is not None
        legend.remove()
        ax.label_outer(remove_inner_ticks=False)
    handles, labels = legend_entries(panels[0])
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False)


def _examples_table(tree: xr.DataTree) -> pd.DataFrame:
    return predictions_table(tree, num_tasks=NUM_EXAMPLES)


def _examples_caption(tree: xr.DataTree) -> str:
    if has_finite_outcomes(tree):
        last = int(tree["observed_data"].dataset["observations"].max())
        what = f"the probability of outcome {last}; a dot at 1 is that outcome, a dot at 0 another"
    else:
        what = "the median of the prediction; dots are what was then observed"
    return f"The first tasks of the evaluation, not selected. Lines: {what}. Look for where the lines part."
