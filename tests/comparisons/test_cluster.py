"""The same units on a Dask cluster: two worker processes on this machine, with a scheduler that they talk to."""

import dataclasses
import sys

import dask
import pytest
from distributed import LocalCluster

from comparisons.__main__ import main
from comparisons.training import _train, train_experiments
from comparisons.user_code import UserCodeError
from tests.comparisons.sweep.experiment import Sweep

pytestmark = pytest.mark.timeout(120)
PATIENCE = 60
"""Seconds that a worker which was killed has until it is back."""


@pytest.fixture(scope="module")
def running_cluster():
    """Two workers; one that was killed may take long to come back on a busy machine before it is given up."""
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": f"{PATIENCE} s"}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as running,
    ):
        yield running


@pytest.fixture
def cluster(running_cluster):
    """The cluster with both of its workers, whatever an earlier test did to them."""
    running_cluster.wait_for_workers(2, timeout=PATIENCE)
    return running_cluster


@pytest.fixture
def sweep(tmp_path):
    return Sweep(notes=str(tmp_path / "notes.txt"), seconds=0.05)


def test_a_killed_worker_loses_nothing_and_nothing_is_trained_twice(cluster, sweep, tmp_path):
    """The worker that is killed has done a unit before, whose result goes with it."""
    sweep = dataclasses.replace(sweep, is_killed_after_another=True)
    train_experiments([sweep], tmp_path, scheduler=cluster.scheduler_address)
    ((name, process),) = [note[1:] for note in sweep.read_notes() if note[0] == "killed"]
    assert process in {note[2] for note in sweep.read_notes() if note[0] == "ended"}
    assert sweep.trained(tmp_path) == sweep.names()
    assert sweep.count("ended") == dict.fromkeys(sweep.names(), 1)
    assert sweep.count("began") == {**dict.fromkeys(sweep.names(), 1), name: 2}
    assert ["ended", name, process] not in sweep.read_notes()
    train_experiments([sweep], tmp_path, scheduler=cluster.scheduler_address)
    assert sum(sweep.count("began").values()) == len(sweep.names()) + 1


def test_a_unit_that_always_kills_its_worker_is_named_and_all_others_are_trained(cluster, sweep, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    sweep = dataclasses.replace(sweep, killing=("seed-00-cell-1",), num_kills=1000, training_seeds=(0,))
    message = f"^these units did not finish .*: sweep/{sweep.fingerprint()}/seed-00-cell-1. Finished units are kept"
    with pytest.raises(ChildProcessError, match=message):
        train_experiments([sweep], tmp_path, scheduler=cluster.scheduler_address)
    assert sweep.trained(tmp_path) == [name for name in sweep.names() if name != "seed-00-cell-1"]
    assert set(sweep.count("ended").values()) == {1}


def test_a_unit_that_diverges_ends_the_run(cluster, sweep, tmp_path):
    sweep = dataclasses.replace(sweep, diverging=("seed-00-cell-1",))
    with pytest.raises(UserCodeError, match="^train fails: FloatingPointError: training diverged: seed-00-cell-1 "):
        train_experiments([sweep], tmp_path, scheduler=cluster.scheduler_address)
    assert sweep.count("began")["seed-00-cell-1"] == 1


def test_workers_of_several_threads_are_refused(sweep, tmp_path):
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as threaded,
        pytest.raises(ValueError, match=r"has 2 threads; start workers with --nthreads 1"),
    ):
        train_experiments([sweep], tmp_path, scheduler=threaded.scheduler_address)
    assert sweep.read_notes() == []


def test_a_worker_that_does_not_see_the_results_says_so(sweep, tmp_path):
    with pytest.raises(FileNotFoundError, match="all workers must see the results folder"):
        _train(sweep, sweep.training_units()[0], tmp_path / "elsewhere")
    assert sweep.read_notes() == []


def test_a_scheduler_that_cannot_be_used_is_refused_in_one_line(sweep, tmp_path, monkeypatch, capsys):
    assert main(["run", "beta_bernoulli", "--results", str(tmp_path), "--scheduler", "somewhere"]) == 1
    message = "scheduler must be an address like tcp://host:8786; got 'somewhere'"
    assert capsys.readouterr().err == f"bayesgauge: {message}\n"
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"^running on a cluster needs Dask: pip install 'bayesgauge\[cluster\]'$"):
        train_experiments([sweep], tmp_path, scheduler="tcp://127.0.0.1:1")
    assert sweep.read_notes() == []
