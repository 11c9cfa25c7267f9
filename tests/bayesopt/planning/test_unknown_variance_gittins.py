"""Gittins indices of Gaussian arms of unknown variance: limits, another algorithm without scaling, honest bounds."""

import time

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from bayesopt.planning.gittins.normal import normal_gittins_index
from bayesopt.planning.gittins.unknown_variance import normal_unknown_variance_gittins_index


def grid_index(scale, n, freedom, discount, *, horizon, num_points, num_draws):
    """Minus the posterior mean at which it is as good to pull once and go on optimally as to retire for 0.

    Values on a fixed grid of posterior means and log sample deviations, linear in between; draws at midpoints of the
    sines of Student quantiles. Nothing is scaled. Good to 5e-4 of the scale with 80 points and 60 draws.
    """
    means = np.sinh(np.linspace(-5, 5, num_points)) * scale / 8
    log_scales = np.log(scale) + np.linspace(-1.5, 3.0, num_points // 2)
    angles = (np.arange(num_draws) + 0.5) / num_draws * np.pi - np.pi / 2
    steps = []
    for k in range(horizon):
        m, nu = n + k, freedom + k
        t = np.sqrt(nu) * np.tan(angles)
        weights = np.cos(angles) ** (nu - 1)
        weights /= weights.sum()
        s = np.exp(log_scales)
        new_means = means[:, None, None] + s[:, None] * np.sqrt((m + 1) / m) * t / (m + 1)
        squares = nu * s[:, None] ** 2 + m / (m + 1) * (s[:, None] * np.sqrt((m + 1) / m) * t) ** 2
        new_log_scales = np.log(squares / (nu + 1)) / 2
        steps.append((weights, places(means, new_means), places(log_scales, new_log_scales)))

    value = np.maximum(means[:, None], 0.0) + 0 * log_scales
    pull = value
    for weights, (i, u), (j, v) in reversed(steps):
        below = value[i - 1, j - 1] + u * (value[i, j - 1] - value[i - 1, j - 1])
        above = value[i - 1, j] + u * (value[i, j] - value[i - 1, j])
        pull = (1 - discount) * means[:, None] + discount * (below + v * (above - below)) @ weights
        value = np.maximum(0.0, pull)
    gain = [np.interp(np.log(scale), log_scales, row) for row in pull]
    return -optimize.brentq(np.interp, -2 * scale, 0.0, args=(means, gain))


def places(points, x):
    """The right neighbour of every x among points, and how far x has come from the left one; lines go on outside."""
    right = np.clip(np.searchsorted(points, x), 1, len(points) - 1)
    return right, (x - points[right - 1]) / (points[right] - points[right - 1])


@pytest.mark.parametrize(
    ("n", "freedom", "scale", "discount", "horizon"), [(3, 4, 1.0, 0.5, 8), (5, 6, 7.0, 0.7, 12), (1.5, 8, 0.3, 0.5, 8)]
)
def test_agrees_with_an_unscaled_grid(n, freedom, scale, discount, horizon):
    """The general index is mean + scale * index(n, nu): a fair arm has posterior mean -scale * index."""
    index, error_bound = normal_unknown_variance_gittins_index(n, freedom, discount)
    expected = grid_index(scale, n, freedom, discount, horizon=horizon, num_points=80, num_draws=60)
    assert scale * index == pytest.approx(expected, abs=scale * (error_bound + 1e-3))


@pytest.mark.parametrize("discount", [0.5, 0.9])
def test_many_degrees_of_freedom_are_a_known_variance(discount):
    """Predictions of 1e9 degrees of freedom are normal to 1e-9."""
    n = np.array([0.5, 1.0, 4.0, 100.0])
    index, error_bound = normal_unknown_variance_gittins_index(n, 1e9, discount)
    expected, its_bound = normal_gittins_index(n, discount)
    assert (abs(index - expected) <= error_bound + its_bound + 1e-8).all()


@pytest.mark.parametrize("freedom", [1.2, 2, 9, 300])
@pytest.mark.parametrize(("n", "discount"), [(0.7, 0.2), (3, 0.9), (50, 0.9)])
def test_between_deciding_after_one_pull_and_knowing_after_one_pull(n, freedom, discount):
    """Roots of `x + g c E(T - x / c)^+`, the expectation by quadrature, c the scale of the next or the true mean."""
    index, error_bound = normal_unknown_variance_gittins_index(n, freedom, discount, tolerance=1e-3)

    def gain(x, scale):
        tail = integrate.quad(lambda u: stats.t.sf(x / scale + np.expm1(u), freedom) * np.exp(u), 0, 150, limit=200)[0]
        return x + discount * scale * tail

    def minus_root(scale):
        return -optimize.brentq(gain, -200 * scale, 0.0, args=(scale,), xtol=1e-10)

    assert minus_root(1 / np.sqrt(n * (n + 1))) <= index + error_bound + 1e-6
    assert index - error_bound <= minus_root(1 / np.sqrt(n)) + 1e-6


@pytest.mark.parametrize(("n", "freedom"), [(2, 1.5), (3, 2), (10, 9), (100, 99)])
@pytest.mark.parametrize("discount", [0.5, 0.9])
def test_error_bounds_hold_at_every_tolerance(n, freedom, discount):
    best, best_bound = normal_unknown_variance_gittins_index(n, freedom, discount, tolerance=4e-6)
    assert best_bound <= 4e-6
    for tolerance in [1e-2, 1e-3, 1e-4, 2e-5]:
        index, error_bound = normal_unknown_variance_gittins_index(n, freedom, discount, tolerance=tolerance)
        assert error_bound <= tolerance
        assert abs(index - best) <= error_bound + best_bound


def test_not_knowing_the_variance_makes_arms_more_attractive():
    """Heavier tails leave more to hope for; more observations and a smaller discount leave less."""
    freedom = np.array([1.5, 3, 10, 100, 1e6])
    index, _ = normal_unknown_variance_gittins_index(4, freedom, 0.8, tolerance=1e-4)
    assert (np.diff(index) < 0).all()
    index, _ = normal_unknown_variance_gittins_index(np.array([2.0, 3, 5, 9]), 5, 0.8, tolerance=1e-4)
    assert (np.diff(index) < 0).all()
    index, _ = normal_unknown_variance_gittins_index(4, 3, np.array([0.0, 0.2, 0.6, 0.9]), tolerance=1e-4)
    assert (np.diff(index) > 0).all()


def test_arms_that_share_a_sweep_agree_with_single_ones():
    n = np.array([[3.0, 10.0], [4.0, 1000.0]])
    index, error_bound = normal_unknown_variance_gittins_index(n, n - 1, 0.8, tolerance=1e-4)
    for place in np.ndindex(n.shape):
        alone = normal_unknown_variance_gittins_index(n[place], n[place] - 1, 0.8, tolerance=1e-4)
        assert abs(alone.index - index[place]) <= alone.error_bound + error_bound[place]


def test_scalars_give_floats_and_discount_zero_the_mean():
    result = normal_unknown_variance_gittins_index(3, 2, 0.5)
    assert isinstance(result.index, float) and isinstance(result.error_bound, float)
    assert normal_unknown_variance_gittins_index(3, 2, 0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("n", "freedom", "discount", "tolerance", "message"),
    [
        (0, 2, 0.9, 1e-5, r"num_observations must be positive and finite; got 0\.0"),
        (2, 1, 0.9, 1e-5, r"degrees_of_freedom must be above 1 and finite; got 1\.0"),
        (2, np.inf, 0.9, 1e-5, "degrees_of_freedom must be above 1 and finite; got inf"),
        (3, 2, 1.5, 1e-5, r"discount must be in \[0, 1\); got 1\.5"),
        (3, 2, 0.9, np.nan, "tolerance must be positive and finite; got nan"),
        (3, 2, 0.9, 1e-12, "tolerance must be at least"),
        (3, 2, 0.9, 1e-300, "tolerance must be at least"),
        (1e-9, 2, 0.9, 1e-5, "tolerance must be at least"),
        (3, 1 + 1e-12, 0.9, 1e-5, "tolerance must be at least"),
        (3, 2, 1 - 1e-15, 1e-5, "tolerance must be at least"),
        (1e-300, 2, 0.9, 1e-5, "num_observations must be at least 1e-200; got 1e-300"),
        (1e15, 1e15, 0.9, 1e-5, "num_observations must be at most about"),
        (1e300, 2, 0.9, 1e-5, "num_observations must be at most about"),
    ],
)
def test_refusals(n, freedom, discount, tolerance, message):
    start = time.process_time()
    with pytest.raises(ValueError, match=message):
        normal_unknown_variance_gittins_index(n, freedom, discount, tolerance=tolerance)
    assert time.process_time() - start < 1


@pytest.mark.slow
@pytest.mark.parametrize(("n", "freedom"), [(2, 1.5), (3, 2), (10, 9), (300, 299)])
def test_default_tolerance_at_a_high_discount(n, freedom):
    loose = normal_unknown_variance_gittins_index(n, freedom, 0.95, tolerance=1e-3)
    tight = normal_unknown_variance_gittins_index(n, freedom, 0.95)
    assert tight.error_bound <= 1e-5
    assert abs(loose.index - tight.index) <= loose.error_bound + tight.error_bound
