"""Measures of guesses."""

from collections.abc import Iterator

import xarray as xr

from comparisons.kind import Measure, Section
from comparisons.rows import Resampler, Row


def _squared_error(errors: xr.Dataset, over: Resampler) -> Iterator[Row]:
    yield over.mean("learner", errors["learner"].to_numpy())
    for name in ("Bayes", "prior"):
        yield over.mean(name, errors[name].to_numpy()[None])


def _excess_error(errors: xr.Dataset, over: Resampler) -> Iterator[Row]:
    yield over.mean("learner", (errors["learner"] - errors["Bayes"]).to_numpy())


SECTIONS = (
    Section(
        "Error of the guess",
        "0 is the true mean; no guess is better than that of Bayes on average.",
        (
            Measure("squared_error", "squared error", "squared units", _squared_error),
            Measure("excess_error", "error above that of Bayes", "squared units", _excess_error, zero="Bayes"),
        ),
    ),
)
