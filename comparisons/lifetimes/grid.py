"""From networks on a map of settings to numbers a person reads: regret, regimes, and where their boundary lies.

Regret is always to the sequential optimum, which is the Bayes-optimal policy; the other yardsticks are policies too,
and have a regret of their own beside the networks'.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int

FEW_CELLS = 12
"""Maps of at most so many cells have rows of their own for each."""


class Grid(NamedTuple):
    """Cells of one lifetime that form a grid; scales ascend, in rewards."""

    reward_scales: Float[np.ndarray, "reward_scale"]
    prior_scales: Float[np.ndarray, "prior_scale"]
    cells: Int[np.ndarray, "reward_scale prior_scale"]
    """Which cell is where."""


def grid_of(theory: xr.Dataset) -> Grid | None:
    """The grid that cells form, but for those whose reward scale no other cell has; `None` where there is none."""
    scales = theory["reward_scale"].to_numpy().astype(float), theory["prior_scale"].to_numpy().astype(float)
    _, place, counts = np.unique(scales[0], return_inverse=True, return_counts=True)
    chosen = np.flatnonzero(counts[place] > 1)
    reward_scales, prior_scales = (np.unique(values[chosen]) for values in scales)
    if len(reward_scales) * len(prior_scales) != len(chosen) or min(len(reward_scales), len(prior_scales)) < 2:
        return None
    order = chosen[np.lexsort((scales[1][chosen], scales[0][chosen]))]
    return Grid(reward_scales, prior_scales, order.reshape(len(reward_scales), len(prior_scales)))


_PLACE = ["lifetime", "reward_scale", "prior_scale"]


class Map(NamedTuple):
    """The cells of one lifetime that form a grid; scales ascend, in rewards."""

    lifetime: int
    reward_scales: Float[np.ndarray, "reward_scale"]
    prior_scales: Float[np.ndarray, "prior_scale"]
    cells: Int[np.ndarray, "prior_scale reward_scale"]
    """Which cell of the tree is where."""

    def spans(self) -> tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]]:
        """The edges of the cells, of reward scales and of prior scales: halfway between, and never below 0."""
        return _halfway(self.reward_scales), _halfway(self.prior_scales)


def maps_of(tree: xr.DataTree) -> list[Map]:
    """A map for every lifetime; none at all if the cells of some lifetime do not form a grid."""
    theory = tree["theory"].to_dataset()
    maps = []
    for lifetime in np.unique(theory["lifetime"].to_numpy()):
        chosen = np.flatnonzero(theory["lifetime"].to_numpy() == lifetime)
        grid = grid_of(theory.isel(cell=chosen))
        if grid is None:
            return []
        maps.append(Map(int(lifetime), grid.reward_scales, grid.prior_scales, chosen[grid.cells].T))
    return maps


def has_networks(tree: xr.DataTree) -> bool:
    """Whether there are networks, and not theory alone."""
    return "networks" in tree.children


def has_few_cells(tree: xr.DataTree) -> bool:
    """Whether every cell can be shown by itself."""
    return tree["theory"].sizes["cell"] <= FEW_CELLS


def cell_names(tree: xr.DataTree) -> list[str]:
    """What each cell is called over a panel, to three digits; lifetimes only where there are several."""
    cells = _places(tree)
    several = cells.lifetime.nunique() > 1
    return [
        f"reward scale {cell.reward_scale:.3g},\nprior scale {cell.prior_scale:.3g}"
        + f", {cell.lifetime} trials" * several
        for cell in cells.itertuples()
    ]


def _places(tree: xr.DataTree) -> pd.DataFrame:
    """Lifetime, reward scale and prior scale of every cell, in the order of the tree."""
    theory = tree["theory"].to_dataset()
    return pd.DataFrame({name: theory[name].to_numpy() for name in _PLACE})


def _halfway(scales: Float[np.ndarray, "scale"]) -> Float[np.ndarray, "_"]:
    middle = (scales[1:] + scales[:-1]) / 2
    first, last = 2 * scales[0] - middle[0], 2 * scales[-1] - middle[-1]
    return np.maximum(np.concatenate([[first], middle, [last]]), 0.0)
