"""Regression families: exact against dense joint normals and kernels, their tasks, and what is refused."""

import jax
import numpy as np
import pytest
import scipy.stats

from bayesopt import (
    filter_pairs,
    filter_posterior_means,
    predict_regression,
    sample_regressions,
    sample_regressions_given,
)
from bayesopt.conjugate import LinearGaussianBelief
from bayesopt.families import FunctionRegression, LinearRegression
from comparisons.statistics.divergences import kl_divergence

SKEWED = LinearRegression((1.0, 0.3, 2.0), (0.5, 1.5), (1.0, 2.0, 0.5), noise_scale=0.01)
"""Unequal scales everywhere, little noise."""
BAND_STOP = FunctionRegression((0, 1, 2, 5), (0.3, 0.2, 0.1, 0.05), noise_scale=0.1)


def dense_linear(family, inputs, targets):
    """Mean and covariance of all weights, and of targets at all times given those before: one joint normal of them all.

    Nothing is factorised by output: the targets of all times and outputs are one vector, a linear map of the vector of
    all weights, conditioned with `numpy.linalg`.
    """
    length, num_outputs = targets.shape
    num_inputs = inputs.shape[1]
    prior = np.zeros(num_outputs * num_inputs)
    design = np.zeros((length * num_outputs, num_outputs * num_inputs))
    for output in range(num_outputs):
        for number in range(num_inputs):
            weight = output * num_inputs + number
            prior[weight] = (family.output_scales[output] * family.weight_scales[number]) ** 2
            design[output::num_outputs, weight] = inputs[:, number]
    covariance = design * prior @ design.T + family.noise_scale**2 * np.eye(length * num_outputs)
    gain = np.linalg.solve(covariance, design * prior).T
    posterior = gain @ targets.ravel(), np.diag(prior) - gain @ design * prior
    return posterior, covariance


def dense_function(family, inputs, targets):
    """The same for a Gaussian process: the kernel of its spectrum, without any Fourier feature."""
    covariance = kernel(family, inputs[:, 0], inputs[:, 0]) + family.noise_scale**2 * np.eye(len(inputs))
    return None, covariance


def kernel(family, left, right):
    gap = np.subtract.outer(left, right)
    terms = [
        variance * (2 * np.cos(2 * np.pi * k * gap) if k else np.ones_like(gap))
        for k, variance in zip(family.frequencies, family.variances, strict=True)
    ]
    return sum(terms)


EXACT = [
    (SKEWED, dense_linear, 20),
    (LinearRegression(noise_scale=0.1), dense_linear, 40),
    (BAND_STOP, dense_function, 40),
    (FunctionRegression(noise_scale=0.01), dense_function, 20),
]


