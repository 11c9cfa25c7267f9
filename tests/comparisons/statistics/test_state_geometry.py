"""Hidden states: steps, entropies, principal coordinates, where states are and in how many dimensions they spread."""

import numpy as np
import pytest

from comparisons.statistics.state_geometry import (
    occupancy,
    participation_ratio,
    policy_entropy,
    principal_coordinates,
    state_changes,
)


def test_steps_are_lengths_between_neighbours():
    states = np.array([[[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]]])
    np.testing.assert_array_equal(state_changes(states), [[5.0, 0.0]])


def test_entropies_of_sure_even_and_other_choices():
    probs = np.array([[[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]], [[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]]])
    other = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    np.testing.assert_allclose(policy_entropy(probs), [[0.0, np.log(3)], [np.log(2), other]], atol=1e-15)
    with pytest.raises(ValueError, match=r"sums from 0.5 to 0.5"):
        policy_entropy(np.array([0.5, 0.0]))
    with pytest.raises(ValueError, match=r"a least one of -0.5"):
        policy_entropy(np.array([1.5, -0.5]))


def test_principal_coordinates_are_those_of_the_covariance():
    states = np.random.default_rng(0).normal(size=(30, 8, 5)) * [1.0, 5.0, 2.0, 0.3, 0.1] + 7
    found = principal_coordinates(states, num_components=3)
    values, vectors = np.linalg.eigh(np.cov(states.reshape(-1, 5).T))
    np.testing.assert_allclose(found.explained, values[::-1][:3] / values.sum(), rtol=1e-10)
    np.testing.assert_allclose(np.abs((found.directions * vectors[:, ::-1][:, :3].T).sum(axis=1)), 1.0, rtol=1e-10)
    variances = found.coordinates.reshape(-1, 3).var(axis=0, ddof=1)
    np.testing.assert_allclose(variances, values[::-1][:3], rtol=1e-10)
    whole = principal_coordinates(states, num_components=5)
    np.testing.assert_allclose(whole.coordinates @ whole.directions + whole.center, states, rtol=1e-10)
    assert (found.directions.max(axis=1) >= -found.directions.min(axis=1)).all()
    flipped = principal_coordinates(states[::-1], num_components=3)
    np.testing.assert_allclose(flipped.coordinates[::-1], found.coordinates, atol=1e-9)


def test_states_that_do_not_vary_explain_nothing():
    assert np.isnan(principal_coordinates(np.ones((4, 3, 2))).explained).all()
    with pytest.raises(ValueError, match="num_components must be in 1 to 2; got 3"):
        principal_coordinates(np.ones((4, 3, 2)), num_components=3)


def test_occupancy_counts_visits_inside_the_square():
    coordinates = np.array([[[-0.5, 0.5], [-0.5, 0.5], [0.5, -0.5]], [[0.5, -0.5], [3.0, 0.0], [0.0, -9.0]]])
    found = occupancy(coordinates, bound=1.0, num_bins=2)
    np.testing.assert_allclose(found.probs, [[0.0, 0.5], [0.5, 0.0]])
    np.testing.assert_allclose(found.edges, [-1, 0, 1])
    assert found.outside == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="no state is within 0.1 of the center; the nearest is 0.5"):
        occupancy(coordinates, bound=0.1)
    with pytest.raises(ValueError, match="bound must be positive and num_bins at least 1; got 0.0 and 40"):
        occupancy(coordinates, bound=0.0)


def test_participation_ratios_in_closed_form():
    generator = np.random.default_rng(1)
    line = generator.normal(size=(20, 6, 1)) * np.array([1.0, -2.0, 0.5])
    assert participation_ratio(line).estimate == pytest.approx(1.0)
    cross = np.concatenate([np.eye(7), -np.eye(7)])[None].repeat(3, axis=0)
    assert participation_ratio(cross) == pytest.approx((7.0, 7.0, 7.0))
    states = generator.normal(size=(250, 6, 9)) * np.arange(1, 10)  # more tasks than blocks
    values = np.linalg.eigvalsh(np.cov(states.reshape(-1, 9).T))
    found = participation_ratio(states)
    assert found.estimate == pytest.approx(values.sum() ** 2 / (values**2).sum())
    assert found.lower < found.estimate < found.upper


def test_participation_ratios_have_intervals_that_hold_the_truth():
    """Correlated within tasks, 100 of them: 92 % measured; binomial error of 150 data sets is 2.2 points."""
    variances = np.array([4.0, 2.0, 1.0, 1.0, 0.5, *[0.1] * 5])
    truth = variances.sum() ** 2 / (variances**2).sum()
    generator = np.random.default_rng(2)
    hits = 0
    for _ in range(150):
        shared = generator.normal(size=(100, 1, 10))
        states = variances**0.5 * (0.7**0.5 * shared + 0.3**0.5 * generator.normal(size=(100, 8, 10)))
        interval = participation_ratio(states)
        hits += interval.lower <= truth <= interval.upper
    assert 0.87 <= hits / 150 <= 0.985


def test_participation_needs_tasks_that_vary():
    assert np.isnan(participation_ratio(np.full((5, 4, 3), 0.1))).all()
    one_moves = np.full((5, 4, 3), 0.5)
    one_moves[0] = np.random.default_rng(0).normal(size=(4, 3))
    assert participation_ratio(one_moves)[1:] == (1.0, 3.0)
    with pytest.raises(ValueError, match="at least 2 tasks; got 1"):
        participation_ratio(np.zeros((1, 4, 3)))
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 0"):
        participation_ratio(np.zeros((2, 4, 3)), level=0.0)
