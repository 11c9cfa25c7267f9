"""The numbers behind every figure of a comparison of predictions, as tables: one row for each point that is drawn.

A table has `estimate`, `lower`, `upper` and `unit` beside the columns that say which point it is. `training_seed` is
missing (NA) where a row is not about a single training seed, `lower` and `upper` where no interval is drawn.
"""

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.predictions.figures.kl_by_time import _beyond, _mark_length, _over
from comparisons.report.points import curve_table
from comparisons.report.style import (
    draw_with_band,
    label_plainly,
    new_axes,
    styled,
    with_legend,
)


def regret_table(tree: xr.DataTree) -> pd.DataFrame:
    """Cumulative regret to the informed oracle after each observation, in nats."""
    table = curve_table(tree["curves"].dataset["cumulative_regret"].rename(regret_predictor="predictor"))
    table = table.assign(observations=table.time + 1, unit="nats")
    return table[["predictor", "observations", "estimate", "lower", "upper", "unit"]]


@styled
def plot_regret(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """Cumulative regret of every predictor to the oracle that knows the latents."""
    ax = ax or new_axes()
    table = regret_table(tree)
    for name in reversed(table.predictor.unique()):
        draw_with_band(ax, table[table.predictor == name], "observations", name)
    _mark_length(ax, tree, at=int(tree.attrs["length"]))
    ax.set(xlabel="observations predicted", ylabel="cumulative regret to the oracle, nats")
    ax.set(xscale="log", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        label_plainly(axis)
    ax.set_xlim(1, max(2, int(table.observations.max())))
    return with_legend(ax)


def _regret_caption(tree: xr.DataTree) -> str:
    return (
        "Log loss above that of an oracle that knows each task's latents, added up. Bayes pays the least that can be "
        "paid for learning them, so its line is the best there is. Look for where the network leaves it."
        f"{_beyond(tree)} Bands: 95 % intervals over {_over(tree)}."
    )
