"""Cumulative regret of every predictor to the oracle that knows the latents."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.predictions.figures.kl_by_time import beyond, mark_length, scored_over
from comparisons.report.findings import of_lines
from comparisons.report.points import curve_table
from comparisons.report.style import draw_with_band, label_plainly, with_legend


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return cumulative regret to the oracle after each observation, in nats."""
    table = curve_table(tree["curves"].dataset["cumulative_regret"].rename(regret_predictor="predictor"))
    table = table.assign(observations=table.time + 1, unit="nats")
    return table[["predictor", "observations", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a line with a band for every predictor, both axes logarithmic."""
    ax = figure.add_subplot()
    for name in reversed(table.predictor.unique()):
        draw_with_band(ax, table[table.predictor == name], "observations", name)
    mark_length(ax, tree, at=int(tree.attrs["length"]))
    ax.set(xlabel="observations predicted", ylabel="cumulative regret to the oracle, nats")
    ax.set(xscale="log", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        label_plainly(axis)
    ax.set_xlim(1, max(2, int(table.observations.max())))
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        "Log loss above that of an oracle that knows each task's latents, added up. Bayes pays the least that can be "
        "paid for learning them, so its line is the best there is. Look for where the network leaves it."
        f"{beyond(tree)} Bands: 95 % intervals over {scored_over(tree)}."
    )


FIGURE = Figure(
    name="regret",
    title="Cumulative regret to the oracle",
    alt="Line chart, both axes logarithmic: cumulative regret in nats against observations predicted, for Bayes, "
    "the network and the floors.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(table, "predictor", "observations", "nats"),
    needs=("curves",),
)