@pytest.mark.parametrize(("family", "dense", "length"), EXACT, ids=lambda v: type(v).__name__)
def test_predictives_agree_with_the_joint_normal_of_all_targets(family, dense, length):
    drawn = sample_regressions(family, jax.random.key(0), num_tasks=2, length=length)
    width = family.num_outputs
    assert drawn.inputs.shape == (2, length, family.num_inputs)
    assert drawn.targets.shape == (2, length, width)
    predictive = predict_regression(family, drawn.inputs, drawn.targets)
    assert predictive.batch_shape == (2, length)
    assert predictive.event_shape == (width,)
    for task in range(2):
        targets = drawn.targets[task]
        _, covariance = dense(family, drawn.inputs[task], targets)
        for t in range(length):
            past, now = slice(0, t * width), slice(t * width, (t + 1) * width)
            gain = np.linalg.solve(covariance[past, past], covariance[past, now]).T
            variance = covariance[now, now] - gain @ covariance[past, now]
            np.testing.assert_allclose(predictive.mean[task, t], gain @ targets.ravel()[past], rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(np.diag(predictive.variance[task, t]), variance, rtol=1e-8, atol=1e-12)
        evidence = scipy.stats.multivariate_normal(np.zeros(len(covariance)), covariance).logpdf(targets.ravel())
        assert predictive.log_prob(drawn.targets)[task].sum() == pytest.approx(evidence, rel=1e-9)


@pytest.mark.parametrize("family", [SKEWED, LinearRegression(noise_scale=0.1)], ids=["skewed", "isotropic"])
def test_posterior_weights_agree_with_the_joint_normal(family):
    drawn = sample_regressions(family, jax.random.key(1), num_tasks=2, length=20)
    beliefs = filter_pairs(family, drawn.inputs, drawn.targets)
    means = filter_posterior_means(family, drawn.inputs, drawn.targets)
    assert isinstance(beliefs, LinearGaussianBelief)
    assert list(means) == ["weights"]
    np.testing.assert_allclose(means["weights"], beliefs.loc, rtol=1e-12, atol=1e-15)
    shape = (family.num_outputs, family.num_inputs)
    assert beliefs.covariance.shape == (2, 21, *shape, family.num_inputs)
    for task in range(2):
        for t in (0, 1, 4, 20):
            (loc, covariance), _ = dense_linear(family, drawn.inputs[task, :t], drawn.targets[task, :t])
            np.testing.assert_allclose(beliefs.loc[task, t], loc.reshape(shape), rtol=1e-9, atol=1e-10)
            blocks = covariance.reshape(*shape, *shape)
            for output in range(family.num_outputs):
                np.testing.assert_allclose(
                    beliefs.covariance[task, t, output], blocks[output, :, output], rtol=1e-8, atol=1e-11
                )
                others = [other for other in range(family.num_outputs) if other != output]
                np.testing.assert_allclose(blocks[output][:, others], 0, atol=1e-12)


def series(coefficients, frequencies, places):
    """The function that coefficients stand for, by its definition; coefficients `... feature`."""
    value, column = 0.0, 0
    for k in frequencies:
        angle = 2 * np.pi * k * places
        if k == 0:
            value, column = value + coefficients[..., [column]], column + 1
        else:
            cosine, sine = coefficients[..., [column]], coefficients[..., [column + 1]]
            value, column = value + 2**0.5 * (cosine * np.cos(angle) + sine * np.sin(angle)), column + 2
    assert column == coefficients.shape[-1]
    return value


@pytest.mark.parametrize(("family", "length"), [(BAND_STOP, 40), (FunctionRegression(noise_scale=0.01), 20)])
def test_posterior_functions_agree_with_the_kernel(family, length):
    drawn = sample_regressions(family, jax.random.key(1), num_tasks=2, length=length)
    means = filter_posterior_means(family, drawn.inputs, drawn.targets)
    assert list(means) == ["coefficients"]
    grid = np.arange(32) / 32
    functions = series(means["coefficients"], family.frequencies, grid)
    assert functions.shape == (2, length + 1, 32)
    np.testing.assert_array_equal(functions[:, 0], 0)
    for task in range(2):
        places, targets = drawn.inputs[task, :, 0], drawn.targets[task, :, 0]
        for t in (1, 5, 11, length):
            gram = kernel(family, places[:t], places[:t]) + family.noise_scale**2 * np.eye(t)
            expected = kernel(family, grid, places[:t]) @ np.linalg.solve(gram, targets[:t])
            np.testing.assert_allclose(functions[task, t], expected, rtol=1e-9, atol=1e-9)


def test_divergence_to_another_prior_is_the_sum_over_outputs():
    right, wrong = SKEWED, LinearRegression((1.0, 1.0, 1.0), (1.0, 1.0), (1.0, 1.0, 1.0), noise_scale=0.6)
    drawn = sample_regressions(right, jax.random.key(0), num_tasks=2, length=20)
    p, q = (predict_regression(family, drawn.inputs, drawn.targets) for family in (right, wrong))
    ratio = p.variance / q.variance
    expected = (ratio - 1 - np.log(ratio) + (p.mean - q.mean) ** 2 / q.variance).sum(-1) / 2
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=1e-11)
    assert (kl_divergence(p, p) == 0).all()


# --- recovery of frequencies (Rabinowitz 2019; the numbers are of a reconstruction with 400 tasks) ----------------

NUM_TASKS, OTHERS = 1500, 400
LARGEST_SCORE = 5.0
"""A mean may be this many standard errors off (failure rate 6e-7 each)."""


