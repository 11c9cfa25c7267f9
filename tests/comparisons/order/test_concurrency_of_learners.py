"""The concurrency score on learners that exist: it tells the poles apart, and orders learners alike for every seed."""

import jax
import numpy as np
import pytest

from bayesopt import filter_posterior_means, sample_regressions_given
from bayesopt.families import LinearRegression
from bayesopt.spectral_maps import sample_rotated_maps, weights_of
from comparisons.order.concurrency import Poles, concurrency
from comparisons.order.concurrency_tests import rank_agreement, separation
from comparisons.order.readouts import singular_overlaps
from comparisons.order.trajectories import Recoveries, recovery_curves
from metalearners.deep_linear_learner import learn_linear_maps
from metalearners.learner_configs import (
    SGD,
    AdamOptimizer,
    BalancedInitialisation,
    DeepLinearConfig,
    FullBatch,
    Momentum,
    Online,
    RandomInitialisation,
)

FAMILY, STRENGTHS, LENGTH = LinearRegression(), (1.6, 1.2, 0.8, 0.4, 0.2), 20
LEARNERS = {
    "SGD": DeepLinearConfig(),
    "gradient descent": DeepLinearConfig(batches=FullBatch()),
    "smaller start": DeepLinearConfig(initialisation=RandomInitialisation(0.001), num_steps=3000),
    "balanced start": DeepLinearConfig(initialisation=BalancedInitialisation(0.1), batches=FullBatch()),
    "momentum": DeepLinearConfig(optimizer=Momentum(0.001)),
    "Adam": DeepLinearConfig(optimizer=AdamOptimizer(1e-3)),
    "Adam, full batch": DeepLinearConfig(optimizer=AdamOptimizer(1e-3), batches=FullBatch()),
    "larger start": DeepLinearConfig(initialisation=RandomInitialisation(0.1)),
    "batches of 8, faster": DeepLinearConfig(optimizer=SGD(0.03), batches=Online(8)),
    "one layer": DeepLinearConfig(depth=1),
}


def drawn(seed, num_tasks):
    return sample_rotated_maps(jax.random.key(seed), STRENGTHS, num_tasks=num_tasks, num_outputs=5, num_inputs=5)


def bayes_recoveries(maps, seed):
    pairs = sample_regressions_given(FAMILY, {"weights": weights_of(maps)}, jax.random.key(seed), length=LENGTH)
    means = filter_posterior_means(FAMILY, pairs.inputs, pairs.targets)["weights"]
    found = singular_overlaps(means, maps)
    return Recoveries(found.overlaps[None], found.strengths)


def learner_recoveries(name, seed, num_tasks):
    maps = drawn(seed, num_tasks)
    learned = learn_linear_maps(weights_of(maps), LEARNERS[name], seed=seed, input_scales=np.ones(5))
    found = singular_overlaps(learned.maps, maps)
    return Recoveries(found.overlaps[None], found.strengths)


@pytest.fixture(scope="module")
def poles():
    return Poles(recovery_curves(bayes_recoveries(drawn(100, 20_000), 100)), np.arange(5))


@pytest.mark.slow
def test_learners_are_ordered_alike_by_every_seed(poles):
    """Ten learners and three seeds of 150 tasks; pairs whose 90 % intervals overlap count as ties."""
    scores = [
        [concurrency(learner_recoveries(name, seed, 150), poles, seed=seed).score for name in LEARNERS]
        for seed in range(3)
    ]
    lower, upper = (np.array([[getattr(one, end) for one in row] for row in scores]) for end in ("lower", "upper"))
    assert rank_agreement(lower, upper) >= 0.9
    by_name = dict(zip(LEARNERS, np.mean([[one.estimate for one in row] for row in scores], axis=0), strict=True))
    assert by_name["one layer"] < by_name["Adam, full batch"] < by_name["SGD"] < by_name["smaller start"]


@pytest.mark.slow
def test_bayes_and_gradient_descent_are_told_apart_in_small_samples(poles):
    """Twenty samples of 40 tasks each: every one of gradient descent scores above every one of Bayes."""
    bayes = [
        concurrency(bayes_recoveries(drawn(seed, 40), seed), poles, seed=0, num_resamples=10).score.estimate
        for seed in range(20)
    ]
    learner = [
        concurrency(learner_recoveries("gradient descent", seed, 40), poles, seed=0, num_resamples=10).score.estimate
        for seed in range(20)
    ]
    assert separation(np.array(bayes), np.array(learner)) >= 0.99
