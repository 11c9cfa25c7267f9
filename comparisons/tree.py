"""The layout of comparisons on disk: schemas of DataTrees, and validating, saving and opening them.

Each kind declares its schema in its own module `tree`. `task`, `time` and `training_seed` mean the same everywhere.
"""

import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from metalearners.atomic import write_atomically

Variables = dict[str, tuple[str, ...]]
"""Dimensions of each variable of a group."""


class Schema(NamedTuple):
    """The groups of a tree, with their variables and dimensions."""

    name: str
    """Written into every tree, so that it can be read again."""
    groups: Mapping[str, Variables]
    """Groups that every tree has."""
    optional_groups: Mapping[str, Variables] = {}
    """Groups that exist where they mean something."""


REPRODUCTION = Schema(
    "bayesgauge reproduction 1",
    {"measures": dict.fromkeys(("measure", "who", "at", "estimate", "lower", "upper", "unit", "over"), ("row",))},
)
"""The table of a paper's reproduction; what its figures show is its own."""


def validate(tree: xr.DataTree, schema: Schema, source: str = "this tree") -> xr.DataTree:
    """Return the tree itself, if it follows the schema. Raises `ValueError` naming the first difference."""
    if tree.attrs.get("schema") != schema.name:
        raise ValueError(f"{source}: the schema must be {schema.name!r}; got {tree.attrs.get('schema')!r}")
    for group, variables in {**schema.groups, **schema.optional_groups}.items():
        if group not in tree.children:
            if group in schema.groups:
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
        with warnings.catch_warnings():  # xarray adds a filter of its own for good
            return xr.load_datatree(io.BytesIO(path.read_bytes()), engine="h5netcdf")
    except Exception as error:
        raise ValueError(f"{path} is truncated or not a netCDF file ({type(error).__name__})") from error
