"""The foraging experiment from end to end, tiny: units, training, one network that diverged, report, command line."""

import dataclasses
import json
import re

import numpy as np
import pytest
import torch

from comparisons.commands.names import experiment_named
from comparisons.comparison import open_comparison
from comparisons.foraging.experiment import (
    AS_PRINTED,
    LIFETIMES,
    PAPER_MAP_TRAINING,
    PAPER_TRAINING,
    ForagingExperiment,
)
from comparisons.foraging.running import train
from comparisons.foraging.tree import diverged_networks
from comparisons.report.page import verdicts_of
from comparisons.rows import table_of
from comparisons.stages import run_experiment
from comparisons.training import folder_of, train_experiments, unit_folder
from metalearners.checkpoint_files import checkpoint_path
from metalearners.checkpoints import load_tensors, save_tensors
from metalearners.schedules import scheduled
from tests.comparisons.pages import Page
from tests.comparisons.test_command_line import assert_refused

TINY = dataclasses.replace(ForagingExperiment().smoke(), lifetimes=(3, 4, 6), test_lifetimes=(4, 6))
LOST = "lifetime-003-seed-01"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A run in which one network diverged, its folder and what it left."""
    results = tmp_path_factory.mktemp("results")
    folder = folder_of(TINY, results)
    for unit in TINY.training_units():
        directory = unit_folder(folder, unit)
        train(TINY, unit, directory)
        assert TINY.is_trained(directory)
        if unit.name == LOST:
            path = checkpoint_path(directory, TINY.training.num_steps)
            lost = {name: torch.full_like(tensor, torch.nan) for name, tensor in load_tensors(path)[0].items()}
            save_tensors(path, lost, {"format": "bayesgauge weights", "step": TINY.training.num_steps})
    report = run_experiment(TINY, results)
    return report, open_comparison(folder)


@pytest.fixture(scope="module")
def table(result):
    return table_of(result[1].tree)


def test_units_are_one_per_lifetime_and_seed_the_longest_first():
    experiment = ForagingExperiment()
    units = experiment.training_units()
    assert len(units) == 12 * 3
    assert [unit.name for unit in units[:4]] == [*(f"lifetime-100-seed-0{s}" for s in range(3)), "lifetime-090-seed-00"]
    assert units[-1].name == "lifetime-005-seed-02"
    assert [experiment.lifetime_of(unit) for unit in units[::3]] == list(reversed(LIFETIMES))
    assert all(str(experiment.lifetime_of(unit)).zfill(3) in unit.name for unit in units)
    assert [experiment.network_of(lifetime).longest_memory for lifetime in (5, 100)] == [5, 100]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lifetimes": (5, 5), "test_lifetimes": (5,)}, r"lifetimes must be at least one, distinct, ascending"),
        ({"test_lifetimes": (0, 10)}, r"test_lifetimes must be .* at least 1; got \(0, 10\)"),
        ({"test_lifetimes": (10, 25)}, r"test_lifetimes must be among lifetimes .*; got 25"),
        ({"num_course_tasks": 2000}, r"num_course_tasks must be from 2 to num_tasks \(1000\); got 2000"),
        ({"first_lifetime": 0}, "first_lifetime must be an integer of at least 1; got 0"),
        ({"training_seeds": (1, 1)}, "training_seeds must be distinct"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        ForagingExperiment(**changes)


def test_training_begins_in_lifetimes_of_one_length_and_ends_in_those_it_is_for():
    experiment = ForagingExperiment()
    steps = [int(share * experiment.training.num_steps) for share in (0, 0.49, 0.675, 0.85, 0.999)]
    assert [experiment.lifetime_at(20, step) for step in steps] == [50, 50, 35, 20, 20]
    assert [experiment.lifetime_at(10, step) for step in steps] == [10] * 5
    assert [experiment.lifetime_at(100, step) for step in steps] == [50, 50, 75, 100, 100]
    fixed = dataclasses.replace(experiment, first_lifetime=None)
    assert {fixed.lifetime_at(20, step) for step in steps} == {20}


def test_the_papers_settings_are_what_its_table_prints():
    assert PAPER_TRAINING.num_steps * PAPER_TRAINING.batch_size == pytest.approx(1_000_000, abs=7)
    ends = [scheduled(PAPER_TRAINING.entropy_weight, step, 1000) for step in (0, 700, 999)]
    assert ends == pytest.approx([0.5, 0.01, 0.01])
    assert scheduled(PAPER_TRAINING.discount, 500, 1000) == 0.99
    assert [scheduled(PAPER_MAP_TRAINING.discount, step, 1000) for step in (0, 400, 800)] == pytest.approx(
        [0.8, 0.9, 1]
    )
    for name, experiment in AS_PRINTED.items():
        assert experiment.lifetime_at(20, 0) == 20
        assert experiment_named(name) is experiment
        assert experiment.network.hidden_size == 256
    assert len({experiment.fingerprint() for experiment in (*AS_PRINTED.values(), ForagingExperiment())}) == 3


def test_the_report_is_written_and_says_who_diverged(result):
    report, comparison = result
    page = Page(report.read_text())
    names = ["returns", "transfer", "occupancy", "course", "entropy", "states"]
    assert [attributes["id"] for attributes in page.all("figure")] == names
    assert all((report.parent / f"{name}.{ending}").exists() for name in names for ending in ("png", "pdf", "csv"))
    assert any(note.startswith(f"{LOST} diverged") for note in json.loads(comparison.tree.attrs["notes"]))
    assert diverged_networks(comparison.tree) == [(3, 1)]
    assert "1: trained for 3 steps, seed 1" in page.text
    assert not re.search(r"\bnan\b", page.text)
    assert "  trained for 3 steps: a network diverged" in comparison.summary().splitlines()
    assert {verdict.outcome for verdict in verdicts_of(comparison.tree)} == {"not judged"}  # it is a smoke run


def estimate(table, measure, who, **at):
    return table.one(measure, who, **at).interval.estimate


@pytest.mark.parametrize("measure", ["return", "small_goals", "optimal_probs", "participation_ratio"])
def test_measures_of_a_diverged_network_are_not_numbers_and_those_of_others_are(table, measure):
    assert np.isnan(estimate(table, measure, "network", train_lifetime=3))
    assert np.isfinite(estimate(table, measure, "network", train_lifetime=6))


def test_a_diverged_network_is_left_out_where_pairs_of_lifetimes_are_compared(table):
    for measure in ("lost_rewards", "idle_steps"):
        assert np.isfinite(estimate(table, measure, "network", train_lifetime=6))
    assert {row.at["train_lifetime"] for row in table.of("return_per_step", test_lifetime=6)} == {4, 6}
    assert np.isfinite(estimate(table, "mismatch_slope", "network"))


@pytest.mark.parametrize("lifetime", TINY.test_lifetimes)
def test_the_diagonal_of_the_transfer_is_the_return_in_the_own_lifetime(table, lifetime):
    own = table.one("own_return_per_step", "network", train_lifetime=lifetime).interval
    pair = {"train_lifetime": lifetime, "test_lifetime": lifetime}
    transferred = table.one("return_per_step", "network", **pair).interval
    assert own.estimate == pytest.approx(transferred.estimate)
    np.testing.assert_allclose([own.lower, own.upper], [transferred.lower, transferred.upper], atol=1e-3)
    assert table.get("transfer_loss", "network", **pair) is None


def test_the_return_in_the_longest_lifetime_is_that_of_the_transfer(table):
    per_step = estimate(table, "return_per_step", "network", train_lifetime=6, test_lifetime=6)
    assert estimate(table, "return", "network", train_lifetime=6) == pytest.approx(6 * per_step)


def test_references_earn_what_is_known_exactly(table):
    assert estimate(table, "return", "optimal") == 3.0
    assert estimate(table, "return", "small goal") == 3.0
    for reference in ("optimal", "small goal", "oracle"):
        assert abs(estimate(table, "played_minus_exact", reference)) < 4
    assert np.isinf(estimate(table, "shortest_learning_lifetime", "optimal"))
    assert table.get("lost_rewards", "oracle") is None


def test_summed_gaps_and_lost_rewards_of_every_network_agree(table):
    gaps = np.array([row.interval.estimate for row in table.of("gap_minus_lost_rewards")])
    gaps = gaps[~np.isnan(gaps)]
    assert len(gaps) == 2
    assert np.abs(gaps).max() < 4


def test_the_evaluation_says_whether_the_grid_is_that_of_the_paper(result):
    attributes = result[1].tree.attrs
    assert attributes["is_paper_grid"] == 1 and attributes["kind"] == "comparisons.foraging"


def test_a_network_that_diverges_does_not_end_the_run(tmp_path):
    training = dataclasses.replace(TINY.training, learning_rate=1e30, max_gradient_norm=1e30)
    wild = dataclasses.replace(TINY, lifetimes=(4,), test_lifetimes=(4,), training=training, training_seeds=(0,))
    (unit,) = wild.training_units()
    train(wild, unit, tmp_path)
    assert wild.is_trained(tmp_path)
    last = load_tensors(checkpoint_path(tmp_path, wild.training.checkpoint_steps()[-1]))[0]
    assert all(tensor.isnan().all() for tensor in last.values())


def test_a_finished_network_is_not_trained_again(tmp_path):
    alone = dataclasses.replace(TINY, lifetimes=(4,), test_lifetimes=(4,), training_seeds=(5,))
    (unit,) = alone.training_units()
    directory = unit_folder(folder_of(alone, tmp_path), unit)
    train(alone, unit, directory)
    written = {path.name: path.stat().st_mtime_ns for path in directory.glob("step-*")}
    train_experiments([alone], tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in directory.glob("step-*")} == written


def test_the_family_is_shown_with_its_experiment(bayesgauge_here):
    shown = bayesgauge_here("show", "foraging_grid").stdout
    assert shown.startswith("foraging_grid: Square grid with three goals")
    assert "reference: optimum" in shown and "lifetimes = (5, 10, 15" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "ForagingGrid", "--network", "a:b"], "for ForagingGrid use `bayesgauge run ForagingGrid`"),
        (["run", "foraging_grid", "--test-lifetimes", "7"], "test_lifetimes must be among lifetimes"),
        (["run", "foraging_grid_as_printed", "--family.side", "2"], "side must be an integer of at least 4"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, message, bayesgauge_here, tmp_path):
    assert_refused(bayesgauge_here(*arguments), message)
    assert list(tmp_path.iterdir()) == []
