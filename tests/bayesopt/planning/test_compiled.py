"""Kernels work whatever state their cache is in: missing, damaged, out of reach, or written by several at once."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba.core.caching
import pytest

from bayesopt.planning.compiled import compiled


@pytest.fixture
def square(tmp_path):
    """Return a function that makes a new kernel of the same source, as a new process would, and its cache folder."""
    (tmp_path / "kernel.py").write_text("def square(x):\n    return x * x\n")
    spec = importlib.util.spec_from_file_location("kernel", tmp_path / "kernel.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda: compiled(module.square), tmp_path / "__pycache__"


def machine_code(folder):
    return sorted(folder.glob("*.nbc*"))


def test_a_second_process_reads_what_the_first_compiled(square):
    make, folder = square
    assert make()(3) == 9
    [file] = machine_code(folder)
    before = file.stat().st_mtime_ns
    second = make()
    assert second(3) == 9
    assert sum(second.stats.cache_hits.values()) == 1
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: bytes(len(content)),
        lambda content: content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
        lambda content: content + b"\0",
    ],
    ids=["empty", "truncated", "zeros", "one bit", "longer"],
)
def test_a_damaged_file_is_replaced(square, damage):
    make, folder = square
    make()(3)
    [file] = machine_code(folder)
    good = file.read_bytes()
    file.write_bytes(damage(good))
    assert make()(3) == 9
    assert machine_code(folder) == [file]
    again = make()
    assert again(3) == 9
    assert sum(again.stats.cache_hits.values()) == 1


def test_variants_never_share_a_file(square):
    """Two processes that compile different variants at once would otherwise write both to the first free name."""
    make, folder = square
    first, second = make(), make()
    assert (first(3), second(0.5)) == (9, 0.25)
    assert len(machine_code(folder)) == 2
    both = make()
    assert (both(3), both(0.5)) == (9, 0.25)
    assert sum(both.stats.cache_hits.values()) == 2


def test_files_exchanged_between_variants_are_not_believed(square):
    make, folder = square
    kernel = make()
    kernel(3), kernel(0.5)
    one, two = machine_code(folder)
    contents = one.read_bytes(), two.read_bytes()
    one.write_bytes(contents[1])
    two.write_bytes(contents[0])
    fresh = make()
    assert (fresh(3), fresh(0.5)) == (9, 0.25)


def test_a_cache_that_cannot_be_written_is_no_error(square, monkeypatch):
    make, folder = square
    kernel = make()

    def refuse(*args):
        raise PermissionError("no")

    monkeypatch.setattr(os, "replace", refuse)
    assert kernel(3) == 9
    assert machine_code(folder) == []


def test_without_any_folder_kernels_are_compiled_in_memory(square, monkeypatch):
    make, folder = square
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    assert make()(3) == 9
    assert machine_code(folder) == []


@pytest.mark.slow
def test_an_index_on_a_read_only_install(tmp_path):
    """A user has no home, and the install cannot be written. Root could write it; then numba is told of no folder."""
    packages = Path(__file__).parents[3]
    for name in ("bayesopt", "comparisons", "metalearners"):
        shutil.copytree(packages / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["chmod", "-R", "a-w", tmp_path], check=True)
    environment = {"HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tmp_path)}
    if os.getuid() == 0:
        environment["NUMBA_CACHE_LOCATOR_CLASSES"] = "ZipCacheLocator"
    command = [sys.executable, "-m", "comparisons", "gittins", "1", "1", "--discount", "0.9"]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=600)
    subprocess.run(["chmod", "-R", "u+w", tmp_path], check=True)
    assert done.returncode == 0, done.stderr
    assert "0.7028891" in done.stdout
    assert not list(tmp_path.rglob("*.nbc"))
