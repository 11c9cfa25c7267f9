"""Telling two kinds of tasks apart from states: distances, read-outs, and their controls."""

import numpy as np
import pytest
from scipy import stats

from comparisons.lifetimes.state_readouts import separation_of_kinds

IS_FIRST = np.arange(100) < 40


def states_apart(distance, generator, num_hidden=10):
    states = generator.normal(size=(100, num_hidden))
    states[IS_FIRST, 0] += distance
    return states


def test_accuracy_is_that_of_the_best_line_and_shuffles_are_at_chance():
    """Two Gaussians 3 apart: Φ(1.5) = 93.3 % at best; over 20 data sets of 100 the error is 0.6 points."""
    generator = np.random.default_rng(0)
    found = [separation_of_kinds(states_apart(3.0, generator), IS_FIRST, seed=s, num_shuffles=10) for s in range(20)]
    best = stats.norm.cdf(1.5)
    accuracy = np.mean([one.accuracy.estimate for one in found])
    assert best - 0.035 < accuracy < best + 0.018
    assert np.mean([one.shuffled.estimate for one in found]) == pytest.approx(0.5, abs=0.03)
    assert all(one.accuracy.lower <= one.accuracy.estimate <= one.accuracy.upper for one in found)
    assert all(one.p_value == pytest.approx(1 / 11) for one in found)


def test_distances_are_unbiased_by_noise():
    """True distance 3 / √10, of 100 tasks; the mean of 20 has a standard error of about 0.01."""
    generator = np.random.default_rng(1)
    found = [
        separation_of_kinds(states_apart(3.0, generator), IS_FIRST, seed=s, num_shuffles=1).distance for s in range(20)
    ]
    truth = 3 / 10**0.5
    assert np.mean([one.estimate for one in found]) == pytest.approx(truth, abs=0.04)
    assert sum(one.lower <= truth <= one.upper for one in found) >= 16  # at 93 % fewer happen 1 time in 90


def test_without_a_difference_p_values_are_even():
    """40 data sets: at most 1/2 in half of them but for binomial error (8 points, three allowed); 0 inside."""
    generator = np.random.default_rng(2)
    found = [separation_of_kinds(states_apart(0.0, generator, 4), IS_FIRST, seed=s, num_shuffles=9) for s in range(40)]
    assert np.mean([one.p_value <= 0.5 for one in found]) == pytest.approx(0.5, abs=0.24)
    assert np.mean([one.distance.lower == 0 for one in found]) > 0.9


def test_states_without_spread():
    apart = separation_of_kinds(np.where(IS_FIRST, 1.0, 0.0)[:, None], IS_FIRST, seed=0, num_shuffles=99)
    assert apart.accuracy[::2] == (1, 1) and 0.9 < apart.accuracy.lower < 1
    assert np.isinf(apart.distance).all() and apart.p_value == 0.01
    alike = separation_of_kinds(np.ones((100, 3)), IS_FIRST, seed=0, num_shuffles=9)
    assert alike.accuracy == pytest.approx((0.5, 0.4, 0.6), abs=0.01)  # what 100 tasks leave open
    assert np.isnan(alike.distance).all() and alike.p_value == 1


def test_the_seed_fixes_the_answer_and_more_units_than_tasks_are_no_obstacle():
    states = states_apart(30.0, np.random.default_rng(3), num_hidden=150)
    found = separation_of_kinds(states, IS_FIRST, seed=0, num_shuffles=2)
    assert found == separation_of_kinds(states, IS_FIRST, seed=0, num_shuffles=2)
    assert found.accuracy.estimate > 0.95


def test_what_cannot_be_read_out_is_refused():
    with pytest.raises(ValueError, match="at least 5 tasks of each kind; got 4 and 96"):
        separation_of_kinds(np.zeros((100, 2)), np.arange(100) < 4, seed=0)
    with pytest.raises(ValueError, match="states must be finite; got 200 entries"):
        separation_of_kinds(np.full((100, 2), np.nan), IS_FIRST, seed=0)
    with pytest.raises(ValueError, match=r"level in \(0, 1\); got 100 and 2"):
        separation_of_kinds(np.zeros((100, 2)), IS_FIRST, seed=0, level=2.0)
