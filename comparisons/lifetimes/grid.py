"""Cells of a map: where they are, and the grid that those of one lifetime form."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int

FEW_CELLS = 12
"""Maps of at most this many cells have rows, and panels of figures, for each cell."""

PLACE = ["lifetime", "reward_scale", "prior_scale"]
"""Coordinates of a cell: trials, and scales in rewards."""


class Grid(NamedTuple):
    """Cells of one lifetime that form a grid; scales ascend, in rewards."""

    lifetime: int
    reward_scales: Float[np.ndarray, "reward_scale"]
    prior_scales: Float[np.ndarray, "prior_scale"]
    cells: Int[np.ndarray, "reward_scale prior_scale"]
    """Position of each cell in the table that the grid was found in."""

    def spans(self) -> tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]]:
        """Return the borders of the cells along reward scales and prior scales: halfway between, and never below 0."""
        return _halfway(self.reward_scales), _halfway(self.prior_scales)


def cells_of(theory: xr.Dataset) -> pd.DataFrame:
    """Return the coordinates of every cell, in the order of the tree."""
    return pd.DataFrame({name: theory[name].to_numpy() for name in PLACE})


def grids_of(cells: pd.DataFrame) -> list[Grid]:
    """Return a grid for every lifetime; none at all if the cells of some lifetime do not form a grid.

    A cell whose reward scale no other cell of its lifetime has is off the grid.
    """
    grids = []
    for lifetime in np.unique(cells.lifetime):
        chosen = np.flatnonzero(cells.lifetime == lifetime)
        grid = grid_of(cells.iloc[chosen])
        if grid is None:
            return []
        grids.append(grid._replace(cells=chosen[grid.cells]))
    return grids


def grid_of(cells: pd.DataFrame) -> Grid | None:
    """Return the grid that cells of one lifetime form, or `None` if they form none."""
    scales = cells.reward_scale.to_numpy(float), cells.prior_scale.to_numpy(float)
    _, place, counts = np.unique(scales[0], return_inverse=True, return_counts=True)
    chosen = np.flatnonzero(counts[place] > 1)
    reward_scales, prior_scales = (np.unique(values[chosen]) for values in scales)
    if len(reward_scales) * len(prior_scales) != len(chosen) or min(len(reward_scales), len(prior_scales)) < 2:
        return None
    order = chosen[np.lexsort((scales[1][chosen], scales[0][chosen]))]
    shape = len(reward_scales), len(prior_scales)
    return Grid(int(cells.lifetime.iloc[0]), reward_scales, prior_scales, order.reshape(shape))


def forms_grids(tree: xr.DataTree) -> bool:
    """Return whether the cells of every lifetime form a grid."""
    return bool(grids_of(cells_of(tree["theory"].to_dataset())))


def has_few_cells(tree: xr.DataTree) -> bool:
    """Return whether every cell can be shown by itself."""
    return tree["theory"].sizes["cell"] <= FEW_CELLS


def _halfway(scales: Float[np.ndarray, "scale"]) -> Float[np.ndarray, "_"]:
    middle = (scales[1:] + scales[:-1]) / 2
    first, last = 2 * scales[0] - middle[0], 2 * scales[-1] - middle[-1]
    return np.maximum(np.concatenate([[first], middle, [last]]), 0.0)
