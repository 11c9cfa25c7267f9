"""The schema of a comparison: groups, variables and dimensions of its DataTree; saving, opening, validating.

All divergences and losses are in nats. `task`, `time` and `training_seed` mean the same everywhere.
"""

import io
from pathlib import Path

import xarray as xr

from metalearners.atomic import write_atomically

SCHEMA = "bayesgauge comparison 1"

REQUIRED: dict[str, dict[str, tuple[str, ...]]] = {
    "observed_data": {"observations": ("task", "time")},
    "reference": {
        "log_loss": ("task", "time"),
        "oracle_log_loss": ("task", "time"),
        "centre": ("task", "time"),
    },
    "network": {
        "kl_divergence": ("training_seed", "task", "time"),
        "log_loss": ("training_seed", "task", "time"),
        "centre": ("training_seed", "task", "time"),
    },
    "floors": {"kl_divergence": ("floor", "task", "time"), "log_loss": ("floor", "task", "time")},
    "calibration": {
        "num_statements": ("predictor", "task", "bin"),
        "stated": ("predictor", "task", "bin"),
        "observed": ("predictor", "task", "bin"),
    },
}
"""Groups that every comparison has."""

OPTIONAL: dict[str, dict[str, tuple[str, ...]]] = {
    "untrained": {
        "kl_divergence": ("training_seed", "task", "time"),
        "log_loss": ("training_seed", "task", "time"),
    },
    "order_cost": {
        "cost": ("training_seed", "position", "task"),
        "mean_kl": ("training_seed", "position", "task"),
    },
    "certificate": {
        "kl_by_time": ("training_seed", "time"),
        "worst_history": ("training_seed", "past"),
        "worst_length": ("training_seed",),
        "worst_kl": ("training_seed",),
        "worst_probability": ("training_seed",),
    },
    "convergence": {"kl_divergence": ("training_seed", "step", "task")},
}
"""Groups that exist where they mean something: exchangeable families, finite outcomes, networks with checkpoints."""


def validate(tree: xr.DataTree, source: str = "this tree") -> xr.DataTree:
    """The tree itself, if it follows the schema. Raises `ValueError` naming the first difference."""
    if tree.attrs.get("schema") != SCHEMA:
        raise ValueError(f"{source} is not a comparison: its schema is {tree.attrs.get('schema')!r}, not {SCHEMA!r}")
    for group, variables in {**REQUIRED, **OPTIONAL}.items():
        if group not in tree.children:
            if group in REQUIRED:
                raise ValueError(f"{source} lacks the group {group!r}")
            continue
        for variable, dimensions in variables.items():
            if variable not in tree[group].data_vars:
                raise ValueError(f"{source} lacks the variable {group}/{variable}")
            if tree[group][variable].dims != dimensions:
                raise ValueError(
                    f"{source}: {group}/{variable} has dimensions {tree[group][variable].dims}, not {dimensions}"
                )
    return tree


def save_tree(tree: xr.DataTree, path: Path) -> None:
    """Write a tree to one netCDF file, atomically. Raises `OSError` where it cannot be written."""
    write_atomically(path, bytes(tree.to_netcdf(engine="h5netcdf")))


def open_tree(path: Path) -> xr.DataTree:
    """Read a tree back whole. Raises `FileNotFoundError`, or `ValueError` if the file is truncated or foreign."""
    if not path.is_file():
        raise FileNotFoundError(f"no results at {path}")
    try:
        return xr.load_datatree(io.BytesIO(path.read_bytes()), engine="h5netcdf")
    except Exception as error:
        raise ValueError(f"{path} is truncated or not a netCDF file ({type(error).__name__})") from error
