"""Units of training: each is done once, by a process of its own, whatever happens to the others."""

import dataclasses
import json

import joblib
import pytest

from bayesopt.families import BetaBernoulli
from comparisons.experiment import TrainingUnit
from comparisons.jobs import RESTARTS
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.stages import _wall_times, run_experiment
from comparisons.training import WALL_TIMES, folder_of, train_experiments, unit_folder
from comparisons.user_code import UserCodeError
from tests.comparisons.sweep.experiment import Sweep


@pytest.fixture
def sweep(tmp_path):
    return Sweep(notes=str(tmp_path / "notes.txt"))


def test_by_default_there_is_one_unit_per_training_seed(tmp_path):
    experiment = PredictionExperiment(BetaBernoulli(), training_seeds=(0, 11))
    assert experiment.training_units() == (TrainingUnit("seed-00", 0, 0), TrainingUnit("seed-11", 11, 0))
    assert unit_folder(tmp_path, experiment.training_units()[1]) == tmp_path / "checkpoints" / "seed-11"


def test_every_unit_is_trained_once_and_only_what_is_missing_again(sweep, tmp_path):
    train_experiments([sweep, sweep], tmp_path)
    once = dict.fromkeys(sweep.names(), 1)
    assert sweep.trained(tmp_path) == sweep.names()
    assert sweep.count("began") == sweep.count("ended") == once
    train_experiments([sweep], tmp_path)
    assert sweep.count("began") == once
    missing = unit_folder(folder_of(sweep, tmp_path), sweep.training_units()[3])
    (missing / "done").unlink()
    missing.rmdir()
    train_experiments([sweep], tmp_path)
    assert sweep.count("began") == sweep.count("ended") == {**once, missing.name: 2}


def test_units_are_begun_in_the_order_given(sweep, tmp_path):
    backwards = dataclasses.replace(sweep, training_seeds=(1,))
    train_experiments([backwards, sweep], tmp_path)
    began = [name for event, name, _ in sweep.read_notes() if event == "began"]
    num_processes = joblib.cpu_count()
    for position, name in enumerate(backwards.names() + sweep.names()):
        assert name in began[max(0, position - num_processes) : position + num_processes + 1]


def test_evaluation_is_given_a_directory_per_unit_in_their_order(sweep, tmp_path):
    with pytest.raises(UserCodeError, match=f"NotImplementedError: evaluating {', '.join(sweep.names())} "):
        run_experiment(sweep, tmp_path)


def test_a_killed_process_is_replaced_and_what_was_done_is_not_done_again(sweep, tmp_path):
    sweep = dataclasses.replace(sweep, killing=("seed-00-cell-3",))
    train_experiments([sweep], tmp_path)
    assert sweep.trained(tmp_path) == sweep.names()
    assert sweep.count("ended") == dict.fromkeys(sweep.names(), 1)
    assert sweep.count("began")["seed-00-cell-3"] == 2
    assert sum(sweep.count("began").values()) <= len(sweep.names()) + min(joblib.cpu_count(), 8)


@pytest.mark.parametrize("restarts", [1, pytest.param(RESTARTS, marks=pytest.mark.slow)])
def test_a_unit_that_always_kills_its_process_is_named_and_all_others_are_trained(
    sweep, tmp_path, monkeypatch, restarts
):
    monkeypatch.setattr("comparisons.jobs.RESTARTS", restarts)
    sweep = dataclasses.replace(sweep, killing=("seed-00-cell-1",), num_kills=1000)
    message = (
        r"^these units did not finish because their processes were killed repeatedly, probably for lack of memory: "
        f"sweep/{sweep.fingerprint()}/seed-00-cell-1. Finished units are kept"
    )
    with pytest.raises(ChildProcessError, match=message):
        train_experiments([sweep], tmp_path)
    others = [name for name in sweep.names() if name != "seed-00-cell-1"]
    assert sweep.trained(tmp_path) == others
    assert sweep.count("ended") == dict.fromkeys(others, 1)
    # When all others are done, it is started `restarts` times more, after a kill that may still count as progress.
    events = [(event, name) for event, name, _ in sweep.read_notes()]
    last_done = max(index for index, (event, _) in enumerate(events) if event == "ended")
    assert restarts + 1 <= events[last_done:].count(("began", "seed-00-cell-1")) <= restarts + 2


def test_a_unit_that_diverges_ends_the_run(sweep, tmp_path):
    sweep = dataclasses.replace(sweep, diverging=("seed-00-cell-1",))
    with pytest.raises(UserCodeError, match="^train fails: FloatingPointError: training diverged: seed-00-cell-1 "):
        train_experiments([sweep], tmp_path)
    assert "seed-00-cell-1" not in sweep.trained(tmp_path)
    assert sweep.count("began")["seed-00-cell-1"] == 1


def test_units_of_one_name_are_refused_before_anything_is_trained(sweep, tmp_path):
    repeating = dataclasses.replace(sweep, training_seeds=(1, 1))
    with pytest.raises(ValueError, match="must be distinct; 'seed-01-cell-0' repeats in sweep"):
        train_experiments([repeating], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_times_of_units_are_summed(tmp_path):
    times = {"evaluate": 2.0, "train, seed-00": 3.0, "train, seed-01": 4.4}
    (tmp_path / WALL_TIMES).mkdir()
    for stage, seconds in times.items():
        (tmp_path / WALL_TIMES / f"{stage}.json").write_text(json.dumps(seconds))
    assert _wall_times(tmp_path) == {"wall time, evaluate": "2 s", "wall time, train, sum over units": "7 s"}
