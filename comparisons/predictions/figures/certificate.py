"""Which figures the report of a comparison of predictions shows: titles, captions, alternative texts and tables."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from comparisons.predictions.figures.kl_by_time import _TIME_LABEL
from comparisons.report.points import concatenate, means_with_intervals
from comparisons.report.style import (
    COLOURS,
    draw_on_log_axis,
    draw_points,
    draw_seeds,
    is_drawable,
    limit_log_axis,
    new_axes,
    styled,
    with_legend,
)
from comparisons.report.words import number


def _certificate_caption(tree: xr.DataTree) -> str:
    group = tree["certificate"].to_dataset()
    seed = int(group["worst_kl"].to_numpy().argmax())
    one = group.isel(training_seed=seed)
    history = " ".join(str(outcome) for outcome in one["worst_history"].to_numpy()[: int(one["worst_length"])])
    after = f"after {history}" if history else "before any observation"
    summed = f"{int(group.attrs['num_histories']):,} " if "num_histories" in group.attrs else ""
    which = f" (training seed {seed})" if group.sizes["training_seed"] > 1 else ""
    return (
        f"The line has no sampling error: it sums over all {summed}histories. Circles are estimated from sampled "
        "tasks, with 95 % intervals over them (often smaller than a circle): look at whether they lie on it. Worst "
        f"history{which}: {after}, probability {number(float(one['worst_probability']))}; there the network is "
        f"{number(float(one['worst_kl']))} nats from Bayes."
    )


def certificate_table(tree: xr.DataTree) -> pd.DataFrame:
    """KL(Bayes‖network) at each time in nats: exact over all histories, and estimated on the sampled tasks.

    Both are means over training seeds; intervals are over tasks, for these networks.
    """
    exact = tree["certificate"].dataset["kl_by_time"]
    sampled = tree["network"].dataset["kl_divergence"].isel(time=slice(exact.sizes["time"]))
    values = sampled.mean("training_seed").transpose("time", "task").to_numpy()[:, None]
    estimated = means_with_intervals(values, seed=int(tree.attrs["seed"]))
    pooled = exact.mean("training_seed").to_numpy()
    certain = pd.DataFrame({"estimate": pooled, "lower": pooled, "upper": pooled})
    tables = [
        bounds.assign(quantity=name, time=np.arange(len(bounds)))
        for name, bounds in (("exact", certain), ("sampled", estimated))
    ]
    if exact.sizes["training_seed"] > 1:
        by_seed = exact.rename("estimate").to_dataframe().reset_index()
        tables.append(by_seed.assign(quantity="exact", lower=by_seed.estimate, upper=by_seed.estimate))
    table = concatenate(tables).assign(unit="nats")
    return table[["quantity", "training_seed", "time", "estimate", "lower", "upper", "unit"]]


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
