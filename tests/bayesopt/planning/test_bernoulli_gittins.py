"""Gittins indices of Bernoulli arms: exact fractions, two other formulations, published values, their own bounds."""

import itertools
import re
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.planning.gittins.bernoulli import bernoulli_gittins_index, bernoulli_gittins_table


def exact_advantage(successes, failures, discount, worth, depth, is_upper):
    """Exactly: playing once more minus leaving now, in the truncated problem, times the end's bounds of its value."""
    advantage = lambda s, f: Fraction(s, s + f) - worth  # noqa: E731
    ends = [(successes + k, failures + depth - k) for k in range(depth + 1)]
    values = [1 - worth if is_upper else max(Fraction(0), advantage(s, f)) for s, f in ends]
    for row in range(depth - 1, -1, -1):
        arms = [(successes + k, failures + row - k) for k in range(row + 1)]
        go_on = [
            (1 - discount) * advantage(s, f)
            + discount * (Fraction(s, s + f) * values[k + 1] + Fraction(f, s + f) * values[k])
            for k, (s, f) in enumerate(arms)
        ]
        values = [max(Fraction(0), value) for value in go_on]
    return go_on[0]


@pytest.mark.parametrize("discount", [Fraction(1, 2), Fraction(1, 4), Fraction(3, 4)])
@pytest.mark.parametrize(("successes", "failures"), [(1, 1), (1, 4), (3, 1), (5, 7)])
def test_exact_fractions_bracket_the_index(successes, failures, discount):
    """Truncated so deep that even wild guesses of what follows change it by less than the error bound."""
    index, error_bound = bernoulli_gittins_index(successes, failures, float(discount), tolerance=1e-7)
    arm = (successes, failures, discount)
    depth = {Fraction(1, 4): 26, Fraction(1, 2): 40, Fraction(3, 4): 76}[discount]
    assert error_bound <= 1e-7
    assert exact_advantage(*arm, Fraction(index - error_bound), depth, is_upper=False) >= 0
    assert exact_advantage(*arm, Fraction(index + error_bound), depth, is_upper=True) <= 0


def rows_of_means(concentration1, concentration0, depth):
    for row in range(depth, -1, -1):
        yield (concentration1 + np.arange(row + 1)) / (concentration1 + concentration0 + row)


def index_by_retirement(concentration1, concentration0, discount, depth):
    """Whittle's: the reward for ever that makes retiring as good as playing; rewards summed, whole triangle."""

    def advantage(worth):
        pension, values = worth / (1 - discount), None
        for mean in rows_of_means(concentration1, concentration0, depth):
            if values is None:
                values = np.maximum(pension, mean / (1 - discount))
            else:
                go_on = mean + discount * (mean * values[1:] + (1 - mean) * values[:-1])
                values = np.maximum(pension, go_on)
        return go_on[0] - pension

    return scipy.optimize.brentq(advantage, 1e-9, 1 - 1e-9, xtol=1e-14)


def index_by_restart(concentration1, concentration0, discount, depth):
    """Katehakis and Veinott's (1987): 1 - discount times the value of an arm that may be put back to its start."""

    def excess(start_value):
        values = None
        for mean in rows_of_means(concentration1, concentration0, depth):
            if values is None:
                values = np.maximum(start_value, mean / (1 - discount))
            else:
                go_on = mean + discount * (mean * values[1:] + (1 - mean) * values[:-1])
                values = np.maximum(start_value, go_on)
        return go_on[0] - start_value

    return (1 - discount) * scipy.optimize.brentq(excess, 0.0, 1 / (1 - discount), xtol=1e-13)


REAL_ARMS = [(0.1, 0.5), (0.5, 0.1), (0.37, 12.3), (2.6, 2.4), (40.5, 1.25), (1000.0, 700.0), (1e5, 3e4)]


@pytest.mark.parametrize("reference", [index_by_retirement, index_by_restart])
@pytest.mark.parametrize(("concentration1", "concentration0"), REAL_ARMS)
@pytest.mark.parametrize("discount", [0.3, 0.9])
def test_real_concentrations_by_brute_force(concentration1, concentration0, discount, reference):
    """The truncation of the reference is below 1e-13."""
    expected = reference(concentration1, concentration0, discount, 300)
    index, error_bound = bernoulli_gittins_index(concentration1, concentration0, discount, tolerance=1e-11)
    assert error_bound <= 1e-11
    assert abs(index - expected) <= error_bound + 1e-13


