"""Rewards per step for every pair of lifetimes, and in the training lifetime beside exact values."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.foraging.figures.marks import (
    LINES,
    NAMES,
    NETWORK,
    PAPER,
    bars,
    beside_paper,
    draw_networks,
    legend_above,
    measure_rows,
)
from comparisons.foraging.players import EXACT_VALUES
from comparisons.foraging.published import OWN_RETURNS, TRANSFERS, is_paper_setting
from comparisons.foraging.tree import train_lifetimes
from comparisons.kind import Figure
from comparisons.report.findings import of_ranges
from comparisons.report.style import LEAST_TEXT
from comparisons.rows import table_of

PAIRS, OWN = "all pairs", "own lifetime"
"""The two panels."""

COLUMNS = ["panel", "who", "train_lifetime", "test_lifetime", "estimate", "lower", "upper", "unit", "paper"]


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return rewards per step: of networks for every pair of lifetimes, then in their own, with exact values there.

    `paper` is the paper's number for a pair. Exact values are of every lifetime from the shortest that is tested.
    """
    known = TRANSFERS | {(lifetime, lifetime): value for lifetime, value in OWN_RETURNS.by_lifetime.items()}
    known = known if is_paper_setting(tree) else {}
    rows = [
        {"panel": PAIRS, "who": row.who, **row.at, **row.interval._asdict(), "unit": row.unit}
        for row in table_of(tree).of("return_per_step")
    ]
    pairs = pd.DataFrame(rows)
    pairs["paper"] = [known.get(pair, np.nan) for pair in zip(pairs.train_lifetime, pairs.test_lifetime, strict=True)]
    own = measure_rows(tree, "own_return_per_step")
    exact = tree["exact"].to_dataset()
    exact = exact.sel(lifetime=exact["lifetime"] >= pairs.test_lifetime.min())
    lifetimes = exact["lifetime"].to_numpy()
    values = [
        pd.DataFrame({"who": who, "test_lifetime": lifetimes, "estimate": exact[name].to_numpy() / lifetimes})
        for who, name in EXACT_VALUES.items()
    ]
    below = pd.concat([own.assign(test_lifetime=own.train_lifetime), *values])
    below = below.assign(panel=OWN, unit="rewards per step")
    found = pd.concat([pairs, below], ignore_index=True)
    return found.reindex(columns=COLUMNS).astype({"train_lifetime": "Int64", "test_lifetime": "Int64"})


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a heat map of all pairs of lifetimes on the left, and the diagonal with exact values on the right."""
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _draw_pairs(left, table[table.panel == PAIRS], train_lifetimes(tree))
    own = table[table.panel == OWN]
    for who in ("optimal", "oracle", "small goal"):
        rows = own[own.who == who]
        if len(rows):
            right.plot(rows.test_lifetime, rows.estimate, **LINES[who], label=NAMES[who], zorder=1.5)
    draw_networks(right, own[own.who.isin([NETWORK, PAPER])])
    right.set(xlabel="steps of lifetimes, trained and tested", title="The diagonal", ylim=(0, None), xlim=(0, None))
    right.set_ylabel("rewards per step")
    legend_above(figure, right)


def _draw_pairs(ax: Axes, table: pd.DataFrame, lifetimes: list[int]) -> None:
    matrix = table.pivot(index="train_lifetime", columns="test_lifetime", values="estimate").reindex(lifetimes)
    norm = Normalize(0, max(0.9, float(table.estimate.max())))
    ax.imshow(matrix, cmap="viridis", aspect="auto", norm=norm)
    size = LEAST_TEXT if matrix.size > 60 else 8
    for row, column in np.ndindex(matrix.shape):
        value = matrix.iat[row, column]
        if np.isfinite(value):
            color = "white" if float(norm(value)) < 0.6 else "black"
            weight = "bold" if matrix.index[row] == matrix.columns[column] else "normal"
            text = f"{value:.2f}".removeprefix("0")
            ax.text(column, row, text, ha="center", va="center", color=color, size=size, weight=weight)
    ax.set(xticks=range(matrix.shape[1]), yticks=range(matrix.shape[0]))
    ax.set_xticklabels(matrix.columns)
    ax.set_yticklabels(matrix.index)
    ax.set(xlabel="steps of tested lifetimes", ylabel="steps of training lifetimes", title="Rewards per step")
    ax.grid(visible=False)


def is_shown(tree: xr.DataTree) -> bool:
    """Return whether there is any pair of lifetimes: networks of some tested lifetime that did not diverge."""
    return bool(table_of(tree).of("return_per_step"))


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    others = ", ".join(f"{train} in {test} {value:g}" for (train, test), value in TRANSFERS.items())
    known = f" Off the diagonal, the paper's networks earn (trained for … in …): {others}." * is_paper_setting(tree)
    return (
        "Rewards per step. Left: networks in every tested lifetime, in their own in bold. Right: networks in their own "
        f"lifetime, with exact values as lines. {bars(tree)}"
        f"{beside_paper(tree, 'figure 6, read off the picture (±0.01)')}{known} Look along a column for the cost of "
        "training for another lifetime."
    )


FIGURE = Figure(
    name="transfer",
    title="Networks in lifetimes that they were not trained for",
    alt="On the left, a heat map shows rewards per step by training lifetime and tested lifetime. On the right, a "
    "line chart shows its diagonal against the lifetime, with exact values of the optimum, small goal and oracle.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(table, ["panel", "who"], "rewards per step"),
    shows=("own_return_share", "mismatch_slope", "transfer_loss"),
    needs=("measures",),
    is_shown=is_shown,
    height=4.1,
)
