"""The layout of comparisons on disk: schemas of DataTrees, and validating, saving and opening them.

Each kind declares its schema in its own module `tree`. `task`, `time` and `training_seed` mean the same everywhere.
"""

import hashlib
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import h5py
import xarray as xr

from metalearners.atomic import write_atomically

Variables = dict[str, tuple[str, ...]]
"""Dimensions of each variable of a group."""


_DIGEST = b"\nbayesgauge sha256 "
_DIGEST_SIZE = 64
_SEALED = "has_digest"
"""Attribute of a file that must have a digest; files of earlier versions have neither."""
SMOKE_RUN = "smoke run: tiny sizes, proves nothing"
"""What page, summary and files say of a smoke run."""


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


SIDE_BY_SIDE = Schema("bayesgauge side by side 1", {})
"""Several networks on the same tasks: a group for each, which is a whole measured comparison."""


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


def is_smoke(tree: xr.DataTree) -> bool:
    """Return whether a tree is of a smoke run: sizes so small that its numbers prove nothing."""
    return bool(tree.attrs.get("is_smoke", 0))


def with_attributes(tree: xr.DataTree, **attributes: object) -> xr.DataTree:
    """Return the same tree with more attributes."""
    more = tree.copy()
    more.attrs = {**tree.attrs, **attributes}
    return more


def title_in(tree: xr.DataTree) -> str:
    """Return the family of a tree in words; its expression in Python where an earlier version wrote the tree."""
    return str(tree.attrs.get("title", tree.attrs["family"]))


def save_tree(tree: xr.DataTree, path: Path) -> None:
    """Write a tree to one netCDF file, atomically, with a digest behind it, which readers of netCDF skip.

    Raises `OSError` where it cannot be written.
    """
    content = bytes(with_attributes(tree, **{_SEALED: 1}).to_netcdf(engine="h5netcdf"))
    write_atomically(path, content + _DIGEST + hashlib.sha256(content).hexdigest().encode())


def open_tree(path: Path) -> xr.DataTree:
    """Read a tree back whole.

    Raises `FileNotFoundError`, or `ValueError` if the file is foreign, truncated or was changed after it was written.
    """
    content, digest = _parts(path)
    if digest and digest != hashlib.sha256(content).hexdigest().encode():
        raise ValueError(f"{path} is truncated or not a netCDF file as it was written: its digest differs")
    try:
        with h5py.File(io.BytesIO(content)) as file:  # h5netcdf prints a traceback where this fails
            file.visititems(lambda name, item: dict(item.attrs))
        with warnings.catch_warnings():  # xarray adds a filter of its own for good
            tree = xr.load_datatree(io.BytesIO(content), engine="h5netcdf")
    except Exception as error:
        raise ValueError(f"{path} is truncated or not a netCDF file ({type(error).__name__})") from error
    if tree.attrs.pop(_SEALED, 0) and not digest:
        raise ValueError(f"{path} is truncated or not a netCDF file as it was written: its digest is missing")
    return tree


def digest_of(path: Path) -> str:
    """Return the digest of a saved tree, by which other files refer to it. Raises `FileNotFoundError`."""
    return hashlib.sha256(_parts(path)[0]).hexdigest()[:16]


def _parts(path: Path) -> tuple[bytes, bytes]:
    """Return the netCDF file that a file holds, and the digest behind it; files of earlier versions have none."""
    if not path.is_file():
        raise FileNotFoundError(f"no results at {path}")
    content = path.read_bytes()
    before, mark, digest = content.rpartition(_DIGEST)
    return (before, digest) if mark and len(digest) <= _DIGEST_SIZE else (content, b"")
