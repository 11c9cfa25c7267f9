"""Figures of networks that forage: against training lifetime, on the grid, over training, and inside the network."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from comparisons.foraging import published as paper
from comparisons.foraging.figures.returns import (
    _LINES,
    _NAMES,
    _PREFIX,
    NETWORK,
    PAPER,
    _bars,
    _beside_paper,
    _draw_measure,
    _legend_above,
    measure_rows,
)
from comparisons.foraging.measures import train_lifetimes
from comparisons.foraging.published import is_paper_family


def draw_transfer(tree: xr.DataTree, figure: Figure) -> None:
    """Rewards per step for every pair of lifetimes; on the right the diagonal, beside what is possible."""
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    table = transfer_table(tree)
    matrix = table.pivot(index="train_lifetime", columns="test_lifetime", values="estimate")
    matrix = matrix.reindex(train_lifetimes(tree))
    image = left.imshow(matrix, cmap="viridis", aspect="auto", norm=Normalize(0, max(0.9, float(table.estimate.max()))))
    size = 6.3 if matrix.size > 60 else 8
    for row, column in np.ndindex(matrix.shape):
        value = matrix.iat[row, column]
        if np.isfinite(value):
            color = "white" if image.norm(value) < 0.6 else "black"
            weight = "bold" if matrix.index[row] == matrix.columns[column] else "normal"
            text = f"{value:.2f}".removeprefix("0")
            left.text(column, row, text, ha="center", va="center", color=color, size=size, weight=weight)
    left.set(xticks=range(matrix.shape[1]), yticks=range(matrix.shape[0]))
    left.set_xticklabels(matrix.columns)
    left.set_yticklabels(matrix.index)
    left.set(xlabel="steps of tested lifetimes", ylabel="steps of training lifetimes", title="Rewards per step")
    left.grid(visible=False)
    own = own_table(tree)
    for who, name in _NAMES.items():
        rows = own[(own.who == who) & (own.train_lifetime >= table.test_lifetime.min())]
        if len(rows):
            right.plot(rows.train_lifetime, rows.estimate, **_LINES[who], label=name, zorder=1.5)
    _draw_measure(right, own[own.who.isin([NETWORK, PAPER])])
    right.set(xlabel="steps of lifetimes, trained and tested", title="The diagonal", ylim=(0, None), xlim=(0, None))
    right.set_ylabel("rewards per step")
    _legend_above(figure, right)


def _transfer_caption(tree: xr.DataTree) -> str:
    others = ", ".join(
        f"{train} in {test} {value:g}" for (train, test), value in paper.TRANSFERS.items() if is_paper_family(tree)
    )
    known = f" Off it, the paper's networks earn (trained for … in …): {others}." * bool(others)
    return (
        "Left: what networks earn in every lifetime, in their own in bold. Right: in their own, beside what is "
        f"possible.{_beside_paper(tree, 'figure 6, read off the picture (±0.01)')}{known} Look along a column for what "
        f"training for another lifetime costs. {_bars(tree)}"
    )


def transfer_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards per step for every pair of lifetimes, with the paper's where they are known."""
    table = tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)
    rows = table[table.measure.str.fullmatch(r"return_per_step_in_\d+")]
    found = rows.assign(
        train_lifetime=rows.predictor.str.removeprefix(_PREFIX).astype(int),
        test_lifetime=rows.measure.str.removeprefix("return_per_step_in_").astype(int),
    )[["train_lifetime", "test_lifetime", "estimate", "lower", "upper", "unit"]]
    known = paper.TRANSFERS | {(t, t): value for t, value in paper.OWN_RETURNS.by_lifetime.items()}
    pairs = zip(found.train_lifetime, found.test_lifetime, strict=True)
    same = is_paper_family(tree)
    return found.assign(paper=[known.get(pair, np.nan) if same else np.nan for pair in pairs])


def own_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards per step in the lifetime that was trained for, and what is exactly possible in it."""
    exact = tree["exact"].to_dataset()
    found = [measure_rows(tree, "own_return_per_step")]
    for who in ("optimal", "small_goal", "full_information"):
        values = (exact[who] / exact["lifetime"]).to_numpy()
        found.append(
            pd.DataFrame({"who": who.replace("_", " "), "train_lifetime": exact["lifetime"], "estimate": values})
        )
    return pd.concat(found, ignore_index=True)
