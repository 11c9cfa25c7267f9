"""Predictions of counts: the family that docs/adding_a_family.md adds, run from the command line, and its parts."""

import itertools
import json
import re
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.stats

from bayesopt import families
from comparisons.predictions.calibration import reliability
from comparisons.seams.predictions import natural_encoding, natural_head, predictor_of
from comparisons.statistics.count_sums import count_points, is_of_counts
from comparisons.statistics.divergences import kl_divergence
from metalearners.configs import LSTMConfig
from metalearners.network import SequencePredictor, build_network

TINY = {
    "--training.num-steps": "5",
    "--training.batch-size": "4",
    "--training.length": "5",
    "--network.hidden-size": "4",
    "--evaluation.num-tasks": "20",
    "--evaluation.length": "5",
    "--evaluation.beyond": "2",
    "--evaluation.order-tasks": "2",
    "--evaluation.convergence-tasks": "4",
    "--training-seeds": "0",
}


@pytest.fixture
def gamma_poisson(tmp_path, monkeypatch):
    """The family of the documentation, in a file of its own beside the package's families."""
    code = re.findall(
        r"```\{code-cell\} python\n(.*?)```", Path("docs/adding_a_family.md").read_text(), flags=re.DOTALL
    )
    (tmp_path / "families").mkdir()
    (tmp_path / "families" / "gamma_poisson.py").write_text(f'"""Counts."""\n{code[0]}')
    monkeypatch.setattr(families, "__path__", [*families.__path__, str(tmp_path / "families")])
    yield families.load("gamma_poisson")
    del sys.modules["bayesopt.families.gamma_poisson"]


def test_a_network_of_counts_has_its_encoding_and_its_head(gamma_poisson):
    encoding, head = natural_encoding(gamma_poisson()), natural_head(gamma_poisson())
    core = build_network(LSTMConfig(hidden_size=3), input_size=encoding.size, output_size=head.num_outputs, seed=0)
    counts = np.array([[0, 3, 1000], [7, 0, 0]])
    predictive = predictor_of(SequencePredictor(core, encoding, head))(counts)
    assert is_of_counts(predictive)
    assert np.all(np.isfinite(predictive.log_prob(counts)))
    assert predictive.batch_shape == counts.shape


@pytest.mark.slow
def test_a_family_of_counts_runs_from_the_command_line(gamma_poisson, bayesgauge_here, tmp_path):
    completed = bayesgauge_here("run", "gamma_poisson", *itertools.chain(*TINY.items()), "--json")
    assert completed.returncode == 0, completed.stderr
    answer = json.loads(completed.stdout)
    kl = {row["who"]: row for row in answer["measures"] if row["measure"] == "kl_divergence" and "time" not in row}
    assert 0 < kl["network"]["estimate"] < np.inf
    assert (tmp_path / answer["report"]).exists()


def test_divergence_of_counts_is_the_sum_over_them():
    p, q = dist.Poisson(jnp.array([0.3, 4.0, 90.0])), dist.Poisson(jnp.array([0.5, 4.0, 40.0]))
    exact = p.rate * jnp.log(p.rate / q.rate) - p.rate + q.rate
    np.testing.assert_allclose(kl_divergence(p, q), exact, rtol=1e-6, atol=1e-12)  # `exact` is in float32
    wide, narrow = dist.NegativeBinomialLogits(0.5, 3.0), dist.NegativeBinomialLogits(2.0, 1.0)
    theirs = [scipy.stats.nbinom(count, 1 / (1 + np.exp(logit))) for count, logit in ((0.5, 3.0), (2.0, 1.0))]
    counts = np.arange(3000)
    log_p, log_q = (one.logpmf(counts) for one in theirs)
    np.testing.assert_allclose(kl_divergence(wide, narrow), (np.exp(log_p) * (log_p - log_q)).sum(), rtol=1e-6)
    with pytest.raises(ValueError, match="compares counts with something else"):
        kl_divergence(p, dist.Normal(jnp.zeros(3), 1.0))
    assert not is_of_counts(dist.Categorical(jnp.ones(3) / 3))


def test_points_of_counts_reach_far_into_the_tail():
    points, weights = count_points(dist.Poisson(jnp.array([1.0, 30.0])))
    assert np.all(np.asarray(dist.Poisson(jnp.array([1.0, 30.0])).log_prob(points[-1])) < -300)
    assert np.all(weights == 1)


def test_an_exact_predictive_of_counts_is_calibrated():
    """Steps of the distribution are shared out between levels; the mean over 40,000 counts has an error of .0025."""
    truth = dist.Poisson(jnp.full((2000, 20), 1.3))
    counts = np.asarray(truth.sample(jax.random.key(1)))
    table = reliability(truth, counts, length=20)
    share = table.observed.sum(0) / table.num_statements.sum(0)
    np.testing.assert_allclose(share, np.arange(1, 10) / 10, atol=5 * 0.0025)
