"""Figures of networks that forage: against training lifetime, on the grid, over training, and inside the network."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from comparisons.foraging.figures.returns import _beside_paper, _draw_measure, _legend_above, measure_rows
from comparisons.foraging.measures import train_lifetimes


def draw_states(tree: xr.DataTree, figure: Figure) -> None:
    """In how many dimensions hidden states spread, and where they go in the first two."""
    lifetimes = [lifetime for lifetime in (10, 20, 50) if lifetime in train_lifetimes(tree)]
    lifetimes = lifetimes or train_lifetimes(tree)[:3]
    (above,), (below,) = figure.subfigures(2, 1, squeeze=False)
    panels = above.subplots(1, 2)
    for ax, (measure, title) in zip(
        panels,
        {"participation_ratio": "Participation ratio", "explained_by_three": "Variance in three components"}.items(),
        strict=True,
    ):
        rows = measure_rows(tree, measure)
        _draw_measure(ax, rows)
        ax.set(title=title, xlabel="steps of training lifetimes", ylim=(0, None))
        ax.set_ylabel("dimensions" if measure == "participation_ratio" else "share")
    _legend_above(above, panels[0])
    maps = below.subplots(1, len(lifetimes), squeeze=False)[0]
    points = None
    for ax, lifetime in zip(maps, lifetimes, strict=True):
        where = tree["states"].dataset["coordinates"].sel(train_lifetime=lifetime).to_numpy()
        steps = np.broadcast_to(np.arange(1, where.shape[1] + 1), where.shape[:2])
        points = ax.scatter(where[..., 0], where[..., 1], c=steps, s=2, cmap="viridis", rasterized=True, linewidths=0)
        ax.set(title=f"trained for {lifetime}", xlabel="component 1")
        ax.grid(visible=False)
    maps[0].set_ylabel("component 2")
    if points is not None:
        below.colorbar(points, ax=maps, label="step", aspect=12)


def _state_caption(tree: xr.DataTree) -> str:
    return (
        "Above: in how many dimensions hidden states spread, and the share of their variance along the first three "
        f"principal components.{_beside_paper(tree, 'figure 9, printed numbers of one network each')} The paper's "
        "networks have 256 units, so compare how it grows. Below: states in the first two components, of "
        f"{tree['states'].sizes['shown_task']} lifetimes of the first training seed, dark to light from the first step "
        "to the last. Bars: normal 95 % intervals over tasks and training seeds."
    )


def state_table(tree: xr.DataTree) -> pd.DataFrame:
    """In how many dimensions hidden states spread, and how much of it three components hold."""
    return pd.concat(
        [measure_rows(tree, measure) for measure in ("participation_ratio", "explained_by_three")], ignore_index=True
    )
