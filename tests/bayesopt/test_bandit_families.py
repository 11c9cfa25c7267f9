"""What is peculiar to each bandit family; what all must fulfil is in the contract tests."""

import jax
import numpy as np
import pytest

import bayesopt
from bayesopt.beliefs import prior_beliefs
from bayesopt.conjugate import BetaBelief
from bayesopt.families import BernoulliBandit, CorrelatedBandit, ExponentialBandit, GaussianBandit
from bayesopt.planning.heuristics import greedy_agent
from bayesopt.planning.optimal import gittins_agent, optimal_agent, plan_of
from bayesopt.rollout import play


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BernoulliBandit((1.0, 1.0), (1.0,)), "got 2 of concentration1, 1 of concentration0"),
        (lambda: BernoulliBandit((1.0, -1.0), (1.0, 1.0)), r"concentration1 must be .* > 0; got \(1.0, -1.0\)"),
        (lambda: BernoulliBandit((), ()), r"non-empty tuple .* got \(\)"),
        (lambda: GaussianBandit((0.0, np.inf)), "loc must be a non-empty tuple of finite numbers"),
        (
            lambda: ExponentialBandit((1.0, 2.0)),
            r"concentration must be > 1 \(else rewards have no mean\); got \(1.0, 2.0\)",
        ),
        (lambda: CorrelatedBandit(probe_flips=-1), "probe_flips must be an integer of at least 0; got -1"),
        (lambda: CorrelatedBandit(probe_flips=100), "probe_flips \\* probe_reward must be at most 0.5"),
    ],
)
def test_bad_priors_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_any_number_of_arms_with_any_priors():
    family = BernoulliBandit((1.0, 2.5, 0.5), (1.0, 0.5, 7.0))
    drawn = bayesopt.sample_reward_tables(family, jax.random.key(0), num_tasks=40_000, length=1)
    means = np.array([0.5, 2.5 / 3, 0.5 / 7.5])
    error = np.sqrt(means * (1 - means) / 40_000)
    assert (np.abs(drawn.rewards[:, 0].mean(0) - means) < 5 * error).all()
    np.testing.assert_allclose(family.posterior_means(prior_beliefs(family, 1)), [means])


def test_two_correlated_arms_need_no_exploration():
    """Either arm is a flip of the same coin, so the choice does not change what is learned: greedy is optimal."""
    family = CorrelatedBandit(1.0, 2.0, probe_flips=0)
    assert family.num_arms == 2
    assert _greedy_value(family, 12) == pytest.approx(plan_of(family, horizon=12).value, abs=1e-12)


def test_a_myopic_agent_misses_the_probe():
    """The probe pays less than half of an arm, but is worth twenty flips of the coin: the optimum pulls it first."""
    family = CorrelatedBandit()
    plan = plan_of(family, horizon=12)
    np.testing.assert_array_equal(plan.optimal_actions(prior_beliefs(family, 1), 0), [[False, False, True]])
    assert plan.value - _greedy_value(family, 12) > 0.03


def _greedy_value(family, horizon):
    """Value of the greedy agent by its expected action gaps, summed over all (flips, heads) that it can reach."""
    plan, agent = plan_of(family, horizon=horizon), greedy_agent(family)
    weights, lost = {(0, 0): 1.0}, 0.0
    for time in range(horizon):
        later = {}
        for (flips, heads), weight in weights.items():
            belief = BetaBelief(
                np.array([family.concentration1 + heads]), np.array([family.concentration0 + flips - heads])
            )
            values, probs = plan.action_values(belief, time)[0], agent.action_probs(belief, (), time)[0]
            lost += weight * float(probs @ (values.max() - values))
            assert probs[:2].sum() == 1
            mean = float(belief.concentration1[0] / (belief.concentration1[0] + belief.concentration0[0]))
            for head, probability in ((1, mean), (0, 1 - mean)):
                key = (flips + 1, heads + head)
                later[key] = later.get(key, 0.0) + weight * probability
        weights = later
    return plan.value - lost


def test_bad_horizons_of_the_correlated_bandit_are_refused():
    with pytest.raises(ValueError, match="horizon must be .*at least 1.* 0"):
        plan_of(CorrelatedBandit(), horizon=0)
    with pytest.raises(ValueError, match=r"discount must be in \(0, 1\]; got 1.5"):
        plan_of(CorrelatedBandit(), horizon=3, discount=1.5)


def test_families_without_a_planner_or_indices_say_so():
    with pytest.raises(NotImplementedError, match="no finite-horizon planner is known for ExponentialBandit"):
        optimal_agent(ExponentialBandit(), horizon=5)
    with pytest.raises(NotImplementedError, match="no Gittins indices are known for CorrelatedBandit"):
        gittins_agent(CorrelatedBandit(), discount=0.9)


def test_gaussian_gittins_policy_scales_with_the_noise():
    """Rewards in other units, with priors in those units: the same decisions."""
    plain = GaussianBandit((0.0, 0.1), (1.0, 0.7), 1.0)
    scaled = GaussianBandit((0.0, 0.4), (4.0, 2.8), 4.0)
    key = jax.random.key(0)
    drawn = bayesopt.sample_reward_tables(plain, key, num_tasks=50, length=5)
    actions = []
    for family, unit in ((plain, 1.0), (scaled, 4.0)):
        tables = drawn._replace(rewards=drawn.rewards * unit)
        actions.append(play(gittins_agent(family, discount=0.9), tables, key).actions)
    np.testing.assert_array_equal(*actions)
