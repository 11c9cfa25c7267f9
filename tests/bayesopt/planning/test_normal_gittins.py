"""Gittins indices of Gaussian arms of known variance: exact limits, another algorithm, and honest error bounds."""

import time

import mpmath
import numpy as np
import pytest
from scipy import optimize, special

from bayesopt.conjugate import NormalBelief
from bayesopt.families import GaussianBandit
from bayesopt.planning.gittins.normal import PANEL_RULES, normal_gittins_index
from bayesopt.planning.gittins.normal_kernels import NUM_NODES


def excess_mean(z):
    """E max(Z - z, 0) of a standard normal variable."""
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) - z * special.ndtr(-z)


def grid_index(n, discount, *, horizon, spacing):
    """Bisection on the retirement reward, with values linear between points of one fixed grid of posterior means.

    Linear interpolation of a convex value errs upwards, by a quadratic in the spacing; a cut horizon errs downwards.
    """
    means = np.arange(-6.0, 6.0 + spacing / 2, spacing)
    ends = np.concatenate([[means[0] - spacing], means, [means[-1] + spacing]])
    transitions = []
    for m in n + np.arange(horizon):
        step = 1 / np.sqrt(m * (m + 1))
        call = step * excess_mean((ends - means[:, None]) / step)
        transitions.append(np.diff(call, 2, axis=1) / spacing)

    def gain_of_pulling(reward):
        value, pull = np.maximum(means, reward), means
        for transition in reversed(transitions):
            pull = (1 - discount) * means + discount * (transition @ value)
            value = np.maximum(reward, pull)
        return np.interp(0.0, means, pull) - reward

    root = optimize.brentq(gain_of_pulling, 0.0, 3.0, xtol=1e-8)
    transitions.clear()  # about 100 MB, which a cycle of references in SciPy would keep for long
    return root


@pytest.mark.parametrize(("n", "discount", "horizon"), [(1, 0.5, 20), (1, 0.9, 50), (2.5, 0.9, 50), (0.5, 0.8, 35)])
def test_agrees_with_a_fixed_grid(n, discount, horizon):
    """The grid is too high by less than 3e-4 (1.2e-4 for n = 1 and discount .9), and at most 1e-5 too low."""
    index, error_bound = normal_gittins_index(n, discount)
    expected = grid_index(n, discount, horizon=horizon, spacing=0.02)
    assert -1e-5 < expected - index < 3e-4 + error_bound


@pytest.mark.slow
def test_agrees_with_finer_grids_extrapolated():
    """The error of the grid is quadratic in its spacing; two grids remove most of it."""
    coarse, fine = (grid_index(1, 0.9, horizon=60, spacing=spacing) for spacing in (0.02, 0.01))
    assert normal_gittins_index(1, 0.9).index == pytest.approx((4 * fine - coarse) / 3, abs=2e-6)


@pytest.mark.parametrize("discount", [0.1, 0.5, 0.9, 0.99])
def test_limit_of_many_observations(discount):
    """`n index(n)` rises to the mean maximum of a Gaussian random walk killed with chance 1 - discount; gap ~ 1 / n."""
    limit = float(mpmath.polylog(0.5, discount) / mpmath.sqrt(2 * mpmath.pi))
    n = np.array([1e4, 1e5])
    index, error_bound = normal_gittins_index(n, discount, tolerance=1e-12)
    gap = limit - n * index
    assert (gap > 0).all()
    assert gap[0] / gap[1] == pytest.approx(10, rel=0.05 + 2 * n[1] * error_bound[1] / gap[1])


@pytest.mark.parametrize("n", [0.01, 0.5, 1, 10, 1000])
@pytest.mark.parametrize("discount", [0.2, 0.9, 0.98])
def test_between_deciding_after_one_pull_and_knowing_after_one_pull(n, discount):
    """Roots of `x + g s E(Z - x / s)^+` in closed form: s is one posterior step below, the posterior sd above."""
    index, error_bound = normal_gittins_index(n, discount)

    def minus_root(scale):
        return -optimize.brentq(lambda x: x + discount * scale * excess_mean(x / scale), -99 * scale, 0.0, xtol=1e-13)

    assert minus_root(1 / np.sqrt(n * (n + 1))) <= index + error_bound
    assert index - error_bound <= minus_root(1 / np.sqrt(n))


@pytest.mark.parametrize("discount", [0.3, 0.9, 0.99])
def test_error_bounds_hold_at_every_tolerance(discount):
    n = np.array([0.5, 1, 2.5, 30, 1000])
    best, best_bound = normal_gittins_index(n, discount, tolerance=1e-9)
    assert (best_bound <= 1e-9).all()
    for tolerance in [1e-2, 1e-4, 1e-6, 1e-7]:
        index, error_bound = normal_gittins_index(n, discount, tolerance=tolerance)
        assert (error_bound <= tolerance).all()
        assert (abs(index - best) <= error_bound + best_bound).all()


