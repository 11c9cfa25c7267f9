"""Figures of a comparison of decisions: each a function from its tree to axes, drawn from its `decision_tables` table.

An agent has the same colour in every figure; those without one of their own are named beside grey dots. Losses are in
rewards, on logarithmic axes where they span orders of magnitude.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from comparisons.decision_tables import (
    action_gap_table,
    certificate_table,
    convergence_table,
    exploration_table,
    has_optimum,
    loss_table,
    margin_table,
    optimal_probs_table,
    regret_table,
    repeats_table,
)
from comparisons.figure_style import (
    COLOURS,
    NEUTRAL,
    draw_on_log_axis,
    draw_points,
    draw_seeds,
    draw_with_band,
    is_drawable,
    label_plainly,
    limit_log_axis,
    line_of,
    new_axes,
    styled,
    with_legend,
)
from comparisons.wording import number

DECADES = 3.0
"""Powers of ten below the largest loss that colours tell apart."""

_TRIAL = "trial"
_UNVISITED = "#d6d6d6"
_COMPARED = ("network", "Gittins", "greedy", "Thompson", "uniform")


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


@styled
def plot_action_gap(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """What each choice costs: the mean action gap at every trial, of the network and of a few references."""
    ax = ax or new_axes()
    table = _of(action_gap_table(tree), _COMPARED)
    for name in table.agent.unique():
        draw_on_log_axis(ax, table[table.agent == name], "trial", name, label=name, marker=".")
    limit_log_axis(ax, table)
    low, high = ax.get_ylim()
    ax.set_ylim(max(low, high / 1e5), high)
    ax.set(xlabel=_TRIAL, ylabel="action gap, rewards")
    return _with_trials(ax, table)


@styled
def plot_gap_by_margin(tree: xr.DataTree, *, ax: Axes | None = None, agent: str = "network") -> Axes:
    """Where the shortfall of one agent arises: by trial, and by how far the best arm looks ahead of the next.

    The colours of agents compare. Grey is never visited; where less is lost than the scale tells apart it is white.
    """
    ax = ax or new_axes()
    table = margin_table(tree)
    highest = max(table.estimate.max(), np.finfo(float).tiny)
    lowest = highest / 10**DECADES
    table = table[table.agent == agent]
    cells = table.pivot(index="margin_from", columns="trial", values=["estimate", "visits"])
    lost = np.maximum(cells["estimate"].to_numpy(), lowest / 2)
    lost = np.ma.masked_where(cells["visits"].to_numpy() == 0, lost)
    num_bins, num_trials = lost.shape
    ax.set_facecolor(_UNVISITED)
    colors = mpl.colormaps["rocket_r"].with_extremes(under="white")
    edges = np.arange(num_trials + 1) + 0.5, np.arange(num_bins + 1)
    mesh = ax.pcolormesh(*edges, lost, norm=LogNorm(lowest, highest), cmap=colors, rasterized=True)
    figure = ax.get_figure()
    assert figure is not None
    figure.colorbar(mesh, ax=ax, label="rewards lost per episode", extend="min")
    ax.set_yticks(range(num_bins), [number(edge, 2) for edge in cells.index])
    ax.set(xlabel=_TRIAL, ylabel="lead of the best arm’s posterior mean")
    ax.set_title(f"{agent}, in total {number(float(table.estimate.sum()))}", loc="left")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.grid(visible=False)
    return ax


@styled
def plot_optimal_probs(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """How often agents choose an optimal action at every trial."""
    ax = ax or new_axes()
    table = _of(optimal_probs_table(tree), _COMPARED)
    for name in table.agent.unique():
        draw_with_band(ax, table[table.agent == name], "trial", name)
    ax.axhline(1, color=COLOURS["optimal"], linewidth=1.4, label="optimal, by definition", zorder=1.9)
    ax.set(xlabel=_TRIAL, ylabel="probability of an optimal action")
    ax.yaxis.set_major_formatter(_percent)
    return _with_trials(ax, table)


@styled
def plot_convergence(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """What the network loses per episode at each checkpoint of every training seed, with references as lines."""
    ax = ax or new_axes()
    table = convergence_table(tree)
    network = table[table.step > 0]
    others = _of(table[table.step.isna()], _COMPARED)
    is_logarithmic = _scale_of_losses(ax, pd.concat([network, others]), "y")
    for row in others.itertuples():
        if not is_logarithmic or row.estimate > 0:
            ax.axhline(row.estimate, **line_of(row.agent), linewidth=1.4, label=row.agent)
    several = network.training_seed.nunique() > 1
    for index, (_, one) in enumerate(network.groupby("training_seed")):
        label = "network, each seed" if several else "network"
        ax.fill_between(
            one.step.to_numpy(float), one.lower, one.upper, color=COLOURS["network"], alpha=0.22, linewidth=0
        )
        ax.plot(
            one.step.to_numpy(float),
            one.estimate,
            marker="o",
            markersize=3.5,
            color=COLOURS["network"],
            label="" if index else label,
            zorder=2.3,
        )
    ax.set(xscale="log", xlabel="training steps", ylabel=_loss_label(tree, "agent"))
    return with_legend(ax)


@styled
def plot_regret(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """Cumulative regret of agents to the oracle that knows the latents."""
    ax = ax or new_axes()
    table = _of(regret_table(tree), ("network", "optimal", "Gittins", "greedy", "Thompson", "UCB1", "uniform"))
    for name in table.agent.unique():
        draw_with_band(ax, table[table.agent == name], "trial", name)
    ax.set(xlabel="trials played", ylabel="cumulative regret to the oracle, rewards", xscale="log", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        label_plainly(axis)
    ax.set_xlim(1, max(2, int(table.trial.max())))
    return with_legend(ax)


@styled
def plot_exploration(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """How likely agents are to choose what they know least about, at every trial."""
    ax = ax or new_axes()
    table = _of(exploration_table(tree), ("network", "optimal", "Gittins", "greedy", "Thompson", "UCB1"))
    for name in table.agent.unique():
        draw_with_band(ax, table[table.agent == name], "trial", name)
    ax.set(xlabel=_TRIAL, ylabel="probability of the least known arm")
    ax.yaxis.set_major_formatter(_percent)
    return _with_trials(ax, table)


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


@styled
def plot_certificate(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """The network's action gap at each of the first trials: exact over all histories, and sampled over it."""
    ax = ax or new_axes()
    table = certificate_table(tree)
    exact = table[(table.quantity == "exact") & table.training_seed.isna()]
    sampled = table[table.quantity == "sampled"]
    draw_on_log_axis(ax, exact, "trial", "network", label="exact, over all histories", marker=".")
    draw_seeds(ax, table[table.quantity == "exact"], "trial")
    shown = sampled[is_drawable(sampled.estimate)]
    draw_points(ax, shown.trial, shown, COLOURS["network"], "o", "sampled, 95 % interval", facecolor="white")
    limit_log_axis(ax, table)
    ax.set(xlabel=_TRIAL, ylabel="action gap, rewards")
    return _with_trials(ax, table)


def _draw_dot(ax: Axes, row: int, one: Any, *, at: float, shape: str, size: float, is_hollow: bool = False) -> None:
    """One agent's estimate in its row of a dot chart, with its interval; at the edge of the axes it is not cut."""
    color = COLOURS.get(one.agent, NEUTRAL)
    spread = [[max(one.estimate - one.lower, 0.0)], [max(one.upper - one.estimate, 0.0)]]
    face = "white" if is_hollow else color
    style = {"color": color, "markerfacecolor": face, "markersize": size, "elinewidth": 1.4, "capsize": 2.5}
    ax.errorbar([at], [row], xerr=spread, fmt=shape, zorder=2.6, **style).lines[0].set_clip_on(False)


def _percent(value: float, _: float | None) -> str:
    return f"{100 * value:.0f} %"


def _of(table: pd.DataFrame, agents: Sequence[str]) -> pd.DataFrame:
    """The rows of some agents, in their order."""
    return pd.concat([table[table.agent == name] for name in agents])


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


def _with_trials(ax: Axes, table: pd.DataFrame) -> Axes:
    ax.set_xlim(0.5, float(table.trial.max()) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    return with_legend(ax)
