"""The decorator of planning kernels: loops over belief states, compiled by numba for the CPU and cached on disk.

A kernel takes arrays and numbers only. numba recompiles a kernel when its own file changes, but not when the file of
another kernel that it calls changes. Kernels that call each other therefore live in one file.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """Return the function as machine code: compiled at the first call for its argument types, cached afterwards."""
    return numba.njit(cache=True)(inspect.unwrap(function))
