"""Maps with chosen spectra, and in what order Bayes recovers the modes of a map (Rabinowitz 2019).

Numbers to compare with are those of a reconstruction, not of the paper.
"""

import jax
import numpy as np
import pytest
import scipy.stats

from bayesopt import filter_posterior_means, sample_regressions_given
from bayesopt.families import LinearRegression
from bayesopt.spectral_maps import (
    decompose,
    sample_axis_aligned_maps,
    sample_prior_maps,
    sample_rotated_maps,
    weights_of,
)

SPECTRUM = (1.6, 1.2, 0.8, 0.4, 0.2)
NUM_TASKS = 1500
LARGEST_SCORE = 5.0
"""A mean may be this many standard errors off (failure rate 6e-7 each)."""


def rotated(num_tasks=NUM_TASKS, spectrum=SPECTRUM, num_outputs=5, num_inputs=5):
    return sample_rotated_maps(
        jax.random.key(0), spectrum, num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs
    )


def test_maps_have_the_spectrum_they_were_asked_for():
    maps = rotated(20, (2.0, 0.5, 0.0), 3, 4)
    assert (maps.left.shape, maps.right.shape) == ((20, 3, 3), (20, 4, 3))
    weights = weights_of(maps)
    assert weights.shape == (20, 3, 4)
    found = np.linalg.svd(weights, compute_uv=False)
    np.testing.assert_allclose(found, np.tile([2.0, 0.5, 0.0], (20, 1)), atol=1e-14)
    np.testing.assert_allclose(weights_of(decompose(weights)), weights, atol=1e-14)


def test_directions_are_uniform_over_all_rotations():
    """A squared entry is Beta(1/2, 2) in five dimensions, an entry symmetric, and so is the determinant's sign."""
    maps = rotated(4000)
    for directions in (maps.left, maps.right):
        for row, column in ((0, 0), (4, 0), (2, 3)):
            entries = directions[:, row, column]
            assert scipy.stats.kstest(entries**2, scipy.stats.beta(0.5, 2).cdf).pvalue > 1e-6
            assert scipy.stats.binomtest(int((entries > 0).sum()), 4000).pvalue > 1e-6
        reflections = int((np.linalg.det(directions) < 0).sum())
        assert scipy.stats.binomtest(reflections, 4000).pvalue > 1e-6
        gram = np.swapaxes(directions, 1, 2) @ directions
        np.testing.assert_allclose(gram, np.broadcast_to(np.eye(5), gram.shape), atol=1e-13)
    between = np.einsum("tij,tij->t", maps.left, maps.right)  # of independent rotations: mean 0, variance 1
    assert abs(between.mean()) < LARGEST_SCORE / 4000**0.5


def test_axis_aligned_maps_read_one_input_per_mode():
    maps = sample_axis_aligned_maps(jax.random.key(0), (3.0, 1.0), num_tasks=10, num_outputs=3, num_inputs=4)
    weights = weights_of(maps)
    np.testing.assert_allclose(np.linalg.norm(weights, axis=1), np.tile([3.0, 1.0, 0.0, 0.0], (10, 1)), atol=1e-14)
    assert not np.isclose(weights[0, :, 0], weights[1, :, 0]).any()


def test_spectra_of_prior_draws():
    maps = sample_prior_maps(LinearRegression(), jax.random.key(0), num_tasks=20_000)
    assert (np.diff(maps.singular_values, axis=1) <= 0).all()
    error = maps.singular_values.std(0) / 20_000**0.5
    expected = (1.63, 1.16, 0.78, 0.44, 0.14)
    assert (np.abs(maps.singular_values.mean(0) - expected) < LARGEST_SCORE * error + 0.006).all()
    low, high = np.quantile(maps.singular_values, [0.025, 0.975])
    assert low == pytest.approx(0.027, abs=0.002)
    assert high == pytest.approx(1.94, abs=0.02)
    assert np.median(maps.singular_values) == pytest.approx(0.77, abs=0.015)
    # the exact second moment: the trace of W W' has mean 25 / 5
    power = (maps.singular_values**2).sum(1)
    assert abs(power.mean() - 5) < LARGEST_SCORE * power.std() / 20_000**0.5


WRONG = [
    ((-1.0,), 1, 2, 2, r"at least 0; got \(-1.0,\)"),
    ((np.inf,), 1, 2, 2, "finite"),
    ((), 1, 2, 2, r"must be 1 to 2 numbers; got 0"),
    ((1.0, 1.0, 1.0), 1, 2, 5, r"from 5 inputs to 2 outputs must be 1 to 2 numbers; got 3"),
    ((1.0,), 0, 2, 2, "num_tasks must be an integer of at least 1; got 0"),
]