@pytest.mark.slow
@pytest.mark.parametrize(("concentration1", "concentration0"), REAL_ARMS)
@pytest.mark.parametrize(("discount", "depth"), [(0.99, 2800), (0.995, 5500)])
def test_larger_discounts_by_brute_force(concentration1, concentration0, discount, depth):
    expected = index_by_retirement(concentration1, concentration0, discount, depth)
    index, error_bound = bernoulli_gittins_index(concentration1, concentration0, discount, tolerance=1e-9)
    assert abs(index - expected) <= error_bound + 1e-12


def test_discount_of_nearly_one_by_brute_force():
    """The triangle of 3,000 rows truncates by less than 1e-13; error bounds there are far below the tolerance asked."""
    index, error_bound = bernoulli_gittins_index(1, 1, 0.99, tolerance=1e-11)
    assert abs(index - index_by_retirement(1, 1, 0.99, 2800)) <= error_bound + 1e-13


@pytest.mark.parametrize(
    ("discount", "arm", "published"),
    [
        (0.9, (1, 1), 0.7029),  # Christian and Griffiths (2016), chapter 2
        (0.9, (2, 2), 0.6346),
        (0.9, (3, 3), 0.6010),
        (0.9, (10, 2), 0.8695),
        (0.99, (1, 1), 0.8699),
        (0.9, (2, 1), 0.8001),  # the tests of GittinsIndices.jl
        (0.9, (3, 1), 0.8452),
        (0.9, (1, 2), 0.5001),
        (0.9, (1, 3), 0.3796),
    ],
)
def test_published_values_of_four_digits(discount, arm, published):
    assert bernoulli_gittins_index(*arm, discount).index == pytest.approx(published, abs=0.6e-4)


def test_published_values_of_five_digits():
    """Discount .95; Beta(1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 2)."""
    table = bernoulli_gittins_table(4, 0.95)
    ours = table.index[[0, 0, 1, 0, 2, 1], [0, 1, 0, 2, 0, 1]]
    np.testing.assert_allclose(ours, [0.76143, 0.56011, 0.83814, 0.43341, 0.87357, 0.68104], rtol=0, atol=0.6e-5)


def check_bounds(seed, num_arms, largest_discount_digits):
    rng = np.random.default_rng(seed)
    for _ in range(num_arms):
        arm = 10 ** rng.uniform(-2, 3, size=2)
        discount = 1 - 10 ** -rng.uniform(0.02, largest_discount_digits)
        tolerance = 10 ** rng.uniform(-8, -2)
        rough = bernoulli_gittins_index(*arm.tolist(), discount, tolerance=tolerance)
        fine = bernoulli_gittins_index(*arm.tolist(), discount, tolerance=1e-10)
        assert rough.error_bound <= tolerance and fine.error_bound <= 1e-10
        assert abs(rough.index - fine.index) <= rough.error_bound + fine.error_bound


def test_error_bounds_hold_at_any_tolerance():
    check_bounds(seed=1, num_arms=300, largest_discount_digits=2.5)


@pytest.mark.slow
def test_error_bounds_hold_at_any_tolerance_for_many():
    check_bounds(seed=2, num_arms=3000, largest_discount_digits=3.3)


@pytest.mark.parametrize("discount", [0.0, 1e-12, 1e-3, 0.5, 0.995, 0.999])
@pytest.mark.parametrize(
    "arm", [(1e-12, 1.0), (1.0, 1e-12), (0.1, 0.1), (1.0, 100.0), (100.0, 1.0), (1e5, 1e5), (1e300, 1e300)]
)
def test_extreme_arms_reach_the_tolerance(arm, discount):
    index, error_bound = bernoulli_gittins_index(*arm, discount, tolerance=1e-9)
    mean = 1 / (1 + arm[1] / arm[0])
    assert error_bound <= 1e-9
    assert mean - 1e-9 <= index <= mean + discount * (1 - mean) + 1e-9
    if discount == 0:
        assert index == pytest.approx(mean, abs=1e-15)


