"""A run killed without warning, at any moment, and started again ends with the numbers of one left alone."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from comparisons.__main__ import main
from comparisons.comparison import open_comparison
from comparisons.stages import EVALUATION_FILE

ARGUMENTS = ["run", "beta_bernoulli", "--smoke", "--training.num-steps", "200", "--evaluation.num-tasks", "50"]
ONE_SEED = ["--training-seeds", "0"]
PATIENCE = 120
"""Seconds that a program has until it has written a checkpoint."""


def start(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    command = [sys.executable, "-m", "comparisons", *ARGUMENTS, *arguments]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def result_folder(folder):
    (run,) = (folder / "results" / "beta_bernoulli_smoke").iterdir()
    return run


def assert_same_numbers(left_alone, killed):
    expected, resumed = (open_comparison(result_folder(folder)) for folder in (left_alone, killed))
    assert expected.table.equals(resumed.table)
    for group, variable in (("network", "log_loss"), ("convergence", "kl_divergence")):
        np.testing.assert_array_equal(expected.tree[group][variable], resumed.tree[group][variable])
    assert all((result_folder(folder) / "report" / "index.html").exists() for folder in (left_alone, killed))


def finish_here(folder):
    """Run to the end in this process, which takes less time than a program of its own."""
    assert main([*ARGUMENTS, *ONE_SEED, "--results", str(folder / "results")]) == 0


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("left_alone")
    finish_here(folder)
    return folder


def test_killed_once(left_alone, tmp_path):
    """Killed as soon as there is a checkpoint; the campaign of kills comes at every other moment, too."""
    process, began = start(tmp_path, *ONE_SEED), time.monotonic()
    try:
        while not list(tmp_path.rglob("step-*.safetensors")):
            assert process.poll() is None and time.monotonic() - began < PATIENCE
            time.sleep(0.01)
    finally:
        kill(process)
    assert not list(tmp_path.rglob(EVALUATION_FILE))
    finish_here(tmp_path)
    assert_same_numbers(left_alone, tmp_path)


@pytest.mark.slow
def test_killed_ten_times(tmp_path):
    """At random moments, with two training seeds side by side."""
    arguments = ["--training-seeds", "0", "1"]
    left_alone, killed = tmp_path / "left_alone", tmp_path / "killed"
    left_alone.mkdir()
    killed.mkdir()
    began = time.monotonic()
    assert start(left_alone, *arguments).wait() == 0
    duration = time.monotonic() - began
    generator = random.Random(0)
    for _ in range(10):
        process = start(killed, *arguments)
        try:
            process.wait(timeout=generator.uniform(0.2, 1.0) * duration)
        except subprocess.TimeoutExpired:
            kill(process)
    assert start(killed, *arguments).wait() == 0
    assert_same_numbers(left_alone, killed)
