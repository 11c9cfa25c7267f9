"""Which figures the report of a comparison of decisions shows: titles, captions, alternative texts and tables."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from comparisons import decision_figures as figures
from comparisons import decision_tables as tables
from comparisons.decision_measures import player_groups
from comparisons.measures import over
from comparisons.report_figures import ReportFigure, fixed, has_group
from comparisons.wording import number


def _draw_margins(tree: xr.DataTree, figure: Figure) -> None:
    agents = [name for name in tables.PANELS if name in player_groups(tree)]
    panels = figure.subplots(1, len(agents), sharey=True, squeeze=False)[0]
    for agent, ax in zip(agents, panels, strict=True):
        figures.plot_gap_by_margin(tree, agent=agent, ax=ax)
        ax.label_outer()
        if ax is not panels[-1]:
            ax.collections[0].colorbar.remove()


def _num_seeds(tree: xr.DataTree) -> int:
    return len(player_groups(tree)["network"])


def _over(tree: xr.DataTree) -> str:
    return over(_num_seeds(tree))


def _detailed(tree: xr.DataTree) -> str:
    return f"Bands: 95 % intervals over {tree['trials'].sizes['detailed_task']:,} {_over(tree)}."


def _loss_caption(tree: xr.DataTree) -> str:
    if tables.has_optimum(tree):
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


def _gap_caption(tree: xr.DataTree) -> str:
    return (
        "What the choice at each trial costs on average if everything after it is done optimally. Summed over trials "
        "it is the shortfall. Lower is better; 0, as of any choice between equal arms at trial 1, is below a "
        f"logarithmic axis and not drawn. Look for trials at which the network’s line leaves those of good policies. "
        f"{_detailed(tree)}"
    )


def _margin_caption(tree: xr.DataTree) -> str:
    gap = tables.gap_by_trial(tree, "network")
    worst = int(np.argmax(gap))
    table = tables.margin_table(tree)
    network = table[table.agent == "network"]
    where = ""
    if gap.max() > 0:
        close = 100 * float(network[network.margin_from == 0].estimate.sum() / network.estimate.sum())
        where = (
            f" The network loses most at trial {worst + 1} ({number(gap[worst])} rewards), and {number(close, 2)} % of "
            "its loss with the smallest leads."
        )
    return (
        "Each cell is what an agent loses at one trial while the posterior mean of its best-looking arm leads the next "
        "by so much; the cells of a panel add up to the shortfall in its title, in rewards. Grey: never visited; "
        "white: less than the scale tells apart. Look for what is dark for the network and pale for another "
        f"agent.{where} Averaged over {tree['totals'].sizes['task']:,} tasks."
    )


def _optimal_caption(tree: xr.DataTree) -> str:
    return (
        "How much probability agents give to what is optimal in their own situation, ties included. An agent can "
        "often miss the optimal action and lose little: compare with the action gap above. Look for trials at which "
        f"the network falls below other policies. {_detailed(tree)}"
    )


def _convergence_caption(tree: xr.DataTree) -> str:
    table = tables.convergence_table(tree)
    last = table[table.step == table.step.max()].estimate
    return (
        "What the network loses per episode at each checkpoint. Look at which policies it passes on the way, whether "
        f"it still falls at the end, and whether training seeds agree: they end at {', '.join(map(number, last))} "
        f"{table.unit.iloc[0]}. Horizontal lines: references, and uniform play as the floor. Bands: 95 % intervals "
        f"over {tree['convergence'].sizes['task']:,} tasks."
    )


def _regret_caption(tree: xr.DataTree) -> str:
    best = "The Bayes-optimal policy pays the least there is to pay" if tables.has_optimum(tree) else "All pay"
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


def _repeats_caption(tree: xr.DataTree) -> str:
    return (
        "Whether an agent stays with an arm. A loss is a reward below what was expected of the arm, a win any other. "
        "Look at the distance between win and loss: win-stay, lose-shift is 100 % and 0 %, and who ignores rewards "
        f"has no distance. Bars: 95 % intervals, of the network over {_over(tree)}."
    )


def _certificate_caption(tree: xr.DataTree) -> str:
    group = tree["certificate"]
    exact = float(group.dataset["gap_by_time"].to_numpy().sum(axis=1).mean())
    whose = " for training seed 0" if _num_seeds(tree) > 1 else ""
    return (
        "The line has no sampling error: it sums over every history that the network can meet in the first "
        f"{group.sizes['time']} trials ({int(group.attrs['num_histories']):,}{whose}), {number(exact)} rewards in "
        "total. Circles are estimated from sampled tasks, with 95 % intervals over them: look at whether they lie on "
        "it. A value of 0 is below a logarithmic axis and not drawn."
    )


DECISION_FIGURES = (
    ReportFigure(
        name="losses",
        title="What every agent loses",
        is_available=has_group("totals"),
        height=fixed(4.2),
        draw=lambda tree, figure: figures.plot_losses(tree, ax=figure.add_subplot()),
        table=tables.loss_table,
        alt="Dot chart, logarithmic: rewards lost per episode by every agent with interval bars, the least at the top, "
        "and small circles for the training seeds of the network.",
        caption=_loss_caption,
    ),
    ReportFigure(
        name="action_gap",
        title="What each choice costs",
        is_available=tables.has_optimum,
        height=fixed(4.0),
        draw=lambda tree, figure: figures.plot_action_gap(tree, ax=figure.add_subplot()),
        table=tables.action_gap_table,
        alt="Line chart, logarithmic: mean action gap in rewards against the trial, for the network with an interval "
        "band and for reference policies.",
        caption=_gap_caption,
    ),
    ReportFigure(
        name="gap_by_margin",
        title="Where the loss arises",
        is_available=tables.has_optimum,
        height=fixed(3.2),
        draw=_draw_margins,
        table=tables.margin_table,
        alt="Heat maps side by side for the network and reference policies: rewards lost per episode, by trial and by "
        "the lead of the best-looking arm.",
        caption=_margin_caption,
    ),
    ReportFigure(
        name="optimal_probs",
        title="How often the choice is optimal",
        is_available=tables.has_optimum,
        height=fixed(3.8),
        draw=lambda tree, figure: figures.plot_optimal_probs(tree, ax=figure.add_subplot()),
        table=tables.optimal_probs_table,
        alt="Line chart: probability of an optimal action in percent against the trial, for the network with an "
        "interval band and for reference policies.",
        caption=_optimal_caption,
    ),
    ReportFigure(
        name="convergence",
        title="Convergence to the optimum during training",
        is_available=has_group("convergence"),
        height=fixed(4.0),
        draw=lambda tree, figure: figures.plot_convergence(tree, ax=figure.add_subplot()),
        table=tables.convergence_table,
        alt="Line chart, both axes logarithmic: rewards lost per episode by the network against training steps, a line "
        "per training seed, with reference policies as horizontal lines.",
        caption=_convergence_caption,
    ),
    ReportFigure(
        name="regret",
        title="Cumulative regret to the oracle",
        is_available=has_group("curves"),
        height=fixed(4.0),
        draw=lambda tree, figure: figures.plot_regret(tree, ax=figure.add_subplot()),
        table=tables.regret_table,
        alt="Line chart, both axes logarithmic: cumulative regret in rewards against trials played, for the network, "
        "the Bayes-optimal policy and references.",
        caption=_regret_caption,
    ),
    ReportFigure(
        name="exploration",
        title="Exploration of what is least known",
        is_available=has_group("curves"),
        height=fixed(3.8),
        draw=lambda tree, figure: figures.plot_exploration(tree, ax=figure.add_subplot()),
        table=tables.exploration_table,
        alt="Line chart: probability of the least known arm in percent against the trial, for the network with an "
        "interval band, the Bayes-optimal policy and references.",
        caption=_exploration_caption,
    ),
    ReportFigure(
        name="repeats",
        title="Staying after a win and after a loss",
        is_available=has_group("measures"),
        height=fixed(4.2),
        draw=lambda tree, figure: figures.plot_repeats(tree, ax=figure.add_subplot()),
        table=tables.repeats_table,
        alt="Dot chart with interval bars: for every agent the probability in percent of pulling the same arm again, "
        "filled dots after a win and open squares after a loss.",
        caption=_repeats_caption,
    ),
    ReportFigure(
        name="certificate",
        title="Certificate: the exact sum over all histories",
        is_available=has_group("certificate"),
        height=fixed(3.6),
        draw=lambda tree, figure: figures.plot_certificate(tree, ax=figure.add_subplot()),
        table=tables.certificate_table,
        alt="Line chart, logarithmic: the network's exact action gap in rewards against the trial, with sampled "
        "estimates as circles over it.",
        caption=_certificate_caption,
    ),
)
"""All figures, in the order of the report."""
