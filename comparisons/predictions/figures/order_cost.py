"""The numbers behind every figure of a comparison of predictions, as tables: one row for each point that is drawn.

A table has `estimate`, `lower`, `upper` and `unit` beside the columns that say which point it is. `training_seed` is
missing (NA) where a row is not about a single training seed, `lower` and `upper` where no interval is drawn.
"""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.predictions.figures.kl_by_time import _over
from comparisons.report.style import (
    COLOURS,
    mark_infinite,
    new_axes,
    styled,
    whiskers,
    with_caveat,
    with_legend,
)


def order_cost_table(tree: xr.DataTree) -> pd.DataFrame:
    """The order cost and the mean KL over orders, in nats, after each number of observations."""
    measures = tree["measures"].to_dataset().to_dataframe().set_index("measure")
    rows = [
        {"quantity": name, "observations": int(position), **measures.loc[f"{prefix}_after_{position}"]}
        for name, prefix in (("mean KL over orders", "kl_divergence_over_orders"), ("order cost", "order_cost"))
        for position in tree["order_cost"].dataset["position"].to_numpy()
    ]
    return pd.DataFrame(rows)[["quantity", "observations", "estimate", "lower", "upper", "unit"]]


@styled
def plot_order_cost(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """What treating reorderings of the same history differently costs the network, beside its mean KL over them."""
    ax = ax or new_axes()
    table = order_cost_table(tree)
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
    return with_legend(ax)


def _order_caption(tree: xr.DataTree) -> str:
    orders = tree["order_cost"].dataset["num_orders"].to_numpy() if "num_orders" in tree["order_cost"] else ()
    averaged = f" Orders averaged: {', '.join(str(n) for n in orders)}." if len(orders) else ""
    return (
        "The same observations in another order carry the same information. The order cost is the part of the mean KL "
        "that comes from treating orders differently; look at its share and at how it grows with the history."
        f"{averaged} Bars: 95 % intervals over {_over(tree)}."
    )
