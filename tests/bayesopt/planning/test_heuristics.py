"""Heuristic agents: their rules by hand on small beliefs, and their exact values where the literature knows them."""

import functools
import itertools
import math
from fractions import Fraction

import jax
import numpy as np
import pytest
import scipy.stats
from scipy import integrate

from bayesopt.agent import best_shared
from bayesopt.conjugate import BetaBelief, NormalBelief
from bayesopt.families import BernoulliBandit, ExponentialBandit, GaussianBandit
from bayesopt.planning import heuristics, knowledge
from bayesopt.planning.dynamic_programming import value_of_policy
from bayesopt.planning.optimal import finite_horizon_index_agent, gittins_agent, optimal_agent

TWO_COINS = BernoulliBandit()
UNIFORM = np.ones((2, 2))


def exact_value(agent, horizon, **options):
    """Value of an agent whose state is a Beta belief, by summing over all belief states."""
    return value_of_policy(
        UNIFORM, horizon, lambda one, zero, time: agent.action_probs(BetaBelief(one, zero), (), time), **options
    )


@pytest.mark.parametrize(
    ("make", "value", "discounted"),
    [
        (lambda: gittins_agent(TWO_COINS, discount=0.95), 12.42047, 7.86312),
        (lambda: heuristics.greedy_agent(TWO_COINS), 12.36535, 7.83700),
        (lambda: heuristics.epsilon_greedy_agent(TWO_COINS, epsilon=1.0), 10.0, 6.41514),
    ],
)
def test_exact_values_on_two_coins(make, value, discounted):
    """Values over 20 trials as computed independently in the specification, to the digits printed there."""
    agent = make()
    assert exact_value(agent, 20) == pytest.approx(value, abs=6e-6)
    assert exact_value(agent, 20, discount=0.95) == pytest.approx(discounted, abs=6e-6)


def thompson_value_by_hand(horizon):
    """Thompson sampling on two coins with rational probabilities of being best: a sum over urn draws."""

    @functools.cache
    def prob_first_best(a, b, c, d):
        def beta(x, y):
            return Fraction(math.factorial(x - 1) * math.factorial(y - 1), math.factorial(x + y - 1))

        return sum(beta(c + i, b + d) / ((b + i) * beta(1 + i, b) * beta(c, d)) for i in range(a))

    @functools.cache
    def value(a, b, c, d):
        if a + b + c + d - 4 == horizon:
            return 0.0
        first, one, two = float(prob_first_best(a, b, c, d)), a / (a + b), c / (c + d)
        pull_one = one * (1 + value(a + 1, b, c, d)) + (1 - one) * value(a, b + 1, c, d)
        pull_two = two * (1 + value(a, b, c + 1, d)) + (1 - two) * value(a, b, c, d + 1)
        return first * pull_one + (1 - first) * pull_two

    return value(1, 1, 1, 1)


def test_thompson_sampling_on_two_coins():
    agent = heuristics.thompson_agent(TWO_COINS)
    assert exact_value(agent, 20) == pytest.approx(thompson_value_by_hand(20), abs=1e-10)


def test_no_agent_is_worth_more_than_the_optimal_one():
    best = exact_value(optimal_agent(TWO_COINS, horizon=12), 12)
    others = {
        "greedy": heuristics.greedy_agent(TWO_COINS),
        "ε-greedy": heuristics.epsilon_greedy_agent(TWO_COINS),
        "Thompson": heuristics.thompson_agent(TWO_COINS),
        "top-two": heuristics.top_two_thompson_agent(TWO_COINS),
        "Bayes-UCB": heuristics.bayes_ucb_agent(TWO_COINS),
        "knowledge gradient": heuristics.knowledge_gradient_agent(TWO_COINS, horizon=12),
        "Gittins": gittins_agent(TWO_COINS, discount=0.9),
        "finite-horizon index": finite_horizon_index_agent(TWO_COINS, horizon=12),
    }
    assert best == pytest.approx(optimal_value(12), abs=1e-12)
    for name, agent in others.items():
        assert exact_value(agent, 12) < best, name
    assert exact_value(others["finite-horizon index"], 12) > 0.999 * best


def optimal_value(horizon):
    from bayesopt.planning.dynamic_programming import solve_bernoulli_bandit

    return solve_bernoulli_bandit(UNIFORM, horizon).value


