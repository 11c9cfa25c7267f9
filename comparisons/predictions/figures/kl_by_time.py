"""KL(Bayes‖predictor) at each time, of the network and of the floors."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.report.findings import of_lines
from comparisons.report.log_axis import draw_on_log_axis, draw_seeds, limit_log_axis, said_of_zeros
from comparisons.report.points import concatenate, curve_table
from comparisons.report.style import NEUTRAL, with_legend
from comparisons.report.words import number
from comparisons.rows import over_tasks

TIME_LABEL = "observations seen before the prediction, t"


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return KL(Bayes‖predictor) of the prediction at each time, in nats; of the network also for each seed."""
    tables = [curve_table(tree["curves"].dataset["kl_divergence"]).assign(training_seed=pd.NA)]
    kl = tree["network"].dataset["kl_divergence"]
    if kl.sizes["training_seed"] > 1:
        by_seed = kl.mean("task").rename("estimate").to_dataframe().reset_index()
        tables.append(by_seed.assign(predictor="network", lower=np.nan, upper=np.nan))
    return concatenate(tables).assign(unit="nats")[
        ["predictor", "training_seed", "time", "estimate", "lower", "upper", "unit"]
    ]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw the network with its interval and each of its seeds, and the floors, on a logarithmic axis."""
    ax = figure.add_subplot()
    pooled = table[table.training_seed.isna()]
    for name in reversed(pooled.predictor.unique()):
        draw_on_log_axis(ax, pooled[pooled.predictor == name], "time", name, label=name)
    draw_seeds(ax, table, "time")
    limit_log_axis(ax, pooled)
    mark_length(ax, tree, at=int(tree.attrs["length"]) - 0.5)
    ax.set(xlabel=TIME_LABEL, ylabel="KL(Bayes‖predictor), nats")
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    length = int(tree.attrs["length"])
    curve = table[(table.predictor == "network") & table.training_seed.isna()].estimate.to_numpy()[:length]
    worst = int(np.argmax(curve))
    return (
        "Lower is better; 0 is Bayes-optimal. Look at the distance between the network and the floors, and at where "
        f"it is smallest: within {length} observations the network is worst at t = {worst} "
        f"({number(curve[worst])} nats).{beyond(tree)} Bands: 95 % intervals over {scored_over(tree)}."
        f"{said_of_zeros(table.estimate)}"
    )


def mark_length(ax: Axes, tree: xr.DataTree, *, at: float) -> None:
    """Draw a vertical line where predictions pass the length that is scored, if they do."""
    length = int(tree.attrs["length"])
    if tree["network"].sizes["time"] > length:
        ax.axvline(at, color=NEUTRAL, linewidth=1.1, linestyle=(0, (2, 2)), label=f"scored length, {length}", zorder=1)


def beyond(tree: xr.DataTree) -> str:
    """Return what the dotted line means, where there is one."""
    length = int(tree.attrs["length"])
    if tree["network"].sizes["time"] <= length:
        return ""
    return (
        f" Right of the dotted line: beyond the {length} observations that are scored, and that networks meta-trained "
        "by bayesgauge were trained on."
    )


def scored_over(tree: xr.DataTree) -> str:
    """Return what the intervals of the network are over, in words."""
    return str(over_tasks(tree["network"].sizes["training_seed"]))


FIGURE = Figure(
    name="kl_by_time",
    title="KL from Bayes at each prediction",
    alt="Line chart, logarithmic: KL from Bayes in nats against the number of observations seen, for the network "
    "with an interval band and for the floors.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(table, "predictor", "time", "nats"),
    shows=("share_of_memoryless_gap", "kl_minus_excess_log_loss"),
    needs=("curves",),
)
