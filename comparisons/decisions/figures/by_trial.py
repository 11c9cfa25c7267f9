"""Figures of a comparison of decisions: each a function from its tree to axes, drawn from its `decision_tables` table.

An agent has the same colour in every figure; those without one of their own are named beside grey dots. Losses are in
rewards, on logarithmic axes where they span orders of magnitude.
"""

from collections.abc import Sequence

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from comparisons.decisions.figures.losses import _detailed
from comparisons.decisions.measures import has_optimum
from comparisons.report.points import curve_table
from comparisons.report.style import (
    COLOURS,
    draw_on_log_axis,
    draw_with_band,
    label_plainly,
    limit_log_axis,
    new_axes,
    styled,
    with_legend,
)

_TRIAL = "trial"


_COMPARED = ("network", "Gittins", "greedy", "Thompson", "uniform")


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


def _percent(value: float, _: float | None) -> str:
    return f"{100 * value:.0f} %"


def _of(table: pd.DataFrame, agents: Sequence[str]) -> pd.DataFrame:
    """The rows of some agents, in their order."""
    return pd.concat([table[table.agent == name] for name in agents])


def _with_trials(ax: Axes, table: pd.DataFrame) -> Axes:
    ax.set_xlim(0.5, float(table.trial.max()) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    return with_legend(ax)


def _gap_caption(tree: xr.DataTree) -> str:
    return (
        "What the choice at each trial costs on average if everything after it is done optimally. Summed over trials "
        "it is the shortfall. Lower is better; 0, as of any choice between equal arms at trial 1, is below a "
        f"logarithmic axis and not drawn. Look for trials at which the network’s line leaves those of good policies. "
        f"{_detailed(tree)}"
    )


def _optimal_caption(tree: xr.DataTree) -> str:
    return (
        "How much probability agents give to what is optimal in their own situation, ties included. An agent can "
        "often miss the optimal action and lose little: compare with the action gap above. Look for trials at which "
        f"the network falls below other policies. {_detailed(tree)}"
    )


def _regret_caption(tree: xr.DataTree) -> str:
    best = "The Bayes-optimal policy pays the least there is to pay" if has_optimum(tree) else "All pay"
    return (
        "Rewards lost to an oracle that knows every arm’s expected reward, added up over trials. "
        f"{best} for learning which arm is best. Look for where the network leaves the lowest line; early regret may "
        f"be a price for later gain. {_detailed(tree)}"
    )


def _exploration_caption(tree: xr.DataTree) -> str:
    return (
        "Exploration: how likely an agent is to pull the arm with the widest posterior, in its own situation. No line "
        "is best; look at whose the network’s resembles, and at the last trials: there nothing that is learned can be "
        f"used, which optimal play knows and Thompson sampling does not. {_detailed(tree)}"
    )


def action_gap_table(tree: xr.DataTree) -> pd.DataFrame:
    """Mean action gap of every agent at each trial, in rewards."""
    return _by_trial(tree, "action_gap", "rewards")


def optimal_probs_table(tree: xr.DataTree) -> pd.DataFrame:
    """Probability that every agent gives to the set of optimal actions at each trial."""
    return _by_trial(tree, "optimal_probs", "probability")


def regret_table(tree: xr.DataTree) -> pd.DataFrame:
    """Cumulative regret of every agent to the oracle that knows the latents, after each trial, in rewards."""
    return _by_trial(tree, "cumulative_regret", "rewards")


def exploration_table(tree: xr.DataTree) -> pd.DataFrame:
    """Probability that every agent gives to an arm about which least is known, at each trial."""
    return _by_trial(tree, "uncertain_probs", "probability")


def _by_trial(tree: xr.DataTree, variable: str, unit: str) -> pd.DataFrame:
    table = curve_table(tree["curves"].dataset[variable]).rename(columns={"predictor": "agent"})
    table = _within_probability(table.assign(trial=table.time + 1, unit=unit))
    return table[["agent", "trial", "estimate", "lower", "upper", "unit"]]


def _within_probability(table: pd.DataFrame) -> pd.DataFrame:
    """The table with intervals of probabilities ended at 0 and 1, beyond which resampling over few seeds reaches."""
    if set(table.unit) != {"probability"}:
        return table
    return table.assign(lower=table.lower.clip(0, 1), upper=table.upper.clip(0, 1))
