"""The probability of being the best arm, against finite sums, SciPy's adaptive quadrature and closed forms."""

import math

import numpy as np
import pytest
import scipy.stats
from scipy import integrate, special

from bayesopt.planning.best_arm import best_of_beta_arms, best_of_inverse_gamma_arms, best_of_normal_arms


def sum_for_two_beta_arms(a, b, c, d):
    """P(Beta(a, b) > Beta(c, d)) for integer a: a finite sum over the successes of the first."""
    terms = (
        special.betaln(c + i, b + d) - math.log(b + i) - special.betaln(1 + i, b) - special.betaln(c, d)
        for i in range(int(a))
    )
    return sum(math.exp(term) for term in terms)


def test_two_beta_arms_as_a_finite_sum():
    rng = np.random.default_rng(0)
    one, zero = rng.integers(1, 80, (2, 200, 2)).astype(float)
    one[:20, 0], zero[:20, 0] = 1, 1  # as wide as can be, beside narrow ones
    exact = [1 - sum_for_two_beta_arms(c, d, a, b) for (a, c), (b, d) in zip(one, zero, strict=True)]
    np.testing.assert_allclose(best_of_beta_arms(one, zero)[:, 0], exact, atol=1e-12)


def by_quadrature(distributions, arm, low, high):
    others = [d for index, d in enumerate(distributions) if index != arm]

    def integrand(x):
        return distributions[arm].pdf(x) * math.prod(d.cdf(x) for d in others)

    points = [float(d.median()) for d in distributions]
    return integrate.quad(integrand, low, high, points=points, limit=500, epsabs=1e-11)[0]


@pytest.mark.parametrize("num_arms", [3, 5])
def test_more_beta_arms_by_adaptive_quadrature(num_arms):
    one, zero = np.random.default_rng(num_arms).uniform(1, 12, (2, 4, num_arms))
    probs = best_of_beta_arms(one, zero)
    for row in range(len(one)):
        arms = [scipy.stats.beta(*parameters) for parameters in zip(one[row], zero[row], strict=True)]
        expected = [by_quadrature(arms, arm, 0, 1) for arm in range(num_arms)]
        np.testing.assert_allclose(probs[row], expected, atol=1e-9)


def test_normal_arms():
    rng = np.random.default_rng(0)
    loc, scale = rng.normal(size=(5, 3)), rng.uniform(0.2, 2, (5, 3))
    probs = best_of_normal_arms(loc, scale)
    for row in range(len(loc)):
        arms = [scipy.stats.norm(*parameters) for parameters in zip(loc[row], scale[row], strict=True)]
        expected = [by_quadrature(arms, arm, -15, 15) for arm in range(3)]
        np.testing.assert_allclose(probs[row], expected, atol=1e-9)
    closed = special.ndtr((loc[:, 0] - loc[:, 1]) / np.sqrt(scale[:, 0] ** 2 + scale[:, 1] ** 2))
    np.testing.assert_allclose(best_of_normal_arms(loc[:, :2], scale[:, :2])[:, 0], closed, atol=1e-14)


def test_two_arms_with_gamma_rates_in_closed_form():
    """The slower event rate pays more; the ratio of two Gamma variables has a Beta distribution function."""
    rng = np.random.default_rng(1)
    concentration, rate = rng.uniform(1.1, 60, (50, 2)), rng.uniform(0.1, 30, (50, 2))
    closed = special.betainc(concentration[:, 0], concentration[:, 1], rate[:, 0] / rate.sum(1))
    np.testing.assert_allclose(best_of_inverse_gamma_arms(concentration, rate)[:, 0], closed, atol=1e-11)


def test_order_does_not_matter_and_equal_arms_share():
    one, zero = np.array([[2.0, 9.0, 4.0, 1.5]]), np.array([[3.0, 4.0, 4.0, 0.5]])
    order = [2, 0, 3, 1]
    probs = best_of_beta_arms(one, zero)
    np.testing.assert_allclose(best_of_beta_arms(one[:, order], zero[:, order]), probs[:, order], atol=1e-15)
    np.testing.assert_allclose(best_of_beta_arms(np.ones((1, 4)), np.ones((1, 4))), 0.25, atol=1e-15)
    np.testing.assert_array_equal(best_of_beta_arms(np.ones((2, 1)), np.ones((2, 1))), np.ones((2, 1)))


def test_nearly_certain_arms():
    """Means 0.9 and 0.1 after ten thousand pulls: the probability of error is below what float64 can hold."""
    probs = best_of_beta_arms(np.array([[9000.0, 1000.0]]), np.array([[1000.0, 9000.0]]))
    np.testing.assert_allclose(probs, [[1.0, 0.0]], atol=1e-15)
    assert np.isfinite(best_of_beta_arms(np.full((1, 3), 0.01), np.full((1, 3), 0.01))).all()
