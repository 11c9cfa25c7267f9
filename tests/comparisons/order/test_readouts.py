"""Read-outs are exact for maps that are what is read out, and refuse what they cannot read."""

import numpy as np
import pytest

from bayesopt.spectral_maps import SpectralMaps
from comparisons.order.readouts import (
    accuracy_by_trial,
    change_elsewhere,
    choice_overlaps,
    circular_grid,
    correct_probs,
    fit_linear_maps,
    fourier_overlaps,
    restricted_to,
    singular_overlaps,
)

RNG = np.random.default_rng(0)


def orthonormal(num_rows, num_modes):
    return np.linalg.qr(RNG.standard_normal((num_rows, num_modes)))[0]


def test_the_linear_part_of_an_affine_map_is_read_exactly_and_a_quadratic_part_only_adds_to_it():
    probes = RNG.standard_normal((12, 3))
    maps, offsets = RNG.standard_normal((2, 5, 4, 2, 3)), RNG.standard_normal((2, 5, 4, 1, 2))
    answers = np.einsum("...oi,pi->...po", maps, probes) + offsets
    np.testing.assert_allclose(fit_linear_maps(probes, answers), maps, atol=1e-12)
    paired = np.concatenate([probes, -probes])  # over opposite pairs an even part has no linear fit
    even = np.repeat((paired**2).sum(1)[:, None], 2, axis=1)
    np.testing.assert_allclose(fit_linear_maps(paired, even[None, None]), 0, atol=1e-12)


FLAT = np.outer(np.arange(9.0), np.ones(3))


@pytest.mark.parametrize("probes", [RNG.standard_normal((3, 3)), FLAT], ids=["few", "flat"])
def test_probes_that_do_not_determine_a_linear_map_are_refused(probes):
    with pytest.raises(ValueError, match=r"needs at least 4 probes in general position; got \d that span [23]"):
        fit_linear_maps(probes, np.zeros((1, 1, len(probes), 2)))


def test_a_map_overlaps_with_its_own_modes_by_their_strength_and_with_no_others():
    left, right = np.stack([orthonormal(4, 3) for _ in range(6)]), np.stack([orthonormal(5, 3) for _ in range(6)])
    strengths = np.tile([2.0, 1.0, 0.5], (6, 1))
    truth = SpectralMaps(left, strengths, right)
    first_mode_only = np.einsum("no,ni->noi", left[:, :, 0], right[:, :, 0])[:, None]
    whole = np.einsum("nok,nk,nik->noi", left, strengths, right)[:, None]
    found = singular_overlaps(np.concatenate([first_mode_only, whole, -whole], axis=1), truth)
    np.testing.assert_allclose(found.overlaps[:, 0], np.tile([1.0, 0.0, 0.0], (6, 1)), atol=1e-12)
    np.testing.assert_allclose(found.overlaps[:, 1], strengths, atol=1e-12)
    np.testing.assert_allclose(found.overlaps[:, 2], -strengths, atol=1e-12)
    assert (found.strengths == strengths).all()


def test_frequencies_are_read_with_their_phase():
    grid = circular_grid(16)[:, 0]
    truth = (1.5 + np.cos(2 * np.pi * 3 * grid + 0.7))[None]
    quarter_late = np.cos(2 * np.pi * 3 * grid + 0.7 - np.pi / 2)  # all of the energy, none of the function
    half_of_it = 0.5 * np.cos(2 * np.pi * 3 * grid + 0.7)
    found = fourier_overlaps(np.stack([quarter_late, half_of_it, truth[0]])[None], truth, (0, 3))
    np.testing.assert_allclose(found.strengths, [[1.5**2, 0.25]], atol=1e-12)
    expected = np.array([[0, 0], [0, 0.5], [1, 1]]) * found.strengths
    np.testing.assert_allclose(found.overlaps, expected[None], atol=1e-12)


def test_a_spectrum_longer_than_the_grid_resolves_is_refused():
    with pytest.raises(ValueError, match="a grid of 10 points resolves frequencies below 5; got 5"):
        fourier_overlaps(np.zeros((1, 1, 10)), np.zeros((1, 10)), (0, 5))


def test_choices_are_counted_from_chance():
    context_probs = np.zeros((2, 3, 2, 4))
    context_probs[..., 1] = 1.0
    correct = correct_probs(context_probs, np.array([[1, 0], [2, 1]]))
    np.testing.assert_array_equal(correct[0, 0], [1, 0])
    np.testing.assert_array_equal(correct[1, 2], [0, 1])
    found = choice_overlaps(correct, num_arms=4)
    np.testing.assert_allclose(found.overlaps / found.strengths[:, None], np.where(correct == 1, 1, -1 / 3))
    contexts = np.array([[0, 1, 0], [1, 1, 0]])
    np.testing.assert_array_equal(accuracy_by_trial(correct, contexts), [[1, 0, 1], [1, 1, 0]])


def test_what_a_trial_changes_in_other_contexts_is_counted_and_what_it_changes_in_its_own_is_not():
    contexts = np.array([[0, 1, 0, 0]])
    correct = np.full((1, 4, 2), 0.5)
    correct[0, 1:, 0] = 0.9  # the trial in context 0 teaches context 0: not counted
    assert change_elsewhere(correct, contexts)[0] == 0
    correct[0, 1:, 1] = 0.2  # and costs context 1: counted, over three trials each with one other context
    assert change_elsewhere(correct, contexts)[0] == pytest.approx(-0.3 / 3)


def test_the_nearest_distribution_on_some_arms_keeps_their_odds():
    is_allowed = np.array([True, True, False])[None, None, None]
    probs = np.array([0.1, 0.3, 0.6])[None, None, None]
    np.testing.assert_allclose(restricted_to(is_allowed, probs)[0, 0, 0], [0.25, 0.75, 0.0])
    none_left = np.array([0.0, 0.0, 1.0])[None, None, None]
    np.testing.assert_allclose(restricted_to(is_allowed, none_left)[0, 0, 0], [0.5, 0.5, 0.0])
