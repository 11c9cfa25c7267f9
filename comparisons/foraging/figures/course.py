"""Figures of networks that forage: against training lifetime, on the grid, over training, and inside the network."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from comparisons.foraging import published as paper
from comparisons.foraging.figures.returns import _LINES, _NAMES, reference_value
from comparisons.foraging.measures import longest_lifetime, train_lifetimes
from comparisons.foraging.published import is_paper_family
from comparisons.report.style import BAND, NEUTRAL
from comparisons.rows import over


def draw_course(tree: xr.DataTree, figure: Figure) -> None:
    """What networks collect in the longest lifetime in the course of their training."""
    ax = figure.subplots()
    table, lifetimes = course_table(tree), train_lifetimes(tree)
    colours = _lifetime_colours(lifetimes)
    ends = paper.COURSE_ENDS.by_lifetime if is_paper_family(tree) else {}
    last = table.num_lifetimes.max() / 1000
    for lifetime in lifetimes:
        rows, color = table[table.train_lifetime == lifetime], colours[lifetime]
        seen = rows.num_lifetimes / 1000
        ax.plot(seen, rows.estimate, color=color, marker="o", markersize=2.5, label=f"{lifetime} steps")
        ax.fill_between(seen, rows.lower, rows.upper, color=color, alpha=BAND, linewidth=0)
        if lifetime in ends:
            ax.plot(1.04 * last, ends[lifetime], "D", color=color, markeredgecolor="white", markersize=6)
    for who in ("optimal", "small goal", "untrained network"):
        value = reference_value(tree, "return", who)
        ax.axhline(value, **_LINES[who], label=_NAMES[who], zorder=1.5)
    if ends:
        ax.plot([], [], "D", color=NEUTRAL, label="paper's ends", linestyle="none")
    ax.set(xlabel="lifetimes seen in training, thousands", ylim=(0, None), xlim=(0, 1.08 * last))
    ax.set_ylabel(f"rewards per {longest_lifetime(tree)} steps")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, title="trained for", alignment="left")


def _lifetime_colours(lifetimes: list[int]) -> dict[int, Any]:
    places = np.linspace(0.0, 0.9, len(lifetimes))
    return {t: mpl.colormaps["viridis"](place)[:3] for t, place in zip(lifetimes, places, strict=True)}


def _course_caption(tree: xr.DataTree) -> str:
    ends = " Diamonds on the right: where the paper's networks end (figure 4, ±2)." * is_paper_family(tree)
    return (
        f"Tested in {longest_lifetime(tree)} steps at checkpoints of training.{ends} Look for the plateau of "
        "the small goal, which is left or not, and for whether the last points still rise. Bands: 95 % intervals over "
        f"{tree['course'].sizes['course_task']:,} {over(tree['course'].sizes['training_seed'])}."
    )


def course_table(tree: xr.DataTree) -> pd.DataFrame:
    """Returns in the longest lifetime in the course of training, by the lifetimes that were played in it."""
    found = tree["curves"].dataset["returns"].to_dataset("bound").to_dataframe().reset_index()
    batch_size = int(tree.attrs["batch_size"])
    return found.assign(num_lifetimes=found.step * batch_size, unit=f"rewards per {longest_lifetime(tree)} steps")
