"""Explore, then commit: closed forms of values against simulation and quadrature; agents and refusals.

Numbers called printed are those of Lange & Sprekeler (2020); the others were found without this code.
"""

import jax
import numpy as np
import pytest
from scipy import integrate, special, stats

from bayesopt.agent import Agent
from bayesopt.episodes import RewardTables
from bayesopt.planning.exploration import (
    commit_edge,
    commit_value,
    full_information_value,
    optimal_commit_trials,
    printed_commit_value,
    sample_mean_commit_value,
)
from bayesopt.planning.exploration_agents import commit_agent
from bayesopt.rollout import play
from tests.bayesopt.planning.commit_grid import LIFETIMES, PRIOR_SCALES, REWARD_SCALES


def simulated(num_trials, *, lifetime, prior_scale, reward_scale, rng, num_tasks, by_sample_mean=False):
    """Rewards of every lifetime, from the definition: draw the mean, draw the rewards, decide."""
    means = rng.normal(-1, prior_scale, num_tasks)
    sample_means = means + rng.normal(0, reward_scale / np.sqrt(num_trials), num_tasks)
    precision, gained = prior_scale**-2, num_trials * reward_scale**-2
    decides = sample_means if by_sample_mean else (-precision + gained * sample_means) / (precision + gained)
    return num_trials * means + (lifetime - num_trials) * means * (decides > 0)


@pytest.mark.parametrize(
    ("value", "by_sample_mean"), [(commit_value, False), (sample_mean_commit_value, True)], ids=["posterior", "sample"]
)
def test_values_are_those_of_simulated_lifetimes(value, by_sample_mean):
    """160 settings; all within 4 standard errors (failure rate 1 %), and their mean square near 1 (5 sigma)."""
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(160):
        lifetime = int(rng.choice(LIFETIMES.ravel()))
        num_trials = int(rng.integers(1, lifetime))
        arm = {
            "lifetime": lifetime,
            "prior_scale": float(rng.choice(PRIOR_SCALES.ravel())),
            "reward_scale": float(rng.choice(REWARD_SCALES)),
        }
        rewards = simulated(num_trials, rng=rng, num_tasks=10_000, by_sample_mean=by_sample_mean, **arm)
        scores.append((rewards.mean() - value(num_trials, **arm)) / (rewards.std() / 100))
    assert np.abs(scores).max() < 4
    assert abs(np.mean(np.square(scores)) - 1) < 5 * np.sqrt(2 / 160)


def test_discounted_value_is_that_of_simulated_trials():
    rng, weights = np.random.default_rng(1), 0.9 ** np.arange(12)
    means = rng.normal(-1, 2, 200_000)
    rewards = means[:, None] + rng.normal(0, 3, (200_000, 12))
    posterior = (-1 / 4 + rewards[:, :4].sum(1) / 9) / (1 / 4 + 4 / 9)
    rewards[:, 4:] *= (posterior > 0)[:, None]
    earned = rewards @ weights
    stated = commit_value(4, lifetime=12, prior_scale=2.0, reward_scale=3.0, discount=0.9)
    assert abs(earned.mean() - stated) < 4 * earned.std() / np.sqrt(200_000)


@pytest.mark.parametrize("num_trials", [1, 2, 10, 24])
@pytest.mark.parametrize(("prior_scale", "reward_scale", "prior_loc"), [(1.0, 3.0, -1.0), (4.0, 0.5, 0.7)])
def test_printed_formula_by_quadrature(num_trials, prior_scale, reward_scale, prior_loc):
    precision, gained = prior_scale**-2, num_trials * reward_scale**-2

    def integrand(z):
        mean = prior_loc + prior_scale * z
        estimate = (precision * prior_loc + gained * mean) / (precision + gained)
        return mean * special.ndtr(estimate * np.sqrt(precision + gained)) * stats.norm.pdf(z)

    switch = -prior_loc * (1 + precision / gained) / prior_scale
    by_quadrature = integrate.quad(integrand, -12, 12, points=[np.clip(switch, -11, 11)], epsabs=1e-12, limit=400)[0]
    found = printed_commit_value(
        num_trials, lifetime=25, prior_scale=prior_scale, reward_scale=reward_scale, prior_loc=prior_loc
    )
    assert found == pytest.approx(num_trials * prior_loc + (25 - num_trials) * by_quadrature, abs=1e-8)


def test_full_information_is_the_integral_of_the_better_arm():
    by_quadrature = integrate.quad(lambda mean: mean * stats.norm.pdf(mean, -1, 3), 0, 40, epsabs=1e-13)[0]
    assert full_information_value(lifetime=10, prior_scale=3.0) == pytest.approx(10 * by_quadrature, abs=1e-9)
    assert full_information_value(lifetime=3, prior_scale=3.0, discount=0.5) == pytest.approx(1.75 * by_quadrature)


@pytest.mark.parametrize(
    ("prior_scale", "reward_scale", "best", "value", "first", "printed_best", "printed_value", "printed_first"),
    [
        (3.0, 19.5, 13, 5.48, -0.8, 22, -15.7, -34.8),
        (3.75, 9.53, 11, 56.10, 17.5, 14, 48.2, -19.0),
        (8.0, 9.53, 7, 219.68, None, 8, 215.6, None),
    ],
)
def test_value_of_exploring_over_the_number_of_trials(
    prior_scale, reward_scale, best, value, first, printed_best, printed_value, printed_first
):
    """Figure 2 of the paper: one panel is a case for learning, though the printed formula says it is not."""
    arm = {"lifetime": 100, "prior_scale": prior_scale, "reward_scale": reward_scale}
    trials = np.arange(1, 101)
    correct, printed = commit_value(trials, **arm), printed_commit_value(trials, **arm)
    assert (trials[correct.argmax()], trials[printed.argmax()]) == (best, printed_best)
    assert correct.max() == pytest.approx(value, abs=0.005)
    assert printed.max() == pytest.approx(printed_value, abs=0.05)
    if first is not None:
        assert correct[0] == pytest.approx(first, abs=0.05)
        assert printed[0] == pytest.approx(printed_first, abs=0.5)


