"""The public names of the packages: what `dir` shows is what the stubs and docs/api.md list."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from bayesopt import families

PACKAGES = ("bayesopt", "metalearners", "comparisons", "comparisons.order")
API = Path("docs/api.md").read_text()


def _stub_names(package):
    stub = ast.parse(Path(*package.split("."), "__init__.pyi").read_text())
    return [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]


def _documented_names(package):
    """Return the names in the first column of the table of a package's section."""
    section = re.search(rf"^##+ [^\n]*: `{re.escape(package)}`\n(.*?)(?=^##|\Z)", API, flags=re.DOTALL | re.MULTILINE)
    assert section is not None
    cells = re.findall(r"^\| (`[^|]*) \|", section[1], flags=re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_those_of_the_stub_and_of_the_reference_page(package):
    names = dir(importlib.import_module(package))
    assert names == sorted(_stub_names(package))
    assert names == sorted(_documented_names(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_exist_and_are_documented(package):
    module = importlib.import_module(package)
    for name in dir(module):
        found = getattr(module, name)
        assert found.__doc__ and found.__name__.rpartition(".")[2] == name


def test_comparisons_has_few_public_names():
    assert len(dir(importlib.import_module("comparisons"))) <= 25


@pytest.mark.parametrize("package", ["bayesopt", "metalearners", "comparisons"])
def test_packages_know_their_version(package):
    assert re.fullmatch(r"\d+\.\d+\.\d+", importlib.import_module(package).__version__)


def test_a_star_imports_the_families_and_nothing_else():
    names = {}
    exec("from bayesopt.families import *", names)
    names.pop("__builtins__")
    assert names == {cls.__name__: cls for cls in families.discover().values()}
