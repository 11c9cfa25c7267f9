"""A regression at fixed inputs predicts as the regression does, and arguments that are not allowed are rejected."""

import jax
import numpy as np
import pytest

from bayesopt import predict_regression, predict_sequence, sample_regressions
from bayesopt.contract.targets_at_inputs import TargetsAtInputs
from bayesopt.families import BetaBernoulli, LinearRegression


def test_targets_at_inputs_are_the_regression_at_these_inputs():
    family = LinearRegression((1.0, 1.0), (1.0,), (1.0, 1.0))
    drawn = sample_regressions(family, jax.random.key(0), num_tasks=1, length=4)
    inputs = tuple(tuple(row) for row in drawn.inputs[0].tolist())
    fixed = predict_sequence(TargetsAtInputs(family, inputs), drawn.targets)
    free = predict_regression(family, drawn.inputs, drawn.targets)
    np.testing.assert_allclose(fixed.log_prob(drawn.targets), free.log_prob(drawn.targets), rtol=1e-12)


def test_targets_at_inputs_refuses_what_is_no_regression_and_inputs_of_unequal_lengths():
    with pytest.raises(ValueError, match="must be a regression family"):
        TargetsAtInputs(BetaBernoulli(), ((1.0,),))
    with pytest.raises(ValueError, match="one or more tuples of equal length"):
        TargetsAtInputs(LinearRegression(), ((1.0,), (1.0, 2.0)))
