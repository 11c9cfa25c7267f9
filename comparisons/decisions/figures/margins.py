"""Figures of a comparison of decisions: each a function from its tree to axes, drawn from its `decision_tables` table.

An agent has the same colour in every figure; those without one of their own are named beside grey dots. Losses are in
rewards, on logarithmic axes where they span orders of magnitude.
"""

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from comparisons.decisions.figures.by_trial import _TRIAL
from comparisons.decisions.figures.losses import _per_episode
from comparisons.decisions.measures import player_groups
from comparisons.report.style import (
    new_axes,
    styled,
)
from comparisons.report.words import number

DECADES = 3.0
"""Powers of ten below the largest loss that colours tell apart."""


_UNVISITED = "#d6d6d6"


@styled
def plot_gap_by_margin(tree: xr.DataTree, *, ax: Axes | None = None, agent: str = "network") -> Axes:
    """Where the shortfall of one agent arises: by trial, and by how far the best arm looks ahead of the next.

    The colours of agents compare. Grey is never visited; where less is lost than the scale tells apart it is white.
    """
    ax = ax or new_axes()
    table = margin_table(tree)
    highest = max(table.estimate.max(), np.finfo(float).tiny)
    lowest = highest / 10**DECADES
    table = table[table.agent == agent]
    cells = table.pivot(index="margin_from", columns="trial", values=["estimate", "visits"])
    lost = np.maximum(cells["estimate"].to_numpy(), lowest / 2)
    lost = np.ma.masked_where(cells["visits"].to_numpy() == 0, lost)
    num_bins, num_trials = lost.shape
    ax.set_facecolor(_UNVISITED)
    colors = mpl.colormaps["rocket_r"].with_extremes(under="white")
    edges = np.arange(num_trials + 1) + 0.5, np.arange(num_bins + 1)
    mesh = ax.pcolormesh(*edges, lost, norm=LogNorm(lowest, highest), cmap=colors, rasterized=True)
    figure = ax.get_figure()
    assert figure is not None
    figure.colorbar(mesh, ax=ax, label="rewards lost per episode", extend="min")
    ax.set_yticks(range(num_bins), [number(edge, 2) for edge in cells.index])
    ax.set(xlabel=_TRIAL, ylabel="lead of the best arm’s posterior mean")
    ax.set_title(f"{agent}, in total {number(float(table.estimate.sum()))}", loc="left")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.grid(visible=False)
    return ax


def _draw_margins(tree: xr.DataTree, figure: Figure) -> None:
    agents = [name for name in PANELS if name in player_groups(tree)]
    panels = figure.subplots(1, len(agents), sharey=True, squeeze=False)[0]
    for agent, ax in zip(agents, panels, strict=True):
        plot_gap_by_margin(tree, agent=agent, ax=ax)
        ax.label_outer()
        if ax is not panels[-1]:
            ax.collections[0].colorbar.remove()


def _margin_caption(tree: xr.DataTree) -> str:
    gap = gap_by_trial(tree, "network")
    worst = int(np.argmax(gap))
    table = margin_table(tree)
    network = table[table.agent == "network"]
    where = ""
    if gap.max() > 0:
        close = 100 * float(network[network.margin_from == 0].estimate.sum() / network.estimate.sum())
        where = (
            f" The network loses most at trial {worst + 1} ({number(gap[worst])} rewards), and {number(close, 2)} % of "
            "its loss with the smallest leads."
        )
    return (
        "Each cell is what an agent loses at one trial while the posterior mean of its best-looking arm leads the next "
        "by so much; the cells of a panel add up to the shortfall in its title, in rewards. Grey: never visited; "
        "white: less than the scale tells apart. Look for what is dark for the network and pale for another "
        f"agent.{where} Averaged over {tree['totals'].sizes['task']:,} tasks."
    )


PANELS = ("network", "Gittins", "greedy")
"""Agents whose losses are shown by belief."""


def gap_by_trial(tree: xr.DataTree, agent: str) -> Float[np.ndarray, "time"]:
    """Mean action gap of an agent at each trial, in rewards, over all tasks and training seeds."""
    gap = tree["margins"].dataset["action_gap"].isel(player=player_groups(tree)[agent])
    return gap.sum("margin").mean("player").to_numpy()


def margin_table(tree: xr.DataTree) -> pd.DataFrame:
    """Where the shortfall of a few agents arises: their loss per episode at each trial, by the belief it comes from.

    `margin_from` and `margin_to` bound how far the largest posterior mean is above the second largest. The estimates
    of an agent add up to its shortfall; `visits` is the probability of such a belief at that trial.
    """
    margins, groups = tree["margins"].to_dataset(), player_groups(tree)
    edges = np.append(margins["margin"].to_numpy(), np.inf)
    tables = []
    for agent in (name for name in PANELS if name in groups):
        mean = margins.isel(player=groups[agent]).mean("player").rename(action_gap="estimate")
        table = mean.assign_coords(margin=range(len(edges) - 1)).to_dataframe().reset_index()
        bounds = {"margin_from": edges[table.margin], "margin_to": edges[table.margin + 1]}
        tables.append(table.assign(agent=agent, trial=table.time + 1, **bounds))
    table = pd.concat(tables, ignore_index=True).assign(lower=np.nan, upper=np.nan, unit=_per_episode(tree))
    columns = ["agent", "margin_from", "margin_to", "trial", "visits", "estimate", "lower", "upper", "unit"]
    return table[columns].sort_values(columns[:4], kind="stable", ignore_index=True)
