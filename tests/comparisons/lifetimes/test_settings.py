"""Experiments on lifetimes: what they refuse, which networks they train, and how settings are told apart."""

import dataclasses
import itertools
import json

import pytest

from comparisons.experiment import TrainingUnit
from comparisons.kind import measured
from comparisons.lifetimes import running
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.settings import Cell, MapEvaluation
from comparisons.lifetimes.theory_experiment import TheoryExperiment
from comparisons.rows import table_of
from comparisons.seams.fixed_arms import Setting
from metalearners.configs import StackedLSTMConfig
from metalearners.schedules import Constant
from tests.comparisons.lifetimes.experiments import CELLS, EVALUATION, GENERALIST, SPECIALISTS, TRAINING, settings_of


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Cell(0.0, 1.0), r"Cell: reward_scale must be in \(0, inf\); got 0.0"),
        (lambda: Cell(-1.0, 1.0), r"Cell: reward_scale must be in \(0, inf\); got -1.0"),
        (lambda: Cell(1.0, -0.5), r"Cell: prior_scale must be in \[0, inf\); got -0.5"),
        (lambda: Cell(float("nan"), 1.0), r"Cell: reward_scale must be in \(0, inf\); got nan"),
        (lambda: MapEvaluation(num_tasks=0), "num_tasks must be an integer of at least 1; got 0"),
        (lambda: MapEvaluation(num_probes=1), "num_probes must be an integer of at least 2; got 1"),
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
            r"shown_cells must be a tuple of integers of at least 0; got \(-1,\)",
        ),
        (lambda: dataclasses.replace(SPECIALISTS, stack_size=0), "stack_size must be an integer of at least 1; got 0"),
        (lambda: dataclasses.replace(SPECIALISTS, training_seeds=(1, 1)), "training_seeds must be distinct"),
        (lambda: dataclasses.replace(SPECIALISTS, seed=-1), "seed must be an integer of at least 0; got -1"),
        (
            lambda: dataclasses.replace(GENERALIST, lifetimes=()),
            r"lifetimes must be distinct .* got \(\)",
        ),
        (lambda: dataclasses.replace(GENERALIST, lifetimes=(3, 3, 6)), r"lifetimes must be distinct.* got \(3, 3, 6\)"),
        (lambda: dataclasses.replace(GENERALIST, lifetimes=(3, 5)), r"that of training \(6\); got \(3, 5\)"),
        (lambda: dataclasses.replace(GENERALIST, lifetimes=(0, 6)), r"lifetimes must be .* at least 1; got \(0, 6\)"),
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
