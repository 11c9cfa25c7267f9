"""Files of a run are bound to each other: what does not belong is refused by name, or made again where that is safe."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

from comparisons import open_comparison
from comparisons.experiment import require_names
from comparisons.lifetimes.experiment import SpecialistExperiment
from comparisons.lifetimes.settings import Cell
from comparisons.records import EXPERIMENT_FILE, read_settings
from comparisons.results import EVALUATION_FILE, MEASURES_FILE, UNRECORDED
from comparisons.stages import render, run_experiment
from comparisons.training import folder_of, unit_folder
from comparisons.tree import open_tree, save_tree
from metalearners.actor_critic_configs import ActorCriticConfig
from metalearners.checkpoints import load_tensors, save_tensors
from metalearners.sealed_files import read_seal, stamped
from tests.comparisons.toy_kind.experiment import TOY

OTHER = dataclasses.replace(TOY, shrinkage=0.5)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of two runs."""
    folder = tmp_path_factory.mktemp("results")
    for experiment in (TOY, OTHER):
        run_experiment(experiment, folder)
    return folder


@pytest.fixture
def copied(results, tmp_path):
    """A copy of them: the results folder, and the folders of the two runs."""
    shutil.copytree(results, tmp_path / "results")
    return tmp_path / "results", *(folder_of(one, tmp_path / "results") for one in (TOY, OTHER))


def contents(folder):
    """Every file of a run but for times, which differ, and the page, which says them."""
    files = {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: data for name, data in files.items() if name.parts[0] != "wall_times" and name.name != "index.html"}


def edit_settings(folder, **changes):
    path = folder / EXPERIMENT_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_equal_runs_are_equal_bytes(results, tmp_path):
    run_experiment(TOY, tmp_path)
    assert contents(folder_of(TOY, tmp_path)) == contents(folder_of(TOY, results))


def test_edited_settings_are_refused_and_written_again_by_the_run(copied):
    results, run, _ = copied
    before = contents(run)
    edit_settings(run, shrinkage=0.3)
    for use in (render, open_comparison):
        with pytest.raises(ValueError, match=r"experiment.json was changed after the run wrote it. Run the experiment"):
            use(run)
    run_experiment(TOY, results)
    assert contents(run) == before


@pytest.mark.parametrize("file", [EXPERIMENT_FILE, EVALUATION_FILE])
def test_a_file_of_another_run_is_refused_by_name(copied, file):
    _, run, other = copied
    shutil.copy(other / file, run / file)
    with pytest.raises(ValueError, match=f"{EVALUATION_FILE} holds the scores of another run: .*Delete the one that"):
        render(run)
    assert read_settings(other) and open_comparison(other)


def test_the_scores_of_another_run_stop_a_run_which_leaves_them(copied):
    results, run, other = copied
    shutil.copy(other / EVALUATION_FILE, run / EVALUATION_FILE)
    before = contents(run)
    with pytest.raises(ValueError, match=f"{EVALUATION_FILE} holds the scores of another run"):
        run_experiment(TOY, results)
    assert contents(run) == before
    (run / EVALUATION_FILE).unlink()
    run_experiment(TOY, results)
    assert contents(run) == contents(folder_of(TOY, results.parent / "results"))


@pytest.mark.parametrize("damage", ["of another run", "truncated", "zeroed", "flipped"])
def test_measures_that_do_not_belong_are_taken_again(copied, damage):
    results, run, other = copied
    before, table = contents(run), open_comparison(run).table
    path = run / MEASURES_FILE
    whole = path.read_bytes()
    broken = {
        "of another run": (other / MEASURES_FILE).read_bytes(),
        "truncated": whole[:-1000],
        "zeroed": whole[:2000] + bytes(len(whole) - 2000),
        "flipped": whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:],
    }
    path.write_bytes(broken[damage])
    assert open_comparison(run).table.equals(table) and path.read_bytes() == broken[damage]
    run_experiment(TOY, results)
    assert contents(run) == before


