"""Points with intervals, the rows of the tables behind figures."""

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.statistics.intervals import LEVEL, resampled_means

_NUM_RESAMPLES = 500


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


def means_with_intervals(values: Float[np.ndarray, "point training_seed task"], *, seed: int) -> pd.DataFrame:
    """Return the mean of every point with its percentile interval; an infinite mean has an infinite interval."""
    estimate = values.mean((1, 2))
    lower, upper = quantiles(resampled(values, seed=seed))
    known = np.isfinite(estimate)
    bounds = {"lower": np.where(known, lower, estimate), "upper": np.where(known, upper, estimate)}
    return pd.DataFrame({"estimate": estimate, **bounds})


def resampled(
    values: Float[np.ndarray, "point training_seed task"], *, seed: int
) -> Float[np.ndarray, "point resample"]:
    """Return means over seeds and tasks of every point under the same resamples."""
    return resampled_means(values, seed=seed, num_resamples=_NUM_RESAMPLES)


def quantiles(resampled: Float[np.ndarray, "point resample"]) -> Float[np.ndarray, "bound point"]:
    """Return the lower and the upper end of the interval of every point."""
    tail = (1 - LEVEL) / 2
    with np.errstate(invalid="ignore"):
        return np.quantile(resampled, [tail, 1 - tail], axis=1)
