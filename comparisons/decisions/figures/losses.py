"""Figures of a comparison of decisions: each a function from its tree to axes, drawn from its `decision_tables` table.

An agent has the same colour in every figure; those without one of their own are named beside grey dots. Losses are in
rewards, on logarithmic axes where they span orders of magnitude.
"""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes

from comparisons.decisions.measures import has_optimum, player_groups
from comparisons.report.points import concatenate
from comparisons.report.style import (
    COLOURS,
    NEUTRAL,
    RESOLUTION,
    is_drawable,
    label_plainly,
    new_axes,
    styled,
    with_legend,
)
from comparisons.report.words import number
from comparisons.rows import over


@styled
def plot_losses(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """What every agent loses per episode against the optimum (or the reference), the least at the top."""
    ax = ax or new_axes()
    table = loss_table(tree)
    pooled = table[table.training_seed.isna()].reset_index(drop=True)
    _scale_of_losses(ax, pooled, "x")
    for row, one in enumerate(pooled.itertuples()):
        is_shown = ax.get_xscale() != "log" or one.estimate > 0
        at = one.estimate if is_shown else ax.get_xlim()[0]
        _draw_dot(ax, row, one, at=at, shape="o" if is_shown else "<", size=5.5)
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
    ax.set(ylim=(len(pooled) - 0.4, -0.6), xlabel=_loss_label(tree, "agent"), ylabel="agent")
    ax.grid(axis="x")
    ax.plot([], [], "o", color=NEUTRAL, markersize=5.5, label="every agent, with 95 % interval")
    return with_legend(ax)


def _draw_dot(ax: Axes, row: int, one: Any, *, at: float, shape: str, size: float, is_hollow: bool = False) -> None:
    """One agent's estimate in its row of a dot chart, with its interval; at the edge of the axes it is not cut."""
    color = COLOURS.get(one.agent, NEUTRAL)
    spread = [[max(one.estimate - one.lower, 0.0)], [max(one.upper - one.estimate, 0.0)]]
    face = "white" if is_hollow else color
    style = {"color": color, "markerfacecolor": face, "markersize": size, "elinewidth": 1.4, "capsize": 2.5}
    ax.errorbar([at], [row], xerr=spread, fmt=shape, zorder=2.6, **style).lines[0].set_clip_on(False)


def _loss_label(tree: xr.DataTree, agent: str) -> str:
    if has_optimum(tree):
        return f"shortfall V* − V({agent}), rewards per {int(tree.attrs['length'])} trials"
    return f"rewards below {tree.attrs['reference']}, per {int(tree.attrs['length'])} trials"


def _scale_of_losses(ax: Axes, table: pd.DataFrame, axis: str) -> bool:
    """Logarithmic where no loss is below 0 by more than rounding; linear around 0 and logarithmic beyond, else."""
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


def _num_seeds(tree: xr.DataTree) -> int:
    return len(player_groups(tree)["network"])


def _over(tree: xr.DataTree) -> str:
    return over(_num_seeds(tree))


def _detailed(tree: xr.DataTree) -> str:
    return f"Bands: 95 % intervals over {tree['trials'].sizes['detailed_task']:,} {_over(tree)}."


def _loss_caption(tree: xr.DataTree) -> str:
    if has_optimum(tree):
        what = (
            "Rewards per episode lost to the Bayes-optimal policy, which is at 0: on a logarithmic axis that is off "
            "to the left."
        )
    else:
        what = f"Rewards per episode below the {tree.attrs['reference']} policy; left of 0 is better than it."
    return (
        f"{what} Look at whom the network is next to, and at whether its training seeds agree. Uniform play is the "
        f"floor. Bars: 95 % intervals, of the network over {_over(tree)} (often smaller than a dot); the numbers are "
        "written beside them."
    )


FAMILIAR = ("network", "untrained network", "optimal", "Gittins", "UCB1", "greedy", "Thompson", "uniform")
"""Agents that have a colour of their own, and so a line."""


def loss_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards that every agent loses per episode, the least first; of the network also for each training seed.

    Against the exact optimum, or, where that is not known, against the reference (negative: better than it). What is
    zero but for the rounding of float64 is 0.
    """
    measures = tree["measures"].to_dataset().to_dataframe()
    groups, measure = player_groups(tree), _loss_measure(tree)
    pooled = measures[(measures.measure == measure) & measures.predictor.isin(groups)]
    pooled = pooled[pooled.predictor != "oracle"][["predictor", "estimate", "lower", "upper"]]
    if not has_optimum(tree):
        itself = {"predictor": [str(tree.attrs["reference"])], "estimate": [0.0], "lower": [0.0], "upper": [0.0]}
        pooled = pd.concat([pd.DataFrame(itself), pooled])
    tables = [pooled.sort_values("estimate", kind="stable").rename(columns={"predictor": "agent"})]
    if len(groups["network"]) > 1:
        lost = _lost_rewards(tree)[groups["network"]].mean(axis=1)
        by_seed = pd.DataFrame({"training_seed": range(len(lost)), "estimate": lost})
        tables.append(by_seed.assign(agent="network", lower=np.nan, upper=np.nan))
    table = concatenate(tables).assign(unit=_per_episode(tree))
    for bound in ("estimate", "lower", "upper"):
        table[bound] = table[bound].mask(table[bound].abs() <= RESOLUTION, 0.0)
    return table[["agent", "training_seed", "estimate", "lower", "upper", "unit"]]


def _loss_measure(tree: xr.DataTree) -> str:
    return "shortfall" if has_optimum(tree) else "rewards_below_reference"


def _lost_rewards(tree: xr.DataTree) -> Float[np.ndarray, "player task"]:
    """What every player loses in every task, as `loss_table` counts it."""
    totals = tree["totals"].to_dataset()
    if has_optimum(tree):
        return totals["action_gap"].to_numpy().astype(float)
    earned = totals["expected_rewards"].astype(float)
    return (earned.sel(player=str(tree.attrs["reference"])) - earned).transpose("player", "task").to_numpy()


def _per_episode(tree: xr.DataTree) -> str:
    return f"rewards per {int(tree.attrs['length'])} trials"