@pytest.mark.parametrize("sample", [sample_rotated_maps, sample_axis_aligned_maps])
@pytest.mark.parametrize(("spectrum", "num_tasks", "num_outputs", "num_inputs", "message"), WRONG, ids=lambda v: None)
def test_spectra_that_no_map_has_are_refused(sample, spectrum, num_tasks, num_outputs, num_inputs, message):
    with pytest.raises(ValueError, match=message):
        sample(jax.random.key(0), spectrum, num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs)


# --- in what order Bayes recovers modes ---------------------------------------------------------------------------


def recovery(maps, family, length):
    """Mean share of every mode in the posterior mean, `time+1 mode`, and its standard error over tasks."""
    drawn = sample_regressions_given(family, {"weights": weights_of(maps)}, jax.random.key(1), length=length)
    means = filter_posterior_means(family, drawn.inputs, drawn.targets)["weights"]
    shares = np.einsum("tok,tsoi,tik->tsk", maps.left, means, maps.right) / maps.singular_values[:, None]
    return shares.mean(0), shares.std(0) / len(shares) ** 0.5


def expected_share(time, ratio, num_tasks=20_000):
    """c_t = E tr[X X' (X X' + ratio I)^-1] / 5 of `time` standard-normal inputs of five numbers, and its error."""
    inputs = np.random.default_rng(time).normal(size=(num_tasks, 5, time))
    power = np.linalg.eigvalsh(inputs @ np.swapaxes(inputs, 1, 2)).clip(0)
    shares = (power / (power + ratio)).mean(1)
    return shares.mean(), shares.std() / num_tasks**0.5


def test_isotropic_prior_and_inputs_recover_all_modes_at_one_pace():
    """E[estimate | W] = c_t W, whatever the strengths: even four times those of the prior."""
    family = LinearRegression(noise_scale=0.1)
    for scale in (1, 4):
        maps = rotated()
        share, error = recovery(maps._replace(singular_values=scale * maps.singular_values), family, 8)
        np.testing.assert_array_equal(share[0], 0)
        for t in (1, 2, 3, 4, 5, 6, 8):
            expected, its_error = expected_share(t, 0.1**2 * 5)
            assert (np.abs(share[t] - expected) < LARGEST_SCORE * np.hypot(error[t], its_error)).all(), (t, share[t])


def test_without_noise_every_pair_adds_a_fifth_of_every_mode():
    share, error = recovery(rotated(), LinearRegression(noise_scale=1e-4), 8)
    for t in range(1, 5):
        assert (np.abs(share[t] - t / 5) < LARGEST_SCORE * error[t]).all(), (t, share[t])
    np.testing.assert_allclose(share[8], 1, atol=1e-3)


def test_unequal_inputs_stagger_modes_only_if_these_are_aligned_with_them():
    family = LinearRegression(input_scales=(2.0, 1.5, 1.0, 0.7, 0.5), noise_scale=0.1)
    aligned = sample_axis_aligned_maps(jax.random.key(0), SPECTRUM, num_tasks=NUM_TASKS, num_outputs=5, num_inputs=5)
    share, error = recovery(aligned, family, 8)
    assert (np.abs(share[2] - (0.67, 0.53, 0.37, 0.24, 0.15)) < LARGEST_SCORE * error[2] + 0.006).all(), share[2]
    share, error = recovery(rotated(), family, 8)
    spread = np.ptp(share[2])
    assert spread < LARGEST_SCORE * 2**0.5 * error[2].max(), share[2]


def test_unequal_prior_staggers_strong_modes_first():
    """Measured, not deduced: where the prior expects strong directions, tasks drawn from it show them first."""
    family = LinearRegression(weight_scales=(2.0, 1.0, 0.5, 0.25, 0.1), noise_scale=0.5)
    maps = sample_prior_maps(family, jax.random.key(7), num_tasks=NUM_TASKS)
    drawn = sample_regressions_given(family, {"weights": weights_of(maps)}, jax.random.key(1), length=8)
    means = filter_posterior_means(family, drawn.inputs, drawn.targets)["weights"]
    estimated = np.einsum("tok,tsoi,tik->tsk", maps.left, means, maps.right)[:, 2]
    true = maps.singular_values
    share = (estimated * true).mean(0) / (true**2).mean(0)
    residuals = (estimated * true - share * true**2) / (true**2).mean(0)
    error = residuals.std(0) / NUM_TASKS**0.5
    assert (share[:-1] - share[1:] > LARGEST_SCORE * np.hypot(error[:-1], error[1:])).all(), share