@pytest.mark.parametrize(("half_width", "rho", "quadrature_error"), PANEL_RULES)
def test_stated_quadrature_error(half_width, rho, quadrature_error):
    """The formula of the docstring, and the rule itself on a product of two Gaussians one posterior step wide."""
    growth = np.exp(half_width**2 * (rho - 1 / rho) ** 2 / 4)
    overlap = 0.4 * (half_width * ((rho + 1 / rho) / 2 + 3) + 1.26)
    bound = overlap * 8 * rho ** (-2 * NUM_NODES) / (1 - 1 / rho) * growth
    assert quadrature_error == pytest.approx(bound, rel=0.02)
    assert quadrature_error >= bound
    nodes, weights = np.polynomial.legendre.leggauss(NUM_NODES)
    for z in np.linspace(-3, 3, 13):
        integral = half_width * (weights @ np.exp(-((half_width * nodes - z) ** 2)))  # two Gaussian factors
        exact = np.sqrt(np.pi) * (
            special.ndtr(np.sqrt(2) * (half_width - z)) - special.ndtr(-np.sqrt(2) * (half_width + z))
        )
        assert abs(integral - exact) <= quadrature_error + 4e-15


def test_monotone_in_observations_and_discount():
    n, discount = np.geomspace(0.05, 500, 9)[:, None], np.array([0.0, 0.1, 0.5, 0.8, 0.9, 0.95, 0.98])
    index, _ = normal_gittins_index(n, discount, tolerance=1e-7)
    assert index.shape == (9, 7)
    assert (np.diff(index, axis=0)[:, 1:] < 0).all()
    assert (np.diff(index, axis=1) > 0).all()


def test_arms_that_share_a_sweep_agree_with_single_ones():
    n = np.array([[3.0, 1.0, 2.5], [0.5, 1e5, 7.0]])
    index, error_bound = normal_gittins_index(n, 0.9)
    for place in np.ndindex(n.shape):
        alone = normal_gittins_index(n[place], 0.9)
        assert abs(alone.index - index[place]) <= alone.error_bound + error_bound[place]


def test_scalars_give_floats_and_discount_zero_the_mean():
    result = normal_gittins_index(1, 0.9)
    assert isinstance(result.index, float) and isinstance(result.error_bound, float)
    assert normal_gittins_index(3.7, 0) == (0.0, 0.0)
    assert normal_gittins_index(np.ones((0, 3)), 0.9).index.shape == (0, 3)


@pytest.mark.parametrize(
    ("n", "discount", "tolerance", "message"),
    [
        (0, 0.9, 1e-6, r"num_observations must be positive and finite; got 0\.0"),
        (np.array([1.0, -2.0]), 0.9, 1e-6, r"num_observations must be positive and finite; got -2\.0"),
        (np.inf, 0.9, 1e-6, "num_observations must be positive and finite; got inf"),
        (1, 1, 1e-6, r"discount must be in \[0, 1\); got 1\.0"),
        (1, -0.1, 1e-6, r"discount must be in \[0, 1\); got -0\.1"),
        (1, np.nan, 1e-6, r"discount must be in \[0, 1\); got nan"),
        (1, 0.9, 0.0, r"tolerance must be positive and finite; got 0\.0"),
        (1, 0.99, 1e-14, "tolerance must be at least"),
        (1, 0.95, 1e-300, "tolerance must be at least"),
        (1, 0.99999, 1e-6, "tolerance must be at least"),
        (1, 0.999999, 1e-6, "tolerance must be at least"),
        (1, 1 - 1e-15, 1e-6, "tolerance must be at least"),
        (1e-320, 0.9, 1e-6, "num_observations must be at least 1e-200; got 1e-320"),
    ],
)
def test_refusals(n, discount, tolerance, message):
    start = time.process_time()
    with pytest.raises(ValueError, match=message):
        normal_gittins_index(n, discount, tolerance=tolerance)
    assert time.process_time() - start < 1


def test_any_unit_of_rewards():
    """Shifted and scaled rewards shift and scale the indices of the family."""
    family, loc, scale = GaussianBandit(), np.array([[0.3, -0.2]]), np.array([[0.5, 2.0]])
    unit = family.gittins_indices(NormalBelief(loc, scale**-2.0), 0.9)
    for factor in (2.0**-20, 2.0**20):
        scaled = GaussianBandit(observation_scale=factor)
        indices = scaled.gittins_indices(NormalBelief(factor * (loc + 5), (factor * scale) ** -2.0), 0.9)
        np.testing.assert_allclose(indices / factor - 5, unit, rtol=1e-9)


@pytest.mark.slow
def test_discounts_close_to_one():
    """Known tolerances are reached, and the brackets of two tolerances overlap."""
    loose, tight = (normal_gittins_index(1, 0.9995, tolerance=tolerance) for tolerance in (1e-4, 1e-6))
    assert tight.error_bound <= 1e-6
    assert abs(loose.index - tight.index) <= loose.error_bound + tight.error_bound
