"""The numbers behind every figure of a comparison of predictions, as tables: one row for each point that is drawn.

A table has `estimate`, `lower`, `upper` and `unit` beside the columns that say which point it is. `training_seed` is
missing (NA) where a row is not about a single training seed, `lower` and `upper` where no interval is drawn.
"""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.report.points import concatenate, curve_table
from comparisons.report.style import (
    NEUTRAL,
    draw_on_log_axis,
    draw_seeds,
    limit_log_axis,
    new_axes,
    styled,
    with_legend,
)
from comparisons.report.words import number
from comparisons.rows import over


def kl_by_time_table(tree: xr.DataTree) -> pd.DataFrame:
    """KL(Bayes‖predictor) of the prediction at each time, in nats; of the network also for each training seed."""
    pooled = curve_table(tree["curves"].dataset["kl_divergence"]).assign(training_seed=pd.NA)
    tables = [pooled]
    kl = tree["network"].dataset["kl_divergence"]
    if kl.sizes["training_seed"] > 1:
        by_seed = kl.mean("task").rename("estimate").to_dataframe().reset_index()
        tables.append(by_seed.assign(predictor="network", lower=np.nan, upper=np.nan))
    table = concatenate(tables).assign(unit="nats")
    return table[["predictor", "training_seed", "time", "estimate", "lower", "upper", "unit"]]


_TIME_LABEL = "observations seen before the prediction, t"


@styled
def plot_kl_by_time(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """KL(Bayes‖predictor) of the prediction at each time: the network with its interval, and the floors."""
    ax = ax or new_axes()
    table = kl_by_time_table(tree)
    pooled = table[table.training_seed.isna()]
    for name in reversed(pooled.predictor.unique()):
        draw_on_log_axis(ax, pooled[pooled.predictor == name], "time", name, label=name)
    draw_seeds(ax, table, "time")
    limit_log_axis(ax, pooled)
    _mark_length(ax, tree, at=int(tree.attrs["length"]) - 0.5)
    ax.set(xlabel=_TIME_LABEL, ylabel="KL(Bayes‖predictor), nats")
    return with_legend(ax)


def _mark_length(ax: Axes, tree: xr.DataTree, *, at: float) -> None:
    """A vertical line where predictions pass the length that is scored, if they do."""
    length = int(tree.attrs["length"])
    if tree["network"].sizes["time"] > length:
        ax.axvline(at, color=NEUTRAL, linewidth=1.1, linestyle=(0, (2, 2)), label=f"scored length, {length}", zorder=1)


def _length(tree: xr.DataTree) -> int:
    return int(tree.attrs["length"])


def _over(tree: xr.DataTree) -> str:
    return over(tree["network"].sizes["training_seed"])


def _beyond(tree: xr.DataTree) -> str:
    if tree["network"].sizes["time"] <= _length(tree):
        return ""
    return (
        f" Right of the dotted line: beyond the {_length(tree)} observations that are scored, and that networks "
        "meta-trained by bayesgauge were trained on."
    )


def _kl_caption(tree: xr.DataTree) -> str:
    curve = (
        tree["curves"].dataset["kl_divergence"].sel(predictor="network", bound="estimate").to_numpy()[: _length(tree)]
    )
    worst = int(np.argmax(curve))
    return (
        "Lower is better; 0 is Bayes-optimal. Look at the distance between the network and the floors, and at where "
        f"it is smallest: within {_length(tree)} observations the network is worst at t = {worst} "
        f"({number(curve[worst])} nats).{_beyond(tree)} Bands: 95 % intervals over {_over(tree)}. A value of 0, as of "
        "the prior predictive at t = 0, is below a logarithmic axis and not drawn."
    )
