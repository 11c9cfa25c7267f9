"""Policies that see contexts, across the seam: what families feed them, and the agents they become."""

import jax
import numpy as np
import pytest

from bayesopt.episodes import sample_contextual_tables
from bayesopt.families.bernoulli_bandit import BernoulliBandit
from bayesopt.families.contextual_bandit import ContextualBandit
from bayesopt.rollout import play_probed
from comparisons.seams.policies import TableStream, agent_of, trial_encoding
from comparisons.seams.training import meta_train, new_policy
from metalearners import (
    AllActions,
    ContextualTrialEncoding,
    LSTMConfig,
    ReinforcementConfig,
    ValueBaseline,
    play,
    probed_action_probs,
)

FAMILY = ContextualBandit(num_contexts=3, num_arms=2)
TINY = ReinforcementConfig(
    num_steps=3, batch_size=8, horizon=4, num_checkpoints=2, surrogate=AllActions(), baseline=ValueBaseline()
)


@pytest.fixture(scope="module")
def policy():
    return meta_train(FAMILY, training=TINY, network=LSTMConfig(hidden_size=8))


def test_a_contextual_family_feeds_its_contexts_and_what_arms_pay_in_them():
    assert trial_encoding(FAMILY, horizon=4) == ContextualTrialEncoding(3, 2, 4)
    with TableStream(FAMILY, seed=0, batch_size=500, length=4) as stream:
        contexts, rewards, expected = (table.numpy() for table in stream(1))
    assert set(contexts.ravel()) == {0, 1, 2}
    np.testing.assert_array_equal(rewards.sum(axis=2), 1.0)  # one arm is correct in every context
    np.testing.assert_array_equal(expected, rewards)  # and pays without noise
    for context in range(3):  # the same one whenever the context comes back
        best = np.where(contexts == context, rewards[..., 1], np.nan)
        seen = best[(contexts == context).any(axis=1)]
        np.testing.assert_array_equal(np.nanmin(seen, axis=1), np.nanmax(seen, axis=1))


def test_a_plain_family_is_always_in_the_one_context():
    with TableStream(BernoulliBandit(), seed=0, batch_size=4, length=3) as stream:
        tables = stream(0)
    assert tables.contexts.shape == (4, 3)
    assert not tables.contexts.any()


def test_an_agent_asked_about_every_context_answers_as_the_policy(policy):
    """What the policy itself is asked, and the agent that it is, on the same actions."""
    tables = sample_contextual_tables(FAMILY, jax.random.key(0), num_tasks=40, length=4)
    probed = play_probed(agent_of(policy), tables, jax.random.key(1), num_contexts=3)
    actions, action_probs = probed.trajectories.actions, probed.trajectories.action_probs
    below = np.cumsum(action_probs, axis=2) - action_probs
    uniforms = np.take_along_axis(below + 0.5 * action_probs, actions[..., None], axis=2)[..., 0]
    contexts = np.asarray(tables.contexts)
    played = play(policy, contexts, tables.rewards, uniforms)
    np.testing.assert_array_equal(played.actions, actions)
    np.testing.assert_allclose(played.action_probs, action_probs, atol=1e-6)
    asked = probed_action_probs(policy, contexts, tables.rewards, uniforms)
    np.testing.assert_allclose(asked, probed.context_probs[:, :-1], atol=1e-6)
    assert asked.std(axis=2).max() > 1e-3


def test_a_finished_run_is_taken_up_as_it_ended(tmp_path):
    trained = meta_train(FAMILY, training=TINY, network=LSTMConfig(hidden_size=8), directory=tmp_path)
    again = meta_train(FAMILY, training=TINY, network=LSTMConfig(hidden_size=8), directory=tmp_path)
    fresh = new_policy(FAMILY, LSTMConfig(hidden_size=8), horizon=4, seed=0)
    weights = [module.state_dict()["network.readout.weight"] for module in (trained, again, fresh)]
    assert weights[0].equal(weights[1])
    assert not weights[0].equal(weights[2])


def test_an_agent_refuses_contexts_it_does_not_know(policy):
    agent = agent_of(policy)
    with pytest.raises(ValueError, match="contexts of this policy must be from 0 to 2; got 3"):
        agent.action_probs(agent.initial_state(2), np.array([0, 3]), 0)
