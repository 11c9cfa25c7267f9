"""The figure of a toy kind: mean squared errors as bars."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.report.findings import of_marks
from comparisons.rows import table_of


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the squared error of every guesser."""
    rows = table_of(tree).of("squared_error")
    return pd.DataFrame([{"who": row.who, **row.interval._asdict(), "unit": row.unit} for row in rows])


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a bar for every guesser."""
    ax = figure.add_subplot()
    ax.bar(table.who, table.estimate)
    ax.set_ylabel("squared error")


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return f"Squared errors of {len(table)} guessers. Compare the learner with Bayes."


FIGURE = Figure(
    name="errors",
    title="Error of the guess",
    alt="Bar chart: mean squared error of the learner, of Bayes and of a guesser that sees no numbers.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(table, "who", "squared error"),
    shows=("squared_error",),
    needs=("measures",),
    height=2.5,
)
