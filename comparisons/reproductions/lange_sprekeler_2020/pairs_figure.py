"""Exploration and regret of the one network beside networks trained for each setting, a point per setting."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.report.style import COLOURS
from comparisons.reproductions.lange_sprekeler_2020.pairs import UNITS, has_pairs, pair_table


def _draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a point per setting, specialists across and the one network up, with the diagonal; a marker per lifetime."""
    panels = figure.subplots(1, 2)
    markers = dict(zip(sorted(table.lifetime.unique()), ("o", "s", "^", "v"), strict=False))
    for ax, (quantity, unit) in zip(panels, UNITS.items(), strict=True):
        rows = table[table.quantity == quantity]
        largest = 1.04 * float(rows[["one_network", "specialists"]].to_numpy().max())
        ax.plot([0, largest], [0, largest], color=COLOURS["optimal"], linewidth=0.8)
        for lifetime, marker in markers.items():
            own = rows[rows.lifetime == lifetime]
            place = {"linestyle": "", "marker": marker, "markersize": 4, "alpha": 0.75}
            colour = COLOURS["network" if marker == "o" else "Gittins"]
            label = f"{lifetime} trials"
            ax.plot(own.specialists, own.one_network, color=colour, markeredgewidth=0, label=label, **place)
        limits = (-0.03 * largest, largest)
        ax.set(xlim=limits, ylim=limits, xlabel=f"specialists: {quantity}, {unit}", ylabel=f"one network: {quantity}")
        ax.set_box_aspect(1)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False)


def _caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    return (
        "Exploration (mean pulls in probe tasks) and regret per trial of the one network, against those of "
        "specialists, which are networks trained for each setting. Each point is a setting in which both were scored, "
        "with means over training seeds. On the diagonal, the one network does as well as specialists; above it, the "
        "one network explores, or loses, more."
    )


def _finding(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return in how many settings the one network explores, or loses, more than specialists do."""
    said = []
    for quantity, rows in table.groupby("quantity", sort=False):
        said.append(f"{int((rows.one_network > rows.specialists).sum())} of {len(rows)} points lie above in {quantity}")
    return f"{'; '.join(said)}."


FIGURE = Figure(
    name="one_network-pairs",
    title="One network for the whole map beside a network for each setting",
    alt="Two scatter plots with diagonals show a point per setting: exploration in trials, and regret in rewards per "
    "trial, of the one network for all settings (y) against networks trained for the setting (x).",
    table=lambda tree: pair_table(tree.children),
    draw=_draw,
    caption=_caption,
    finding=_finding,
    shows=("regret_beside_specialists", "pulls_correlation"),
    experiment="one_network",
    is_shown=lambda tree: has_pairs(tree.children),
    height=3.6,
)
