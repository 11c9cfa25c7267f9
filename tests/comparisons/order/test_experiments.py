"""Experiments on the order of learning, run small from training to the table of results."""

import dataclasses

import numpy as np
import pytest

from bayesopt.families import ContextualBandit, FunctionRegression, LinearRegression
from comparisons.claims import judge
from comparisons.comparison import open_comparison
from comparisons.kind import measured
from comparisons.order import running
from comparisons.order.claims import claims_of
from comparisons.order.experiments import ContextualOrderExperiment, FunctionOrderExperiment, LinearOrderExperiment
from comparisons.order.kind import KIND
from comparisons.order.settings import NamedLearner, OrderEvaluationConfig
from comparisons.order.systems import courses_of, outer_of, scores_of, systems_of
from comparisons.rows import Over, table_of
from comparisons.stages import run_experiment
from comparisons.training import train_experiments, unit_folder
from comparisons.tree import open_tree, save_tree
from metalearners.configs import ReinforcementConfig
from metalearners.learner_configs import DeepLinearConfig

EVALUATION = OrderEvaluationConfig(num_tasks=400, num_elsewhere=20, num_outer=10, num_probes=16)


def small(experiment):
    """The experiment as a smoke run whose evaluation is not quite as small."""
    return dataclasses.replace(experiment.smoke(), evaluation=EVALUATION)


def run_small(experiment, folder):
    """Train what is not yet trained in this folder, and evaluate: the small experiment, and the tree with measures."""
    experiment = small(experiment)
    directories = tuple(unit_folder(folder, unit) for unit in experiment.training_units())
    for unit, directory in zip(experiment.training_units(), directories, strict=True):
        if not experiment.is_trained(directory):
            running.train(experiment, unit, directory)
    return experiment, measured(running.evaluate(experiment, directories), KIND)


def interval_of(tree, measure, who, **at):
    return table_of(tree).one(measure, who, **at).interval


