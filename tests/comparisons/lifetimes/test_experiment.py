"""Whole small experiments on lifetimes, from training to measures."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from comparisons.comparison import open_comparison
from comparisons.kind import measured
from comparisons.lifetimes import running
from comparisons.lifetimes.kind import KIND
from comparisons.results import EVALUATION_FILE, measure
from comparisons.rows import table_of
from comparisons.stages import _evaluate
from comparisons.training import folder_of, train_experiments, unit_folder
from metalearners.checkpoint_files import checkpoint_path
from metalearners.checkpoints import load_tensors, save_tensors
from metalearners.configs import StackedLSTMConfig
from tests.comparisons.lifetimes.experiments import ALL, CELLS, EVALUATION, GENERALIST, PAPERS, SPECIALISTS, settings_of

STATED = ("printed_value", "printed_exploring_value")
"""Measures of what the printed formula states."""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lifetimes")
    for experiment in ALL:  # in this process: others would take longer to start than to train
        for unit in experiment.training_units():
            running.train(experiment, unit, unit_folder(folder_of(experiment, folder), unit))
    return folder


def finished(experiment, results):
    """As `run_experiment` does, but for the report."""
    train_experiments([experiment], results)  # what is trained is not trained again; the settings are written
    folder = folder_of(experiment, results)
    if not (folder / EVALUATION_FILE).exists():
        _evaluate(experiment, folder)
        measure(folder)
    return open_comparison(folder).tree


@pytest.mark.parametrize("experiment", ALL, ids=lambda experiment: experiment.name)
def test_whole_experiments(results, experiment):
    tree = finished(experiment, results)
    places, networks = settings_of(experiment), tree["networks"]
    assert networks.sizes == {"training_seed": 2, "cell": len(places), "probe": 10}
    for name in ("shortfall", "shortfall_error", "mean_pulls", "untrained_shortfall", "probe_pulls"):
        assert networks[name].notnull().all(), name
    lifetimes = np.array([place.lifetime for place in places])
    assert (networks["probe_pulls"] <= lifetimes[:, None]).all()
    assert (networks["mean_pulls"] <= lifetimes).all()
    assert networks["mean_pulls"].max() > 0
    assert json.loads(tree.attrs["notes"]) == []
    assert tree.attrs["is_generalist"] == (experiment is GENERALIST)
    assert ("development" in tree.children) == (experiment is not PAPERS)
    if experiment is not PAPERS:
        assert tree["development"]["step"].to_numpy().tolist() == [2, 4]
        np.testing.assert_array_equal(tree["development"]["shortfall"][-1], networks["shortfall"])
        assert tree["behaviour"].sizes["shown"] == 2
    table = table_of(tree)
    names = {name for name, _ in table.entries}
    assert {"regret_share", "diverged_networks", "value", "probe_pulls", "learning_share"} <= names
    assert [row.interval.estimate for row in table.of("diverged_networks")] == [0] * len(set(lifetimes))


def test_cells_without_a_spread_are_scored_and_have_no_share(results):
    """Every pull there costs 1; the optimum is 0, and nothing is a fraction of it."""
    tree = finished(SPECIALISTS, results)
    certain = [1, 3]
    theory, networks = tree["theory"].to_dataset(), tree["networks"].to_dataset()
    for name in ("sequential_value", "full_information_value", "commit_trials", "printed_value", "sequential_pulls"):
        assert not theory[name][certain].any(), name
        assert name == "printed_value" or theory[name][[0, 2]].any(), name
    np.testing.assert_allclose(networks["shortfall"][:, certain], networks["mean_pulls"][:, certain], rtol=1e-12)
    table = table_of(tree)
    shares = table.of("share_of_optimum")
    assert len(shares) == 6  # network, best explore-then-commit policy and printed formula, in two cells
    assert all(row.at["prior_scale"] > 0 for row in shares)
    values = [row for name, row in table.at(prior_scale=0.0).entries if name in ("value", *STATED)]
    assert len(values) >= 14
    assert np.isfinite([row.interval.estimate for row in values]).all()


def test_a_map_on_which_nothing_can_be_earned_has_no_share_of_it(tmp_path):
    evaluation = dataclasses.replace(EVALUATION, shown_cells=(1,))
    experiment = dataclasses.replace(SPECIALISTS, cells=(CELLS[1], CELLS[3]), stack_size=4, evaluation=evaluation)
    tree = finished(experiment, tmp_path)
    table = table_of(tree)
    assert table.of("regret_share") == []
    values = [(row.who, *row.at.items()) for row in table.of("value")]
    assert len(values) == len(set(values)) > 0
    assert tree["behaviour"]["prior_scale"].to_numpy().tolist() == [0.0, 0.0]


def test_training_in_units_is_resumed_and_not_repeated(results, monkeypatch):
    monkeypatch.setattr(running, "train", lambda *_: pytest.fail("trained again"))
    train_experiments([SPECIALISTS], results)
    assert all(
        SPECIALISTS.is_trained(unit_folder(folder_of(SPECIALISTS, results), unit))
        for unit in SPECIALISTS.training_units()
    )


def test_seeds_and_stacks_have_weights_of_their_own(results):
    first, second, last = (
        load_tensors(checkpoint_path(unit_folder(folder_of(SPECIALISTS, results), unit), 4))[0]
        for unit in SPECIALISTS.training_units()
    )
    rows = torch.cat([part["network.input_weight"].flatten(1) for part in (first, second, last)])
    assert len(rows.unique(dim=0)) == 8


def test_a_network_that_diverged_leaves_its_cell_empty_and_a_note(results, tmp_path):
    """Training seed 4 at the third cell, whose behaviour is kept: the third network of the first stack."""
    directories = []
    for unit in SPECIALISTS.training_units():
        directory = unit_folder(folder_of(SPECIALISTS, results), unit)
        for step in (2, 4):
            tensors, metadata = load_tensors(checkpoint_path(directory, step))
            if unit.index == 0:
                tensors = {name: tensor.clone() for name, tensor in tensors.items()}
                for name in tensors:
                    if "initial" not in name:
                        tensors[name][2] = torch.nan
            save_tensors(checkpoint_path(tmp_path / unit.name, step), tensors, metadata)
        directories.append(tmp_path / unit.name)
    tree = running.evaluate(SPECIALISTS, tuple(directories))
    healthy = finished(SPECIALISTS, results)
    for name in ("shortfall", "shortfall_error", "mean_pulls", "probe_pulls"):
        ours, theirs = tree["networks"][name].to_numpy().copy(), healthy["networks"][name].to_numpy()
        assert np.isnan(ours[0, 2]).all(), name
        ours[0, 2] = theirs[0, 2]
        np.testing.assert_array_equal(ours, theirs)
    (note,) = json.loads(tree.attrs["notes"])
    assert note.startswith(
        "the network of training seed 0 at reward_scale 3, prior_scale 6, lifetime 6 diverged: its weights are not"
    )
    assert tree["behaviour"]["training_seed"].to_numpy().tolist() == [1]
    table = table_of(measured(tree, KIND))
    assert [row.interval.estimate for row in table.of("diverged_networks")] == [1.0]


def test_checkpoints_of_other_networks_are_refused(results):
    other = dataclasses.replace(SPECIALISTS, network=StackedLSTMConfig(hidden_size=7))
    directories = tuple(unit_folder(folder_of(SPECIALISTS, results), unit) for unit in SPECIALISTS.training_units())
    with pytest.raises(ValueError, match="does not hold the weights of these networks: .*size mismatch"):
        running.evaluate(other, directories)


@pytest.mark.slow
def test_units_are_trained_by_processes_of_their_own(results, tmp_path):
    """With the same weights, bit for bit, as here."""
    train_experiments([SPECIALISTS, GENERALIST], tmp_path)
    for experiment in (SPECIALISTS, GENERALIST):
        for unit in experiment.training_units():
            ours, theirs = (
                load_tensors(checkpoint_path(unit_folder(folder_of(experiment, folder), unit), 4))[0]
                for folder in (results, tmp_path)
            )
            for name, weights in ours.items():
                assert torch.equal(weights, theirs[name])
