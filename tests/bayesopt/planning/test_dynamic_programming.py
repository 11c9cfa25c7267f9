"""Finite-horizon Bernoulli bandits against exact rational recursions, brute-force enumeration and published values."""

import functools
import itertools
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import betaln

from bayesopt.planning.dynamic_programming import (
    solve_bernoulli_bandit,
    value_of_policy,
)

UNIFORM = [1.0, 1.0]

PUBLISHED = [
    (2, 1, Fraction(1, 2)),
    (2, 2, Fraction(13, 12)),
    (2, 5, Fraction(26, 9)),
    (2, 10, Fraction(16861, 2800)),
    (3, 5, Fraction(433, 144)),
    (3, 10, Fraction(17947, 2800)),
    (5, 10, Fraction(6041941, 907200)),
]

BANDITS = {
    "one arm": ([("3/2", "1/4")], 6, "1"),
    "equal": ([("1", "1"), ("1", "1")], 7, "1"),
    "unequal": ([("1", "1"), ("2", "1/2")], 7, "9/10"),
    "nearly equal": ([("1", "1"), ("1025/1024", "1")], 6, "1"),
    "extreme": ([("1/1000", "1/1000"), ("50", "1000")], 6, "1/4"),
    "two of three equal": ([("3/2", "1"), ("1", "2"), ("3/2", "1")], 5, "19/20"),
    "three equal": ([("1/2", "1/2")] * 3, 5, "1"),
    "three unequal": ([("1", "1"), ("1", "2"), ("2", "1")], 4, "1"),
    "four, in pairs": ([("2", "1"), ("1", "1"), ("2", "1"), ("1", "1")], 4, "3/4"),
    "more arms than trials": ([("1", "1"), ("2", "3")] + [("1", "1")] * 3, 3, "1"),
}


class ExactBandit:
    """The same recursion in rational numbers, by memory of what was asked; states are tuples of (c1, c0) per arm."""

    def __init__(self, concentrations, horizon, discount):
        self.prior = tuple((Fraction(one), Fraction(zero)) for one, zero in concentrations)
        self.horizon, self.discount = horizon, Fraction(discount)
        self.value = functools.cache(
            lambda belief, left: max(self.action_values(belief, left)) if left else Fraction(0)
        )

    def outcomes(self, belief, arm):
        """(probability, reward, next belief) of a success and of a failure."""
        one, zero = belief[arm]
        for reward in (1, 0):
            after = (*belief[:arm], (one + reward, zero + 1 - reward), *belief[arm + 1 :])
            yield (one if reward else zero) / (one + zero), reward, after

    def action_values(self, belief, left):
        return [
            sum(p * (r + self.discount * self.value(after, left - 1)) for p, r, after in self.outcomes(belief, arm))
            for arm in range(len(belief))
        ]

    def reachable(self):
        """All (belief, time)."""
        layer = {self.prior}
        for time in range(self.horizon):
            yield from ((belief, time) for belief in sorted(layer))
            layer = {after for b in layer for arm in range(len(b)) for _, _, after in self.outcomes(b, arm)}


@pytest.fixture(scope="module", params=BANDITS.values(), ids=BANDITS.keys())
def pair(request):
    concentrations, horizon, discount = request.param
    exact = ExactBandit(concentrations, horizon, discount)
    prior = np.array([[float(Fraction(x)) for x in arm] for arm in concentrations])
    return exact, solve_bernoulli_bandit(prior, horizon, discount=float(Fraction(discount)))


def arrays(beliefs):
    """concentration1 and concentration0 of exact beliefs."""
    both = np.array([[[float(one), float(zero)] for one, zero in belief] for belief in beliefs])
    return both[..., 0], both[..., 1]


@pytest.mark.parametrize(("num_arms", "horizon", "value"), PUBLISHED)
def test_published_values(num_arms, horizon, value):
    solution = solve_bernoulli_bandit([UNIFORM] * num_arms, horizon)
    assert solution.value == pytest.approx(float(value), rel=1e-14)


