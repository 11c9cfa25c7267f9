"""Runs that do not fit in memory are refused on the command line and in Python, before anything is drawn or trained."""

import numpy as np
import pytest

import comparisons
from bayesopt import memory
from bayesopt.families import BernoulliBandit, BetaBernoulli
from bayesopt.planning.heuristics import uniform_agent
from comparisons.commands.names import experiment_named
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.predictions.settings import EvaluationConfig
from comparisons.reproductions import load

REFUSED = r"need [\d,]+\.\d GB of memory; [\d,]+\.\d GB are available\. Lower "


@pytest.mark.parametrize(
    "flags",
    [
        ("beta_bernoulli", "--evaluation.num-tasks", 10**9),
        ("beta_bernoulli", "--training.batch-size", 10**9),
        ("beta_bernoulli", "--network.hidden-size", 10**7),
        ("bernoulli_bandit", "--evaluation.num-tasks", 2 * 10**9),
        ("bernoulli_bandit", "--training.horizon", 10**6, "--evaluation.length", 10**6),
        ("linear_regression", "--evaluation.num-tasks", 10**9),
        ("contextual_bandit", "--training.batch-size", 10**9),
        ("foraging_grid", "--num-tasks", 2 * 10**9),
    ],
    ids=lambda flags: " ".join(map(str, flags[:2])),
)
def test_the_command_line_refuses_huge_runs_at_once(bayesgauge_here, flags, tmp_path):
    completed = bayesgauge_here("run", *flags)
    assert completed.returncode != 0 and "Traceback" not in completed.stderr
    assert "GB of memory" in completed.stderr and "are available" in completed.stderr
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("player", "family", "evaluation"),
    [
        (lambda observations: None, BetaBernoulli(), EvaluationConfig(num_tasks=10**9)),
        (uniform_agent(2), BernoulliBandit(), DecisionEvaluationConfig(num_tasks=10**10)),
    ],
    ids=["predictions", "decisions"],
)
def test_comparisons_refuse_huge_evaluations(player, family, evaluation):
    with pytest.raises(ValueError, match=REFUSED):
        comparisons.compare(player, family, evaluation=evaluation)


def test_the_packages_own_experiments_fit_in_eight_gigabytes(monkeypatch):
    """Estimates are far below what machines have, so that nothing is refused that would have run."""
    monkeypatch.setattr(memory, "available_memory", lambda: 8e9)
    experiments = [experiment_named(name) for name in ("beta_bernoulli", "linear_regression", "contextual_bandit")]
    experiments += load("rabinowitz_2019").experiments().values()
    for experiment in experiments:
        experiment.require_feasible()
    assert len(experiments) > 5


def test_seeds_of_every_kind_make_one_experiment(without_shape_checker):
    plain = PredictionExperiment(BetaBernoulli(2.0), training_seeds=(0, 1, 2), seed=3)
    for seeds in (range(3), [0, 1, 2], np.arange(3)):
        same = PredictionExperiment(BetaBernoulli(2), training_seeds=seeds, seed=np.int64(3))
        assert same == plain and same.fingerprint() == plain.fingerprint()
    for seeds in ("012", [0.5], [-1], 3, [True]):
        with pytest.raises(ValueError, match="training_seeds must be"):
            PredictionExperiment(BetaBernoulli(), training_seeds=seeds)
