"""Where the shortfall of agents arises, by trial and by the lead of the best-looking arm, as heat maps."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from comparisons.decisions.figures.by_trial import TRIAL
from comparisons.decisions.figures.losses import per_episode
from comparisons.decisions.scores import has_optimum, player_groups
from comparisons.kind import Figure
from comparisons.report.findings import of_marks
from comparisons.report.style import RESOLUTION
from comparisons.report.words import number

PANELS = ("network", "Gittins", "greedy")
"""Agents whose losses are shown by belief."""

DECADES = 3.0
"""Powers of ten below the largest loss that colours tell apart."""

_UNVISITED = "#d6d6d6"


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the loss of a few agents per episode at each trial, by the belief at which it arises.

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
    table = pd.concat(tables, ignore_index=True).assign(lower=np.nan, upper=np.nan, unit=per_episode(tree))
    columns = ["agent", "margin_from", "margin_to", "trial", "visits", "estimate", "lower", "upper", "unit"]
    return table[columns].sort_values(columns[:4], kind="stable", ignore_index=True)


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a heat map for each agent, with one scale of colours.

    Cells that are never visited are grey; cells that lose less than the scale tells apart are white.
    """
    agents = [name for name in PANELS if name in set(table.agent)]
    panels = figure.subplots(1, len(agents), sharey=True, squeeze=False)[0]
    highest = max(table.estimate.max(), RESOLUTION)
    for agent, ax in zip(agents, panels, strict=True):
        mesh = _draw_agent(ax, table[table.agent == agent], highest)
        bar = figure.colorbar(mesh, ax=ax, label="rewards lost per episode", extend="min")
        ax.set_title(f"{agent}, in total {number(float(table.estimate[table.agent == agent].sum()))}", loc="left")
        ax.label_outer()
        if ax is not panels[-1]:
            bar.remove()


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    gap = gap_by_trial(tree, "network")
    worst = int(np.argmax(gap))
    network = table[table.agent == "network"]
    where = ""
    if gap.max() > 0:
        close = 100 * float(network[network.margin_from == 0].estimate.sum() / network.estimate.sum())
        where = (
            f" The network loses most at trial {worst + 1} ({number(gap[worst])} rewards), and {number(close, 2)} % of "
            "its loss with the smallest leads."
        )
    return (
        "Each cell is the loss of an agent at one trial, at beliefs in which the posterior mean of its best-looking "
        "arm has this lead over the next. The cells of a panel add up to the shortfall in its title, in rewards. Grey: "
        "never visited; white: less than the scale tells apart. Look for cells that are dark for the network and pale "
        f"for another agent.{where} Averaged over {tree['totals'].sizes['task']:,} tasks."
    )


def gap_by_trial(tree: xr.DataTree, agent: str) -> Float[np.ndarray, "time"]:
    """Return the mean action gap of an agent at each trial, in rewards, over all tasks and training seeds."""
    gap = tree["margins"].dataset["action_gap"].isel(player=player_groups(tree)[agent])
    return gap.sum("margin").mean("player").to_numpy()


def _draw_agent(ax: Axes, table: pd.DataFrame, highest: float) -> QuadMesh:
    lowest = highest / 10**DECADES
    cells = table.pivot(index="margin_from", columns="trial", values=["estimate", "visits"])
    lost = np.maximum(cells["estimate"].to_numpy(), lowest / 2)
    lost = np.ma.masked_where(cells["visits"].to_numpy() == 0, lost)
    num_bins, num_trials = lost.shape
    ax.set_facecolor(_UNVISITED)
    colors = mpl.colormaps["rocket_r"].with_extremes(under="white")
    edges = np.arange(num_trials + 1) + 0.5, np.arange(num_bins + 1)
    mesh = ax.pcolormesh(*edges, lost, norm=LogNorm(lowest, highest), cmap=colors, rasterized=True)
    ax.set_yticks(range(num_bins), [number(edge, 2) for edge in cells.index])
    ax.set(xlabel=TRIAL, ylabel="lead of the best arm’s posterior mean")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.grid(visible=False)
    return mesh


FIGURE = Figure(
    name="gap_by_margin",
    title="Where the loss arises",
    alt="Heat maps side by side for the network and reference policies: rewards lost per episode, by trial and by the "
    "lead of the best-looking arm.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(
        table.groupby("agent", sort=False, as_index=False).estimate.sum(), "agent", f"{table.unit.iloc[0]}, in total"
    ),
    needs=("margins",),
    is_shown=has_optimum,
    height=3.2,
)
