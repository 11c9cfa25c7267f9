"""Mean KL(Bayes‖network) at each checkpoint of training, beside the floors."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.report.convergence import checkpoint_points
from comparisons.report.findings import of_lines, of_marks
from comparisons.report.log_axis import draw_on_log_axis, limit_log_axis, said_of_zeros
from comparisons.report.points import concatenate
from comparisons.report.style import is_drawable, line_of, with_legend
from comparisons.report.words import number
from comparisons.rows import table_of


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return KL(Bayes‖network) in nats/step at each checkpoint of each training seed, with intervals over tasks.

    The floors follow, without a `step`.
    """
    kl = tree["convergence"].dataset["kl_divergence"].transpose("training_seed", "step", "task")
    network = checkpoint_points(kl).assign(predictor="network")
    floors = [row for row in table_of(tree).of("kl_divergence") if row.who != "network"]
    below = pd.DataFrame([{"predictor": row.who, **row.interval._asdict(), "step": pd.NA} for row in floors])
    table = concatenate([network, below]).assign(unit="nats/step")
    return table.astype({"step": "Int64"})[["predictor", "training_seed", "step", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a line per training seed, and the floors as horizontal lines."""
    ax = figure.add_subplot()
    network, floors = table[table.step > 0], table[table.step.isna()]
    for row in floors[is_drawable(floors.estimate)].itertuples():
        ax.axhline(row.estimate, **line_of(row.predictor), linewidth=1.4, label=row.predictor)
    several = network.training_seed.nunique() > 1
    for index, (_, one) in enumerate(network.groupby("training_seed")):
        label = "network, each seed" if several else "network"
        draw_on_log_axis(ax, one, "step", "network", label="" if index else label, marker="o")
    ax.set_xscale("log")
    limit_log_axis(ax, table)
    ax.set(xlabel="training steps", ylabel="KL(Bayes‖predictor), nats/step")
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    last = table[table.step == table.step.max()].estimate
    return (
        "How far the network was from Bayes at each checkpoint. Look at whether it still falls at the end, and whether "
        f"training seeds agree: they end at {', '.join(map(number, last))} nats/step. Horizontal lines: floors. "
        f"Bands: 95 % intervals over {tree['convergence'].sizes['task']:,} tasks."
        f"{said_of_zeros(table.estimate[table.step > 0])}"
    )


FIGURE = Figure(
    name="convergence",
    title="Convergence to Bayes during training",
    alt="Line chart, both axes logarithmic: the network's mean KL from Bayes in nats per step against training "
    "steps, a line per training seed, with the floors as horizontal lines.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: " ".join(
        [
            of_lines(table[table.step > 0], ["predictor", "training_seed"], "step", "nats/step"),
            of_marks(table[table.step.isna()], "predictor", "nats/step"),
        ]
    ),
    needs=("convergence",),
    height=3.8,
)
