"""Playing agents on tables: shared luck, probabilities that are respected, and agents that break the contract."""

import jax
import numpy as np
import pytest

import bayesopt
from bayesopt.agent import Agent
from bayesopt.episodes import RewardTables
from bayesopt.families import BernoulliBandit
from bayesopt.planning import heuristics
from bayesopt.rollout import play

FAMILY = BernoulliBandit()
KEY = jax.random.key(0)


def tables(num_tasks=200, length=6):
    return bayesopt.sample_reward_tables(FAMILY, jax.random.key(1), num_tasks=num_tasks, length=length)


def fixed_agent(probs, num_arms=2):
    return Agent(
        num_arms=num_arms,
        initial_state=lambda num_tasks: np.zeros((num_tasks, 1)),
        action_probs=lambda state, observation, time: np.broadcast_to(np.asarray(probs), (len(state), len(probs))),
        update=lambda state, observation, action, reward, time: state,
    )


def test_tables_are_what_the_model_draws():
    drawn = tables(num_tasks=20_000, length=2)
    assert drawn.rewards.shape == (20_000, 2, 2)
    assert drawn.rewards.dtype == np.float64
    assert set(np.unique(drawn.rewards)) == {0.0, 1.0}
    expected = bayesopt.expected_reward_tables(FAMILY, drawn)
    np.testing.assert_array_equal(expected, drawn.latents["probs"])
    error = np.sqrt((expected * (1 - expected)).mean() / 20_000)
    assert np.abs((drawn.rewards[:, 0] - expected).mean(0)).max() < 5 * error


def test_rewards_are_looked_up_and_probabilities_kept():
    played = play(heuristics.thompson_agent(FAMILY), drawn := tables(), KEY)
    rows, times = np.indices(played.actions.shape)
    np.testing.assert_array_equal(played.rewards, drawn.rewards[rows, times, played.actions])
    np.testing.assert_allclose(played.action_probs.sum(2), 1)
    assert (played.action_probs[rows, times, played.actions] > 0).all()


def test_actions_come_up_as_often_as_their_probabilities_say():
    probs = (0.15, 0.85)
    played = play(fixed_agent(probs), tables(num_tasks=20_000, length=3), KEY)
    error = np.sqrt(0.15 * 0.85 / played.actions.size)
    assert abs((played.actions == 0).mean() - 0.15) < 5 * error


def test_an_action_without_probability_is_never_taken():
    family = BernoulliBandit((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    drawn = bayesopt.sample_reward_tables(family, jax.random.key(1), num_tasks=5000, length=4)
    played = play(fixed_agent((0.0, 1 - 1e-17, 0.0), num_arms=3), drawn, KEY)
    assert (played.actions == 1).all()


def test_agents_that_agree_share_their_luck():
    agents = (heuristics.epsilon_greedy_agent(FAMILY, epsilon=0.0), heuristics.greedy_agent(FAMILY))
    one, two = (play(agent, tables(), KEY) for agent in agents)
    np.testing.assert_array_equal(one.actions, two.actions)
    other = play(heuristics.greedy_agent(FAMILY), tables(), jax.random.key(5))
    assert (other.actions != one.actions).any()


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        ((np.nan, 1.0), "action probabilities must be finite; got nan at trial 0"),
        ((-0.1, 1.1), "action probabilities must be at least 0; got -0.1 at trial 0"),
        ((0.6, 0.6), "action probabilities must add up to 1; got a sum of 1.2 at trial 0"),
        ((1.0, 0.0, 0.0), r"must have shape \(task, arm\) \(200, 2\); got \(200, 3\) at trial 0"),
    ],
)
def test_what_is_no_distribution_is_refused(probs, message):
    with pytest.raises(ValueError, match=message):
        play(fixed_agent(probs), tables(), KEY)


def test_an_agent_for_another_number_of_arms_is_refused():
    with pytest.raises(ValueError, match="tables must have 3 arms, like the agent; got 2"):
        play(heuristics.uniform_agent(3), tables(), KEY)


def test_beliefs_see_the_drawn_reward_not_its_mean():
    """An agent is told what the table says, whatever the arms pay on average."""
    seen = []
    agent = fixed_agent((1.0, 0.0))._replace(
        update=lambda state, observation, action, reward, time: seen.append(reward) or state
    )
    rewards = np.random.default_rng(0).integers(0, 2, (50, 3, 2)).astype(float)
    play(agent, RewardTables({}, rewards), KEY)
    np.testing.assert_array_equal(np.stack(seen, axis=1), rewards[:, :, 0])


def test_counts_below_one_are_refused():
    with pytest.raises(ValueError, match="num_tasks must be an integer of at least 1; got 0"):
        bayesopt.sample_reward_tables(FAMILY, KEY, num_tasks=0, length=3)
