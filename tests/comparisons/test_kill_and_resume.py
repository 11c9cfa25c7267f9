"""A run killed without warning, at any moment, and started again ends with the numbers of one left alone."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from comparisons.stages import open_result

ARGUMENTS = [
    *("run", "beta_bernoulli", "--smoke", "--training.num-steps", "200", "--training-seeds", "0", "1"),
    *("--evaluation.num-tasks", "100"),
]


def start(folder):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    command = [sys.executable, "-m", "comparisons", *ARGUMENTS]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)


def result_folder(folder):
    (run,) = (folder / "results" / "beta_bernoulli").iterdir()
    return run


def assert_same_after_kills(tmp_path, num_kills, seed):
    (tmp_path / "left_alone").mkdir()
    (tmp_path / "killed").mkdir()
    began = time.monotonic()
    assert start(tmp_path / "left_alone").wait() == 0
    duration = time.monotonic() - began
    generator = random.Random(seed)
    for _ in range(num_kills):
        process = start(tmp_path / "killed")
        try:
            process.wait(timeout=generator.uniform(0.2, 1.0) * duration)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert start(tmp_path / "killed").wait() == 0
    expected, resumed = (open_result(result_folder(tmp_path / name)) for name in ("left_alone", "killed"))
    assert expected.table.equals(resumed.table)
    for group, variable in (("network", "log_loss"), ("convergence", "kl_divergence")):
        np.testing.assert_array_equal(expected.tree[group][variable], resumed.tree[group][variable])
    reports = [(result_folder(tmp_path / name) / "report" / "index.html").exists() for name in ("left_alone", "killed")]
    assert all(reports)


def test_killed_once(tmp_path):
    assert_same_after_kills(tmp_path, num_kills=1, seed=0)


@pytest.mark.slow
def test_killed_ten_times(tmp_path):
    assert_same_after_kills(tmp_path, num_kills=10, seed=0)
