"""Two Gaussian arms against closed forms for one and two trials and recursions by dense quadrature for more."""

import functools

import numpy as np
import pytest
import scipy.stats

from bayesopt.planning import gaussian_planning
from bayesopt.planning.gaussian_planning import solve_gaussian_bandit

BANDITS = [
    {"loc": [0.0, 0.0], "scale": [1.0, 1.0], "observation_scale": 1.0, "discount": 1.0},
    {"loc": [0.3, -0.2], "scale": [0.5, 2.0], "observation_scale": 0.7, "discount": 0.9},
    {"loc": [-5.0, -5.1], "scale": [0.1, 3.0], "observation_scale": 2.0, "discount": 0.6},
]


def normal_nodes(num_nodes=40_001):
    """A trapezoidal rule for standard normal variables."""
    z = np.linspace(-9, 9, num_nodes)
    weights = scipy.stats.norm.pdf(z)
    return z, weights / weights.sum()


class ByQuadrature:
    """Action values by the textbook recursion over both posterior means, the last two trials in closed form."""

    def __init__(self, *, scale, observation_scale, discount, **_):
        self.scale, self.observation_scale, self.discount = np.array(scale), observation_scale, discount

    def deviation(self, arm, pulls):
        """By how much the next reward moves the posterior mean: prior less posterior variance."""
        variance = [1 / (self.scale[arm] ** -2 + n / self.observation_scale**2) for n in (pulls, pulls + 1)]
        return np.sqrt(variance[0] - variance[1])

    def action_values(self, loc, pulls, left):
        """A list of one value per arm; `loc` is a pair of arrays or numbers."""
        if left == 1:
            return list(loc)
        return [loc[arm] + self.discount * self.expected(loc, pulls, left - 1, arm) for arm in range(2)]

    def expected(self, loc, pulls, left, arm):
        """The value of the remaining trials, on average over the reward of this arm."""
        deviation, after = self.deviation(arm, pulls[arm]), [n + (i == arm) for i, n in enumerate(pulls)]
        if left == 1:
            gap = loc[arm] - loc[1 - arm]
            normal = scipy.stats.norm
            return loc[1 - arm] + gap * normal.cdf(gap / deviation) + deviation * normal.pdf(gap / deviation)
        z, weights = normal_nodes()
        moved = [(m + deviation * z if i == arm else np.full(len(z), m)) for i, m in enumerate(loc)]
        return weights @ np.maximum(*self.action_values(moved, after, left))


def precision_of(bandit, pulls):
    return np.array(bandit["scale"]) ** -2.0 + np.array(pulls) * bandit["observation_scale"] ** -2


@pytest.mark.parametrize("bandit", BANDITS)
@pytest.mark.parametrize("horizon", [1, 2, 3])
def test_short_horizons(bandit, horizon):
    solution, exact = solve_gaussian_bandit(horizon=horizon, **bandit), ByQuadrature(**bandit)
    expected = exact.action_values(bandit["loc"], (0, 0), horizon)
    assert solution.error_bound < 1e-8
    np.testing.assert_allclose(solution.action_values(bandit["loc"], precision_of(bandit, (0, 0))), expected, atol=2e-8)
    assert solution.value == pytest.approx(max(expected), abs=2e-8)


@pytest.mark.parametrize("bandit", BANDITS)
def test_action_values_where_three_trials_are_left(bandit):
    """After 0 to 4 pulls of either arm, at means near and far from each other."""
    horizon = 7
    solution, exact = solve_gaussian_bandit(horizon=horizon, **bandit), ByQuadrature(**bandit)
    for first in range(5):
        pulls = (first, 4 - first)
        for gap in (-30.0, -1.0, -0.1, 0.0, 0.05, 0.7, 30.0):
            loc = np.array([2.0 + gap, 2.0])
            ours = solution.action_values(loc, precision_of(bandit, pulls))
            np.testing.assert_allclose(ours, exact.action_values(loc, pulls, 3), atol=2e-8)


