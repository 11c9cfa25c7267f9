"""The command line on bandits and indices: what it prints, what it refuses before any work, what survives a kill."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from comparisons.comparison import open_comparison
from tests.comparisons.test_command_line import assert_refused, bayesgauge

QUICK = [
    *("--smoke", "--training.num-steps", "12", "--training.batch-size", "16", "--evaluation.num-tasks", "60"),
    *("--training.horizon", "5", "--evaluation.length", "5", "--training-seeds", "0"),
]


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    completed = bayesgauge("run", "bernoulli_bandit", *QUICK, cwd=folder)
    assert completed.returncode == 0, completed.stderr
    return folder / completed.stdout.rsplit("report: ", 1)[1].strip(), completed.stdout


def test_a_bandit_run_prints_the_shortfall_and_writes_the_report(finished_run):
    report, printed = finished_run
    assert re.search(
        r"rewards in 5 trials, the Bayes-optimal policy [0-9.]+: a shortfall V\* − V\(network\) = ", printed
    )
    assert "rewards per 5 trials" in printed
    assert "Bayes-optimal policy" in report.read_text()


def test_a_finished_bandit_run_is_told_again_from_its_files(finished_run, tmp_path, monkeypatch):
    report, printed = finished_run
    monkeypatch.setattr("comparisons.report.page.rendered_figures", lambda figures, tree: [])  # most of its time
    again = bayesgauge("report", report.parent.parent, cwd=tmp_path)
    assert again.returncode == 0
    assert again.stdout.splitlines()[:-1] == printed.splitlines()[:-1]
    assert "Bayes-optimal policy" in report.read_text()


@pytest.mark.slow
def test_a_bandit_run_that_was_killed_ends_with_the_same_numbers(tmp_path):
    longer = ["--training-seeds", "0", "1", "--training.num-steps", "150"]
    command = [sys.executable, "-m", "comparisons", "run", "bernoulli_bandit", *QUICK, *longer]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True, "env": environment}
    results = {}
    for name, delays in (("left alone", ()), ("killed", (4.0, 7.0))):
        folder = tmp_path / name
        folder.mkdir()
        for delay in delays:
            process = subprocess.Popen(command, cwd=folder, **quiet)
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert subprocess.run(command, cwd=folder, check=False, **quiet).returncode == 0
        (run,) = (folder / "results" / "bernoulli_bandit_smoke").iterdir()
        results[name] = open_comparison(run)
    one, two = results.values()
    assert one.table.equals(two.table)
    np.testing.assert_array_equal(one.tree["totals"]["action_gap"], two.tree["totals"]["action_gap"])


def test_gittins_prints_the_index_with_its_bound(bayesgauge_here):
    completed = bayesgauge_here("gittins", 1, 1, "--discount", 0.95)
    assert completed.returncode == 0
    index, bound = re.fullmatch(r"(0\.\d+) ± (\S+)\n", completed.stdout).groups()
    assert float(bound) <= 1e-9
    assert abs(float(index) - 0.76143) < 5e-6  # to the digits of the specification


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gittins", 1, 1, "--discount", 1.5], ["discount", "[0, 1)", "1.5"]),
        (["gittins", 0, 1, "--discount", 0.9], ["concentration1", "0.0"]),
        (["gittins", 1, 1, "--discount", 0.9, "--tolerance", 1e-20], ["tolerance must be at least", "got 1e-20"]),
        (["run", "bernoulli_bandit", "--family.concentration1", 1, -1], ["concentration1", "> 0", "-1"]),
        (["run", "bernoulli_bandit", "--evaluation.length", 7], ["training.horizon (20)", "evaluation.length (7)"]),
        (["run", "bernoulli_bandit", "--evaluation.discount", 1], ["discount", "(0, 1)"]),
        (["run", "exponential_bandit", "--family.concentration", 1, 2], ["concentration", "> 1"]),
    ],
)
def test_bad_input_is_refused_in_one_line(bayesgauge_here, arguments, words):
    assert_refused(bayesgauge_here(*arguments), *words)


def test_a_horizon_that_memory_cannot_hold_is_refused_before_training(bayesgauge_here, tmp_path):
    arms = ["1", "2", "3", "4", "5", "6"]
    flags = ["--family.concentration1", *arms, "--family.concentration0", *arms]
    completed = bayesgauge_here(
        *("run", "bernoulli_bandit", *flags, "--training.horizon", 60, "--evaluation.length", 60)
    )
    assert_refused(completed, "6 arms over 60 trials need", "GB of memory", "available")
    assert not (tmp_path / "results").exists()


PLAYERS = """
import torch

class Player(torch.nn.Module):
    def __init__(self, size, value):
        super().__init__()
        self.core = torch.nn.GRU(size, 4, batch_first=True)
        self.readout = torch.nn.Linear(4, 3)
        self.value = value

    def forward(self, inputs, state=None):
        hidden, state = self.core(inputs, state)
        return self.readout(hidden) * self.value, state

def playing(): return Player(5, 1.0)
def without_numbers(): return Player(5, float("nan"))
def too_narrow(): return Player(7, 1.0)
"""
SMALL = ["--evaluation.num-tasks", 60, "--evaluation.length", 4, "--evaluation.detailed-tasks", 20]


@pytest.fixture
def players(tmp_path):
    (tmp_path / "players.py").write_text(PLAYERS)
    return tmp_path


def test_a_player_of_ones_own_is_scored(players):
    completed = bayesgauge("score", "bernoulli_bandit", "--network", "players:playing", *SMALL, cwd=players)
    assert completed.returncode == 0, completed.stderr
    assert re.search(
        r"rewards in 4 trials, the Bayes-optimal policy [0-9.]+: a shortfall V\* − V\(network\) = ", completed.stdout
    )
    assert (players / "results" / "score" / "index.html").exists()


def test_a_player_without_numbers_is_refused(players):
    completed = bayesgauge("score", "bernoulli_bandit", "--network", "players:without_numbers", *SMALL, cwd=players)
    assert_refused(completed, "action probabilities must be finite", "nan", "trial 0")


def test_a_player_of_the_wrong_size_is_refused(players):
    completed = bayesgauge("score", "bernoulli_bandit", "--network", "players:too_narrow", *SMALL, cwd=players)
    assert_refused(completed, "must accept inputs of shape (batch, time, 5)", "Expected 7, got 5")
