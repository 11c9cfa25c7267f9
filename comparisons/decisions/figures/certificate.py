"""The network's action gap at each of the first trials, summed exactly over all histories, and sampled."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.decisions.figures.by_trial import TRIAL, with_trials
from comparisons.decisions.scores import player_groups
from comparisons.kind import Figure
from comparisons.report.certificate import certificate_points, draw_certificate
from comparisons.report.findings import of_lines
from comparisons.report.log_axis import said_of_zeros
from comparisons.report.words import number


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the network's action gap at each of the first trials, in rewards: exact over all histories, and sampled.

    Both are means over training seeds; intervals are over tasks, for these networks.
    """
    exact = tree["certificate"].dataset["gap_by_time"]
    players = player_groups(tree)["network"]
    sampled = tree["trials"].dataset["action_gap"].isel(player=players, time=slice(exact.sizes["time"])).mean("player")
    table = certificate_points(exact, sampled.transpose("time", "detailed_task"))
    return table.assign(unit="rewards", trial=table.time + 1)[
        ["quantity", "training_seed", "trial", "estimate", "lower", "upper", "unit"]
    ]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw the exact sum as a line and the sampled estimates as circles."""
    ax = figure.add_subplot()
    draw_certificate(ax, table, "trial", covers=table, marker=".")
    ax.set(xlabel=TRIAL, ylabel="action gap, rewards")
    with_trials(ax, table)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    group = tree["certificate"]
    exact = float(group.dataset["gap_by_time"].to_numpy().sum(axis=1).mean())
    which = " for training seed 0" if group.sizes["training_seed"] > 1 else ""
    return (
        "The line has no sampling error: it sums over every history that the network can meet in the first "
        f"{group.sizes['time']} trials ({int(group.attrs['num_histories']):,}{which}), {number(exact)} rewards in "
        "total. Circles are estimated from sampled tasks, with 95 % intervals over them: look at whether they lie on "
        f"it.{said_of_zeros(table.estimate[table.quantity == 'exact'])}"
    )


FIGURE = Figure(
    name="certificate",
    title="Certificate: the exact sum over all histories",
    alt="Line chart, logarithmic: the network's exact action gap in rewards against the trial, with sampled estimates "
    "as circles over it.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(table, "quantity", "trial", "rewards"),
    shows=("sampled_minus_certified",),
    needs=("certificate",),
    height=3.6,
)