def test_order_of_the_rules():
    """The posterior mean decides better than the sample mean, and nothing beats knowing."""
    trials = np.arange(1, 26)
    arm = {"lifetime": 25, "prior_scale": PRIOR_SCALES, "reward_scale": 7.0}
    by_posterior, by_sample = commit_value(trials, **arm), sample_mean_commit_value(trials, **arm)
    assert (by_sample <= by_posterior + 1e-12).all() and (by_sample < by_posterior - 1e-3).any()
    assert (by_posterior < full_information_value(lifetime=25, prior_scale=PRIOR_SCALES)).all()


def test_nothing_to_learn():
    scales = np.array([0.0, 1e-300, 1e-160, 1e-8])
    for value in (commit_value, printed_commit_value):
        found = value([[0], [3]], lifetime=10, prior_scale=scales, reward_scale=1.0)
        np.testing.assert_allclose(found, [[0.0] * 4, [-3.0] * 4], atol=1e-12)
        assert value(4, lifetime=10, prior_scale=0.0, reward_scale=1.0, prior_loc=0.5) == pytest.approx(5.0)
    misled = 7 * special.ndtr(-np.sqrt(3))  # the mean of three rewards may be positive by chance
    found = sample_mean_commit_value(3, lifetime=10, prior_scale=scales, reward_scale=1.0)
    np.testing.assert_allclose(found, -3 - misled, atol=1e-12)
    assert (optimal_commit_trials(lifetime=10, prior_scale=scales, reward_scale=1.0) == 0).all()
    assert optimal_commit_trials(lifetime=10, prior_scale=0.0, reward_scale=1.0, prior_loc=0.1) == 0
    assert commit_value(0, lifetime=10, prior_scale=2.0, reward_scale=1.0, prior_loc=0.5) == 5.0


def played(agent: Agent, *, lifetime, prior_scale, reward_scale, num_tasks, seed):
    rng = np.random.default_rng(seed)
    means = rng.normal(-1, prior_scale, num_tasks)
    rewards = np.zeros((num_tasks, lifetime, 2))
    rewards[:, :, 1] = means[:, None] + rng.normal(0, reward_scale, (num_tasks, lifetime))
    return play(agent, RewardTables({"mean": means}, rewards), jax.random.key(0))


def test_commit_agent_earns_the_closed_form():
    arm = {"prior_scale": 3.0, "reward_scale": 4.0}
    trajectories = played(commit_agent(5, **arm), lifetime=20, num_tasks=20_000, seed=2, **arm)
    assert (trajectories.actions[:, :5] == 1).all()
    assert (np.diff(trajectories.actions[:, 5:], axis=1) == 0).all()
    earned = trajectories.rewards.sum(1)
    assert abs(earned.mean() - commit_value(5, lifetime=20, **arm)) < 4 * earned.std() / np.sqrt(20_000)
    assert 0.1 < trajectories.actions[:, 5].mean() < 0.9


def test_commit_agent_that_never_explores_goes_by_the_prior():
    for prior_loc, arm in ((-1.0, 0), (0.0, 0), (1.0, 1)):
        agent = commit_agent(0, prior_scale=0.0, reward_scale=1.0, prior_loc=prior_loc)
        probs = agent.action_probs(agent.initial_state(2), (), 0)
        np.testing.assert_array_equal(probs, np.tile(np.eye(2)[arm], (2, 1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prior_scale": -1.0}, "prior_scale must be finite and >= 0; got -1"),
        ({"prior_scale": np.nan}, "prior_scale must be finite and >= 0; got nan"),
        ({"reward_scale": [1.0, 0.0]}, "reward_scale must be finite and > 0; got 0"),
        ({"prior_loc": np.inf}, "prior_loc must be finite; got inf"),
        ({"lifetime": 0}, "lifetime must be an integer of at least 1; got 0"),
        ({"lifetime": 2.5}, "lifetime must be an integer of at least 1; got 2.5"),
        ({"num_trials": 11}, "num_trials must be an integer from 0 to the lifetime, 10; got 11"),
        ({"num_trials": -1}, "num_trials must be an integer from 0 to the lifetime, 10; got -1"),
        ({"discount": 0.0}, r"discount must be in \(0, 1\]; got 0"),
    ],
)
def test_refusals(change, message):
    good = {"num_trials": 3, "lifetime": 10, "prior_scale": 1.0, "reward_scale": 1.0}
    with pytest.raises(ValueError, match=message):
        commit_value(**(good | change))


def test_refusals_of_edges_and_agents():
    with pytest.raises(ValueError, match="prior_loc must be below 0 .*; got 0"):
        commit_edge(lifetime=10, reward_scale=1.0, prior_loc=0.0)
    with pytest.raises(ValueError, match="num_trials must be .* got -1"):
        commit_agent(-1, prior_scale=1.0, reward_scale=1.0)
    with pytest.raises(ValueError, match="reward_scale must be finite and > 0; got 0"):
        commit_agent(1, prior_scale=1.0, reward_scale=0.0)
