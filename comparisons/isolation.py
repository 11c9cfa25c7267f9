"""The user's settings of NumPy and xarray, kept out of what a function computes.

Each framework has one guard: torch `metalearners.own_settings`, JAX `bayesopt.float64`, matplotlib
`comparisons.report.style`. This one is for the functions that a person calls.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from bayesopt.floating_point import usual_errors

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def isolated(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return `function` run with the default settings of NumPy and xarray; the user's return afterwards."""

    @functools.wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        import xarray as xr  # slow to load; whatever is isolated has loaded it

        with usual_errors(), xr.set_options(keep_attrs="default", arithmetic_join="inner"):
            return function(*args, **kwargs)

    return run
