"""Global settings of a process that a user may have changed: how each is set, and what it was before."""

import contextlib
import decimal
import locale
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import jax
import matplotlib as mpl
import numpy as np
import pandas as pd
import torch
import xarray as xr


@contextlib.contextmanager
def changed(read: Callable[[], Any], write: Callable[[Any], Any], value: Any) -> Iterator[None]:
    before = read()
    write(value)
    try:
        yield
    finally:
        write(before)


@contextlib.contextmanager
def _jax(name: str, value: Any) -> Iterator[None]:
    with changed(lambda: getattr(jax.config, name), lambda v: jax.config.update(name, v), value):
        yield


def _deterministic() -> AbstractContextManager[None]:
    return changed(torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, True)


def _numpy_state() -> Any:
    return np.random.get_state()  # noqa: NPY002 (the global generator is meant)


SETTINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "torch: float64": lambda: changed(torch.get_default_dtype, torch.set_default_dtype, torch.float64),
    "torch: float16": lambda: changed(torch.get_default_dtype, torch.set_default_dtype, torch.float16),
    "torch: meta": lambda: changed(torch.get_default_device, torch.set_default_device, "meta"),
    "torch: meta in a context": lambda: torch.device("meta"),
    "torch: inference mode": torch.inference_mode,
    "torch: no gradients": torch.no_grad,
    "torch: autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "torch: two threads": lambda: changed(torch.get_num_threads, torch.set_num_threads, 2),
    "torch: deterministic": _deterministic,
    "torch: low precision": lambda: changed(
        torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "medium"
    ),
    "torch: seed": lambda: changed(torch.get_rng_state, torch.set_rng_state, torch.manual_seed(3).get_state()),
    "JAX: x64": lambda: _jax("jax_enable_x64", True),
    "JAX: strict types": lambda: _jax("jax_numpy_dtype_promotion", "strict"),
    "JAX: strict ranks": lambda: _jax("jax_numpy_rank_promotion", "raise"),
    "JAX: matrices": lambda: _jax("jax_default_matmul_precision", "bfloat16"),
    "JAX: generator": lambda: _jax("jax_default_prng_impl", "rbg"),
    "JAX: old threefry": lambda: _jax("jax_threefry_partitionable", False),
    "JAX: no old keys": lambda: _jax("jax_legacy_prng_key", "error"),
    "JAX: seeds": lambda: _jax("jax_random_seed_offset", 5),
    "JAX: NaN": lambda: _jax("jax_debug_nans", True),
    "JAX: infinity": lambda: _jax("jax_debug_infs", True),
    "JAX: no jit": lambda: _jax("jax_disable_jit", True),
    "NumPy: errors": lambda: np.errstate(all="raise"),
    "NumPy: printing": lambda: np.printoptions(precision=2, suppress=True),
    "NumPy: seed": lambda: changed(
        np.random.get_state, np.random.set_state, ("MT19937", np.arange(624, dtype="u4"), 3)
    ),
    "matplotlib": lambda: mpl.rc_context(
        {"text.usetex": True, "axes.formatter.use_locale": True, "font.family": "serif", "savefig.dpi": 30}
        | {"figure.constrained_layout.use": True, "axes.prop_cycle": mpl.cycler(color=["r"]), "savefig.bbox": "tight"}
    ),
    "pandas": lambda: pd.option_context("display.precision", 2, "display.float_format", "{:.1f}".format),
    "xarray": lambda: xr.set_options(keep_attrs=True, arithmetic_join="exact", display_style="text"),
    "warnings": lambda: _warnings_as_errors(),
    "decimal": lambda: decimal.localcontext(prec=3),
    "umask": lambda: changed(lambda: os.umask(0o022), os.umask, 0o077),
}
"""Settings of one process; each is a context that changes one of them."""


@contextlib.contextmanager
def _warnings_as_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def all_of(names: list[str]) -> ExitStack:
    """Enter several settings at once."""
    stack = ExitStack()
    for name in names:
        stack.enter_context(SETTINGS[name]())
    return stack


def state() -> dict[str, Any]:
    """Return the global settings as they are now, so that two moments can be compared."""
    names = [name for name in jax.config.values if name.startswith("jax_")]
    return {
        "torch": (
            torch.get_default_dtype(),
            str(torch.get_default_device()),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.is_autocast_enabled("cpu"),
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_float32_matmul_precision(),
            torch.random.default_generator.get_state().numpy().tobytes(),
        ),
        "JAX": {name: getattr(jax.config, name, None) for name in names},
        "NumPy": (np.geterr(), str(np.get_printoptions()), _numpy_state()[1].tobytes()),
        "matplotlib": dict(mpl.rcParams),
        "xarray": {name: xr.get_options()[name] for name in ("keep_attrs", "arithmetic_join", "display_style")},
        "pandas": pd.get_option("display.precision"),
        "Python": (list(warnings.filters), locale.setlocale(locale.LC_ALL), os.getcwd(), decimal.getcontext().prec),
    }
