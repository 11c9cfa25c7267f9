"""Planning kernels: loops over belief states, compiled by numba for the CPU and kept on disk.

A kernel is called with arrays and numbers only. numba notices a change of a kernel's own file, not of a kernel in
another file that it calls; so kernels that call each other live in one file.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """The function as machine code: compiled at the first call for the types it meets, then read from the cache."""
    return numba.njit(cache=True)(inspect.unwrap(function))
