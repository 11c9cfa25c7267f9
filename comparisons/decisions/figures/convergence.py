"""Rewards that the network loses per episode at each checkpoint of training, beside references."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.decisions.figures import losses
from comparisons.decisions.figures.by_trial import COMPARED, of_agents
from comparisons.decisions.figures.losses import FAMILIAR, loss_label, per_episode, scale_of_losses
from comparisons.decisions.scores import has_optimum
from comparisons.kind import Figure
from comparisons.report.convergence import checkpoint_points
from comparisons.report.findings import of_lines
from comparisons.report.log_axis import WITH_ZEROS, draw_zeros, said_of_zeros
from comparisons.report.points import concatenate
from comparisons.report.style import COLOURS, line_of, with_legend
from comparisons.report.words import number


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the rewards that the network loses per episode at each checkpoint of every training seed.

    Intervals are over tasks. The references follow, without a `step`.
    """
    group = tree["convergence"].to_dataset().transpose("training_seed", "step", "task")
    lost = group["action_gap"]
    if not has_optimum(tree):
        earned = tree["totals"].dataset["expected_rewards"].sel(player=str(tree.attrs["reference"])).to_numpy()
        lost = lost.copy(data=earned[: group.sizes["task"]] - group["expected_rewards"].to_numpy())
    network = checkpoint_points(lost).assign(agent="network")
    others = losses.table(tree)
    others = others[others.agent.isin(FAMILIAR[1:])].drop(columns=["training_seed", "unit"]).assign(step=pd.NA)
    table = concatenate([network, others]).assign(unit=per_episode(tree)).astype({"step": "Int64"})
    return table[["agent", "training_seed", "step", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a line per training seed, and references as horizontal lines."""
    ax = figure.add_subplot()
    network = table[table.step > 0]
    others = of_agents(table[table.step.isna()], COMPARED)
    is_logarithmic = scale_of_losses(ax, pd.concat([network, others]), "y")
    for row in others.itertuples():
        if not is_logarithmic or row.estimate > 0:
            ax.axhline(row.estimate, **line_of(row.agent), linewidth=1.4, label=row.agent)
    several = network.training_seed.nunique() > 1
    for index, (_, one) in enumerate(network.groupby("training_seed")):
        label = "network, each seed" if several else "network"
        color, steps = COLOURS["network"], one.step.to_numpy(float)
        ax.fill_between(steps, one.lower, one.upper, color=color, alpha=0.22, linewidth=0)
        style = {"marker": "o", "markersize": 3.5, "color": color, "zorder": 2.3, "gid": WITH_ZEROS}
        ax.plot(steps, one.estimate, label="" if index else label, **style)
    if is_logarithmic:
        draw_zeros(ax, ax.get_ylim()[0])
    ax.set(xscale="log", xlabel="training steps", ylabel=loss_label(tree, "agent"))
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    last = table[table.step == table.step.max()].estimate
    return (
        "Rewards that the network loses per episode at each checkpoint. Look at which policies it passes on the way, "
        f"whether it still falls at the end, and whether training seeds agree: they end at "
        f"{', '.join(map(number, last))} {table.unit.iloc[0]}. Horizontal lines: references; the random policy "
        f"(uniform) is the floor. Bands: 95 % intervals over {tree['convergence'].sizes['task']:,} tasks."
        f"{said_of_zeros(table.estimate[table.step > 0])}"
    )


FIGURE = Figure(
    name="convergence",
    title="Convergence to the optimum during training",
    alt="Line chart, both axes logarithmic: rewards lost per episode by the network against training steps, a line per "
    "training seed, with reference policies as horizontal lines.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(
        table[table.step > 0], ["agent", "training_seed"], "step", str(table.unit.iloc[0])
    ),
    needs=("convergence",),
)
