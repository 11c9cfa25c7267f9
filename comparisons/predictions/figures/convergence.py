"""Which figures the report of a comparison of predictions shows: titles, captions, alternative texts and tables."""

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.report.points import concatenate, means_with_intervals
from comparisons.report.style import (
    draw_on_log_axis,
    is_drawable,
    limit_log_axis,
    line_of,
    new_axes,
    styled,
    with_legend,
)
from comparisons.report.words import number


def _convergence_caption(tree: xr.DataTree) -> str:
    last = tree["convergence"].dataset["kl_divergence"].isel(step=-1).mean("task").to_numpy()
    num_tasks = tree["convergence"].sizes["task"]
    return (
        "How far the network was from Bayes at each checkpoint. Look at whether it still falls at the end, and whether "
        f"training seeds agree: they end at {', '.join(number(v) for v in last)} nats/step. Horizontal lines: floors. "
        f"Bands: 95 % intervals over {num_tasks:,} tasks."
    )


def convergence_table(tree: xr.DataTree) -> pd.DataFrame:
    """KL(Bayes‖network) in nats/step at each checkpoint, for each training seed, with intervals over tasks.

    The floors follow, without a `step`.
    """
    kl = tree["convergence"].dataset["kl_divergence"].transpose("training_seed", "step", "task")
    num_seeds, _, num_tasks = kl.shape
    bounds = means_with_intervals(kl.to_numpy().reshape(-1, 1, num_tasks), seed=int(tree.attrs["seed"]))
    index = pd.MultiIndex.from_product([range(num_seeds), kl["step"].to_numpy()], names=["training_seed", "step"])
    network = bounds.set_index(index).reset_index().assign(predictor="network")
    measures = tree["measures"].to_dataset().to_dataframe()
    floors = measures[(measures.measure == "kl_divergence") & ~measures.predictor.str.startswith("network")]
    floors = floors[["predictor", "estimate", "lower", "upper"]].assign(step=pd.NA)
    table = concatenate([network, floors]).assign(unit="nats/step")
    return table.astype({"step": "Int64"})[["predictor", "training_seed", "step", "estimate", "lower", "upper", "unit"]]


@styled
def plot_convergence(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """Mean KL(Bayes‖network) at each checkpoint of every training seed, with the floors as horizontal lines."""
    ax = ax or new_axes()
    table = convergence_table(tree)
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
    return with_legend(ax)
