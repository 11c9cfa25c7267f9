"""The probability of being the best arm, against finite sums, SciPy's adaptive quadrature and closed forms."""

import math

import mpmath
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
    np.testing.assert_allclose(best_of_beta_arms(one, zero).probs[:, 0], exact, atol=1e-12)


def by_quadrature(distributions, arm, low, high):
    others = [d for index, d in enumerate(distributions) if index != arm]

    def integrand(x):
        return distributions[arm].pdf(x) * math.prod(d.cdf(x) for d in others)

    points = [float(d.median()) for d in distributions]
    return integrate.quad(integrand, low, high, points=points, limit=500, epsabs=1e-11)[0]


@pytest.mark.parametrize("num_arms", [3, 5])
def test_more_beta_arms_by_adaptive_quadrature(num_arms):
    one, zero = np.random.default_rng(num_arms).uniform(1, 12, (2, 4, num_arms))
    probs = best_of_beta_arms(one, zero).probs
    for row in range(len(one)):
        arms = [scipy.stats.beta(*parameters) for parameters in zip(one[row], zero[row], strict=True)]
        expected = [by_quadrature(arms, arm, 0, 1) for arm in range(num_arms)]
        np.testing.assert_allclose(probs[row], expected, atol=1e-9)


def test_normal_arms():
    rng = np.random.default_rng(0)
    loc, scale = rng.normal(size=(5, 3)), rng.uniform(0.2, 2, (5, 3))
    probs = best_of_normal_arms(loc, scale).probs
    for row in range(len(loc)):
        arms = [scipy.stats.norm(*parameters) for parameters in zip(loc[row], scale[row], strict=True)]
        expected = [by_quadrature(arms, arm, -15, 15) for arm in range(3)]
        np.testing.assert_allclose(probs[row], expected, atol=1e-9)
    closed = special.ndtr((loc[:, 0] - loc[:, 1]) / np.sqrt(scale[:, 0] ** 2 + scale[:, 1] ** 2))
    np.testing.assert_allclose(best_of_normal_arms(loc[:, :2], scale[:, :2]).probs[:, 0], closed, atol=1e-14)


def test_two_arms_with_gamma_rates_in_closed_form():
    """The slower event rate pays more; the ratio of two Gamma variables has a Beta distribution function."""
    rng = np.random.default_rng(1)
    concentration, rate = rng.uniform(1.1, 60, (50, 2)), rng.uniform(0.1, 30, (50, 2))
    closed = special.betainc(concentration[:, 0], concentration[:, 1], rate[:, 0] / rate.sum(1))
    probs, error_bound = best_of_inverse_gamma_arms(concentration, rate)
    np.testing.assert_allclose(probs[:, 0], closed, atol=1e-12)
    for unit in (1e-300, 1e-6, 1e6, 1e290):
        np.testing.assert_allclose(best_of_inverse_gamma_arms(concentration, unit * rate).probs, probs, atol=1e-15)
    assert error_bound.max() < 1e-11


def require_within_bound(result, arm_probs, *, largest_bound=1e-10):
    """The first arm's probability is within the error bound, and probabilities sum to one."""
    probs, error_bound = result
    assert (np.abs(probs[:, 0] - arm_probs) <= error_bound).all()
    assert error_bound.max() <= largest_bound
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-14)


def test_beta_arms_that_are_powers_of_uniform_variables():
    """Ten arms Beta(a_i, 1) with a_i from 1e-4 to 1e6: each is the best with probability a_i / sum(a)."""
    a = 10 ** np.random.default_rng(2).uniform(-4, 6, (100, 10))
    require_within_bound(best_of_beta_arms(a, np.ones_like(a)), a[:, 0] / a.sum(axis=1))


@pytest.mark.parametrize("num_arms", [2, 3, 10])
def test_a_beta_arm_of_any_concentrations_among_powers_of_uniform_variables(num_arms):
    """P(X > U_j^(1 / c_j) for all j) = E[X^sum(c)], a ratio of Beta functions; concentrations from 1e-3 to 1e6."""
    rng = np.random.default_rng(num_arms)
    a, b = 10 ** rng.uniform(-3, 6, (2, 60))
    c = 10 ** rng.uniform(-3, 2, (60, num_arms - 1))
    a[:4], b[:4], c[:4] = [0.01, 1e5, 1e-3, 1e-3], [1e5, 0.01, 1e-3, 1e-3], [[1e-3], [0.01], [1e-3], [30.0]]
    with mpmath.workdps(40):
        exact = [
            float(mpmath.beta(mpmath.mpf(x) + mpmath.fsum(powers), y) / mpmath.beta(x, y))
            for x, y, powers in zip(a.tolist(), b.tolist(), c.tolist(), strict=True)
        ]
    one, zero = np.column_stack([a, c]), np.column_stack([b, np.ones_like(c)])
    require_within_bound(best_of_beta_arms(one, zero), exact)
    if num_arms == 2:  # the better arm is the one whose failures are rarer
        require_within_bound(best_of_beta_arms(zero, one), 1 - np.array(exact))