def recovery(drawn, family, frequencies):
    """How much of each frequency 0..5 the posterior mean has, `time+1 frequency`, with standard errors.

    The real part of the inner product of complex Fourier coefficients, true and estimated, relative to the true power.
    """
    grid = np.arange(16) / 16
    means = filter_posterior_means(family, drawn.inputs, drawn.targets)["coefficients"]
    true = np.fft.rfft(series(drawn.latents["coefficients"], frequencies, grid))[:, None, :6]
    estimated = np.fft.rfft(series(means, family.frequencies, grid))[..., :6]
    products, power = (true.conj() * estimated).real, (np.abs(true) ** 2).mean(0)
    ratio = products.mean(0) / power
    residuals = (products - ratio * np.abs(true) ** 2) / power
    return ratio, residuals.std(0) / len(means) ** 0.5


FLAT = FunctionRegression(variances=(1.0,) * 6)
FLAT_RECOVERY = {
    4: (0.35, 0.36, 0.33, 0.35, 0.37, 0.42),
    8: (0.65, 0.65, 0.65, 0.67, 0.70, 0.80),
    11: (0.83, 0.82, 0.84, 0.84, 0.86, 0.93),
    20: (0.99, 0.99, 0.99, 0.99, 0.99, 0.995),
}
DECAYING = FunctionRegression(variances=(1.0, 1.0, 1 / 4, 1 / 9, 1 / 16, 1 / 25))
DECAYING_RECOVERY = {
    4: (0.70, 0.71, 0.37, 0.21, 0.15, 0.12),
    11: (0.94, 0.95, 0.80, 0.69, 0.67, 0.68),
    20: (0.99, 0.99, 0.975, 0.96, 0.955, 0.955),
}


@pytest.mark.parametrize(
    ("family", "expected"), [(FLAT, FLAT_RECOVERY), (DECAYING, DECAYING_RECOVERY)], ids=["flat", "decaying"]
)
def test_frequencies_are_recovered_as_their_prior_variance_says(family, expected):
    """Equal variances: nearly at once. Falling variances: Bayes itself goes in their order, whatever the learner."""
    drawn = sample_regressions(family, jax.random.key(2), num_tasks=NUM_TASKS, length=20)
    ratio, error = recovery(drawn, family, family.frequencies)
    covariance = filter_pairs(family, drawn.inputs, drawn.targets).covariance[:, :, 0]
    variance = np.diagonal(covariance, axis1=2, axis2=3).mean(0)
    explained = [1 - variance[:, 0] / family.variances[0]]
    explained += [1 - variance[:, 2 * k - 1 : 2 * k + 1].mean(1) / family.variances[k] for k in range(1, 6)]
    # for an exact posterior the two are one in expectation; the second knows nothing of targets
    assert np.abs((ratio - np.stack(explained, axis=1))[1:] / error[1:]).max() < LARGEST_SCORE
    for t, row in expected.items():
        tolerance = LARGEST_SCORE * error[t] * (1 + NUM_TASKS / OTHERS) ** 0.5 + 0.006  # they are rounded
        assert (np.abs(ratio[t] - row) < tolerance).all(), (t, ratio[t])
    order = np.diff(ratio[4, 1:])
    assert (order < 0).all() if family == DECAYING else np.abs(order).max() < 0.1


def test_frequencies_outside_the_prior_are_never_recovered():
    full, band_stop = FunctionRegression(), FunctionRegression((0, 1, 2, 5), (1 / 7,) * 4)
    drawn = sample_regressions(full, jax.random.key(2), num_tasks=200, length=20)
    ratio, _ = recovery(drawn, band_stop, full.frequencies)
    np.testing.assert_allclose(ratio[:, [3, 4]], 0, atol=1e-12)
    assert (ratio[20, [0, 1, 2, 5]] > 0.8).all()


# --- tasks whose latents are given --------------------------------------------------------------------------------


