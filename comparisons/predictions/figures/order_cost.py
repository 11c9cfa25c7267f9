"""The order cost of the network beside its mean KL over reorderings of the same history."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.predictions.figures.kl_by_time import scored_over
from comparisons.report.findings import of_marks
from comparisons.report.style import COLOURS, mark_infinite, whiskers, with_caveat, with_legend
from comparisons.rows import table_of


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the mean KL over orders and the order cost, in nats, after each number of observations."""
    rows = [
        {"quantity": quantity, **row.at, **row.interval._asdict(), "unit": row.unit}
        for quantity, measure in (("mean KL over orders", "kl_over_orders"), ("order cost", "order_cost"))
        for row in table_of(tree).of(measure)
    ]
    return pd.DataFrame(rows)[["quantity", "observations", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw two bars with intervals for each number of observations."""
    ax = figure.add_subplot()
    positions = list(table.observations.unique())
    edge = COLOURS["network"]
    for name, shift, color in (("mean KL over orders", -0.18, "#f2bf99"), ("order cost", 0.18, edge)):
        rows = table[table.quantity == name]
        place = np.arange(len(rows)) + shift
        finite = np.isfinite(rows.estimate.to_numpy())
        label = with_caveat(f"{name} (of which)" if name == "order cost" else name, rows.estimate)
        ax.bar(place, rows.estimate.where(finite, 0.0), 0.34, color=color, edgecolor=edge, linewidth=1.2, label=label)
        kept = rows[finite]
        ax.errorbar(
            place[finite], kept.estimate, whiskers(kept), fmt="none", color="#1a1a1a", elinewidth=1.1, capsize=3
        )
        mark_infinite(ax, place[~finite], edge)
    ax.set_xticks(range(len(positions)), [str(position) for position in positions])
    ax.set(xlabel="observations seen before the prediction", ylabel="nats")
    ax.yaxis.set_major_formatter("{x:.3g}")
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    orders = tree["order_cost"].dataset["num_orders"].to_numpy() if "num_orders" in tree["order_cost"] else ()
    averaged = f" Orders averaged: {', '.join(str(n) for n in orders)}." if len(orders) else ""
    return (
        "The same observations in another order carry the same information. The order cost is the part of the mean KL "
        "that comes from treating orders differently; look at its share and at how it grows with the history."
        f"{averaged} Bars: 95 % intervals over {scored_over(tree)}."
    )


FIGURE = Figure(
    name="order_cost",
    title="What the order of observations costs",
    alt="Bar chart with intervals: mean KL over orders beside the order cost, in nats, for three lengths of history.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(table, ["quantity", "observations"], "nats"),
    shows=("order_cost",),
    needs=("order_cost",),
    height=3.0,
)
