"""Finite-horizon indices against all stopping rules, rational recursions and published limits."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from bayesopt.planning.dynamic_programming import solve_bernoulli_bandit, value_of_policy
from bayesopt.planning.finite_horizon_indices import finite_horizon_index

BELIEFS = [("1", "1"), ("1/2", "3"), ("5/2", "1/4"), ("1/100", "1/100"), ("40", "7")]


def index_over_all_stopping_rules(one, zero, horizon, discount):
    """The best ratio over all sets of (successes, failures) at which one goes on."""
    states = [(s, n - s) for n in range(1, horizon) for s in range(n + 1)]

    def earned(s, f, goes_on):
        """(discounted rewards, discounted trials) of a pull and what follows it."""
        mean = (one + s) / (one + zero + s + f)
        rewards, trials = mean, Fraction(1)
        for after, p in (((s + 1, f), mean), ((s, f + 1), 1 - mean)):
            if after in goes_on:
                more = earned(*after, goes_on)
                rewards, trials = rewards + discount * p * more[0], trials + discount * p * more[1]
        return rewards, trials

    rules = itertools.chain.from_iterable(itertools.combinations(states, k) for k in range(len(states) + 1))
    ratios = (earned(0, 0, frozenset(rule)) for rule in rules)
    return max(rewards / trials for rewards, trials in ratios)


@pytest.mark.parametrize(("one", "zero"), BELIEFS)
@pytest.mark.parametrize("discount", ["1", "9/10", "1/10"])
def test_all_stopping_rules(one, zero, discount):
    for horizon in (1, 2, 3, 4):
        best = index_over_all_stopping_rules(Fraction(one), Fraction(zero), horizon, Fraction(discount))
        ours = finite_horizon_index(
            float(Fraction(one)), float(Fraction(zero)), horizon, discount=float(Fraction(discount))
        )
        assert ours == pytest.approx(float(best), rel=1e-14)


def gain_of_continuing(one, zero, horizon, discount, charge):
    """Exactly, by the recursion for a charge per trial."""
    after = [Fraction(0)] * (horizon + 1)
    for n in range(horizon - 1, -1, -1):
        gains = []
        for s in range(n + 1):
            mean = (one + s) / (one + zero + n)
            gains.append(mean - charge + discount * (mean * after[s + 1] + (1 - mean) * after[s]))
        after = [max(gain, Fraction(0)) for gain in gains]
    return gains[0]


@pytest.mark.parametrize(("one", "zero"), BELIEFS)
@pytest.mark.parametrize("discount", [Fraction(1), Fraction(19, 20)])
def test_the_index_is_where_continuing_turns_to_loss(one, zero, discount):
    horizon, one, zero = 25, Fraction(one), Fraction(zero)
    ours = Fraction(float(finite_horizon_index(float(one), float(zero), horizon, discount=float(discount))))
    slack = Fraction(1, 10**13)
    discount = Fraction(float(discount))
    assert gain_of_continuing(one, zero, horizon, discount, ours - slack) > 0
    assert gain_of_continuing(one, zero, horizon, discount, ours + slack) < 0


def test_long_horizons_approach_the_gittins_index():
    """Christian and Griffiths (2016, ch. 2), four digits."""
    ours = finite_horizon_index(np.array([1, 2, 3, 10]), np.array([1, 2, 3, 2]), 300, discount=0.9)
    np.testing.assert_allclose(ours, [0.7029, 0.6346, 0.6010, 0.8695], atol=5e-5)
    ours = finite_horizon_index(1, 1, 1500, discount=0.99)
    assert float(ours) == pytest.approx(0.8699, abs=5e-5)
    growing = [float(finite_horizon_index(1, 1, horizon, discount=0.99)) for horizon in (1, 2, 5, 20, 100, 700)]
    assert all(np.diff(growing) > 0)
    assert growing[0] == 0.5


def test_the_index_policy_comes_close_to_the_optimum():
    """Below the optimum of two uniform arms over 20 trials, 12.43126, by less than a thousandth of it."""
    horizon = 20

    def by_index(one, zero, time):
        index = finite_horizon_index(one, zero, horizon - time)
        is_best = index >= index.max(1, keepdims=True) * (1 - 1e-12)
        return is_best / is_best.sum(1, keepdims=True)

    optimum = solve_bernoulli_bandit(np.ones((2, 2)), horizon).value
    value = value_of_policy(np.ones((2, 2)), horizon, by_index)
    assert optimum == pytest.approx(12.43126, abs=5e-6)
    assert optimum * 0.999 < value < optimum


def test_batches_and_float32():
    one, zero = np.array([[0.1], [2.0]], dtype=np.float32), np.array([1.0, 3.0, 0.3], dtype=np.float32)
    ours = finite_horizon_index(one, zero, 12)
    assert ours.shape == (2, 3)
    assert ours.dtype == np.float64
    np.testing.assert_array_equal(ours, finite_horizon_index(one.astype(float), zero.astype(float), 12))
    assert float(ours[1, 2]) == float(finite_horizon_index(2.0, float(zero[2]), 12))
    assert finite_horizon_index(one[:0], zero, 12).shape == (0, 3)


@pytest.mark.parametrize(
    ("one", "zero", "horizon", "discount", "message"),
    [
        (1.0, 1.0, 0, 1.0, "horizon must be an integer of at least 1"),
        (1.0, 1.0, 3, 0.0, "discount must be in"),
        (1.0, 1.0, 3, 1.1, "discount must be in"),
        (0.0, 1.0, 3, 1.0, "positive and finite"),
        (1.0, np.nan, 3, 1.0, "positive and finite"),
        (1e-320, 1e-320, 3, 1.0, "positive and finite, from 1e-100"),
        (1e308, 1e308, 3, 1.0, "positive and finite, from 1e-100"),
        (1.0, 1.0, 10**9, 1.0, "horizon must be at most 20000"),
    ],
)
def test_inputs_that_make_no_sense(one, zero, horizon, discount, message):
    with pytest.raises(ValueError, match=message):
        finite_horizon_index(one, zero, horizon, discount=discount)