def test_a_discount_of_four_nines():
    index, error_bound = bernoulli_gittins_index(1, 1, 0.9999, tolerance=1e-9)
    rough = bernoulli_gittins_index(1, 1, 0.9999, tolerance=1e-5)
    assert error_bound <= 1e-9
    assert abs(rough.index - index) <= rough.error_bound + error_bound
    assert bernoulli_gittins_index(1, 1, 0.999).index < index < 1


@settings(deadline=None, max_examples=100)
@given(st.floats(0.05, 300), st.floats(0.05, 300), st.floats(0.01, 50), st.floats(0.0, 0.99))
def test_index_rises_with_successes_and_falls_with_failures(concentration1, concentration0, more, discount):
    index, bound = bernoulli_gittins_index(concentration1, concentration0, discount, tolerance=1e-8)
    luckier = bernoulli_gittins_index(concentration1 + more, concentration0, discount, tolerance=1e-8)
    unluckier = bernoulli_gittins_index(concentration1, concentration0 + more, discount, tolerance=1e-8)
    assert unluckier.index - unluckier.error_bound <= index + bound
    assert index - bound <= luckier.index + luckier.error_bound
    assert index + bound >= concentration1 / (concentration1 + concentration0)


def test_arguments_broadcast_and_are_computed_in_float64():
    a, discount = np.array([1.0, 2.5], dtype=np.float32), np.array([[0.5], [0.9], [0.0]])
    result = bernoulli_gittins_index(a, 2, discount)
    assert result.index.shape == result.error_bound.shape == (3, 2)
    assert result.index.dtype == result.error_bound.dtype == np.float64
    for i, j in itertools.product(range(3), range(2)):
        single = bernoulli_gittins_index(float(a[j]), 2.0, float(discount[i, 0]))
        assert (result.index[i, j], result.error_bound[i, j]) == single


def test_scalars_give_floats():
    for a in (1, 1.0, np.float64(1), np.array(1), np.array(1, np.float32)):
        result = bernoulli_gittins_index(a, 1, 0.9)
        assert type(result.index) is float and type(result.error_bound) is float
    assert bernoulli_gittins_index(np.ones((0, 3)), 1, 0.9).index.shape == (0, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 1, 0.9, 1e-9), "concentration1 must be positive and finite; got 0.0"),
        ((1, -2.0, 0.9, 1e-9), "concentration0 must be positive and finite; got -2.0"),
        ((np.nan, 1, 0.9, 1e-9), "concentration1 must be positive and finite; got nan"),
        ((1, np.inf, 0.9, 1e-9), "concentration0 must be positive and finite; got inf"),
        ((np.array([1.0, 0.0]), 1, 0.9, 1e-9), "concentration1 must be positive and finite; got 0.0"),
        ((1, 1, 1.0, 1e-9), "discount must be in [0, 1); got 1.0"),
        ((1, 1, -0.1, 1e-9), "discount must be in [0, 1); got -0.1"),
        ((1, 1, 0.9, 0.0), "tolerance must be positive and finite; got 0.0"),
        ((1, 1, 0.9, -1e-9), "tolerance must be positive and finite; got -1e-09"),
        ((1, 1, 0.99999999, 1e-9), "discount must be at most 0.999999"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    *arm, tolerance = arguments
    with pytest.raises(ValueError) as error:
        bernoulli_gittins_index(*arm, tolerance=tolerance)
    assert message in str(error.value)


@pytest.mark.parametrize("discount", [0.5, 0.99])
def test_a_tolerance_out_of_reach_says_which_is_within(discount):
    with pytest.raises(ValueError, match="tolerance must be at least") as error:
        bernoulli_gittins_index(1, 1, discount, tolerance=1e-17)
    reachable = float(re.findall(r"at least ([\d.e-]+),", str(error.value))[0])
    assert reachable < 1e-11
    assert bernoulli_gittins_index(1, 1, discount, tolerance=reachable).error_bound <= reachable
    with pytest.raises(ValueError, match="tolerance must be at least"):
        bernoulli_gittins_table(5, discount, tolerance=1e-17)


def test_a_table_that_would_take_minutes_is_refused():
    with pytest.raises(ValueError, match="discount must be at most 0.99999 "):
        bernoulli_gittins_table(10, 0.999999)
