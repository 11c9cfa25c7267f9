"""Figures as files: drawn from their tables, as PNG, SVG, PDF and CSV bytes."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure

from comparisons.kind import Figure
from comparisons.report.style import FIGURE_WIDTH, figure_style
from comparisons.tree import SMOKE_RUN, is_smoke

SHARP, DENSE_PARTS = 200, 120
"""Dots per inch of PNG and PDF files, and of the parts of SVG files that are pictures, such as clouds of points."""


class RenderedFigure(NamedTuple):
    """One figure of a report, drawn."""

    name: str
    title: str
    alt: str
    caption: str
    png: bytes
    svg: bytes
    pdf: bytes
    csv: bytes
    shows: tuple[str, ...] = ()
    """Measures that are seen in it."""
    experiment: str = ""
    """The experiment of a reproduction that it is about; empty where it is about all."""
    height: float = 1.0
    """Inches; every figure is `FIGURE_WIDTH` wide."""


def rendered_figures(figures: Sequence[Figure], tree: xr.DataTree) -> list[RenderedFigure]:
    """Return the figures that this tree has the numbers for; the same tree gives the same bytes."""
    return [_rendered(figure, tree) for figure in figures if figure.is_available(tree)]


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV, numbers in full precision."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def labelled(tree: xr.DataTree, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table for a file of its own: of a smoke run, it says so in a column."""
    return table.assign(run=SMOKE_RUN) if is_smoke(tree) else table


def drawn(figure: Figure, tree: xr.DataTree, canvas: MatplotlibFigure | None = None) -> MatplotlibFigure:
    """Draw a figure in the style of all figures, on a new matplotlib figure unless one is given."""
    return _drawn(figure, tree, figure.table(tree), canvas)


def height_of(figure: Figure, table: pd.DataFrame) -> float:
    """Return the height of a figure in inches, which may depend on how much there is to show."""
    return figure.height(table) if callable(figure.height) else figure.height


def _rendered(figure: Figure, tree: xr.DataTree) -> RenderedFigure:
    table = figure.table(tree)
    canvas = _drawn(figure, tree, table, None)
    with figure_style():
        png = _saved(canvas, "png", {"Software": None}, dpi=SHARP)
        canvas.set_layout_engine("none")
        svg = _saved(canvas, "svg", {"Date": None, "Creator": None}, dpi=DENSE_PARTS)
        pdf = _saved(canvas, "pdf", {"CreationDate": None, "Title": figure.title}, dpi=SHARP)
    caption = figure.caption(tree, table)
    alt = f"{figure.alt} {figure.finding(tree, table)}".strip()
    return RenderedFigure(
        figure.name,
        figure.title,
        alt,
        caption,
        png,
        svg,
        pdf,
        csv_bytes(labelled(tree, table)),
        figure.shows,
        figure.experiment,
        height_of(figure, table),
    )


def _drawn(figure: Figure, tree: xr.DataTree, table: pd.DataFrame, canvas: MatplotlibFigure | None) -> MatplotlibFigure:
    with figure_style():
        if canvas is None:
            canvas = MatplotlibFigure(figsize=(FIGURE_WIDTH, height_of(figure, table)), layout="constrained")
            FigureCanvasAgg(canvas)
        figure.draw(tree, table, canvas)
    return canvas


def _saved(figure: MatplotlibFigure, file_format: str, metadata: dict[str, str | None], *, dpi: float) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, metadata=metadata, dpi=dpi)
    return buffer.getvalue()