def test_a_checkpoint_that_is_not_that_of_the_scores_is_refused_by_name(copied):
    _, run, _ = copied
    checkpoint = unit_folder(run, TOY.training_units()[1]) / "shrinkage.txt"
    checkpoint.write_text("0.7")
    with pytest.raises(
        ValueError, match=r"seed-01/shrinkage.txt is not the checkpoint that evaluation.nc was made from"
    ):
        open_comparison(run)
    checkpoint.unlink()
    assert len(open_comparison(run).table)  # who deletes checkpoints to save space keeps the result


def test_results_of_before_are_read_with_a_note(copied):
    """As they were: settings without a digest, scores and measures without records."""
    _, run, _ = copied
    table = open_comparison(run).table
    settings = json.loads((run / EXPERIMENT_FILE).read_text())
    old = {name: value for name, value in settings.items() if name not in ("fingerprint", "command", "digest")}
    (run / EXPERIMENT_FILE).write_text(json.dumps(old))
    with pytest.raises(ValueError, match="experiment.json lacks the records of evaluation.nc"):
        open_comparison(run)
    for file in (EVALUATION_FILE, MEASURES_FILE):
        tree = open_tree(run / file)
        tree.attrs = {
            k: v for k, v in tree.attrs.items() if k not in ("fingerprint", "training_versions", "evaluation")
        }
        kept = {name: group for name, group in tree.children.items() if name != "checkpoints"}
        (run / file).write_bytes(bytes(type(tree)(tree.to_dataset(), children=kept).to_netcdf(engine="h5netcdf")))
    comparison = open_comparison(run)
    assert comparison.table.equals(table) and UNRECORDED in comparison.summary()
    assert UNRECORDED in render(run).read_text()


def test_other_versions_are_noted_and_never_refused(copied, monkeypatch):
    _, run, _ = copied
    tree = open_tree(run / EVALUATION_FILE)
    tree.attrs |= {"versions": '{"torch": "1.0"}', "training_versions": '[{"numpy": "1.5"}]'}
    save_tree(tree, run / EVALUATION_FILE)
    summary, page = open_comparison(run).summary(), render(run).read_text()
    for note in ("note: Networks were trained with numpy 1.5; this is numpy", "Networks were evaluated with torch 1.0"):
        assert note in summary and note.removeprefix("note: ") in page


def test_a_checkpoint_says_whose_it_is_and_whether_it_is_whole(tmp_path):
    path = tmp_path / "w.safetensors"
    tensors = {"b": torch.zeros(3), "a": torch.zeros(2)}
    with stamped("abc/seed-00", versions={"torch": "2"}):
        save_tensors(path, tensors, {"step": 3})
    content = path.read_bytes()
    assert read_seal(path) == {"belongs_to": "abc/seed-00", "step": 3, "versions": {"torch": "2"}}
    for position in np.random.default_rng(0).integers(8, len(content), size=60):
        flipped = bytearray(content)
        flipped[position] ^= 1
        path.write_bytes(flipped)
        try:
            found, _ = load_tensors(path)
        except ValueError:
            continue
        assert all((found[name] == tensors[name]).all() for name in tensors)  # a name in the metadata was flipped


@pytest.mark.parametrize(
    "name", ["../../x", "/tmp/x", "", ".", "..", "a/b", "a\\b", "a\nb", "x" * 101, "nul", "COM1.txt", " a", "a.", "-x"]
)
def test_names_that_are_no_plain_file_names_are_refused(name):
    with pytest.raises(ValueError, match=r"^name must be a plain file name of 1 to 100 bytes, as 'my_map'; got "):
        SpecialistExperiment(name, (Cell(1.0, 1.0),), ActorCriticConfig(num_steps=1, lifetime=5))


def test_names_of_experiments_and_units_of_your_own_are_refused_before_anything_is_written(tmp_path, monkeypatch):
    require_names(TOY)
    monkeypatch.setattr(type(TOY), "id", "../out")
    with pytest.raises(ValueError, match="the name of the GuessExperiment must be a plain file name"):
        run_experiment(TOY, tmp_path / "results")
    monkeypatch.setattr(type(TOY), "id", "guess")
    units = [unit._replace(name=f"../{unit.name}") for unit in TOY.training_units()]
    monkeypatch.setattr(type(TOY), "training_units", lambda self: tuple(units))
    with pytest.raises(ValueError, match="a training unit of guess must be a plain file name"):
        run_experiment(TOY, tmp_path / "results")
    assert not list(tmp_path.iterdir())
