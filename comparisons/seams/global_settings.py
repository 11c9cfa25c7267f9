"""Global settings and random numbers that code of other people may change: kept, compared and set back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
import torch

from comparisons.user_code import GUIDE, NetworkContractError
from metalearners.modules import changes, global_settings


@contextmanager
def unchanged_settings(name: str) -> Iterator[None]:
    """Keep the random numbers of torch, NumPy and Python, and raise if settings of torch or JAX are changed within.

    The settings are set back in any case. Raises `NetworkContractError`.
    """
    numpy_state, python_state, torch_state = np.random.get_state(), random.getstate(), torch.get_rng_state()  # noqa: NPY002
    before = _settings()
    try:
        yield
        if changed := changes(before, _settings()):
            raise NetworkContractError(f"{name} changes global settings ({changed}); leave them as they are ({GUIDE})")
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
        torch.set_rng_state(torch_state)
        jax.config.update("jax_enable_x64", before["64-bit mode of JAX"])
        torch.set_grad_enabled(before["gradient mode"])
        torch.set_default_dtype(before["default dtype"])
        if torch.get_num_threads() != before["number of threads"]:
            torch.set_num_threads(before["number of threads"])


@contextmanager
def seeded_alike() -> Iterator[None]:
    """Seed the random numbers of torch, NumPy and Python; `unchanged_settings` around it sets them back."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    yield


def _settings() -> dict[str, Any]:
    return {
        "64-bit mode of JAX": jax.config.read("jax_enable_x64"),
        **global_settings(),
    }