def test_ties_are_shared_and_near_ties_are_not():
    values = np.array([[1.0, 1.0, 0.5], [1.0, 1.0 - 1e-9, 0.0], [np.inf, np.inf, 1.0], [-1.0, -1.0, -2.0]])
    expected = [[0.5, 0.5, 0], [1, 0, 0], [0.5, 0.5, 0], [0.5, 0.5, 0]]
    np.testing.assert_array_equal(best_shared(values), expected)


def test_epsilon_greedy():
    agent = heuristics.epsilon_greedy_agent(TWO_COINS, epsilon=0.2)
    belief = BetaBelief(np.array([[2.0, 1.0]]), np.array([[1.0, 1.0]]))
    np.testing.assert_allclose(agent.action_probs(belief, (), 1), [[0.9, 0.1]])


def test_top_two_chooses_again_among_the_others():
    """Three arms with probabilities p of being best: second choices j are p_j / (1 - p_i)."""
    family = BernoulliBandit((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    belief = BetaBelief(np.array([[3.0, 2.0, 1.0]]), np.array([[1.0, 2.0, 2.0]]))
    p = family.best_arm_probs(belief)[0]
    second = sum(p[i] * np.where(np.arange(3) == i, 0, p / (1 - p[i])) for i in range(3))
    probs = heuristics.top_two_thompson_agent(family, first_choice_prob=0.7).action_probs(belief, (), 0)[0]
    np.testing.assert_allclose(probs, 0.7 * p + 0.3 * second, atol=1e-15)
    sure = BetaBelief(np.array([[9000.0, 1000.0]]), np.array([[1000.0, 9000.0]]))
    probs = heuristics.top_two_thompson_agent(TWO_COINS).action_probs(sure, (), 0)
    np.testing.assert_allclose(probs.sum(1), 1)


def test_ucb1_pulls_every_arm_once_and_then_by_its_formula():
    agent = heuristics.ucb1_agent(3)
    state = agent.initial_state(1)
    rewards = {0: 1.0, 1: 0.0, 2: 1.0}
    for time in range(3):
        probs = agent.action_probs(state, (), time)[0]
        assert probs[:time].sum() == 0
        np.testing.assert_allclose(probs[time:], 1 / (3 - time))
        state = agent.update(state, (), np.array([time]), np.array([rewards[time]]), time)
    np.testing.assert_allclose(agent.action_probs(state, (), 3), [[0.5, 0, 0.5]])
    state = agent.update(state, (), np.array([0]), np.array([0.0]), 3)
    scores = [0.5 + np.sqrt(2 * np.log(4) / 2), np.sqrt(2 * np.log(4)), 1 + np.sqrt(2 * np.log(4))]
    np.testing.assert_allclose(agent.action_probs(state, (), 4), best_shared(np.array([scores])))


def test_bayes_ucb_takes_the_largest_quantile():
    family = GaussianBandit()
    belief = NormalBelief(np.array([[0.3, 0.0]]), np.array([[100.0, 1.0]]))
    agent = heuristics.bayes_ucb_agent(family)
    for time in (0, 1, 9):
        level = 1 - 1 / (time + 1) if time else 0.5
        quantiles = scipy.stats.norm.ppf(level, belief.loc, belief.precision**-0.5)
        np.testing.assert_array_equal(agent.action_probs(belief, (), time), best_shared(quantiles))


def expected_largest(predictive, mean_after, others):
    """E max(mean after x, best other mean), by adaptive quadrature over the predictive density of x."""
    lower, upper = predictive.support()
    lower, upper = max(lower, -40.0), min(upper, np.inf)

    def integrand(x):
        return predictive.pdf(x) * max(mean_after(x), others)

    points = [predictive.ppf(q) for q in (1e-6, 0.5, 1 - 1e-6)]
    pieces = [lower, *points, upper]
    return sum(integrate.quad(integrand, a, b, limit=400)[0] for a, b in itertools.pairwise(pieces))


def test_what_a_normal_reading_teaches_by_quadrature():
    loc, precision, noise = np.array([[0.2, 0.5]]), np.array([[2.0, 5.0]]), 0.7
    found = knowledge.largest_mean_after_reading(loc, precision, observation_scale=noise)[0]
    for arm in range(2):
        tau, other = noise**-2, loc[0, 1 - arm]
        predictive = scipy.stats.norm(loc[0, arm], np.sqrt(1 / precision[0, arm] + noise**2))

        def mean_after(x, arm=arm, tau=tau):
            return (precision[0, arm] * loc[0, arm] + tau * x) / (precision[0, arm] + tau)

        assert found[arm] == pytest.approx(expected_largest(predictive, mean_after, other), abs=1e-6)


def test_what_a_waiting_time_teaches_by_quadrature():
    concentration, rate = np.array([[3.0, 4.5]]), np.array([[2.0, 5.0]])
    means = rate / (concentration - 1)
    found = knowledge.largest_mean_after_waiting(concentration, rate)[0]
    for arm in range(2):
        a, b = concentration[0, arm], rate[0, arm]
        predictive = scipy.stats.lomax(a, scale=b)
        expected = expected_largest(predictive, lambda x, a=a, b=b: (b + x) / a, means[0, 1 - arm])
        assert found[arm] == pytest.approx(expected, rel=1e-6)


def test_what_a_flip_teaches_by_hand():
    """Beta(1, 1) beside Beta(3, 2): after a success 2/3, after a failure the other arm's 3/5."""
    found = knowledge.largest_mean_after_flip(np.array([[1.0, 3.0]]), np.array([[1.0, 2.0]]))
    np.testing.assert_allclose(found, [[0.5 * (2 / 3) + 0.5 * 0.6, 0.6 * (4 / 6) + 0.4 * 0.5]])


def test_knowledge_gradient_is_greedy_at_the_last_trial():
    belief = BetaBelief(np.array([[1.0, 3.0]]), np.array([[1.0, 2.0]]))
    agent = heuristics.knowledge_gradient_agent(TWO_COINS, horizon=10)
    np.testing.assert_array_equal(agent.action_probs(belief, (), 9), [[0.0, 1.0]])
    np.testing.assert_array_equal(agent.action_probs(belief, (), 0), [[1.0, 0.0]])


def test_exponential_arms_prefer_the_slower_rate():
    family = ExponentialBandit()
    belief = family.prior_belief()._replace(concentration=np.array([[5.0, 5.0]]), rate=np.array([[20.0, 4.0]]))
    for agent in (
        heuristics.greedy_agent(family),
        heuristics.thompson_agent(family),
        gittins_agent(family, discount=0.9),
    ):
        assert agent.action_probs(belief, (), 0)[0, 0] > 0.9


def test_oracle_knows_its_tasks_and_no_others():
    agent = heuristics.oracle_agent(np.array([[0.2, 0.8], [0.5, 0.5]]))
    np.testing.assert_array_equal(agent.action_probs(agent.initial_state(2), (), 0), [[0, 1], [0.5, 0.5]])
    with pytest.raises(ValueError, match="num_tasks must be 2, .*; got 3"):
        agent.initial_state(3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: heuristics.epsilon_greedy_agent(TWO_COINS, epsilon=1.5), r"epsilon must be in \[0, 1\]; got 1.5"),
        (lambda: heuristics.top_two_thompson_agent(TWO_COINS, first_choice_prob=-1), "first_choice_prob must be in"),
        (
            lambda: heuristics.knowledge_gradient_agent(TWO_COINS, horizon=0),
            "horizon must be an integer of at least 1; got 0",
        ),
        (lambda: heuristics.ucb1_agent(0), "num_arms must be an integer of at least 1; got 0"),
        (lambda: heuristics.ucb1_agent(2, reward_scale=0.0), "reward_scale must be > 0; got 0.0"),
        (lambda: gittins_agent(TWO_COINS, discount=1.0), r"discount must be in \[0, 1\); got 1.0"),
    ],
)
def test_bad_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_belief_an_agent_keeps_is_the_exact_one():
    agent = heuristics.thompson_agent(TWO_COINS)
    state = agent.initial_state(2)
    state = agent.update(state, (), np.array([0, 1]), np.array([1.0, 0.0]), 0)
    np.testing.assert_array_equal(state.concentration1, [[2, 1], [1, 1]])
    np.testing.assert_array_equal(state.concentration0, [[1, 1], [1, 2]])
    assert all(leaf.dtype == np.float64 for leaf in jax.tree.leaves(state))
