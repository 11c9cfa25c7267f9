"""Beliefs at every time, their order independence, and what observations are refused."""

import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from bayesopt import filter_beliefs, log_marginal_likelihood, predict_sequence
from bayesopt.families import BetaBernoulli, DirichletCategorical, GammaExponential, NormalNormal

SEQUENCES = [
    (BetaBernoulli(2.0, 1.0), [[0, 1, 1, 0, 1], [1, 1, 1, 1, 1]]),
    (DirichletCategorical((3.0, 2.0, 1.0)), [[0, 2, 1, 0, 2], [2, 2, 2, 2, 0]]),
    (GammaExponential(2.0, 1.0), [[0.3, 1.0, 7.0, 0.01, 2.0], [1.0, 1.0, 1.0, 1.0, 50.0]]),
    (NormalNormal(1.0, 2.0, 0.5), [[0.3, 1.0, -7.0, 0.01, 2.0], [1.0, 1.0, 1.0, 1.0, -50.0]]),
]


@pytest.mark.parametrize(("family", "observations"), SEQUENCES, ids=lambda v: type(v).__name__)
def test_there_is_one_belief_more_than_observations_and_the_first_is_the_prior(family, observations):
    observations = np.array(observations)
    beliefs = filter_beliefs(family, observations)
    with jax.enable_x64(True):
        prior = family.prior_belief()
    for many, first in zip(jax.tree.leaves(beliefs), jax.tree.leaves(prior), strict=True):
        assert many.shape == (2, 6, *first.shape)
        np.testing.assert_array_equal(many[:, 0], np.broadcast_to(first, (2, *first.shape)))


@pytest.mark.parametrize(("family", "observations"), SEQUENCES, ids=lambda v: type(v).__name__)
def test_order_changes_neither_the_final_belief_nor_the_evidence(family, observations):
    observations = np.array(observations)
    reversed_ = observations[:, ::-1]
    beliefs = filter_beliefs(family, np.concatenate([observations, reversed_]))
    for leaf in jax.tree.leaves(beliefs):
        np.testing.assert_allclose(leaf[:2, -1], leaf[2:, -1], rtol=1e-12)
    evidence = log_marginal_likelihood(family, np.concatenate([observations, reversed_]))
    np.testing.assert_allclose(evidence[:2], evidence[2:], rtol=1e-12)


@pytest.mark.parametrize(("family", "observations"), SEQUENCES, ids=lambda v: type(v).__name__)
def test_a_prediction_depends_only_on_the_past(family, observations):
    """Changing the last observation changes no predictive, for the last is predicted and conditions nothing."""
    observations = np.array(observations)
    changed = observations.copy()
    changed[:, -1] = observations[::-1, 0]
    value = observations[0, 0]
    before, after = (predict_sequence(family, seen).log_prob(value) for seen in (observations, changed))
    np.testing.assert_array_equal(before, after)


WRONG = [
    (BetaBernoulli(), np.array([[0, 2]]), r"observation 2 at \(task, time\) = \(0, 1\)"),
    (DirichletCategorical(), np.array([[0, 1], [-1, 0]]), r"observation -1 at \(task, time\) = \(1, 0\)"),
    (DirichletCategorical(), np.array([[0.5]]), r"observation 0.5 at \(task, time\) = \(0, 0\)"),
    (GammaExponential(), np.array([[-0.5]]), r"observation -0.5"),
    (NormalNormal(), np.array([[0.0, np.nan]]), r"observation nan"),
    (NormalNormal(), np.zeros((0, 3)), r"got \(0, 3\)"),
    (NormalNormal(), np.array([["a"]]), r"must be numbers"),
]


@pytest.mark.parametrize(("family", "observations", "message"), WRONG, ids=lambda v: None)
def test_wrong_observations_are_refused_with_place_and_value(family, observations, message):
    with pytest.raises(ValueError, match=message):
        predict_sequence(family, observations)


def test_wrong_shapes_are_refused_where_no_shape_checker_runs():
    """In a fresh interpreter, as for a user: with the tests' shape checker these calls would not get so far."""
    program = """
import numpy as np
from bayesopt import predict_regression, predict_sequence
from bayesopt.families import LinearRegression, NormalNormal

def message_of(call, *arguments):
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{call.__name__} accepts {arguments}")

assert "shape (task, time)" in message_of(predict_sequence, NormalNormal(), [0.0, 1.0])
shapes = message_of(predict_regression, LinearRegression(), np.zeros((2, 3, 5)), np.zeros((2, 4, 5)))
assert "(2, 3, 5) and (2, 4, 5)" in shapes
predict_sequence(NormalNormal(), [[0.0, 1.0]])
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("dtype", [bool, np.int32, np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("family", [BetaBernoulli(), DirichletCategorical((2.0, 1.0))], ids=repr)
def test_outcomes_may_come_in_any_number_type(family, dtype):
    outcomes = np.array([[0, 1, 1, 0]])
    expected = log_marginal_likelihood(family, outcomes)
    np.testing.assert_allclose(log_marginal_likelihood(family, outcomes.astype(dtype)), expected, rtol=1e-15)