def test_wide_arms_beside_a_narrow_one():
    """Two arms Beta(1, 1) and one worth 10 to 1e6 observations: P(narrow is best) is its second moment."""
    size, mean = 10.0 ** np.array([1, 3, 5, 6]), np.array([0.9, 0.5, 0.1, 0.7])
    one, zero = np.ones((2, 4, 3))
    one[:, 0], zero[:, 0] = size * mean, size * (1 - mean)
    require_within_bound(best_of_beta_arms(one, zero), mean * (size * mean + 1) / (size + 1))


@pytest.mark.parametrize("num_arms", [2, 3, 10])
def test_a_gamma_rate_of_any_concentration_among_exponential_ones(num_arms):
    """P(rate is the smallest) = E[exp(-rate s)] = (1 + s)^-concentration, with s the sum of the others' rates."""
    rng = np.random.default_rng(num_arms)
    a = 10 ** rng.uniform(-3, 6, 60)
    others = rng.uniform(0.2, 2, (60, num_arms - 1)) / np.maximum(a, 0.1)[:, None]
    exact = np.exp(-a * np.log1p(others.sum(axis=1)))
    concentration, rate = np.column_stack([a, np.ones_like(others)]), np.column_stack([np.ones(60), others])
    require_within_bound(best_of_inverse_gamma_arms(concentration, rate), exact)


def test_three_normal_arms_of_one_mean_and_any_scales():
    """An orthant probability: 1 / 4 + arcsin(correlation) / (2 pi), wherever the common mean is."""
    scale = 10 ** np.random.default_rng(0).uniform(-4, 4, (60, 3))
    first, second, third = scale.T**2
    exact = 0.25 + np.arctan(first / np.sqrt(first * (second + third) + second * third)) / (2 * np.pi)
    for unit in (1e-250, 1.0, 1e250):
        require_within_bound(best_of_normal_arms(np.full((60, 3), 1e8 * unit), scale * unit), exact)


def test_equal_arms_and_one_arm():
    for concentration in (1e-4, 1.0, 1e8):
        for num_arms in (1, 3, 7, 10):
            equal = np.full((2, num_arms), concentration)
            for best in (best_of_beta_arms, best_of_normal_arms, best_of_inverse_gamma_arms):
                assert (best(equal, equal).probs == 1 / num_arms).all()


def test_no_tasks_give_no_probabilities():
    assert best_of_beta_arms(np.ones((0, 3)), np.ones((0, 3))).probs.shape == (0, 3)


def test_what_is_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="must be reachable to 1e-09"):
        best_of_beta_arms(np.array([[1e15, 1e15]]), np.array([[1e15, 1.1e15]]))
    with pytest.raises(ValueError, match="concentration0 must be positive and finite; got nan"):
        best_of_beta_arms(np.ones((1, 2)), np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="scale must be positive and at most 1e300; got 0.0"):
        best_of_normal_arms(np.zeros((1, 3)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="rate must be positive and finite; got inf"):
        best_of_inverse_gamma_arms(np.ones((1, 2)), np.array([[1.0, np.inf]]))


def test_order_does_not_matter():
    one, zero = np.array([[2.0, 9.0, 4.0, 1.5]]), np.array([[3.0, 4.0, 4.0, 0.5]])
    order = [2, 0, 3, 1]
    probs = best_of_beta_arms(one, zero).probs
    np.testing.assert_allclose(best_of_beta_arms(one[:, order], zero[:, order]).probs, probs[:, order], atol=1e-15)


def test_nearly_certain_arms():
    """Means 0.9 and 0.1 after ten thousand pulls: the probability of error is below what float64 can hold."""
    probs = best_of_beta_arms(np.array([[9000.0, 1000.0]]), np.array([[1000.0, 9000.0]])).probs
    np.testing.assert_allclose(probs, [[1.0, 0.0]], atol=1e-15)
