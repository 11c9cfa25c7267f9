"""Points with intervals, the rows of the tables behind figures."""

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.statistics.intervals import Interval, mean_bounds


def curve_table(curve: xr.DataArray) -> pd.DataFrame:
    """Return a curve with intervals as rows: its dimensions, `estimate`, `lower`, `upper`."""
    return curve.to_dataset(dim="bound").to_dataframe().reset_index()


def concatenate(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables below one another; `training_seed` is missing (NA) in rows of tables without it."""
    with_seed = [
        table.assign(training_seed=table.training_seed if "training_seed" in table else pd.NA).astype(
            {"training_seed": "Int64"}
        )
        for table in tables
    ]
    return pd.concat(with_seed, ignore_index=True)


def means_with_intervals(values: Float[np.ndarray, "point training_seed task"]) -> pd.DataFrame:
    """Return the mean of every point with its interval over tasks and seeds; an infinite mean has an infinite one."""
    return pd.DataFrame(dict(zip(Interval._fields, mean_bounds(values), strict=True)))
