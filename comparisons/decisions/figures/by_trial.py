"""Scores of agents at every trial: action gap, optimal choices, regret and exploration."""

from collections.abc import Sequence

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from comparisons.decisions.figures.losses import network_over
from comparisons.decisions.scores import has_optimum
from comparisons.kind import Figure
from comparisons.report.findings import of_lines
from comparisons.report.log_axis import draw_on_log_axis, limit_log_axis, said_of_zeros
from comparisons.report.points import curve_table
from comparisons.report.style import COLOURS, draw_with_band, label_plainly, with_legend

TRIAL = "trial"
COMPARED = ("network", "Gittins", "greedy", "Thompson", "uniform")


def action_gap_table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the mean action gap of every agent at each trial, in rewards."""
    return _by_trial(tree, "action_gap", "rewards")


def draw_action_gap(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw the network and a few references on a logarithmic axis."""
    ax, table = figure.add_subplot(), of_agents(table, COMPARED)
    for name in table.agent.unique():
        draw_on_log_axis(ax, table[table.agent == name], "trial", name, label=name, marker=".")
    limit_log_axis(ax, table, most_decades=5)
    ax.set(xlabel=TRIAL, ylabel="action gap, rewards")
    with_trials(ax, table)


def action_gap_caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption of the action gap."""
    return (
        "Mean cost of the choice at each trial if everything after it is done optimally; summed over trials it is the "
        "shortfall. Lower is better. Look for trials at which the network’s line leaves those of good policies. "
        f"{_bands(tree)}{said_of_zeros(of_agents(table, COMPARED).estimate)}"
    )


def optimal_probs_table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the probability that every agent gives to the set of optimal actions at each trial."""
    return _by_trial(tree, "optimal_probs", "probability")


