"""Observed minus predicted frequency of the network and of Bayes, by predicted probability."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.predictions.figures.examples import has_finite_outcomes
from comparisons.report.findings import of_ranges
from comparisons.report.style import COLOURS, NEUTRAL, draw_points, with_legend
from comparisons.statistics.intervals import ratio_interval

MIN_CALIBRATION_TASKS = 20
"""Bins with predictions from fewer tasks are not drawn: an interval over so few tasks says nothing."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return predicted probabilities and observed frequencies of Bayes and the network, in bins that were used.

    `estimate` is the observed frequency minus the predicted probability, with its interval over tasks; networks are
    pooled.
    """
    dataset = tree["calibration"].to_dataset()
    is_bayes = dataset["predictor"].to_numpy() == "Bayes"
    tables = []
    for name, indices in (("Bayes", is_bayes), ("network", ~is_bayes)):
        count, stated, observed = (
            dataset[field].to_numpy()[indices].mean(0).T for field in ("num_statements", "stated", "observed")
        )
        used = np.flatnonzero(count.sum(1))
        gaps = [ratio_interval((observed - stated)[None, row], count[None, row]) for row in used]
        sums = {field: values[used].sum(1) for field, values in (("stated", stated), ("observed", observed))}
        number = count[used].sum(1)
        frequencies = {field: values / number for field, values in sums.items()}
        estimate = frequencies["observed"] - frequencies["stated"]
        base = {"predictor": name, "bin": used, "count": number, "num_tasks": (count[used] > 0).sum(1)}
        bounds = {"estimate": estimate, "lower": [gap.lower for gap in gaps], "upper": [gap.upper for gap in gaps]}
        tables.append(pd.DataFrame({**base, **frequencies, **bounds}))
    return pd.concat(tables, ignore_index=True).assign(unit="probability")


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw points with intervals, Bayes beside the network."""
    ax = figure.add_subplot()
    ax.axhline(0, color=NEUTRAL, linewidth=1)
    for name, marker, shift in (("Bayes", "s", -0.006), ("network", "o", 0.006)):
        rows = table[(table.predictor == name) & (table.num_tasks >= MIN_CALIBRATION_TASKS)]
        draw_points(ax, rows.stated + shift, rows, COLOURS[name], marker, name)
    stated = "stated probability of an outcome" if has_finite_outcomes(tree) else "stated probability (quantile level)"
    ax.set(xlabel=stated, ylabel="observed frequency − stated", xlim=(0, 1))
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    num_tasks = tree["calibration"].sizes["task"]
    return (
        "How often what is said to happen with a probability happens, less that probability. Bayes is calibrated: its "
        "points show the noise to expect. Look for points of the network whose interval misses 0 where that of Bayes "
        f"does not. Bars: 95 % intervals over {num_tasks:,} tasks; bins that fewer than "
        f"{MIN_CALIBRATION_TASKS} of them fall into are left out."
    )


FIGURE = Figure(
    name="calibration",
    title="Calibration",
    alt="Points with interval bars: observed minus stated frequency against stated probability, Bayes beside the "
    "network, around a horizontal line at 0.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(
        table[table.num_tasks >= MIN_CALIBRATION_TASKS], "predictor", "observed minus predicted probability"
    ),
    shows=("calibration_error",),
    needs=("calibration",),
    height=3.3,
)
