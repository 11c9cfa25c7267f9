"""Figures of lifetimes, drawn once for all tests, and what is on their maps."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from comparisons.lifetimes.kind import KIND
from comparisons.report.figure import height_of
from comparisons.report.style import FIGURE_WIDTH, figure_style

FIGURES = {figure.name: figure for figure in KIND.figures}
EMPTY = 6
"""The cell of the map whose networks all diverged."""
NUM_SEEDS = 12
_DRAWN = {}
"""Figures by name and tree, with the tree: drawing takes longer than all else here."""


def drawn(name, tree):
    if (name, id(tree)) in _DRAWN:
        return _DRAWN[name, id(tree)][0]
    found = FIGURES[name]
    assert found.is_available(tree)
    table = found.table(tree)
    with figure_style():
        canvas = FigureCanvasAgg(Figure(figsize=(FIGURE_WIDTH, height_of(found, table)), layout="constrained"))
        found.draw(tree, table, canvas.figure)
        canvas.figure.draw_without_rendering()
    _DRAWN[name, id(tree)] = canvas.figure, tree
    return canvas.figure


def maps_drawn(figure):
    """Panels with a map, row by row, and their cells."""
    panels = [ax for ax in figure.axes if ax.get_subplotspec() is not None and ax.get_label() != "<colorbar>"]
    return [(ax, next(part for part in ax.collections if isinstance(part, QuadMesh))) for ax in panels]
