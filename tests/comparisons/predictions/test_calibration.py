"""Calibration: exact Bayes is calibrated, an overconfident predictor is not, and the tables add up."""

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

import bayesopt
from bayesopt.families import BetaBernoulli, DirichletCategorical, GammaExponential, NormalNormal
from comparisons.predictions.calibration import NUM_BINS, calibration_error, reliability


@pytest.mark.parametrize(
    "family",
    [BetaBernoulli(), DirichletCategorical(), NormalNormal(), GammaExponential()],
    ids=lambda f: type(f).__name__,
)
def test_bayes_is_calibrated(family):
    """40,000 correlated statements a bin or more in all: errors near 0.3 points; the band is over 4 of them."""
    observations = bayesopt.sample_sequences(family, jax.random.key(1), num_tasks=4000, length=10).observations
    table = reliability(bayesopt.predict_sequence(family, observations), observations, length=10)
    assert calibration_error(table) < 0.012


def test_overconfidence_shows():
    observations = bayesopt.sample_sequences(NormalNormal(), jax.random.key(1), num_tasks=2000, length=10).observations
    exact = bayesopt.predict_sequence(NormalNormal(), observations)
    narrow = dist.Normal(exact.loc, exact.scale / 2)
    assert calibration_error(reliability(narrow, observations, length=10)) > 0.05


def test_a_table_by_hand():
    predictive = dist.Bernoulli(probs=np.array([[0.05, 0.95], [0.55, 0.55]]))
    table = reliability(predictive, np.array([[0, 1], [1, 0]]), length=2)
    assert table.num_statements.shape == (2, NUM_BINS)
    assert table.num_statements[0].tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert table.stated[0, 9] == pytest.approx(1.9)
    assert table.observed[0, 9] == 2
    assert table.num_statements[1].tolist() == [0, 0, 0, 0, 2, 2, 0, 0, 0, 0]
    assert table.observed[1, 5] == 1
