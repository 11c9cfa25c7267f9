"""Scores of networks at the checkpoints of their training, with intervals over tasks."""

import pandas as pd
import xarray as xr

from comparisons.report.points import means_with_intervals


def checkpoint_points(values: xr.DataArray) -> pd.DataFrame:
    """Return the mean at each checkpoint of each training seed, as training_seed, step, estimate, lower, upper.

    `values` has dimensions `training_seed step task`.
    """
    num_seeds, _, num_tasks = values.shape
    bounds = means_with_intervals(values.to_numpy().reshape(-1, 1, num_tasks).astype(float))
    index = pd.MultiIndex.from_product([range(num_seeds), values["step"].to_numpy()], names=["training_seed", "step"])
    return bounds.set_index(index).reset_index()
