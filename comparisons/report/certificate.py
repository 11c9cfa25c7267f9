"""Exact sums over all histories beside sampled estimates: their table, and how it is drawn."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from comparisons.report.log_axis import draw_on_log_axis, draw_seeds, limit_log_axis
from comparisons.report.points import concatenate, means_with_intervals
from comparisons.report.style import COLOURS, draw_points, is_drawable


def certificate_points(exact: xr.DataArray, sampled: xr.DataArray) -> pd.DataFrame:
    """Return both at each time, as quantity, training_seed, time, estimate, lower, upper.

    `exact` has dimensions `training_seed time`. `sampled`, of `time task`, is a mean over training seeds; its
    intervals are over tasks. Rows of single seeds are exact.
    """
    estimated = means_with_intervals(sampled.to_numpy()[:, None].astype(float))
    pooled = exact.mean("training_seed").to_numpy()
    certain = pd.DataFrame({"estimate": pooled, "lower": pooled, "upper": pooled})
    tables = [
        bounds.assign(quantity=name, time=np.arange(len(bounds)))
        for name, bounds in (("exact", certain), ("sampled", estimated))
    ]
    if exact.sizes["training_seed"] > 1:
        by_seed = exact.rename("estimate").to_dataframe().reset_index()
        tables.append(by_seed.assign(quantity="exact", lower=by_seed.estimate, upper=by_seed.estimate))
    return concatenate(tables)


def draw_certificate(ax: Axes, table: pd.DataFrame, x: str, *, covers: pd.DataFrame, marker: str = "") -> None:
    """Draw the exact sum as a line and the sampled estimates as circles; the axis covers the rows of `covers`."""
    exact, sampled = table[table.quantity == "exact"], table[table.quantity == "sampled"]
    pooled = exact[exact.training_seed.isna()]
    draw_on_log_axis(ax, pooled, x, "network", label="exact, over all histories", marker=marker)
    draw_seeds(ax, exact, x)
    shown = sampled[is_drawable(sampled.estimate)]
    draw_points(ax, shown[x], shown, COLOURS["network"], "o", "sampled, 95 % interval", facecolor="white")
    limit_log_axis(ax, covers)
