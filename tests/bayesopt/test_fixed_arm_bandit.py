"""What is peculiar to the bandit with a sure arm; what all bandits must fulfil is in the contract tests."""

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import stats

from bayesopt.beliefs import prior_beliefs, update_arms
from bayesopt.contract import bandits
from bayesopt.episodes import sample_reward_tables
from bayesopt.families import FixedArmBandit
from bayesopt.planning import heuristics
from bayesopt.planning.optimal import gittins_agent, optimal_agent
from bayesopt.quadrature import expectation
from bayesopt.rollout import play
from bayesopt.sure_rewards import NormalOrSure


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FixedArmBandit(prior_scale=-1.0), "prior_scale must be a finite number >= 0; got -1.0"),
        (lambda: FixedArmBandit(reward_scale=0.0), "reward_scale must be a finite number > 0; got 0.0"),
        (lambda: FixedArmBandit(prior_loc=np.inf), "prior_loc must be a finite number.*; got inf"),
    ],
)
def test_bad_priors_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_tables():
    """Arm 0 always pays 0; arm 1 pays around a mean of its own, within 5 standard errors (or 5 of the variance's)."""
    tables = sample_reward_tables(FixedArmBandit(2.0, 3.0), jax.random.key(0), num_tasks=20_000, length=4)
    assert (tables.rewards[:, :, 0] == 0).all()
    means = tables.latents["mean"]
    noise = tables.rewards[:, :, 1] - means[:, None]
    assert abs(means.mean() + 1) < 5 * 2 / np.sqrt(20_000) and abs(means.std() / 2 - 1) < 5 / np.sqrt(40_000)
    assert abs(noise.mean()) < 5 * 3 / np.sqrt(80_000) and abs(noise.std() / 3 - 1) < 5 / np.sqrt(160_000)


def test_planning_checks_where_learning_pays_within_few_trials():
    family = FixedArmBandit(3.0, 2.0)
    assert bandits.check_plan(family)
    assert bandits.check_optimal_agent(family)
    assert family.plan(horizon=bandits.HORIZON).value > 1


def test_planning_checks_where_there_is_nothing_to_learn():
    family = FixedArmBandit(0.0, 2.0)
    assert bandits.check_arm_methods(family)
    assert bandits.check_plan(family)


def test_without_a_prior_scale_every_task_is_the_same():
    """The probe: means are the prior's, and no Bayesian agent pulls the arm that is known to lose."""
    family = FixedArmBandit(prior_scale=0.0, reward_scale=2.0)
    tables = sample_reward_tables(family, jax.random.key(0), num_tasks=50, length=10)
    np.testing.assert_array_equal(tables.latents["mean"], np.full(50, -1.0))
    assert tables.rewards[:, :, 1].std() > 1.5
    agents = [
        optimal_agent(family, horizon=10),
        gittins_agent(family, discount=0.9),
        heuristics.greedy_agent(family),
        heuristics.thompson_agent(family),
        heuristics.bayes_ucb_agent(family),
        heuristics.knowledge_gradient_agent(family, horizon=10),
    ]
    for agent in agents:
        assert (play(agent, tables, jax.random.key(1)).actions == 0).all()


def test_the_sure_arm_teaches_nothing():
    """Its Gittins index is its reward, its belief never changes, and UCB1 does not need to know that it is sure."""
    family = FixedArmBandit(2.0, 1.0)
    belief = prior_beliefs(family, 3)
    index = family.gittins_indices(belief, 0.95)
    assert (index[:, 0] == 0).all() and (index[:, 1] > -1).all()
    after = update_arms(family, belief, np.zeros(3, int), np.zeros(3))
    np.testing.assert_array_equal(after.loc, belief.loc)
    np.testing.assert_array_equal(after.num_pulls, 0)
    tables = sample_reward_tables(family, jax.random.key(0), num_tasks=200, length=60)
    actions = play(heuristics.ucb1_agent(2, reward_scale=1.0), tables, jax.random.key(1)).actions
    is_better = tables.latents["mean"] > 2
    assert actions[is_better].mean() > 0.8 > 0.3 > actions[tables.latents["mean"] < -2].mean()


def test_normal_or_sure_is_the_one_or_the_other():
    mixed = NormalOrSure(np.array([0.5, -1.0]), np.array([0.0, 2.0]))
    values = np.array([[0.5, 0.5], [0.7, -3.0]])
    expected = np.stack([[0.0, -np.inf], stats.norm.logpdf(values[:, 1], -1, 2)], axis=1)
    np.testing.assert_allclose(mixed.log_prob(values), expected, rtol=1e-6)
    cdf = np.stack([[1.0, 1.0], stats.norm.cdf(values[:, 1], -1, 2)], axis=1)
    np.testing.assert_allclose(mixed.cdf(values), cdf, rtol=1e-6)
    np.testing.assert_allclose(mixed.mean, [0.5, -1.0])
    np.testing.assert_allclose(mixed.variance, [0.0, 4.0])
    draws = np.asarray(mixed.sample(jax.random.key(0), (10_000,)))
    assert (draws[:, 0] == 0.5).all()
    assert stats.kstest(draws[:, 1], stats.norm(-1, 2).cdf).pvalue > 1e-6
    assert isinstance(FixedArmBandit(0.0).posterior(prior_beliefs(FixedArmBandit(0.0), 1))["mean"], dist.Delta)


def test_expectations_of_sure_values():
    """A batch of both kinds: the value itself, and the normal's moments."""
    mixed = NormalOrSure(np.array([0.5, -1.0]), np.array([0.0, 2.0]))
    np.testing.assert_allclose(expectation(mixed, lambda x: x**2), [0.25, 5.0], atol=1e-9)
