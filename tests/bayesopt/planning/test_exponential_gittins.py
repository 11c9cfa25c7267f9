"""Gittins indices of exponential arms: an exact limit, another algorithm without scaling, and honest error bounds."""

import time

import numpy as np
import pytest
from scipy import integrate, optimize, special

from bayesopt.conjugate import GammaBelief
from bayesopt.families import ExponentialBandit
from bayesopt.planning.gittins.exponential import exponential_gittins_index


def grid_index(concentration, rate, discount, *, horizon, num_points, num_rewards):
    """Bisection on the retirement reward, with values linear in the Gamma rate and rewards at fixed points.

    The chance of more than the reward is `u^4` at midpoints u. Good to 3e-4 of the index with 1000 points and 100
    rewards, to 1e-5 with twice as many of both.
    """
    rates = rate * np.geomspace(0.02, 1e4, num_points)
    u = (np.arange(num_rewards) + 0.5) / num_rewards
    weights = u**3 / (u**3).sum()
    steps = []
    for a in concentration + np.arange(horizon):
        rewards = u ** (-4 / a) - 1
        rewards *= 1 / (a - 1) / (weights @ rewards)  # the mean reward matters most, so it is made exact
        after = rates[:, None] * (1 + rewards)
        right = np.clip(np.searchsorted(rates, after), 1, num_points - 1)
        part = (after - rates[right - 1]) / (rates[right] - rates[right - 1])
        steps.append((rates / (a - 1), right, part))

    def gain_of_pulling(reward):
        value = np.maximum(rates / (concentration + horizon - 1), reward)
        for mean, right, part in reversed(steps):
            later = value[right - 1] + part * (value[right] - value[right - 1])
            pull = (1 - discount) * mean + discount * (later @ weights)
            value = np.maximum(reward, pull)
        return np.interp(rate, rates, pull) - reward

    mean = rate / (concentration - 1)
    root = optimize.brentq(gain_of_pulling, mean, 20 * mean, xtol=1e-7)
    steps.clear()  # about 100 MB, which a cycle of references in SciPy would keep for long
    return root


@pytest.mark.parametrize(
    ("concentration", "rate", "discount", "horizon"), [(3, 1, 0.5, 15), (3, 5, 0.9, 60), (6.5, 0.2, 0.8, 40)]
)
def test_agrees_with_an_unscaled_grid(concentration, rate, discount, horizon):
    index, error_bound = exponential_gittins_index(concentration, rate, discount, tolerance=1e-5 * rate)
    expected = grid_index(concentration, rate, discount, horizon=horizon, num_points=1000, num_rewards=100)
    assert index == pytest.approx(expected, rel=5e-4, abs=error_bound)


def test_limit_of_large_concentrations():
    """`a^2 (index - mean)` tends to the mean maximum of a killed random walk of steps 1 - E, E standard exponential.

    By Spitzer that is the sum of `g^k k^k e^-k / k!`, which Lambert's function sums to `-w / (1 + w)`.
    """
    discount = np.array([0.1, 0.5, 0.9])
    w = special.lambertw(-discount / np.e).real
    a = np.array([[300.0], [3000.0]])
    index, error_bound = exponential_gittins_index(a, 1, discount, tolerance=1e-9)
    gap = a**2 * (index - 1 / (a - 1)) / (-w / (1 + w)) - 1
    slack = a**2 * error_bound / (-w / (1 + w))
    assert (abs(gap[1]) < 0.005 + slack[1]).all()
    assert (abs(gap[0]) < 0.05 + slack[0]).all()
    assert (abs(gap[1]) < abs(gap[0]) + slack[1]).all()


@pytest.mark.parametrize("concentration", [1.05, 1.5, 2, 10, 300])
@pytest.mark.parametrize("discount", [0.2, 0.9])
def test_between_deciding_after_one_pull_and_knowing_after_one_pull(concentration, discount):
    """With retirement reward 1, `d(s)` by quadrature: of `1 - new mean` from below, of `1 - true mean` from above."""
    index, error_bound = exponential_gittins_index(concentration, 1, discount)
    a = concentration

    def after_one_pull(s):
        end = np.log(a / s) * a if s < a else 0.0
        return integrate.quad(lambda t: np.exp(-t) * (1 - s / a * np.exp(t / a)), 0, end, epsabs=1e-13)[0]

    def with_knowledge(s):
        return special.gammaincc(a, s) - s / (a - 1) * special.gammaincc(a - 1, s)

    def index_of(value):
        gain = lambda s: discount * value(s) - 1 + s / (a - 1)  # noqa: E731
        return 1 / optimize.brentq(gain, 1e-9 * (a - 1), a - 1, xtol=1e-14)

    assert index_of(after_one_pull) <= (index + error_bound) * (1 + 1e-9)
    assert (index - error_bound) * (1 - 1e-9) <= index_of(with_knowledge)


@pytest.mark.parametrize("discount", [0.3, 0.9, 0.95])
def test_error_bounds_hold_at_every_tolerance(discount):
    concentration = np.array([1.3, 2, 5.5, 40, 300])
    best, best_bound = exponential_gittins_index(concentration, 1, discount, tolerance=1e-7)
    assert (best_bound <= 1e-7).all()
    for tolerance in [1e-1, 1e-3, 1e-4, 1e-5]:
        index, error_bound = exponential_gittins_index(concentration, 1, discount, tolerance=tolerance)
        assert (error_bound <= tolerance).all()
        assert (abs(index - best) <= error_bound + best_bound).all()


