"""Finds a kind of comparison: by its folder and by a tree.

A kind is found by its existence, so it needs no registration. A tree names the package of its kind in the attribute
`kind`; a tree without that attribute is found by its schema. A kind may therefore live outside this package.
"""

import importlib
import importlib.util
import pkgutil
from typing import Any

import xarray as xr

import comparisons
from comparisons.kind import Kind
from comparisons.tree import REPRODUCTION, SIDE_BY_SIDE, Schema


def kind_packages() -> list[str]:
    """Return the packages of the kinds in this package: the folders that have a module `kind`."""
    folders = (module.name for module in pkgutil.iter_modules(comparisons.__path__, "comparisons.") if module.ispkg)
    return [name for name in folders if importlib.util.find_spec(f"{name}.kind")]


def kind_of(tree: xr.DataTree, source: str = "this tree") -> Kind[Any]:
    """Return the kind of a tree. Raises `ValueError` for a tree that is no comparison."""
    if tree.attrs.get("schema") == SIDE_BY_SIDE.name:
        return importlib.import_module("comparisons.side_by_side").kind_for(tree)
    return importlib.import_module(f"{_package_of(tree, source)}.kind").KIND


def _package_of(tree: xr.DataTree, source: str) -> str:
    if package := tree.attrs.get("kind"):
        return str(package)
    schema = tree.attrs.get("schema")
    if schema == REPRODUCTION.name:
        return f"comparisons.reproductions.{tree.attrs['paper']}"
    schemas = {_schema_of(package).name: package for package in kind_packages()}
    if schema not in schemas:
        known = ", ".join(map(repr, [*schemas, REPRODUCTION.name]))
        raise ValueError(f"{source} is not a comparison: its schema is {schema!r}; known schemas: {known}")
    return schemas[schema]


def _schema_of(package: str) -> Schema:
    return importlib.import_module(f"{package}.tree").SCHEMA
