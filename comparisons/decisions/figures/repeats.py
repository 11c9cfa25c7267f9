"""Figures of a comparison of decisions: each a function from its tree to axes, drawn from its `decision_tables` table.

An agent has the same colour in every figure; those without one of their own are named beside grey dots. Losses are in
rewards, on logarithmic axes where they span orders of magnitude.
"""

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.decisions.figures.by_trial import _percent, _within_probability
from comparisons.decisions.figures.losses import _draw_dot, _over
from comparisons.report.style import (
    NEUTRAL,
    new_axes,
    styled,
    with_legend,
)


@styled
def plot_repeats(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """How likely every agent is to pull the previous arm again, after a win and after a loss."""
    ax = ax or new_axes()
    table = repeats_table(tree)
    loss = table[table.after == "after a loss"].sort_values("estimate", kind="stable", ascending=False)
    order = {agent: row for row, agent in enumerate(dict.fromkeys([*loss.agent, *table.agent]))}
    for after, shape, size in (("after a loss", "s", 6.5), ("after a win", "o", 4.5)):
        fill = "white" if shape == "s" else NEUTRAL
        ax.plot([], [], shape, color=NEUTRAL, markerfacecolor=fill, markersize=size, label=after)
        for one in table[table.after == after].itertuples():
            _draw_dot(ax, order[one.agent], one, at=one.estimate, shape=shape, size=size, is_hollow=shape == "s")
    ends = table.pivot(index="agent", columns="after", values="estimate").reindex(order)
    ax.hlines(range(len(order)), ends.min(axis=1), ends.max(axis=1), color=NEUTRAL, linewidth=0.9, zorder=1.9)
    ax.set_yticks(range(len(order)), list(order))
    ax.tick_params(axis="y", length=0)
    ax.get_yticklabels()[order["network"]].set_fontweight("bold")
    ax.set(xlim=(0, 1), ylim=(len(order) - 0.4, -0.6), ylabel="agent")
    ax.set_xlabel("probability of pulling the same arm again")
    ax.xaxis.set_major_formatter(_percent)
    ax.grid(axis="x")
    return with_legend(ax)


def _repeats_caption(tree: xr.DataTree) -> str:
    return (
        "Whether an agent stays with an arm. A loss is a reward below what was expected of the arm, a win any other. "
        "Look at the distance between win and loss: win-stay, lose-shift is 100 % and 0 %, and who ignores rewards "
        f"has no distance. Bars: 95 % intervals, of the network over {_over(tree)}."
    )


def repeats_table(tree: xr.DataTree) -> pd.DataFrame:
    """Probability that every agent pulls the previous arm again, after a win and after a loss."""
    measures = tree["measures"].to_dataset().to_dataframe()
    parts = [
        measures[measures.measure == f"repeats_after_{name}"].assign(after=f"after a {name}")
        for name in ("win", "loss")
    ]
    table = _within_probability(pd.concat(parts, ignore_index=True).rename(columns={"predictor": "agent"}))
    return table[["after", "agent", "estimate", "lower", "upper", "unit"]]
