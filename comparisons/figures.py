"""Figures of a comparison of predictions: each a function from its tree to axes, drawn from its `figure_tables` table.

A predictor has the same colour in every figure. Divergences are in nats, on logarithmic axes where they span orders of
magnitude; what such an axis cannot show is said in the legend (0) or marked at the upper edge (infinity).
"""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

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
    mark_infinite,
    new_axes,
    styled,
    whiskers,
    with_caveat,
    with_legend,
)
from comparisons.figure_tables import (
    calibration_table,
    certificate_table,
    convergence_table,
    has_finite_outcomes,
    kl_by_time_table,
    order_cost_table,
    predictions_table,
    regret_table,
)

MIN_CALIBRATION_TASKS = 20
"""Bins with statements from fewer tasks are not drawn: an interval over so few tasks says nothing."""

_TIME_LABEL = "observations seen before the prediction, t"


@styled
def plot_kl_by_time(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """KL(Bayes‖predictor) of the prediction at each time: the network with its interval, and the floors."""
    ax = ax or new_axes()
    table = kl_by_time_table(tree)
    pooled = table[table.training_seed.isna()]
    for name in reversed(pooled.predictor.unique()):
        draw_on_log_axis(ax, pooled[pooled.predictor == name], "time", name, label=name)
    draw_seeds(ax, table, "time")
    limit_log_axis(ax, pooled)
    _mark_length(ax, tree, at=int(tree.attrs["length"]) - 0.5)
    ax.set(xlabel=_TIME_LABEL, ylabel="KL(Bayes‖predictor), nats")
    return with_legend(ax)


@styled
def plot_predictions(tree: xr.DataTree, *, ax: Axes | None = None, task: int = 0) -> Axes:
    """The centre of what Bayes and the networks predict in one task (by its index), with what is then observed."""
    ax = ax or new_axes()
    table = predictions_table(tree, num_tasks=task + 1)
    table = table[table.task == task]
    seen, bayes, network = (table[table.predictor == name] for name in ("observation", "Bayes", "network"))
    ax.plot(seen.time, seen.estimate, "o", color="#b3b3b3", markersize=3.5, label="observation", zorder=1)
    ax.plot(bayes.time, bayes.estimate, color=COLOURS["Bayes"], linewidth=2.6, label="Bayes", zorder=2)
    label = "network" if network.training_seed.nunique() == 1 else "network, each seed"
    for index, (_, one) in enumerate(network.groupby("training_seed")):
        color = COLOURS["network"]
        ax.plot(one.time, one.estimate, color=color, linewidth=1.2, label="" if index else label, zorder=3)
    observations = tree["observed_data"].dataset["observations"]
    if has_finite_outcomes(tree):
        ax.set(ylabel=f"probability of outcome {int(observations.max())}", ylim=(-0.05, 1.05))
    else:
        ax.set(ylabel="next observation (lines: medians)")
        if float(observations.min()) > 0:
            ax.set_yscale("log")
    ax.set_xlabel("observations seen, t")
    ax.set_title(f"task {task}", loc="right")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    return with_legend(ax)


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


@styled
def plot_calibration(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """Observed minus stated frequency against stated frequency, for Bayes and the network, with intervals."""
    ax = ax or new_axes()
    table = calibration_table(tree)
    ax.axhline(0, color=NEUTRAL, linewidth=1)
    for name, marker, shift in (("Bayes", "s", -0.006), ("network", "o", 0.006)):
        rows = table[(table.predictor == name) & (table.num_tasks >= MIN_CALIBRATION_TASKS)]
        draw_points(ax, rows.stated + shift, rows, COLOURS[name], marker, name)
    stated = "stated probability of an outcome" if has_finite_outcomes(tree) else "stated probability (quantile level)"
    ax.set(xlabel=stated, ylabel="observed frequency − stated", xlim=(0, 1))
    return with_legend(ax)


@styled
def plot_regret(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """Cumulative regret of every predictor to the oracle that knows the latents."""
    ax = ax or new_axes()
    table = regret_table(tree)
    for name in reversed(table.predictor.unique()):
        draw_with_band(ax, table[table.predictor == name], "observations", name)
    _mark_length(ax, tree, at=int(tree.attrs["length"]))
    ax.set(xlabel="observations predicted", ylabel="cumulative regret to the oracle, nats")
    ax.set(xscale="log", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        label_plainly(axis)
    ax.set_xlim(1, max(2, int(table.observations.max())))
    return with_legend(ax)


@styled
def plot_order_cost(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """What treating reorderings of the same history differently costs the network, beside its mean KL over them."""
    ax = ax or new_axes()
    table = order_cost_table(tree)
    positions = list(table.observations.unique())
    edge = COLOURS["network"]
    for name, shift, color in (("mean KL over orders", -0.18, "#f2bf99"), ("order cost", 0.18, edge)):
        rows = table[table.quantity == name]
        place = np.arange(len(rows)) + shift
        finite = np.isfinite(rows.estimate.to_numpy())
        label = with_caveat(f"{name} (of which)" if name == "order cost" else name, rows.estimate)
        ax.bar(place, rows.estimate.where(finite, 0.0), 0.34, color=color, edgecolor=edge, linewidth=1.2, label=label)
        kept = rows[finite]
        ax.errorbar(
            place[finite], kept.estimate, whiskers(kept), fmt="none", color="#1a1a1a", elinewidth=1.1, capsize=3
        )
        mark_infinite(ax, place[~finite], edge)
    ax.set_xticks(range(len(positions)), [str(position) for position in positions])
    ax.set(xlabel="observations seen before the prediction", ylabel="nats")
    ax.yaxis.set_major_formatter("{x:.3g}")
    return with_legend(ax)


@styled
def plot_certificate(tree: xr.DataTree, *, ax: Axes | None = None) -> Axes:
    """KL(Bayes‖network) at each time: the exact sum over all histories, and the sampled estimate over it."""
    ax = ax or new_axes()
    table = certificate_table(tree)
    exact = table[(table.quantity == "exact") & table.training_seed.isna()]
    sampled = table[table.quantity == "sampled"]
    draw_on_log_axis(ax, exact, "time", "network", label="exact, over all histories")
    draw_seeds(ax, table[table.quantity == "exact"].assign(predictor="network"), "time")
    shown = sampled[is_drawable(sampled.estimate)]
    draw_points(ax, shown.time, shown, COLOURS["network"], "o", "sampled, 95 % interval", facecolor="white")
    limit_log_axis(ax, table[table.training_seed.isna()])
    ax.set(xlabel=_TIME_LABEL, ylabel="KL(Bayes‖network), nats")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return with_legend(ax)


def _mark_length(ax: Axes, tree: xr.DataTree, *, at: float) -> None:
    """A vertical line where predictions pass the length that is scored, if they do."""
    length = int(tree.attrs["length"])
    if tree["network"].sizes["time"] > length:
        ax.axvline(at, color=NEUTRAL, linewidth=1.1, linestyle=(0, (2, 2)), label=f"scored length, {length}", zorder=1)
