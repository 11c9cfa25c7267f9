"""Figures of a report, whatever was compared: what each is made of, and its files as bytes."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from comparisons.kind import ReportFigure
from comparisons.report.style import FIGURE_WIDTH, figure_style


class RenderedFigure(NamedTuple):
    """One figure of a report, drawn."""

    name: str
    title: str
    alt: str
    caption: str
    png: bytes
    pdf: bytes
    csv: bytes


def rendered_figures(figures: Sequence[ReportFigure], tree: xr.DataTree) -> list[RenderedFigure]:
    """Those of the figures that this tree has the numbers for; the same bytes for the same tree."""
    return [_rendered(figure, tree) for figure in figures if figure.is_available(tree)]


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV, numbers in full precision."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def _rendered(figure: ReportFigure, tree: xr.DataTree) -> RenderedFigure:
    with figure_style():
        canvas = FigureCanvasAgg(Figure(figsize=(FIGURE_WIDTH, figure.height(tree)), layout="constrained"))
        figure.draw(tree, canvas.figure)
        png = _saved(canvas.figure, "png", {"Software": None})
        canvas.figure.set_layout_engine("none")
        pdf = _saved(canvas.figure, "pdf", {"CreationDate": None, "Title": figure.title})
    csv = csv_bytes(figure.table(tree))
    return RenderedFigure(figure.name, figure.title, figure.alt, figure.caption(tree), png, pdf, csv)


def _saved(figure: Figure, file_format: str, metadata: dict[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, metadata=metadata)
    return buffer.getvalue()
