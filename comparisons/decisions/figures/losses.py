"""Rewards that every agent loses per episode, as a dot chart."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.decisions.scores import has_optimum, player_groups
from comparisons.kind import Figure
from comparisons.report.findings import of_marks
from comparisons.report.points import concatenate
from comparisons.report.style import COLOURS, NEUTRAL, RESOLUTION, is_drawable, label_plainly, with_legend
from comparisons.report.words import number
from comparisons.rows import over_tasks, table_of

FAMILIAR = ("network", "untrained network", "optimal", "Gittins", "UCB1", "greedy", "Thompson", "uniform")
"""Agents that have a colour of their own, and so a line."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the rewards that every agent loses per episode, the least first; also for each training seed.

    They are lost against the exact optimum or, where that is not known, against the reference (negative: better than
    it). A value that differs from 0 by the rounding of float64 only is 0.
    """
    groups = player_groups(tree)
    rows = table_of(tree).of("shortfall" if has_optimum(tree) else "rewards_below_reference")
    found = [{"agent": row.who, **row.interval._asdict()} for row in rows if row.who != "oracle" and not row.at]
    if not has_optimum(tree):
        found.insert(0, {"agent": str(tree.attrs["reference"]), "estimate": 0.0, "lower": 0.0, "upper": 0.0})
    tables = [pd.DataFrame(found).sort_values("estimate", kind="stable")]
    if len(groups["network"]) > 1:
        lost = _lost_rewards(tree)[groups["network"]].mean(axis=1)
        by_seed = pd.DataFrame({"training_seed": range(len(lost)), "estimate": lost})
        tables.append(by_seed.assign(agent="network", lower=np.nan, upper=np.nan))
    table = concatenate(tables).assign(unit=per_episode(tree))
    for bound in ("estimate", "lower", "upper"):
        table[bound] = table[bound].mask(table[bound].abs() <= RESOLUTION, 0.0)
    return table[["agent", "training_seed", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a dot with its interval for every agent, and small circles for the network's training seeds."""
    ax = figure.add_subplot()
    pooled = table[table.training_seed.isna()].reset_index(drop=True)
    scale_of_losses(ax, pooled, "x")
    for row, one in enumerate(pooled.itertuples()):
        is_shown = ax.get_xscale() != "log" or one.estimate > 0
        at = one.estimate if is_shown else ax.get_xlim()[0]
        draw_dot(ax, row, one, at=at, shape="o" if is_shown else "<", size=5.5)
        ax.annotate(
            number(one.estimate),
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=9,
            fontweight="bold" if one.agent == "network" else "normal",
            annotation_clip=False,
        )
    seeds = table[table.training_seed.notna()]
    row = int(pooled.index[pooled.agent == "network"][0])
    if len(seeds):
        style = {"color": COLOURS["network"], "markersize": 3.2, "markerfacecolor": "white", "linestyle": ""}
        ax.plot(seeds.estimate, np.full(len(seeds), row - 0.32), "o", label="network, each training seed", **style)
    ax.set_yticks(range(len(pooled)), pooled.agent)
    ax.tick_params(axis="y", length=0)
    ax.get_yticklabels()[row].set_fontweight("bold")
    ax.set(ylim=(len(pooled) - 0.4, -0.6), xlabel=loss_label(tree, "agent"), ylabel="agent")
    ax.grid(axis="x")
    ax.plot([], [], "o", color=NEUTRAL, markersize=5.5, label="every agent, with 95 % interval")
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    if has_optimum(tree):
        what = (
            "Rewards per episode lost to the Bayes-optimal policy. The policy itself is at 0, which lies off the left "
            "end of a logarithmic axis."
        )
    else:
        what = f"Rewards per episode below the {tree.attrs['reference']} policy; left of 0 is better than it."
    return (
        f"{what} The random policy (uniform) is the floor. Bars: 95 % intervals, of the network over "
        f"{network_over(tree)} (often smaller than a dot); the numbers are written beside them. Compare the network "
        "with its neighbours, and its training seeds with one another."
    )


