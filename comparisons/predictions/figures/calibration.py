"""The numbers behind every figure of a comparison of predictions, as tables: one row for each point that is drawn.

A table has `estimate`, `lower`, `upper` and `unit` beside the columns that say which point it is. `training_seed` is
missing (NA) where a row is not about a single training seed, `lower` and `upper` where no interval is drawn.
"""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.predictions.figures.examples import has_finite_outcomes
from comparisons.report.points import quantiles, resampled
from comparisons.report.style import (
    COLOURS,
    NEUTRAL,
    draw_points,
    new_axes,
    styled,
    with_legend,
)


def calibration_table(tree: xr.DataTree) -> pd.DataFrame:
    """Stated and observed frequencies of Bayes and the network, where anything was stated.

    `estimate` is observed minus stated frequency, a probability, with its interval over tasks; networks are pooled.
    """
    dataset = tree["calibration"].to_dataset()
    is_bayes = dataset["predictor"].to_numpy() == "Bayes"
    tables = []
    for name, indices in (("Bayes", is_bayes), ("network", ~is_bayes)):
        count, stated, observed = (
            dataset[field].to_numpy()[indices].mean(0).T for field in ("num_statements", "stated", "observed")
        )
        used = np.flatnonzero(count.sum(1))
        stacked = np.concatenate([count[used], observed[used] - stated[used]])[:, None]
        total, gap = np.split(resampled(stacked, seed=int(tree.attrs["seed"])), 2)
        lower, upper = quantiles(gap / total)
        sums = {field: values[used].sum(1) for field, values in (("stated", stated), ("observed", observed))}
        number = count[used].sum(1)
        frequencies = {field: values / number for field, values in sums.items()}
        estimate = frequencies["observed"] - frequencies["stated"]
        base = {"predictor": name, "bin": used, "count": number, "num_tasks": (count[used] > 0).sum(1)}
        bounds = {"estimate": estimate, "lower": lower, "upper": upper}
        tables.append(pd.DataFrame({**base, **frequencies, **bounds}))
    return pd.concat(tables, ignore_index=True).assign(unit="probability")


MIN_CALIBRATION_TASKS = 20
"""Bins with statements from fewer tasks are not drawn: an interval over so few tasks says nothing."""


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


def _calibration_caption(tree: xr.DataTree) -> str:
    num_tasks = tree["calibration"].sizes["task"]
    return (
        "How often what is said to happen with a probability happens, less that probability. Bayes is calibrated: its "
        "points show the noise to expect. Look for points of the network whose interval misses 0 where that of Bayes "
        f"does not. Bars: 95 % intervals over {num_tasks:,} tasks; bins that fewer than "
        f"{MIN_CALIBRATION_TASKS} of them fall into are left out."
    )
