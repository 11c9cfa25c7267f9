"""Figures of a comparison of decisions: each a function from its tree to axes, drawn from its `decision_tables` table.

An agent has the same colour in every figure; those without one of their own are named beside grey dots. Losses are in
rewards, on logarithmic axes where they span orders of magnitude.
"""

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.decisions.figures.by_trial import _COMPARED, _of
from comparisons.decisions.figures.losses import FAMILIAR, _loss_label, _per_episode, _scale_of_losses, loss_table
from comparisons.decisions.measures import has_optimum
from comparisons.report.points import concatenate, means_with_intervals
from comparisons.report.style import (
    COLOURS,
    line_of,
    new_axes,
    styled,
    with_legend,
)
from comparisons.report.words import number


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


def _convergence_caption(tree: xr.DataTree) -> str:
    table = convergence_table(tree)
    last = table[table.step == table.step.max()].estimate
    return (
        "What the network loses per episode at each checkpoint. Look at which policies it passes on the way, whether "
        f"it still falls at the end, and whether training seeds agree: they end at {', '.join(map(number, last))} "
        f"{table.unit.iloc[0]}. Horizontal lines: references, and uniform play as the floor. Bands: 95 % intervals "
        f"over {tree['convergence'].sizes['task']:,} tasks."
    )


def convergence_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards that the network loses per episode at each checkpoint of every training seed; intervals over tasks.

    The references follow, without a `step`.
    """
    group = tree["convergence"].to_dataset().transpose("training_seed", "step", "task")
    lost = group["action_gap"].to_numpy()
    if not has_optimum(tree):
        reference = tree["totals"].dataset["expected_rewards"].sel(player=str(tree.attrs["reference"])).to_numpy()
        lost = reference[: group.sizes["task"]] - group["expected_rewards"].to_numpy()
    num_seeds, _, num_tasks = lost.shape
    bounds = means_with_intervals(lost.reshape(-1, 1, num_tasks).astype(float), seed=int(tree.attrs["seed"]))
    index = pd.MultiIndex.from_product([range(num_seeds), group["step"].to_numpy()], names=["training_seed", "step"])
    network = bounds.set_index(index).reset_index().assign(agent="network")
    others = loss_table(tree)
    others = others[others.agent.isin(FAMILIAR[1:])].drop(columns=["training_seed", "unit"]).assign(step=pd.NA)
    table = concatenate([network, others]).assign(unit=_per_episode(tree)).astype({"step": "Int64"})
    return table[["agent", "training_seed", "step", "estimate", "lower", "upper", "unit"]]