def draw_dot(ax: Axes, row: int, one: Any, *, at: float, shape: str, size: float, is_hollow: bool = False) -> None:
    """Draw one agent's estimate in its row of a dot chart, with its interval; the edge of the axes does not cut it."""
    color = COLOURS.get(one.agent, NEUTRAL)
    spread = [[max(one.estimate - one.lower, 0.0)], [max(one.upper - one.estimate, 0.0)]]
    face = "white" if is_hollow else color
    style = {"color": color, "markerfacecolor": face, "markersize": size, "elinewidth": 1.4, "capsize": 2.5}
    ax.errorbar([at], [row], xerr=spread, fmt=shape, zorder=2.6, **style).lines[0].set_clip_on(False)


def loss_label(tree: xr.DataTree, agent: str) -> str:
    """Return the label of an axis of losses."""
    if has_optimum(tree):
        return f"shortfall V* − V({agent}), rewards per {int(tree.attrs['length'])} trials"
    return f"rewards below {tree.attrs['reference']}, per {int(tree.attrs['length'])} trials"


def scale_of_losses(ax: Axes, table: pd.DataFrame, axis: str) -> bool:
    """Set a logarithmic axis if no loss is below 0 by more than rounding, else one that is linear around 0."""
    positive = table.estimate[is_drawable(table.estimate)]
    low, high = (positive.min(), positive.max()) if len(positive) else (1e-3, 1.0)
    is_logarithmic = bool((table.estimate[np.isfinite(table.estimate)] > -1e-9).all())
    if is_logarithmic:
        ax.set(**{f"{axis}scale": "log", f"{axis}lim": (low / 2, high * 1.6)})
        label_plainly(ax.xaxis if axis == "x" else ax.yaxis)
    else:
        threshold = 10.0 ** np.ceil(np.log10(high / 100))
        scale = ax.set_xscale if axis == "x" else ax.set_yscale
        scale("symlog", linthresh=threshold, linscale=0.8)
        extent = float(table.estimate.abs().max())
        decades = threshold * 10.0 ** np.arange(0, np.ceil(np.log10(extent / threshold)) + 1)
        ticks = [*-decades[::-1], 0.0, *decades]
        scaled = ax.xaxis if axis == "x" else ax.yaxis
        scaled.set_ticks(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
        lowest = min(float(table.lower.min()), -threshold)
        ax.set(**{f"{axis}lim": (1.6 * lowest, 1.6 * high)})
    return is_logarithmic


def network_over(tree: xr.DataTree) -> str:
    """Return what the intervals of the network are over, in words."""
    return str(over_tasks(len(player_groups(tree)["network"])))


def per_episode(tree: xr.DataTree) -> str:
    """Return the unit of losses per episode."""
    return f"rewards per {int(tree.attrs['length'])} trials"


def _lost_rewards(tree: xr.DataTree) -> Float[np.ndarray, "player task"]:
    """Return what every player loses in every task, as `table` counts it."""
    totals = tree["totals"].to_dataset()
    if has_optimum(tree):
        return totals["action_gap"].to_numpy().astype(float)
    earned = totals["expected_rewards"].astype(float)
    return (earned.sel(player=str(tree.attrs["reference"])) - earned).transpose("player", "task").to_numpy()


FIGURE = Figure(
    name="losses",
    title="What every agent loses",
    alt="Dot chart, logarithmic: rewards lost per episode by every agent with interval bars, the least at the top, "
    "and small circles for the training seeds of the network.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(table, "agent", str(table.unit.iloc[0])),
    shows=(
        "share_of_uniform_shortfall",
        "share_of_greedy_shortfall",
        "shortfall_above_gittins",
        "gap_minus_lost_rewards",
        "rewards_below_reference",
    ),
    needs=("measures",),
    height=4.2,
)