def test_proportional_to_the_rate():
    rates = np.array([1e-6, 0.3, 1.0, 40.0])
    index, error_bound = exponential_gittins_index(2.5, rates, 0.9, tolerance=1e-4)
    best, best_bound = exponential_gittins_index(2.5, 1, 0.9, tolerance=1e-7)
    assert (error_bound <= 1e-4).all()
    assert (abs(index - rates * best) <= error_bound + rates * best_bound).all()


@pytest.mark.parametrize("concentration", [1.3, 2, 40])
def test_scale_free_by_default(concentration):
    """Index and error bound per rate are the same to 1e-12 from 1e-300 to 1e300, alone and in a batch."""
    unit = exponential_gittins_index(concentration, 1.0, 0.9)
    rates = np.array([1e-300, 1e-6, 0.37, 1e6, 1e300])
    batch = exponential_gittins_index(concentration, rates, 0.9)
    for rate, index, error_bound in zip(rates, batch.index, batch.error_bound, strict=True):
        alone = exponential_gittins_index(concentration, rate, 0.9)
        assert (index, error_bound) == alone
        assert index / rate == pytest.approx(unit.index, rel=1e-12)
        assert error_bound / rate == pytest.approx(unit.error_bound, rel=1e-9)


def test_tolerances_differ_by_arm():
    tolerance = np.array([1e-2, 1e-4, 1e-7])
    index, error_bound = exponential_gittins_index(2.5, 3.0, 0.9, tolerance=tolerance)
    assert (error_bound <= tolerance).all()
    assert np.ptp(index) <= error_bound.max() + error_bound.min()


def test_indices_of_a_family_are_proportional_to_its_rate():
    family = ExponentialBandit()
    concentration, rate = np.array([[2.0, 7.0], [30.0, 2.5]]), np.array([[1.0, 9.0], [25.0, 0.3]])
    unit = family.gittins_indices(GammaBelief(concentration, rate), 0.9)
    for scale in (1e-6, 1e6):
        indices = family.gittins_indices(GammaBelief(concentration, scale * rate), 0.9)
        np.testing.assert_allclose(indices / scale, unit, rtol=1e-12)


def test_concentrations_without_end():
    """The index and the mean meet where a reward tells nothing."""
    for concentration in (1e13, 1e16, 1e300):
        index, error_bound = exponential_gittins_index(concentration, 1, 0.9)
        assert 0 < error_bound < 1e-11 * index
        assert abs(index - 1 / (concentration - 1)) <= error_bound


def test_monotone_in_concentration_and_discount():
    """Fewer events per unit of time are better; more discount factor is more time to profit from learning."""
    concentration, discount = np.array([1.2, 1.5, 2, 3.7, 10, 90])[:, None], np.array([0.0, 0.3, 0.7, 0.9, 0.95])
    index, _ = exponential_gittins_index(concentration, 1, discount)
    assert (np.diff(index, axis=0) < 0).all()
    assert (np.diff(index, axis=1) > 0).all()


def test_arms_that_share_a_sweep_agree_with_single_ones():
    concentration = np.array([[3.0, 2.0, 2.5], [1.5, 1e4, 7.0]])
    index, error_bound = exponential_gittins_index(concentration, 2.0, 0.9)
    for place in np.ndindex(concentration.shape):
        alone = exponential_gittins_index(concentration[place], 2.0, 0.9)
        assert abs(alone.index - index[place]) <= alone.error_bound + error_bound[place]


def test_scalars_give_floats_and_discount_zero_the_mean():
    result = exponential_gittins_index(2, 1, 0.9)
    assert isinstance(result.index, float) and isinstance(result.error_bound, float)
    assert exponential_gittins_index(3, 5, 0).index == pytest.approx(2.5, rel=1e-15)


@pytest.mark.parametrize(
    ("concentration", "rate", "discount", "tolerance", "message"),
    [
        (1, 1, 0.9, 1e-5, r"concentration must be above 1 and finite; got 1\.0"),
        (np.nan, 1, 0.9, 1e-5, "concentration must be above 1 and finite; got nan"),
        (2, 0, 0.9, 1e-5, r"rate must be positive and finite; got 0\.0"),
        (2, np.inf, 0.9, 1e-5, "rate must be positive and finite; got inf"),
        (2, 1, 1.0, 1e-5, r"discount must be in \[0, 1\); got 1\.0"),
        (2, 1, 0.9, -1e-5, r"tolerance must be positive and finite; got -1e-05"),
        (2, 1, 0.9, 1e-15, "tolerance must be at least"),
        (2, 1, 0.95, 1e-300, "tolerance must be at least"),
        (2, 1e6, 0.95, 1e-9, "tolerance must be at least"),
        (1.01, 1, 0.99999, 1e-5, "tolerance must be at least"),
        (2, 1, 1 - 1e-12, 1e-5, "tolerance must be at least"),
        (1 + 1e-15, 1, 0.9, 1e-5, "tolerance must be at least"),
    ],
)
def test_refusals(concentration, rate, discount, tolerance, message):
    start = time.process_time()
    with pytest.raises(ValueError, match=message):
        exponential_gittins_index(concentration, rate, discount, tolerance=tolerance)
    assert time.process_time() - start < 1


@pytest.mark.slow
def test_agrees_with_a_finer_unscaled_grid():
    expected = grid_index(3, 1, 0.9, horizon=70, num_points=2000, num_rewards=200)
    assert exponential_gittins_index(3, 1, 0.9).index == pytest.approx(expected, rel=3e-5)
