"""Experiments on lifetimes: what they refuse, what they train, and whole small ones from training to measures."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

from comparisons.experiment import TrainingUnit
from comparisons.kind import measured
from comparisons.lifetimes import running
from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.settings import Cell, MapEvaluation
from comparisons.lifetimes.theory_experiment import TheoryExperiment
from comparisons.lifetimes.training import generalist_settings, specialist_settings
from comparisons.rows import table_of
from comparisons.seams.fixed_arms import Setting
from comparisons.stages import EVALUATION_FILE, _evaluate, _measure, open_result
from comparisons.training import folder_of, train_experiments, unit_folder
from metalearners.actor_critic_configs import ActorCriticConfig, OwnCritic
from metalearners.checkpoint_files import checkpoint_path
from metalearners.checkpoints import load_tensors, save_tensors
from metalearners.configs import StackedLSTMConfig
from metalearners.schedules import Constant

CELLS = (Cell(1.0, 2.0), Cell(1.0, 0.0), Cell(3.0, 6.0), Cell(3.0, 0.0))
"""Half of them without anything to learn: tasks do not differ."""
TRAINING = ActorCriticConfig(num_steps=4, batch_size=4, lifetime=6, num_checkpoints=2)
EVALUATION = MapEvaluation(num_tasks=60, num_probes=10, development_tasks=20, shown_cells=(2,))
SPECIALISTS = SpecialistExperiment(
    "specialists",
    CELLS,
    TRAINING,
    network=StackedLSTMConfig(hidden_size=6),
    stack_size=3,
    evaluation=EVALUATION,
    training_seeds=(4, 7),
)
PAPERS = dataclasses.replace(
    SPECIALISTS,
    name="papers",
    is_raw=True,
    stack_size=8,
    training=dataclasses.replace(TRAINING, critic=OwnCritic(), are_returns_expected=False, num_checkpoints=1),
    network=StackedLSTMConfig(hidden_size=6, is_orthogonal=True, is_initial_state_learned=True),
    evaluation=dataclasses.replace(EVALUATION, shown_cells=()),
)
GENERALIST = GeneralistExperiment(
    "generalist",
    (Cell(1.0, 2.0), Cell(3.0, 1.0)),
    (3, 6),
    TRAINING,
    network=StackedLSTMConfig(hidden_size=6),
    evaluation=dataclasses.replace(EVALUATION, shown_cells=(1,)),
    training_seeds=(0, 1),
)
ALL = (SPECIALISTS, PAPERS, GENERALIST)
STATED = ("printed_value", "printed_exploring_value")
"""Measures of what the printed formula states."""


# Settings


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Cell(0.0, 1.0), "Cell: reward_scale must be > 0; got 0.0"),
        (lambda: Cell(-1.0, 1.0), "Cell: reward_scale must be > 0; got -1.0"),
        (lambda: Cell(1.0, -0.5), "Cell: prior_scale must be at least 0; got -0.5"),
        (lambda: Cell(float("nan"), 1.0), "Cell: reward_scale must be > 0; got nan"),
        (lambda: MapEvaluation(num_tasks=0), "num_tasks must be an integer of at least 1; got 0"),
        (lambda: MapEvaluation(num_probes=1), "num_probes must be at least 2, or there is no standard error; got 1"),
        (lambda: dataclasses.replace(SPECIALISTS, cells=()), "cells must be distinct and at least one; got 0"),
        (
            lambda: dataclasses.replace(SPECIALISTS, cells=(*CELLS, CELLS[1])),
            "cells must be distinct and at least one; got 5, 4 of them distinct",
        ),
        (
            lambda: dataclasses.replace(SPECIALISTS, evaluation=MapEvaluation(shown_cells=(1, 4))),
            r"shown_cells must be from 0 to 3; got \(1, 4\)",
        ),
        (
            lambda: dataclasses.replace(SPECIALISTS, evaluation=MapEvaluation(shown_cells=(-1,))),
            r"shown_cells must be from 0 to 3; got \(-1,\)",
        ),
        (lambda: dataclasses.replace(SPECIALISTS, stack_size=0), "stack_size must be an integer of at least 1; got 0"),
        (lambda: dataclasses.replace(SPECIALISTS, training_seeds=(1, 1)), "training_seeds must be distinct"),
        (lambda: dataclasses.replace(SPECIALISTS, seed=-1), "seeds must be integers from 0 .* seed -1"),
        (
            lambda: dataclasses.replace(GENERALIST, lifetimes=()),
            r"lifetimes must be distinct .* got \(\)",
        ),
        (lambda: dataclasses.replace(GENERALIST, lifetimes=(3, 3, 6)), r"lifetimes must be distinct.* got \(3, 3, 6\)"),
        (lambda: dataclasses.replace(GENERALIST, lifetimes=(3, 5)), r"that of training \(6\); got \(3, 5\)"),
        (lambda: dataclasses.replace(GENERALIST, lifetimes=(0, 6)), r"at least 1, .* got \(0, 6\)"),
        (
            lambda: dataclasses.replace(GENERALIST, cells=CELLS),
            r"prior_scale must be > 0, because .* its logarithm; got Cell\(reward_scale=1.0, prior_scale=0.0\)",
        ),
        (
            lambda: dataclasses.replace(GENERALIST, smallest=Cell(0.1, 0.0)),
            r"prior_scale must be > 0, because .* its logarithm; got Cell\(reward_scale=0.1, prior_scale=0.0\)",
        ),
        (
            lambda: dataclasses.replace(GENERALIST, smallest=Cell(0.1, 11.0)),
            r"smallest must not be above largest; got Cell\(reward_scale=0.1, prior_scale=11.0\)",
        ),
        (lambda: dataclasses.replace(GENERALIST, cells=(CELLS[0], CELLS[0])), "cells must be distinct"),
    ],
)
def test_what_cannot_be_trained_or_scored_is_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.mark.parametrize("stack_size", [1, 3, 4, 8, 100])
def test_every_network_is_in_one_unit(stack_size):
    experiment = dataclasses.replace(SPECIALISTS, stack_size=stack_size)
    units = experiment.training_units()
    members = [experiment.stack(unit.index) for unit in units]
    assert list(itertools.chain(*members)) == [(seed, cell) for seed in range(2) for cell in range(4)]
    assert all(1 <= len(part) <= stack_size for part in members)
    assert len({unit.name for unit in units}) == len(units) == -(-8 // stack_size)
    assert GENERALIST.training_units() == (TrainingUnit("seed-00", 0, 0), TrainingUnit("seed-01", 1, 0))


def settings_of(experiment):
    return generalist_settings(experiment) if experiment is GENERALIST else specialist_settings(experiment)


def test_cells_have_settings():
    assert settings_of(SPECIALISTS)[2] == Setting(3.0, 6.0, 6)
    assert settings_of(GENERALIST) == [
        Setting(1.0, 2.0, 3), Setting(3.0, 1.0, 3), Setting(1.0, 2.0, 6), Setting(3.0, 1.0, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"cells": CELLS[:3]},
        {"is_raw": True},
        {"stack_size": 4},
        {"training_seeds": (4, 8)},
        {"seed": 1},
        {"network": StackedLSTMConfig(hidden_size=7)},
        {"training": dataclasses.replace(TRAINING, discount=Constant(0.9))},
        {"evaluation": dataclasses.replace(EVALUATION, num_probes=11)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_settings_are_other_results(changes):
    changed = dataclasses.replace(SPECIALISTS, **changes)
    assert changed.fingerprint() != SPECIALISTS.fingerprint()
    assert changed.fingerprint() == dataclasses.replace(SPECIALISTS, **changes).fingerprint()
    json.dumps(changed.settings())


def test_smoke_runs_are_tiny_and_keep_what_is_special():
    large = dataclasses.replace(
        SPECIALISTS,
        cells=tuple(Cell(float(reward), float(prior)) for reward in range(1, 6) for prior in range(5)),
        training=dataclasses.replace(TRAINING, num_steps=9999, batch_size=500, lifetime=100, num_checkpoints=5),
        network=StackedLSTMConfig(hidden_size=48, is_orthogonal=True),
        evaluation=MapEvaluation(shown_cells=(24,)),
        training_seeds=tuple(range(30)),
        stack_size=25,
    )
    tiny = large.smoke()
    assert tiny.cells == (Cell(1.0, 0.0), Cell(3.0, 2.0), Cell(5.0, 4.0))
    assert (tiny.training.num_steps, tiny.training.lifetime, tiny.network.hidden_size) == (4, 12, 8)
    assert tiny.network.is_orthogonal
    assert sum(len(tiny.stack(unit.index)) for unit in tiny.training_units()) == 2 * 3
    assert tiny.evaluation.shown_cells == (0,)
    assert GENERALIST.smoke().training.lifetime == max(GENERALIST.smoke().lifetimes)


def test_theory_trains_nothing_and_has_references_alone():
    experiment = TheoryExperiment("theory", (1.0, 3.0), (1.0, 2.0), (3, 6))
    assert experiment.training_units() == ()
    tree = running.evaluate(experiment, ())
    assert set(tree.children) == {"theory"} and tree.attrs["training_seeds"] == 0
    assert [tuple(tree["theory"][name][5].item() for name in ("lifetime", "reward_scale", "prior_scale"))] == [
        (6, 1.0, 2.0)
    ]
    names = {name for name, _ in table_of(measured(tree, KIND)).entries}
    assert "learning_count" in names and not {"regret_share", "diverged_networks"} & names


# Whole experiments


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
        _measure(folder)
    return open_result(folder).tree


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
