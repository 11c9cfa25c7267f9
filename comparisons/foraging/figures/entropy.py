"""Entropy of the choice at every step, by training lifetime."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.foraging.figures.marks import NETWORK, legend_above, mapped_lifetimes
from comparisons.foraging.players import WHO
from comparisons.foraging.tree import longest_lifetime
from comparisons.kind import Figure
from comparisons.report.findings import of_ranges
from comparisons.report.style import COLOURS


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the mean entropy of the choice at every step of the longest lifetime, in nats."""
    networks = tree["behaviour"].dataset["entropy"].mean("training_seed").to_dataframe("entropy").reset_index()
    references = tree["reference_behaviour"].dataset["entropy"].to_dataframe("entropy").reset_index()
    references = references.assign(who=references.reference.map(WHO)).drop(columns="reference")
    found = pd.concat([networks.assign(who=NETWORK), references], ignore_index=True)
    return found.assign(step=found.time + 1).drop(columns="time").astype({"train_lifetime": "Int64"})


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a panel for some training lifetimes, each with the optimal policy."""
    lifetimes = mapped_lifetimes(table)
    panels = figure.subplots(1, len(lifetimes), sharey=True, squeeze=False)[0]
    optimal = table[table.who == "optimal"]
    for ax, lifetime in zip(panels, lifetimes, strict=True):
        rows = table[table.train_lifetime == lifetime]
        ax.plot(rows.step, rows.entropy, color=COLOURS["network"], linewidth=0.9, label="networks")
        ax.plot(optimal.step, optimal.entropy, color=COLOURS["optimal"], linewidth=0.6, label="exact optimum")
        ax.set(title=f"trained for {lifetime}", xlabel="step", ylim=(-0.02, np.log(4) * 1.02))
    panels[0].set_ylabel("entropy, nats")
    legend_above(figure, panels[0])


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"Mean entropy of the choice at every step of lifetimes of {longest_lifetime(tree)} steps; ln 2 = 0.69 is an "
        "even choice between two directions. The optimum breaks ties between equally good directions uniformly at "
        "random. Look for networks whose entropy is high where that of the optimum is low, and for a rise near the end."
    )


FIGURE = Figure(
    name="entropy",
    title="Entropy of choices",
    alt="Small line charts, one per training lifetime, show the entropy of the choice in nats against the step, for "
    "networks and for the exact optimum.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(table.assign(estimate=table.entropy), ["who", "train_lifetime"], "nats"),
    needs=("behaviour",),
    height=2.4,
)