def points_of(tree):
    return tree["curves"].to_dataset().to_dataframe()


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Where networks learn linear maps; they are the same whatever spectra they are tested on."""
    return tmp_path_factory.mktemp("linear")


@pytest.fixture(scope="module")
def linear(networks):
    learners = (
        NamedLearner("one layer", DeepLinearConfig(depth=1, num_steps=600, num_records=40), "control"),
        NamedLearner("two layers", DeepLinearConfig(num_steps=1500, num_records=40)),
    )
    experiment = LinearOrderExperiment(learners=learners, training_seeds=(0, 1))
    return run_small(experiment, networks)


def test_bayes_recovers_all_modes_alike_and_as_the_theory_says(linear):
    """With isotropic prior and inputs the expected recovery is the same for every mode and does not depend on scale."""
    _, tree = linear
    assert interval_of(tree, "mode_difference", "Bayes").estimate < 5.0  # of 100 differences: a chance of 6e-5
    assert interval_of(tree, "undefined_modes", "Bayes").estimate == 0
    assert 2 < interval_of(tree, "first_half_time", "Bayes").estimate < 4
    final = interval_of(tree, "final_recovery", "Bayes").estimate
    assert final > 0.9
    same = interval_of(tree, "final_recovery", "Bayes", condition="singular values × 4")
    assert same.lower - 0.05 < final < same.upper + 0.05


def test_a_network_that_has_not_learned_is_far_from_bayes_and_says_so(linear):
    _, tree = linear
    table = table_of(tree)
    gap = table.one("gap_to_bayes", "network")
    assert 0.5 < gap.interval.lower <= gap.interval.estimate <= gap.interval.upper < 1.2
    assert gap.over == Over("tasks", 2)
    verdicts = {verdict.outcome for verdict in judge(table, list(claims_of(tree, table)))}
    assert "failed" in verdicts
    kl = {system: interval_of(tree, "kl_divergence", system).estimate for system in ("network", "prior predictive")}
    assert 0 < kl["prior predictive"] < 2 * kl["network"]


def test_the_tree_keeps_everything_on_disk(linear, tmp_path):
    _, tree = linear
    save_tree(tree, tmp_path / "evaluation.nc")
    kept = open_tree(tmp_path / "evaluation.nc")
    for one, other in zip(systems_of(tree), systems_of(kept), strict=True):
        assert one._replace(recoveries=None, times=None) == other._replace(recoveries=None, times=None)
        np.testing.assert_allclose(one.recoveries.overlaps, other.recoveries.overlaps)
    assert [outer.moment for outer in outer_of(kept)] == ["after 5 pairs", "after 19 pairs"]
    assert [course.system for course in courses_of(kept)] == ["network", "prior predictive"]
    assert scores_of(kept) == []
    assert outer_of(kept)[0].overlaps.shape == (2, 3, 10, 5)


def test_points_behind_figures_cover_every_system(linear):
    experiment, tree = linear
    curves = points_of(tree)
    assert set(curves.kind) == {"recovery", "outer", "divergence"}
    recovery = curves[curves.kind == "recovery"]
    assert set(recovery.system) == {"network", "Bayes"} | {learner.name for learner in experiment.learners}
    assert (recovery.lower <= recovery.upper).all()
    assert set(recovery.mode_label[recovery.condition == "in distribution"]) == {
        "s = 1.6",
        "s = 1.2",
        "s = 0.8",
        "s = 0.4",
        "s = 0.2",
    }


@pytest.fixture(scope="module")
def bandit_page(tmp_path_factory):
    experiment = ContextualOrderExperiment(ContextualBandit(3, 3), training=ReinforcementConfig(horizon=20))
    return run_experiment(small(experiment), tmp_path_factory.mktemp("bandit"))


def test_stop_bands_are_told_apart_and_the_process_does_not_express_them(tmp_path):
    experiment = FunctionOrderExperiment(
        FunctionRegression((1,), (0.5,)), elsewhere=(FunctionRegression((1, 2), (0.25, 0.25)),), learners=()
    )
    _, tree = run_small(experiment, tmp_path)
    elsewhere = {"condition": "frequencies 1, 2"}
    assert interval_of(tree, "stop_band_recovery", "Bayes", **elsewhere).upper < 1e-9
    assert interval_of(tree, "pass_band_recovery", "Bayes", **elsewhere).estimate > 0.5
    assert interval_of(tree, "final_recovery", "Bayes").estimate > 0.95


def test_contextual_bandits_rank_contexts_and_count_what_learning_costs_elsewhere(bandit_page):
    tree = open_comparison(bandit_page.parent.parent).tree
    assert interval_of(tree, "change_elsewhere", "Bayes").estimate == pytest.approx(0, abs=1e-12)
    assert interval_of(tree, "mode_difference", "Bayes", condition="contexts by number").estimate < 5.0
    assert 0.3 < interval_of(tree, "accuracy_gap", "network").estimate < 0.8
    assert interval_of(tree, "lowest_share_of_start", "policy gradient, shared bias").estimate <= 1
    systems = {(system.name, system.condition): system for system in systems_of(tree)}
    learner = systems["policy gradient, shared bias", "in distribution"].recoveries.overlaps[0, :, 0]
    assert (np.diff(learner, axis=1) <= 0).all()
    times = {
        (score.system, score.num_contexts): score.values
        for score in scores_of(tree)
        if score.name == "time_to_learn_all"
    }
    assert set(times) == {("shared biases", 2), ("separate biases", 2)}
    assert np.median(times["shared biases", 2]) >= np.median(times["separate biases", 2])
    rows = table_of(tree).of("time_to_learn_all")
    assert {(row.who, row.at["contexts"]) for row in rows} == set(times)


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        (
            LinearOrderExperiment(evaluation=dataclasses.replace(EVALUATION, num_probes=5)),
            "a linear fit in 5 inputs needs at least 6 probes; got evaluation.num_probes 5",
        ),
        (
            LinearOrderExperiment(LinearRegression(output_scales=(1.0, 1.0))),
            "maps from 5 inputs to 2 outputs have at most 2 singular values",
        ),
        (
            FunctionOrderExperiment(evaluation=dataclasses.replace(EVALUATION, num_probes=10)),
            "a grid of evaluation.num_probes 10 points resolves frequencies below 5; got 5",
        ),
    ],
    ids=["probes", "singular values", "grid"],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_is_trained(experiment, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train_experiments([experiment], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_spectra_are_strongest_first():
    with pytest.raises(ValueError, match=r"singular_values must be strongest first; got \(0.2, 1.0\)"):
        LinearOrderExperiment(singular_values=(0.2, 1.0))
    with pytest.raises(ValueError, match="none below 0"):
        LinearOrderExperiment(singular_values=(1.0, -0.5))


def test_a_mode_of_no_strength_is_undefined_and_counted(networks):
    experiment = LinearOrderExperiment(singular_values=(1.0, 0.5, 0.0), learners=(), multiples=())
    _, tree = run_small(experiment, networks)
    assert interval_of(tree, "undefined_modes", "Bayes").estimate == 1
    curves = points_of(tree)
    assert curves[(curves.mode_label == "s = 0") & (curves.kind == "recovery")].estimate.isna().all()
    assert np.isfinite(interval_of(tree, "first_half_time", "Bayes").estimate)


def test_a_run_ends_in_a_report(bandit_page):
    text = bandit_page.read_text()
    assert "The network&#39;s order of learning" in text
    assert "concurrency score c is within ±0.1: 0 is the path of Bayes, 1 strictly staged learning" in text
    assert (bandit_page.parent / "measures.csv").exists()