def value_on_a_grid(scale, horizon, num_nodes):
    """For equal arms: the recursion over the difference of means, linear interpolation, Gauss-Hermite nodes."""
    x = np.linspace(-12, 12, num_nodes)
    z, weights = np.polynomial.hermite_e.hermegauss(80)
    variance = 1 / (scale**-2 + np.arange(horizon + 1))
    deviation = np.sqrt(variance[:-1] - variance[1:])

    @functools.cache
    def best(first, second):
        left = horizon - first - second
        if left == 0:
            return np.zeros(num_nodes)
        worth = []
        for sign, pulls, after in ((1, first, (first + 1, second)), (-1, second, (first, second + 1))):
            # beyond the grid the better arm is pulled for good
            moved = x[:, None] + deviation[pulls] * z
            inside = np.interp(moved, x, best(*after)) + (left - 1) / 2 * np.maximum(np.abs(moved) - 12, 0)
            worth.append(sign * x / 2 + inside @ weights / weights.sum())
        return np.maximum(*worth)

    return best(0, 0)[num_nodes // 2]


def test_a_coarse_recursion():
    """Error of the grid: about 1e-4, from 80 nodes that see kinks."""
    solution = solve_gaussian_bandit([0, 0], [1, 1], 8)
    assert solution.value == pytest.approx(value_on_a_grid(1.0, 8, 2401), abs=5e-4)


@pytest.mark.parametrize("bandit", BANDITS)
def test_the_error_bound_covers_what_more_nodes_change(bandit, monkeypatch):
    coarse = solve_gaussian_bandit(horizon=12, **bandit)
    loc = np.linspace(-3, 3, 41)[:, None] * np.array([1.0, -0.5])
    precision = precision_of(bandit, np.stack([np.arange(41) % 6, np.arange(41) % 5], axis=1))
    monkeypatch.setattr(gaussian_planning, "NUM_NODES", 20)
    fine = solve_gaussian_bandit(horizon=12, **bandit)
    assert 0 < coarse.error_bound < 1e-7
    assert abs(coarse.value - fine.value) <= coarse.error_bound + fine.error_bound
    difference = coarse.action_values(loc, precision) - fine.action_values(loc, precision)
    assert np.abs(difference).max() <= coarse.error_bound + fine.error_bound


def test_accuracy_over_twenty_trials():
    """The limit as computed with 16 nodes, narrower panels and a reach of 8.5: bound 3e-12."""
    solution = solve_gaussian_bandit([0, 0], [1, 1], 20)
    assert solution.error_bound < 1e-8
    assert solution.value == pytest.approx(8.926670070955, abs=1e-10)


@pytest.mark.parametrize("scale", [[10.0, 0.01], [0.01, 10.0]])
def test_scales_of_different_size(scale):
    solution = solve_gaussian_bandit([0, 0.1], scale, 5)
    assert solution.error_bound < 1e-7
    exact = ByQuadrature(scale=scale, observation_scale=1.0, discount=1.0)
    belief = np.array([0.4, 0.1]), np.array(scale) ** -2.0 + np.array([2, 0])
    np.testing.assert_allclose(solution.action_values(*belief), exact.action_values(belief[0], (2, 0), 3), atol=1e-7)


def test_exchanging_the_arms():
    one = solve_gaussian_bandit([0.3, -0.2], [0.5, 2.0], 9, discount=0.95)
    other = solve_gaussian_bandit([-0.2, 0.3], [2.0, 0.5], 9, discount=0.95)
    assert one.value == pytest.approx(other.value, abs=one.error_bound)
    loc = np.random.default_rng(0).normal(size=(50, 2))
    precision = np.array([4.0, 0.25]) + np.array([3, 2])
    np.testing.assert_allclose(
        one.action_values(loc, precision),
        other.action_values(loc[:, ::-1], precision[::-1])[:, ::-1],
        atol=2 * one.error_bound,
    )


def test_shifting_and_scaling_rewards():
    base = solve_gaussian_bandit([0.0, 0.4], [1.0, 0.5], 10, observation_scale=2.0)
    moved = solve_gaussian_bandit([7.0, 8.2], [3.0, 1.5], 10, observation_scale=6.0)
    assert moved.value == pytest.approx(70 + 3 * base.value, abs=1e-7)


def test_ties():
    solution = solve_gaussian_bandit([1.0, 1.0], [2.0, 2.0], 10)
    precision = np.array([0.25, 0.25])
    assert solution.optimal_actions([1.0, 1.0], precision).tolist() == [True, True]
    assert solution.optimal_actions([1.0, 1.001], precision).tolist() == [False, True]
    assert solution.optimal_actions([4.0, 4.0], precision + 3).tolist() == [True, True]
    assert solution.optimal_actions([1.0, 1.0], precision + np.array([0, 1])).tolist() == [True, False]


def test_batches_of_any_shape():
    solution = solve_gaussian_bandit([0, 0], [1, 1], 6)
    loc = np.random.default_rng(1).normal(size=(3, 4, 2)).astype(np.float32)
    values = solution.action_values(loc, np.array([2.0, 3.0]))
    assert values.shape == (3, 4, 2)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values[1, 2], solution.action_values(loc[1, 2], np.array([2.0, 3.0])))
    assert solution.action_values(loc[:0], np.array([2.0, 3.0])).shape == (0, 4, 2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"horizon": 0}, "horizon must be an integer of at least 1"),
        ({"discount": 0.0}, "discount must be in"),
        ({"discount": 1.5}, "discount must be in"),
        ({"scale": [1.0, 0.0]}, "scales positive and finite"),
        ({"scale": [1.0, np.nan]}, "scales positive and finite"),
        ({"loc": [np.inf, 0.0]}, "loc must be finite"),
        ({"observation_scale": -1.0}, "scales positive and finite"),
        ({"loc": [0.0] * 3, "scale": [1.0] * 3}, r"must have shape \(2,\)"),
        ({"horizon": 20_000}, r"2 arms over 20000 trials need [\d,]+\.\d GB"),
    ],
)
def test_inputs_that_make_no_sense(changed, message):
    arguments = {"loc": [0.0, 0.0], "scale": [1.0, 1.0], "horizon": 3, **changed}
    with pytest.raises(ValueError, match=message):
        solve_gaussian_bandit(**arguments)


@pytest.mark.parametrize(
    ("loc", "precision", "message"),
    [
        ([[0, 0], [0, 0]], [[1, 1], [1, 1.5]], r"got loc \[0.0, 0.0\] and precision \[1.0, 1.5\] at \(1,\)"),
        ([0, 0], [0.0, 1.0], "must follow from the prior by fewer than 3 pulls"),
        ([0, 0], [2.0, 3.0], "must follow from the prior"),
        ([0, np.nan], [1.0, 1.0], "must follow from the prior"),
        ([0, 0, 0], [1.0, 1.0, 1.0], "last axis of 2 arms"),
    ],
)
def test_beliefs_that_cannot_be_reached(loc, precision, message):
    solution = solve_gaussian_bandit([0, 0], [1, 1], 3)
    with pytest.raises(ValueError, match=message):
        solution.action_values(np.array(loc), np.array(precision))
