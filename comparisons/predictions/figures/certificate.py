"""KL(Bayes‖network) at each time, summed exactly over all histories, with the sampled estimate over it."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from comparisons.kind import Figure
from comparisons.predictions.figures.kl_by_time import TIME_LABEL
from comparisons.report.certificate import certificate_points, draw_certificate
from comparisons.report.findings import of_lines
from comparisons.report.log_axis import said_of_zeros
from comparisons.report.style import with_legend
from comparisons.report.words import number


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return KL(Bayes‖network) at each time in nats: exact over all histories, and estimated on the sampled tasks.

    Both are means over training seeds; intervals are over tasks, for these networks.
    """
    exact = tree["certificate"].dataset["kl_by_time"]
    sampled = tree["network"].dataset["kl_divergence"].isel(time=slice(exact.sizes["time"])).mean("training_seed")
    table = certificate_points(exact, sampled.transpose("time", "task"))
    return table.assign(unit="nats")[["quantity", "training_seed", "time", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw the exact sum as a line and the sampled estimates as circles."""
    ax = figure.add_subplot()
    draw_certificate(ax, table, "time", covers=table[table.training_seed.isna()])
    ax.set(xlabel=TIME_LABEL, ylabel="KL(Bayes‖network), nats")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    with_legend(ax)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
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
        f"{said_of_zeros(table.estimate[table.quantity == 'exact'])}"
    )


FIGURE = Figure(
    name="certificate",
    title="Certificate: the exact sum over all histories",
    alt="Line chart, logarithmic: exact KL from Bayes in nats against the number of observations seen, with "
    "sampled estimates as circles over it.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(table, "quantity", "time", "nats"),
    shows=("sampled_minus_certified",),
    needs=("certificate",),
    height=3.6,
)
