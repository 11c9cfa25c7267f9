"""Experiments on the order of learning, run small from training to the table of results."""

import dataclasses

import numpy as np
import pytest

from bayesopt.families import ContextualBandit, FunctionRegression, LinearRegression
from comparisons.claims import judge
from comparisons.order.claims import claims_of
from comparisons.order.experiments import ContextualOrderExperiment, FunctionOrderExperiment, LinearOrderExperiment
from comparisons.order.settings import NamedLearner, OrderEvaluationConfig
from comparisons.order.systems import courses_of, outer_of, scores_of, systems_of
from comparisons.stages import run_experiment
from comparisons.training import train_experiments, unit_folder
from comparisons.tree import open_tree, save_tree
from metalearners.learner_configs import DeepLinearConfig

EVALUATION = OrderEvaluationConfig(num_tasks=400, num_elsewhere=20, num_outer=10, num_probes=16)


def evaluated(experiment, folder):
    """The tree of a smoke run whose evaluation is not quite as small."""
    tiny = dataclasses.replace(experiment.smoke(), evaluation=EVALUATION)
    directories = tuple(unit_folder(folder, unit) for unit in tiny.training_units())
    for unit, directory in zip(tiny.training_units(), directories, strict=True):
        tiny.train(unit, directory)
    return tiny, tiny.evaluate(directories)


def measured(experiment, tree):
    table = experiment.measure(tree)["measures"].to_dataset().to_dataframe()
    return table.set_index(["measure", "predictor"]), table


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    learners = (
        NamedLearner("one layer", DeepLinearConfig(depth=1, num_steps=600, num_records=40), "control"),
        NamedLearner("two layers", DeepLinearConfig(num_steps=1500, num_records=40)),
    )
    experiment = LinearOrderExperiment(learners=learners, training_seeds=(0, 1))
    return evaluated(experiment, tmp_path_factory.mktemp("linear"))


def test_bayes_recovers_all_modes_alike_and_as_the_theory_says(linear):
    """With isotropic prior and inputs the expected recovery is the same for every mode and does not depend on scale."""
    experiment, tree = linear
    rows, _ = measured(experiment, tree)
    assert rows.loc[("mode_difference", "Bayes")].estimate < 5.0  # of 100 differences: a chance of 6e-5
    assert rows.loc[("undefined_modes", "Bayes")].estimate == 0
    assert 2 < rows.loc[("first_half_time", "Bayes")].estimate < 4
    assert rows.loc[("final_recovery", "Bayes")].estimate > 0.9
    same = rows.loc[("final_recovery", "Bayes, singular values × 4")]
    assert same.lower - 0.05 < rows.loc[("final_recovery", "Bayes")].estimate < same.upper + 0.05


def test_a_network_that_has_not_learned_is_far_from_bayes_and_says_so(linear):
    experiment, tree = linear
    rows, table = measured(experiment, tree)
    gap = rows.loc[("gap_to_bayes", "network")]
    assert 0.5 < gap.lower <= gap.estimate <= gap.upper < 1.2
    assert gap.interval_over == "tasks and 2 training seeds"
    verdicts = {verdict.outcome for verdict in judge(table, claims_of(table))}
    assert "failed" in verdicts
    kl = {system: rows.loc[("kl_divergence", system)].estimate for system in ("network", "prior predictive")}
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
    curves = experiment.measure(tree)["curves"].to_dataset().to_dataframe()
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


def test_stop_bands_are_told_apart_and_the_process_does_not_express_them(tmp_path):
    experiment = FunctionOrderExperiment(
        FunctionRegression((1,), (0.5,)), elsewhere=(FunctionRegression((1, 2), (0.25, 0.25)),), learners=()
    )
    tiny, tree = evaluated(experiment, tmp_path)
    rows, _ = measured(tiny, tree)
    bayes = rows.loc[("stop_band_recovery", "Bayes, frequencies 1, 2")]
    assert bayes.upper < 1e-9
    assert rows.loc[("pass_band_recovery", "Bayes, frequencies 1, 2")].estimate > 0.5
    assert rows.loc[("final_recovery", "Bayes")].estimate > 0.95


def test_contextual_bandits_rank_contexts_and_count_what_learning_costs_elsewhere(tmp_path):
    experiment = ContextualOrderExperiment(ContextualBandit(3, 3))
    tiny, tree = evaluated(dataclasses.replace(experiment, training_seeds=(0,)), tmp_path)
    rows, _ = measured(tiny, tree)
    assert rows.loc[("change_elsewhere", "Bayes")].estimate == pytest.approx(0, abs=1e-12)
    assert rows.loc[("mode_difference", "Bayes, contexts by number")].estimate < 5.0
    assert 0.3 < rows.loc[("accuracy_gap", "network")].estimate < 0.8
    assert rows.loc[("lowest_share_of_start", "policy gradient, shared bias")].estimate <= 1
    systems = {(system.name, system.condition): system for system in systems_of(tree)}
    learner = systems["policy gradient, shared bias", "in distribution"].recoveries.overlaps[0, :, 0]
    assert (np.diff(learner, axis=1) <= 0).all()
    by_context = {score.system: score.values for score in scores_of(tree) if score.name == "time_to_learn_all"}
    assert set(by_context) == {"shared biases, 2 contexts", "separate biases, 2 contexts"}
    assert np.median(by_context["shared biases, 2 contexts"]) >= np.median(by_context["separate biases, 2 contexts"])


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


def test_a_mode_of_no_strength_is_undefined_and_counted(tmp_path):
    experiment = LinearOrderExperiment(singular_values=(1.0, 0.5, 0.0), learners=(), multiples=())
    tiny, tree = evaluated(experiment, tmp_path)
    rows, _ = measured(tiny, tree)
    assert rows.loc[("undefined_modes", "Bayes")].estimate == 1
    curves = tiny.measure(tree)["curves"].to_dataset().to_dataframe()
    assert curves[(curves.mode_label == "s = 0") & (curves.kind == "recovery")].estimate.isna().all()
    assert np.isfinite(rows.loc[("first_half_time", "Bayes")].estimate)


def test_a_run_ends_in_a_report(tmp_path):
    page = run_experiment(LinearOrderExperiment().smoke(), tmp_path)
    text = page.read_text()
    assert "as concurrently as Bayes" in text
    assert (page.parent / "measures.csv").exists()
