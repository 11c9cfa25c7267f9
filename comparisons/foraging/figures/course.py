"""Return in the longest lifetime at checkpoints of training."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.foraging.figures.marks import LINES, NAMES, NETWORK, PAPER
from comparisons.foraging.published import COURSE_ENDS, is_paper_setting
from comparisons.foraging.tree import longest_lifetime, train_lifetimes
from comparisons.kind import Figure
from comparisons.report.findings import of_lines
from comparisons.report.points import curve_table
from comparisons.report.style import BAND, NEUTRAL
from comparisons.rows import over_tasks, table_of

REFERENCES = ("optimal", "small goal", "untrained network")
"""Drawn as horizontal lines."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the return at every checkpoint, by the number of lifetimes seen in training.

    Rows of references follow, and rows of the ends of the paper's curves, both without a step.
    """
    found = curve_table(tree["curves"].dataset["returns"])
    found = found.assign(who=NETWORK, num_lifetimes=found.step * int(tree.attrs["batch_size"]))
    results = table_of(tree)
    below = [{"who": who, "estimate": results.one("return", who).interval.estimate} for who in REFERENCES]
    if is_paper_setting(tree):
        below += [
            {"who": PAPER, "train_lifetime": lifetime, "estimate": float(value)}
            for lifetime, value in COURSE_ENDS.by_lifetime.items()
        ]
    columns = ["who", "train_lifetime", "step", "estimate", "lower", "upper", "num_lifetimes"]
    table = pd.concat([found, pd.DataFrame(below)], ignore_index=True).reindex(columns=columns)
    table = table.assign(unit=f"rewards per {longest_lifetime(tree)} steps")
    return table.astype({"train_lifetime": "Int64", "step": "Int64", "num_lifetimes": "Int64"})


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a line with a band for each training lifetime, the paper's ends, and horizontal lines for references."""
    ax = figure.subplots()
    networks, ends = table[table.who == NETWORK], table[table.who == PAPER].set_index("train_lifetime").estimate
    last = networks.num_lifetimes.max() / 1000
    for lifetime, color in _lifetime_colours(train_lifetimes(tree)).items():
        rows = networks[networks.train_lifetime == lifetime]
        seen = rows.num_lifetimes.astype(float) / 1000
        ax.plot(seen, rows.estimate, color=color, marker="o", markersize=2.5, label=f"{lifetime} steps")
        ax.fill_between(seen, rows.lower, rows.upper, color=color, alpha=BAND, linewidth=0)
        if lifetime in ends.index:
            ax.plot(1.04 * last, ends[lifetime], "D", color=color, markeredgecolor="white", markersize=6)
    for who in REFERENCES:
        ax.axhline(table[table.who == who].estimate.item(), **LINES[who], label=NAMES[who], zorder=1.5)
    if len(ends):
        ax.plot([], [], "D", color=NEUTRAL, label="paper's ends", linestyle="none")
    ax.set(xlabel="lifetimes seen in training, thousands", ylim=(0, None), xlim=(0, 1.08 * last))
    ax.set_ylabel(f"rewards per {longest_lifetime(tree)} steps")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, title="trained for", alignment="left")


def _lifetime_colours(lifetimes: list[int]) -> dict[int, Any]:
    places = np.linspace(0.0, 0.9, len(lifetimes))
    return {t: mpl.colormaps["viridis"](place)[:3] for t, place in zip(lifetimes, places, strict=True)}


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    ends = " Diamonds on the right show where the curves of the paper's networks end (figure 4, ±2)."
    course = tree["course"].sizes
    return (
        f"Return in lifetimes of {longest_lifetime(tree)} steps at checkpoints of training. Bands: 95 % intervals over "
        f"{course['course_task']:,} {over_tasks(course['training_seed'])}.{ends * is_paper_setting(tree)} Look for a "
        "plateau at the return of the small goal, for whether networks leave it, and for whether the last points still "
        "rise."
    )


FIGURE = Figure(
    name="course",
    title="Returns over training",
    alt="A line chart shows the return in the longest lifetime against the lifetimes seen in training, with a line per "
    "training lifetime and horizontal lines for the exact optimum, the small goal and untrained networks.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(
        table[table.who == NETWORK], "train_lifetime", "step", str(table.unit.iloc[0])
    ),
    needs=("curves",),
    height=3.6,
)
