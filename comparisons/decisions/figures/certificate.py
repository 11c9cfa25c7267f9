"""Which figures the report of a comparison of decisions shows: titles, captions, alternative texts and tables."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.decisions.figures.by_trial import _TRIAL, _with_trials
from comparisons.decisions.figures.losses import _num_seeds
from comparisons.decisions.measures import player_groups
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
)
from comparisons.report.words import number


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


def certificate_table(tree: xr.DataTree) -> pd.DataFrame:
    """The network's action gap at each of the first trials, in rewards: exact over all histories, and sampled.

    Both are means over training seeds; intervals are over tasks, for these networks.
    """
    exact = tree["certificate"].dataset["gap_by_time"]
    players = player_groups(tree)["network"]
    sampled = tree["trials"].dataset["action_gap"].isel(player=players, time=slice(exact.sizes["time"]))
    values = sampled.mean("player").transpose("time", "detailed_task").to_numpy()[:, None].astype(float)
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
    table = concatenate(tables).assign(unit="rewards")
    return table.assign(trial=table.time + 1)[
        ["quantity", "training_seed", "trial", "estimate", "lower", "upper", "unit"]
    ]


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
