"""Figures of networks that forage: against training lifetime, on the grid, over training, and inside the network."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from comparisons.foraging.figures.occupancy import mapped_lifetimes
from comparisons.foraging.figures.returns import NETWORK, _legend_above
from comparisons.report.style import COLOURS


def draw_entropy(tree: xr.DataTree, figure: Figure) -> None:
    """How undecided networks are at every step of the longest lifetime."""
    lifetimes = mapped_lifetimes(tree)
    panels = figure.subplots(1, len(lifetimes), sharey=True, squeeze=False)[0]
    table = entropy_table(tree)
    optimal = table[table.who == "optimal"]
    for ax, lifetime in zip(panels, lifetimes, strict=True):
        rows = table[(table.who == NETWORK) & (table.train_lifetime == lifetime)]
        ax.plot(rows.step, rows.entropy, color=COLOURS["network"], linewidth=0.9, label="networks")
        ax.plot(optimal.step, optimal.entropy, color=COLOURS["optimal"], linewidth=0.6, label="exact optimum")
        ax.set(title=f"trained for {lifetime}", xlabel="step", ylim=(0, np.log(4) * 1.02))
    panels[0].set_ylabel("entropy, nats")
    _legend_above(figure, panels[0])


def _entropy_caption(tree: xr.DataTree) -> str:
    return (
        "Mean entropy of the choice at every step; ln 2 = 0.69 is a free choice between two ways. The optimum's "
        "choices are free wherever ways are equally good. Look for networks that stay undecided when the optimum is "
        "not, and for a rise near the end."
    )


def entropy_table(tree: xr.DataTree) -> pd.DataFrame:
    """Mean entropy of the choice at every step of the longest lifetime, in nats."""
    networks = tree["behaviour"].dataset["entropy"].mean("training_seed").to_dataframe("entropy").reset_index()
    references = tree["reference_behaviour"].dataset["entropy"].to_dataframe("entropy").reset_index()
    found = pd.concat(
        [networks.assign(who=NETWORK), references.rename(columns={"reference": "who"})], ignore_index=True
    )
    return found.assign(step=found.time + 1).drop(columns="time")
