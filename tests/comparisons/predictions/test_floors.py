"""Floors: the published values of what predicting without memory, or without data, costs."""

import jax
import numpy as np
import pytest

import bayesopt
from bayesopt.families import BetaBernoulli, DirichletCategorical, GammaExponential, NormalNormal
from comparisons.predictions.floors import predict_from_last, predict_from_prior, with_wrong_prior
from comparisons.statistics.divergences import kl_divergence

FLOORS = [
    (BetaBernoulli(), 0.13579, 0.08199),
    (DirichletCategorical((1.0, 1.0, 1.0)), 0.16968, 0.11374),
    (NormalNormal(), 0.27046, 0.13381),
    (GammaExponential(), 0.33915, 0.15566),
]


@pytest.mark.parametrize(("family", "prior_floor", "memoryless_floor"), FLOORS, ids=lambda f: type(f).__name__)
def test_floors_are_the_known_values(family, prior_floor, memoryless_floor):
    """Within 4 standard errors of the mean over 20,000 tasks (the key is fixed), plus the rounding of the table."""
    observations = bayesopt.sample_sequences(family, jax.random.key(11), num_tasks=20_000, length=20).observations
    reference = bayesopt.predict_sequence(family, observations)
    for predictor, expected in ((predict_from_prior, prior_floor), (predict_from_last, memoryless_floor)):
        per_task = kl_divergence(reference, predictor(family, observations)).mean(1)
        error = per_task.std(ddof=1) / len(per_task) ** 0.5
        assert abs(per_task.mean() - expected) < 4 * error + 5e-6
        assert error < 0.01 * expected


def test_memoryless_sees_exactly_the_last_observation():
    predictive = predict_from_last(BetaBernoulli(), np.array([[1, 0, 0]]))
    np.testing.assert_allclose(predictive.probs, [[1 / 2, 2 / 3, 1 / 3]])


def test_wrong_prior_changes_what_it_says_and_nothing_else():
    assert with_wrong_prior(NormalNormal(1.0, 2.0, 3.0)) == NormalNormal(1.0, 8.0, 3.0)
    assert with_wrong_prior(BetaBernoulli(1.0, 2.0), 2.0) == BetaBernoulli(2.0, 4.0)
    assert with_wrong_prior(DirichletCategorical((1.0, 2.0))) == DirichletCategorical((4.0, 8.0))
    assert with_wrong_prior(GammaExponential(1.0, 2.0)) == GammaExponential(4.0, 2.0)
