"""Spread of hidden states by training lifetime, and hidden states in their first two principal components."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.foraging.figures.marks import NETWORK, beside_paper, draw_networks, legend_above, measure_rows
from comparisons.foraging.tree import train_lifetimes
from comparisons.kind import Figure
from comparisons.report.findings import of_lines

SPREADS = {
    "participation_ratio": ("Participation ratio", "dimensions"),
    "explained_variance": ("Variance in three components", "share"),
}
"""Title and label of the panels above, by measure."""

STATES = "hidden states"
"""Rows of the panels below."""

SHOWN = (10, 20, 50)
"""Training lifetimes whose hidden states are drawn, where there are such networks."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the spread of hidden states, and the hidden states of some tasks in two principal components.

    Only the first training seed and some training lifetimes have hidden states here; `step` counts from 1.
    """
    available = train_lifetimes(tree)
    shown = [lifetime for lifetime in SHOWN if lifetime in available] or available[:3]
    where = tree["states"].dataset["coordinates"].sel(train_lifetime=shown).rename(shown_task="task")
    parts = {f"component_{axis + 1}": where.isel(axis=axis, drop=True) for axis in range(2)}
    states = xr.Dataset(parts).to_dataframe().reset_index()
    states = states.assign(measure=STATES, who=NETWORK, step=states.time + 1).drop(columns="time")
    found = pd.concat([*(measure_rows(tree, measure) for measure in SPREADS), states], ignore_index=True)
    columns = ["measure", "who", "train_lifetime", "estimate", "lower", "upper", "unit"]
    columns += ["task", "step", "component_1", "component_2"]
    return found.reindex(columns=columns).astype({"task": "Int64", "step": "Int64"})


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw two panels of measures above, and a scatter plot for some training lifetimes below."""
    (above,), (below,) = figure.subfigures(2, 1, squeeze=False)
    panels = above.subplots(1, 2)
    for ax, (measure, (title, label)) in zip(panels, SPREADS.items(), strict=True):
        draw_networks(ax, table[table.measure == measure])
        ax.set(title=title, xlabel="steps of training lifetimes", ylim=(0, None))
        ax.set_ylabel(label)
    legend_above(above, panels[0])
    states = table[table.measure == STATES]
    maps = below.subplots(1, states.train_lifetime.nunique(), squeeze=False)[0]
    points = None
    for ax, (lifetime, rows) in zip(maps, states.groupby("train_lifetime"), strict=True):
        steps = rows.step.to_numpy(int)
        points = ax.scatter(
            rows.component_1, rows.component_2, c=steps, s=2, cmap="viridis", rasterized=True, linewidths=0
        )
        ax.set(title=f"trained for {lifetime}", xlabel="component 1")
        ax.grid(visible=False)
    maps[0].set_ylabel("component 2")
    if points is not None:
        below.colorbar(points, ax=maps, label="step", aspect=12)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        "Above: participation ratio of hidden states, a number of dimensions, and the share of their variance along "
        "the first three principal components. Bars: 95 % intervals over training seeds (Student's t)."
        f"{beside_paper(tree, 'figure 9, printed numbers of one network each')} The paper's networks have 256 units, "
        "so compare how the numbers grow. Below: hidden states in the first two components, of "
        f"{tree['states'].sizes['shown_task']} lifetimes of the first training seed, dark to light from the first step "
        "to the last."
    )


FIGURE = Figure(
    name="states",
    title="Dimensions of hidden states",
    alt="Above, two line charts show participation ratio and share of variance in three components against the "
    "training lifetime. Below, scatter plots show hidden states in two components, coloured by step.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_lines(
        table[(table.who == NETWORK) & (table.measure != STATES)], "measure", "train_lifetime", "networks"
    ),
    shows=("participation_ratio_gain", "explained_variance_gain"),
    needs=("states",),
    height=5.4,
)