def test_pairs_of_given_weights_follow_them_and_fresh_inputs():
    family = LinearRegression((1.0, 1.0, 1.0), (1.0, 1.0), (1.0, 3.0, 0.1), noise_scale=0.5)
    weights = np.random.default_rng(0).normal(size=(400, 2, 3)).astype(np.float32)
    drawn = sample_regressions_given(family, {"weights": weights}, jax.random.key(0), length=10)
    np.testing.assert_array_equal(drawn.latents["weights"], weights)
    assert drawn.targets.dtype == np.float64
    noise = drawn.targets - np.einsum("toi,tsi->tso", weights, drawn.inputs)
    assert scipy.stats.kstest(noise.ravel() / 0.5, "norm").pvalue > 1e-6
    scaled = drawn.inputs / np.array([1.0, 3.0, 0.1])
    assert scipy.stats.kstest(scaled.ravel(), "norm").pvalue > 1e-6
    another = sample_regressions_given(family, {"weights": weights}, jax.random.key(1), length=10)
    assert not np.isclose(another.inputs, drawn.inputs).any()


WRONG_LATENTS = [
    ({}, r"exactly the sites \['weights'\]; got \[\]"),
    ({"weights": np.zeros((3, 5, 5)), "bias": np.zeros(3)}, r"got \['bias', 'weights'\]"),
    ({"weights": np.zeros((3, 5, 4))}, r"must have shape \(task, 5, 5\); got \(3, 5, 4\)"),
    ({"weights": np.zeros((5, 5))}, r"must have shape \(task, 5, 5\); got \(5, 5\)"),
    ({"weights": np.zeros((0, 5, 5))}, "at least 1; got {'weights': 0}"),
    ({"weights": np.full((3, 5, 5), np.nan)}, "'weights' of LinearRegression must be finite"),
]


@pytest.mark.parametrize(("latents", "message"), WRONG_LATENTS, ids=lambda v: None)
def test_latents_that_are_not_the_models_are_refused(latents, message):
    with pytest.raises(ValueError, match=message):
        sample_regressions_given(LinearRegression(), latents, jax.random.key(0), length=3)


def test_pairs_without_length_are_refused():
    with pytest.raises(ValueError, match="length must be an integer of at least 1; got 0"):
        sample_regressions_given(LinearRegression(), {"weights": np.zeros((3, 5, 5))}, jax.random.key(0), length=0)


# --- what is refused ----------------------------------------------------------------------------------------------

WRONG_PAIRS = [
    (LinearRegression(), (2, 3, 5), (2, 3, 1), "have 5 and 5 numbers each"),
    (FunctionRegression(), (2, 3, 2), (2, 3, 1), r"have 1 and 1 numbers each; got shapes \(2, 3, 2\)"),
    (LinearRegression(), (2, 0, 5), (2, 0, 5), "neither task nor time 0"),
]


@pytest.mark.parametrize("reader", [filter_pairs, filter_posterior_means, predict_regression])
@pytest.mark.parametrize(("family", "inputs", "targets", "message"), WRONG_PAIRS, ids=lambda v: None)
def test_pairs_of_other_widths_are_refused(reader, family, inputs, targets, message):
    """With one target too few, broadcasting would otherwise make five of it."""
    with pytest.raises(ValueError, match=message):
        reader(family, np.zeros(inputs), np.zeros(targets))


def test_infinite_targets_are_refused():
    with pytest.raises(ValueError, match="must be finite"):
        predict_regression(LinearRegression(), np.zeros((2, 3, 5)), np.full((2, 3, 5), np.inf))


WRONG_PRIORS = [
    (lambda: LinearRegression(weight_scales=(1.0, 1.0)), "2 of weight_scales, 5 of input_scales"),
    (lambda: LinearRegression(noise_scale=0.0), "noise_scale must be a finite number > 0; got 0.0"),
    (lambda: FunctionRegression(frequencies=(1, 0, 2, 3, 4, 5)), r"increasing integers; got \(1, 0, 2, 3, 4, 5\)"),
    (lambda: FunctionRegression(frequencies=(0, 1, 1, 3, 4, 5)), r"increasing integers; got \(0, 1, 1, 3, 4, 5\)"),
    (lambda: FunctionRegression(frequencies=(0, True, 2, 3, 4, 5)), "a non-empty tuple of integers of at least 0"),
    (lambda: FunctionRegression(frequencies=(0, 1)), "2 of frequencies, 6 of variances"),
]


@pytest.mark.parametrize(("make", "message"), WRONG_PRIORS, ids=lambda v: None)
def test_priors_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