def test_published_values_of_long_horizons():
    """BinaryBandit's README; and discounting."""
    solution = solve_bernoulli_bandit([UNIFORM] * 2, 60)
    assert solution.value == pytest.approx(38.562343246635564, abs=1e-12)
    assert solve_bernoulli_bandit([UNIFORM] * 2, 20, discount=0.95).value == pytest.approx(7.86942, abs=5e-6)
    played = solution.evaluate(np.array([0.3, 0.5]))
    assert played.mean == pytest.approx(27.667781619675154, abs=1e-12)
    assert played.variance == pytest.approx(23.650456467947016, abs=1e-11)
    assert played.regret == pytest.approx(30 - played.mean, abs=1e-12)


def test_value_action_values_and_ties_at_every_belief(pair):
    exact, solution = pair
    beliefs, times = zip(*exact.reachable(), strict=True)
    expected = [exact.action_values(belief, exact.horizon - time) for belief, time in zip(beliefs, times, strict=True)]
    is_best = [[q == max(row) for q in row] for row in expected]
    assert solution.value == pytest.approx(float(max(expected[0])), rel=1e-13)
    np.testing.assert_allclose(solution.action_values(*arrays(beliefs)), np.array(expected, float), rtol=1e-13)
    np.testing.assert_array_equal(solution.optimal_actions(*arrays(beliefs)), is_best)


def test_batches_of_any_shape(pair):
    exact, solution = pair
    one, zero = arrays([belief for belief, _ in exact.reachable()])
    chosen = np.random.default_rng(0).integers(len(one), size=(3, 1, 4))
    for read in (solution.action_values, solution.optimal_actions):
        np.testing.assert_array_equal(read(one[chosen], zero[chosen]), read(one, zero)[chosen])
        np.testing.assert_array_equal(read(one[0], zero[0]), read(one, zero)[0])
        assert read(one[:0], zero[:0]).shape == (0, solution.num_arms)


def play_by_enumeration(exact, probs):
    """The distribution of total reward, and the pull probabilities, over all sequences of actions and outcomes."""
    distribution, pull_probs = np.zeros(exact.horizon + 1), np.zeros((exact.horizon, len(exact.prior)))

    def follow(belief, time, reward, weight):
        if time == exact.horizon:
            distribution[reward] += weight
            return
        values = exact.action_values(belief, exact.horizon - time)
        best = [arm for arm, q in enumerate(values) if q == max(values)]
        for arm in best:
            pull_probs[time, arm] += weight / len(best)
            for _, r, after in exact.outcomes(belief, arm):
                follow(after, time + 1, reward + r, weight / len(best) * (probs[arm] if r else 1 - probs[arm]))

    follow(exact.prior, 0, 0, 1.0)
    return distribution, pull_probs


def test_evaluation_is_what_all_histories_add_up_to(pair):
    exact, solution = pair
    probs = np.linspace(0.15, 0.8, solution.num_arms)
    distribution, pull_probs = play_by_enumeration(exact, probs)
    totals = np.arange(exact.horizon + 1)
    mean = totals @ distribution
    played = solution.evaluate(probs)
    np.testing.assert_allclose(played.pull_probs, pull_probs, atol=1e-14)
    np.testing.assert_allclose(played.expected_pulls, pull_probs.sum(0), atol=1e-13)
    np.testing.assert_allclose([played.mean, played.variance], [mean, (totals - mean) ** 2 @ distribution], rtol=1e-12)
    discounted = (solution.discount ** totals[:-1]) @ pull_probs @ probs
    assert played.value == pytest.approx(discounted, rel=1e-12)
    assert played.regret == pytest.approx(exact.horizon * 0.8 - mean if len(probs) > 1 else 0.0, abs=1e-12)


def test_forward_evaluation_over_the_prior_gives_the_value(pair):
    _, solution = pair
    assert solution.evaluate_prior().value == pytest.approx(solution.value, rel=1e-13)


