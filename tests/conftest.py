"""Checks every type and shape annotation of the toolkit at run time, in every test.

Workers and the programs that tests start share what JAX compiled, in pytest's own cache folder.
"""

import os
import subprocess
import sys

import jaxtyping
import pytest
from jaxtyping import install_import_hook

os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.abspath(".pytest_cache/jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# For workers, which start after this line: glibc otherwise keeps what each thread of JAX's compiler freed, 0.5 GB.
os.environ.setdefault("MALLOC_ARENA_MAX", "1")

PACKAGES = ["bayesopt", "metalearners", "comparisons"]

_too_early = [name for name in PACKAGES if name in sys.modules]
if _too_early:
    raise RuntimeError(f"{', '.join(_too_early)} imported before the shape checker was installed")

# As for static type checkers, an int may stand where a float is asked for.
install_import_hook(PACKAGES, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


MOST_PROGRAMS = 100
"""Programs compiled by JAX that a process may hold between two tests; each takes 2 to 6 MB."""


@pytest.fixture(autouse=True)
def compiled_programs_are_released():
    """Releases JAX's compiled programs when they are many; by itself it keeps each one until the process ends."""
    yield
    if (jax := sys.modules.get("jax")) and len(jax.devices()[0].client.live_executables()) > MOST_PROGRAMS:
        jax.clear_caches()


@pytest.fixture
def without_shape_checker(monkeypatch):
    """Calls functions as users do: the checker of annotations, which only tests have, would refuse values first."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.fixture
def bayesgauge_here(tmp_path, monkeypatch, capsys):
    """Runs a command line in this process, in an empty folder; programs of their own take seconds to start."""

    def run(*arguments):
        from comparisons.__main__ import main

        monkeypatch.chdir(tmp_path)
        arguments = [str(argument) for argument in arguments]
        code = main(arguments)
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run