def draw_optimal_probs(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw the network and a few references, below the line of the optimum at 100 %."""
    ax, table = figure.add_subplot(), of_agents(table, COMPARED)
    for name in table.agent.unique():
        draw_with_band(ax, table[table.agent == name], "trial", name)
    ax.axhline(1, color=COLOURS["optimal"], linewidth=1.4, label="optimal, by definition", zorder=1.9)
    ax.set(xlabel=TRIAL, ylabel="probability of an optimal action")
    ax.yaxis.set_major_formatter(percent)
    with_trials(ax, table)


def optimal_probs_caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption of optimal choices."""
    return (
        "Probability that agents give to the optimal actions in their own situation, ties included. An agent can "
        "often miss the optimal action and lose little: compare with the action gap above. Look for trials at which "
        f"the network falls below other policies. {_bands(tree)}"
    )


def regret_table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the cumulative regret of every agent to the oracle that knows the latents, in rewards."""
    return _by_trial(tree, "cumulative_regret", "rewards")


def draw_regret(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw cumulative regret, both axes logarithmic."""
    shown = ("network", "optimal", "Gittins", "greedy", "Thompson", "UCB1", "uniform")
    ax, table = figure.add_subplot(), of_agents(table, shown)
    for name in table.agent.unique():
        draw_with_band(ax, table[table.agent == name], "trial", name)
    ax.set(xlabel="trials played", ylabel="cumulative regret to the oracle, rewards", xscale="log", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        label_plainly(axis)
    ax.set_xlim(1, max(2, int(table.trial.max())))
    with_legend(ax)


def regret_caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption of the regret."""
    best = "The Bayes-optimal policy has the least regret of all" if has_optimum(tree) else "Every policy has regret"
    return (
        "Rewards lost to an oracle that knows every arm’s expected reward, added up over trials. "
        f"{best}, because it must learn which arm is best. Look for where the network leaves the lowest line; early "
        f"regret may be a price for later gain. {_bands(tree)}"
    )


def exploration_table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the probability that every agent gives to the least known arm at each trial."""
    return _by_trial(tree, "uncertain_probs", "probability")


def draw_exploration(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw the network, the Bayes-optimal policy and references."""
    ax = figure.add_subplot()
    table = of_agents(table, ("network", "optimal", "Gittins", "greedy", "Thompson", "UCB1"))
    for name in table.agent.unique():
        draw_with_band(ax, table[table.agent == name], "trial", name)
    ax.set(xlabel=TRIAL, ylabel="probability of the least known arm")
    ax.yaxis.set_major_formatter(percent)
    with_trials(ax, table)


def exploration_caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption of exploration."""
    return (
        "Exploration: the probability that an agent pulls the arm with the widest posterior, in its own situation. No "
        "line is best. Look for the policy that the network resembles, and at the last trials: information gained "
        f"there is useless, which the optimal policy knows and Thompson sampling does not. {_bands(tree)}"
    )


def percent(value: float, _: float | None) -> str:
    """Format a tick of a probability."""
    return f"{100 * value:.0f} %"


def of_agents(table: pd.DataFrame, agents: Sequence[str]) -> pd.DataFrame:
    """Return the rows of some agents, in their order."""
    return pd.concat([table[table.agent == name] for name in agents])


def with_trials(ax: Axes, table: pd.DataFrame) -> None:
    """Label an axis of trials, and add the legend."""
    ax.set_xlim(0.5, float(table.trial.max()) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    with_legend(ax)


def within_probability(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with intervals of probabilities cut at 0 and 1, which resampling over few seeds can pass."""
    if set(table.unit) != {"probability"}:
        return table
    return table.assign(lower=table.lower.clip(0, 1), upper=table.upper.clip(0, 1))


def _by_trial(tree: xr.DataTree, variable: str, unit: str) -> pd.DataFrame:
    table = curve_table(tree["curves"].dataset[variable]).rename(columns={"predictor": "agent"})
    table = within_probability(table.assign(trial=table.time + 1, unit=unit))
    return table[["agent", "trial", "estimate", "lower", "upper", "unit"]]


def _bands(tree: xr.DataTree) -> str:
    return f"Bands: 95 % intervals over {tree['trials'].sizes['detailed_task']:,} {network_over(tree)}."


ACTION_GAP = Figure(
    name="action_gap",
    title="What each choice costs",
    alt="Line chart, logarithmic: mean action gap in rewards against the trial, for the network with an interval band "
    "and for reference policies.",
    table=action_gap_table,
    draw=draw_action_gap,
    caption=action_gap_caption,
    finding=lambda tree, table: of_lines(of_agents(table, COMPARED), "agent", "trial", "rewards"),
    needs=("curves",),
    is_shown=has_optimum,
)
OPTIMAL_PROBS = Figure(
    name="optimal_probs",
    title="How often the choice is optimal",
    alt="Line chart: probability of an optimal action in percent against the trial, for the network with an interval "
    "band and for reference policies.",
    table=optimal_probs_table,
    draw=draw_optimal_probs,
    caption=optimal_probs_caption,
    finding=lambda tree, table: of_lines(of_agents(table, COMPARED), "agent", "trial", "probability"),
    needs=("curves",),
    is_shown=has_optimum,
    height=3.8,
)
REGRET = Figure(
    name="regret",
    title="Cumulative regret to the oracle",
    alt="Line chart, both axes logarithmic: cumulative regret in rewards against trials played, for the network, the "
    "Bayes-optimal policy and references.",
    table=regret_table,
    draw=draw_regret,
    caption=regret_caption,
    finding=lambda tree, table: of_lines(of_agents(table, COMPARED), "agent", "trial", "rewards"),
    needs=("curves",),
)
EXPLORATION = Figure(
    name="exploration",
    title="Exploration of what is least known",
    alt="Line chart: probability of the least known arm in percent against the trial, for the network with an interval "
    "band, the Bayes-optimal policy and references.",
    table=exploration_table,
    draw=draw_exploration,
    caption=exploration_caption,
    finding=lambda tree, table: of_lines(of_agents(table, COMPARED), "agent", "trial", "probability"),
    needs=("curves",),
    height=3.8,
)