def test_regret_over_the_prior():
    """E[max of k uniform variables] = k / (k + 1); and of Beta(2, 1) and a uniform one 3 / 4 by direct integration."""
    assert (three := solve_bernoulli_bandit([UNIFORM] * 3, 6)).evaluate_prior().regret == pytest.approx(
        6 * 3 / 4 - three.value, rel=1e-12
    )
    assert (two := solve_bernoulli_bandit([[2, 1], [1, 1]], 6)).evaluate_prior().regret == pytest.approx(
        6 * 3 / 4 - two.value, rel=1e-12
    )


@pytest.mark.parametrize("probs", [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
def test_certain_arms(probs):
    played = solve_bernoulli_bandit([UNIFORM] * 2, 30).evaluate(np.array(probs))
    assert played.mean == pytest.approx(played.expected_pulls @ probs, abs=1e-12)
    assert played.pull_probs.sum(1) == pytest.approx(np.ones(30))


def test_values_of_heuristics():
    """Two uniform arms, 20 trials: greedy with ties split, either arm at random, and Thompson sampling."""

    def greedy(one, zero, time):
        mean = one / (one + zero)
        is_best = mean >= mean.max(1, keepdims=True) * (1 - 1e-12)
        return is_best / is_best.sum(1, keepdims=True)

    assert value_of_policy([UNIFORM] * 2, 20, greedy) == pytest.approx(12.36535, abs=5e-6)
    assert value_of_policy([UNIFORM] * 2, 20, lambda one, zero, time: np.full(one.shape, 0.5)) == pytest.approx(10.0)

    def thompson(one, zero, time):
        """P(X > Y) of Beta variables: the sum over i < a of B(c + i, b + d) / ((b + i) B(1 + i, b) B(c, d))."""
        (a, c), (b, d) = one.T[:, :, None], zero.T[:, :, None]
        i = np.arange(20)
        terms = betaln(c + i, b + d) - np.log(b + i) - betaln(1 + i, b) - betaln(c, d)
        first = np.where(i < a, np.exp(terms), 0).sum(1)
        return np.stack([first, 1 - first], axis=1)

    # the same sum and recursion in rational and Python numbers
    assert value_of_policy([UNIFORM] * 2, 20, thompson) == pytest.approx(11.931791513499842, rel=1e-12)


def test_value_of_the_optimal_policy(pair):
    _, solution = pair
    prior, horizon, discount = solution.concentrations, solution.horizon, solution.discount

    def optimal(one, zero, time):
        is_best = solution.optimal_actions(one, zero)
        return is_best / is_best.sum(1, keepdims=True)

    assert value_of_policy(prior, horizon, optimal, discount=discount) == pytest.approx(solution.value, rel=1e-13)


def test_arms_beyond_the_number_of_trials_add_nothing():
    values = [solve_bernoulli_bandit([[1.5, 0.7]] * num_arms, 4).value for num_arms in range(1, 8)]
    assert all(np.diff(values[:4]) > 0)
    np.testing.assert_allclose(values[3:], values[3], rtol=1e-14)
    solution = solve_bernoulli_bandit([[1.5, 0.7]] * 7, 4)
    assert solution.optimal_actions(np.full(7, 1.5), np.full(7, 0.7)).all()
    failed_once = solution.optimal_actions(np.full(7, 1.5), 0.7 + np.eye(7)[2])
    assert failed_once.tolist() == [True, True, False, True, True, True, True]


@pytest.mark.slow
def test_fifty_arms():
    """Ten trials; ten arms are worth 6.714 (spec)."""
    fifty = solve_bernoulli_bandit([UNIFORM] * 50, 10)
    assert fifty.value == pytest.approx(6.714, abs=5e-4)
    assert fifty.value == pytest.approx(solve_bernoulli_bandit([UNIFORM] * 10, 10).value, rel=1e-14)


@pytest.mark.parametrize("num_arms", [2, 3, 4])
def test_permuting_arms_permutes_what_they_are_worth(num_arms):
    prior = np.array([[1.0, 2.0], [1.0, 1.0], [2.0, 0.5], [1.0, 1.0]])[:num_arms]
    beliefs = prior + np.array([[1, 0], [0, 2], [1, 1], [0, 0]])[:num_arms]
    solution = solve_bernoulli_bandit(prior, 9)
    expected = solution.action_values(*beliefs.T)
    for order in map(list, itertools.permutations(range(num_arms))):
        permuted = solve_bernoulli_bandit(prior[order], 9)
        assert permuted.value == pytest.approx(solution.value, rel=1e-14)
        np.testing.assert_allclose(permuted.action_values(*beliefs[order].T), expected[order], rtol=1e-14)
        np.testing.assert_array_equal(
            permuted.optimal_actions(*beliefs[order].T), solution.optimal_actions(*beliefs.T)[order]
        )


def random_beliefs(solution, num_tasks, seed):
    """Where uniformly random pulls of uniformly random outcomes lead to, at every time."""
    rng = np.random.default_rng(seed)
    shape = (num_tasks, solution.horizon)
    pulled = np.eye(solution.num_arms)[rng.integers(solution.num_arms, size=shape)]
    gained = pulled[..., None] * np.eye(2)[rng.integers(2, size=shape)][:, :, None, :]
    before = np.cumsum(gained, axis=1) - gained
    return np.moveaxis(solution.concentrations + before, -1, 0)


@pytest.mark.parametrize(("num_arms", "horizon"), [(1, 50), (2, 41), (3, 19), (5, 8)])
@pytest.mark.parametrize("is_equal", [True, False])
def test_policy_bits_agree_with_action_values(num_arms, horizon, is_equal):
    """Rows longer than a byte; more layers than one pass over memory; discount."""
    prior = np.ones((num_arms, 2)) + (0 if is_equal else 0.25) * np.arange(num_arms)[:, None]
    solution = solve_bernoulli_bandit(prior, horizon, discount=0.97)
    beliefs = random_beliefs(solution, 500, seed=1)
    values = solution.action_values(*beliefs)
    is_best = values >= values.max(-1, keepdims=True) * (1 - 1e-12)
    np.testing.assert_array_equal(solution.optimal_actions(*beliefs), is_best)
    assert values[0, 0].max() == pytest.approx(solution.value, rel=1e-14)
    assert solution.evaluate_prior().value == pytest.approx(solution.value, rel=1e-12)


def test_exchangeable_arms_are_treated_as_any_others():
    """Priors that differ by less than a tie, but differ, are not merged: they take the other path."""
    merged = solve_bernoulli_bandit([[1.0, 1.0]] * 3, 12)
    apart = solve_bernoulli_bandit([[1.0, 1.0], [1.0, 1.0 + 2e-15], [1.0 + 2e-15, 1.0]], 12)
    assert apart.policy.size > 3 * merged.policy.size
    assert merged.value == pytest.approx(apart.value, rel=1e-13)
    beliefs = random_beliefs(merged, 500, seed=2)
    np.testing.assert_allclose(merged.action_values(*beliefs), apart.action_values(*beliefs), rtol=1e-13)
    np.testing.assert_array_equal(merged.optimal_actions(*beliefs), apart.optimal_actions(*beliefs))


@pytest.mark.slow
@pytest.mark.parametrize(("num_arms", "horizon"), [(2, 200), (3, 40), (4, 20)])
def test_large_bandits_forward_and_backward(num_arms, horizon):
    for spread in (0.0, 0.5):
        prior = np.ones((num_arms, 2)) + spread * np.arange(num_arms)[:, None]
        solution = solve_bernoulli_bandit(prior, horizon)
        assert solution.evaluate_prior().value == pytest.approx(solution.value, rel=1e-12)
