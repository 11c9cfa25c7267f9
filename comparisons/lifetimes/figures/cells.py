"""Panels of single settings, and the rows that their tables share."""

from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.lifetimes.figures.marks import line_of
from comparisons.lifetimes.grid import cells_of
from comparisons.lifetimes.players import BAYES, COMMIT, PRINTED, REFERENCES
from comparisons.report.style import legend_entries

MOST_COLUMNS = 3
"""Panels side by side."""

NAMES = {COMMIT: "best explore-then-commit", PRINTED: "printed formula", BAYES: "Bayes-optimal policy"}
"""Legend entries of the references."""


def references_of(tree: xr.DataTree) -> pd.DataFrame:
    """Return the pulls of the unknown arm in probe tasks, by each reference in every cell."""
    theory = tree["theory"].to_dataset()
    tables = [
        pd.DataFrame({"cell": range(theory.sizes["cell"]), "who": who, "estimate": theory[column].to_numpy()})
        for who, column in REFERENCES.items()
    ]
    return pd.concat(tables, ignore_index=True)


def placed(tree: xr.DataTree, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the coordinates of every row's cell."""
    return table.merge(cells_of(tree["theory"].to_dataset()), left_on="cell", right_index=True, how="left")


def cell_names(tree: xr.DataTree) -> list[str]:
    """Return the title of every cell's panel, to three digits; with the lifetime if there are several."""
    cells = cells_of(tree["theory"].to_dataset())
    several = cells.lifetime.nunique() > 1
    return [
        f"reward scale {cell.reward_scale:.3g},\nprior scale {cell.prior_scale:.3g}"
        + f", {cell.lifetime} trials" * several
        for cell in cells.itertuples()
    ]


def num_rows(num_panels: int) -> int:
    """Return the number of rows that panels take."""
    return -(-num_panels // MOST_COLUMNS)


def height_of_cells(table: pd.DataFrame) -> float:
    """Return inches for a panel per cell, with a legend."""
    return 0.7 + 2.2 * num_rows(table.cell.nunique())


def panels_of(tree: xr.DataTree, figure: MatplotlibFigure | SubFigure, *, share_y: bool) -> list[Axes]:
    """Return axes for every cell, with its name; they share the axis of what is measured unless scales differ much."""
    names = cell_names(tree)
    panels = figure.subplots(num_rows(len(names)), min(MOST_COLUMNS, len(names)), squeeze=False, sharey=share_y)
    for ax in panels.flat[len(names) :]:
        ax.set_axis_off()
    used = list(panels.flat[: len(names)])
    for ax, name in zip(used, names, strict=True):
        ax.set_title(name, fontsize=9)
    return used


def mark_references(ax: Axes, rows: pd.DataFrame, draw: Any) -> None:
    """Draw a line for each reference with a method of the axes, such as `axvline`."""
    for who, name in NAMES.items():
        (value,) = rows.estimate[rows.who == who]
        draw(value, **(line_of(who) | {"linewidth": 1.5}), label=name)


def finish_panels(figure: MatplotlibFigure | SubFigure, ylabel: str) -> None:
    """Add a label per row, and one legend for all panels."""
    panels = [ax for ax in figure.axes if ax.axison]
    for ax in panels:
        place = ax.get_subplotspec()
        if place is not None and place.is_first_col():
            ax.set_ylabel(ylabel)
    handles, labels = legend_entries(panels[0])
    num_columns = 2 if len(labels) == 4 else 3
    figure.legend(handles, labels, loc="outside upper left", ncols=num_columns, frameon=False, handlelength=2.6)
