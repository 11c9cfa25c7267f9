"""Probability of pulling the same arm again, after a win and after a loss, as a dot chart."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.decisions.figures.by_trial import percent, within_probability
from comparisons.decisions.figures.losses import draw_dot, network_over
from comparisons.kind import Figure
from comparisons.report.findings import of_marks
from comparisons.report.style import NEUTRAL, with_legend
from comparisons.rows import table_of


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the probability that every agent pulls the previous arm again, after a win and after a loss."""
    rows = [
        {"after": f"after a {name}", "agent": row.who, **row.interval._asdict(), "unit": row.unit}
        for name in ("win", "loss")
        for row in table_of(tree).of(f"repeats_after_{name}")
    ]
    return within_probability(pd.DataFrame(rows))[["after", "agent", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw two marks for every agent, joined by a line."""
    ax = figure.add_subplot()
    loss = table[table.after == "after a loss"].sort_values("estimate", kind="stable", ascending=False)
    order = {agent: row for row, agent in enumerate(dict.fromkeys([*loss.agent, *table.agent]))}
    for after, shape, size in (("after a loss", "s", 6.5), ("after a win", "o", 4.5)):
        fill = "white" if shape == "s" else NEUTRAL
        ax.plot([], [], shape, color=NEUTRAL, markerfacecolor=fill, markersize=size, label=after)
        for one in table[table.after == after].itertuples():
            draw_dot(ax, order[one.agent], one, at=one.estimate, shape=shape, size=size, is_hollow=shape == "s")
    ends = table.pivot(index="agent", columns="after", values="estimate").reindex(order)
    ax.hlines(range(len(order)), ends.min(axis=1), ends.max(axis=1), color=NEUTRAL, linewidth=0.9, zorder=1.9)
    ax.set_yticks(range(len(order)), list(order))
    ax.tick_params(axis="y", length=0)
    ax.get_yticklabels()[order["network"]].set_fontweight("bold")
    ax.set(xlim=(0, 1), ylim=(len(order) - 0.4, -0.6), ylabel="agent")
    ax.set_xlabel("probability of pulling the same arm again")
    ax.xaxis.set_major_formatter(percent)
    ax.grid(axis="x")
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        "Probability that an agent stays with an arm. A loss is a reward below what was expected of the arm; any other "
        "reward is a win. Look at the distance between win and loss: a win-stay, lose-shift agent is at 100 % and 0 %, "
        f"and an agent that ignores rewards has no distance. Bars: 95 % intervals, of the network over "
        f"{network_over(tree)}."
    )


FIGURE = Figure(
    name="repeats",
    title="Staying after a win and after a loss",
    alt="Dot chart with interval bars: for every agent the probability in percent of pulling the same arm again, "
    "filled dots after a win and open squares after a loss.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(table, ["agent", "after"], "probability"),
    needs=("measures",),
    height=4.2,
)
