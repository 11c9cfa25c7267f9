"""Rows and marks that figures of foragers share: networks with intervals, the paper's numbers, lines of references."""

from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.foraging.published import BY_MEASURE, is_paper_setting
from comparisons.report.style import COLOURS, NEUTRAL, draw_points, legend_entries
from comparisons.rows import over_tasks, table_of

NETWORK, PAPER = "network", "paper"

LINES: dict[str, dict[str, Any]] = {
    "oracle": {"color": NEUTRAL, "linestyle": (0, (4, 1.2, 1, 1.2)), "linewidth": 1.4},
    "optimal": {"color": COLOURS["optimal"], "linestyle": "-", "linewidth": 1.4},
    "small goal": {"color": NEUTRAL, "linestyle": (0, (1.2, 1.2)), "linewidth": 1.4},
    "untrained network": {"color": COLOURS["untrained network"], "linestyle": (0, (1.2, 1)), "linewidth": 1.4},
}
"""Lines of references and baselines."""

NAMES = {
    "oracle": "oracle",
    "optimal": "exact optimum",
    "small goal": "small goal alone",
    "untrained network": "untrained networks",
}
"""Their names in legends."""

MAPPED = (10, 20, 30, 50, 100)
"""Training lifetimes whose behaviour is drawn, where there are such networks."""

_PAPER_COLOUR = "#0072b2"


def measure_rows(tree: xr.DataTree, measure: str) -> pd.DataFrame:
    """Return a measure of networks by training lifetime, with the paper's numbers where they are about the same."""
    found = [
        {"who": NETWORK, "train_lifetime": row.at["train_lifetime"], **row.interval._asdict(), "unit": row.unit}
        for row in table_of(tree).of(measure)
        if row.who == NETWORK
    ]
    known = BY_MEASURE[measure].by_lifetime if is_paper_setting(tree) else {}
    printed = [
        {"who": PAPER, "train_lifetime": lifetime, "estimate": float(value), "unit": found[0]["unit"]}
        for lifetime, value in known.items()
    ]
    columns = ["measure", "who", "train_lifetime", "estimate", "lower", "upper", "unit"]
    return pd.DataFrame([*found, *printed], columns=columns).assign(measure=measure)


def draw_networks(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw networks with intervals and a line through them, and the paper's networks, by training lifetime."""
    network = rows[(rows.who == NETWORK) & rows.estimate.notna()]
    ax.plot(network.train_lifetime, network.estimate, color=COLOURS["network"], linewidth=1.1)
    filled = network.assign(lower=network.lower.fillna(network.estimate), upper=network.upper.fillna(network.estimate))
    draw_points(ax, filled.train_lifetime, filled, COLOURS["network"], "o", "networks")
    known = rows[rows.who == PAPER]
    if len(known):
        style = {
            "color": _PAPER_COLOUR,
            "markerfacecolor": "none",
            "markersize": 4.5,
            "linestyle": "none",
            "clip_on": False,
        }
        ax.plot(known.train_lifetime, known.estimate, "D", label="paper's networks", **style)


def legend_above(figure: MatplotlibFigure | SubFigure, ax: Axes) -> None:
    """Draw the legend of one of the axes above all."""
    handles, labels = legend_entries(ax)
    figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, columnspacing=1.4)


def bars(tree: xr.DataTree) -> str:
    """Return what the bars of networks are, as a sentence."""
    networks = tree["networks"]
    return f"Bars: 95 % intervals over {networks.sizes['task']:,} {over_tasks(networks.sizes['training_seed'])}."


def beside_paper(tree: xr.DataTree, source: str) -> str:
    """Return what the diamonds are, as a sentence; nothing where the paper's numbers are not shown."""
    if not is_paper_setting(tree):
        return ""
    return f" Blue diamonds: the networks of Lange & Sprekeler 2020, {source}."


def mapped_lifetimes(table: pd.DataFrame) -> list[int]:
    """Return the training lifetimes whose behaviour is drawn: those of `MAPPED`, or the first few."""
    available = [int(lifetime) for lifetime in table.train_lifetime.dropna().unique()]
    return [lifetime for lifetime in MAPPED if lifetime in available] or available[:5]
