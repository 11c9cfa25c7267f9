"""Agents of contextual bandits: greedy is optimal, and its accuracy is what closed form and recursion say."""

import functools
from dataclasses import dataclass

import jax
import numpy as np
import pytest

import bayesopt
from bayesopt.agent import Agent, best_shared
from bayesopt.families import ContextualBandit
from bayesopt.family import AbstractContextualBanditFamily
from bayesopt.planning import contextual
from bayesopt.planning.heuristics import uniform_agent
from bayesopt.rollout import play
from tests.bayesopt.planning.greedy_accuracy import expected_accuracy, expected_accuracy_of_different_targets

TINY = [
    (family, horizon)
    for num_contexts, num_arms, horizon in [(1, 4, 4), (2, 3, 4), (3, 3, 3), (3, 4, 3)]
    for family in (ContextualBandit(num_contexts, num_arms), ContextualBandit(num_contexts, num_arms, True))
]


@dataclass(frozen=True)
class ModelOnly(AbstractContextualBanditFamily):
    """The first rung of the ladder: a legal family without a closed form."""

    num_contexts: int = 2
    num_arms: int = 2
    model = ContextualBandit.model
    expected_rewards = ContextualBandit.expected_rewards


@functools.cache
def drawn(family):
    """4,000 tasks of 25 trials."""
    return bayesopt.sample_contextual_tables(family, jax.random.key(0), num_tasks=4000, length=25)


def correct_probs(played, tables):
    """How likely each taken trial was to be correct: averaging it is less noisy than averaging rewards."""
    targets = np.take_along_axis(tables.latents["targets"], tables.contexts, axis=1)
    return np.take_along_axis(played.action_probs, targets[:, :, None], axis=2)[:, :, 0]


@pytest.mark.parametrize(("family", "horizon"), TINY, ids=str)
def test_greedy_is_optimal(family, horizon):
    """Exhaustive planning over sets of targets shares no code with the beliefs on which the agent acts."""
    greedy = contextual.agent_value(contextual.greedy_contextual_agent(family), family, horizon=horizon)
    assert abs(greedy - contextual.expectimax_value(family, horizon=horizon)) < 1e-12


def test_expectimax_is_right_where_it_can_be_done_by_hand():
    """One context: the m-th trial pays min(m / n, 1). Two contexts and arms: 1/2, then 1 or 1/2 for the other."""
    value = contextual.expectimax_value
    assert value(ContextualBandit(1, 4), horizon=5) == pytest.approx((1 + 2 + 3 + 4 + 4) / 4, abs=1e-12)
    assert value(ContextualBandit(2, 2), horizon=2) == pytest.approx(0.5 + 0.75, abs=1e-12)
    # With different targets one pull tells both contexts everything.
    assert value(ContextualBandit(2, 2, is_bijective=True), horizon=3) == pytest.approx(0.5 + 1 + 1, abs=1e-12)


def test_value_of_agents_that_do_not_learn():
    family = ContextualBandit(2, 3, is_bijective=True)
    assert contextual.agent_value(uniform_agent(3), family, horizon=3) == pytest.approx(1.0, abs=1e-12)
    thompson = contextual.agent_value(contextual.thompson_contextual_agent(family), family, horizon=3)
    assert 1.0 < thompson < contextual.expectimax_value(family, horizon=3) - 0.03


@pytest.mark.parametrize(("num_contexts", "num_arms"), [(1, 3), (3, 3), (2, 4)])
def test_expected_accuracies_add_up_to_the_value(num_contexts, num_arms):
    """Summed over trials, both curves are what exhaustive planning finds at every horizon."""
    sizes = {"num_contexts": num_contexts, "num_arms": num_arms, "num_trials": 6}
    for family, curve in (
        (ContextualBandit(num_contexts, num_arms), expected_accuracy(**sizes)),
        (ContextualBandit(num_contexts, num_arms, True), expected_accuracy_of_different_targets(**sizes)),
    ):
        values = [contextual.expectimax_value(family, horizon=horizon) for horizon in range(1, 7)]
        np.testing.assert_allclose(np.cumsum(curve), values, atol=1e-12)


def test_accuracy_of_five_contexts_and_arms():
    """The numbers of trials 5, 10, 20 and 30 (1, 5, 10, 15, 20), counted from 1, to the digits they are known by."""
    sizes = {"num_contexts": 5, "num_arms": 5, "num_trials": 40}
    independent = expected_accuracy(**sizes)
    np.testing.assert_allclose(independent[[0, 4, 9, 14, 19, 29]], [0.2, 0.36, 0.56, 0.72, 0.84, 0.96], atol=0.005)
    different = expected_accuracy_of_different_targets(**sizes)
    np.testing.assert_allclose(different[[0, 4, 9, 14, 19]], [0.2, 0.4992, 0.8406, 0.9806, 0.9983], atol=5.1e-5)


@pytest.mark.parametrize("is_bijective", [False, True])
def test_played_accuracy_is_the_expected_one(is_bijective):
    """Within five standard errors at every one of 25 trials (failure rate 2e-5)."""
    family = ContextualBandit(is_bijective=is_bijective)
    tables = drawn(family)
    played = play(contextual.greedy_contextual_agent(family), tables, jax.random.key(1))
    probs = correct_probs(played, tables)
    curve_of = expected_accuracy_of_different_targets if is_bijective else expected_accuracy
    expected = curve_of(num_contexts=5, num_arms=5, num_trials=25)
    errors = probs.std(axis=0, ddof=1) / 4000**0.5
    # Where all but a few of the tasks are solved, their spread is that of a rare event.
    rare = np.sqrt(expected * (1 - expected) / 4000)
    assert (np.abs(probs.mean(axis=0) - expected) <= 5 * np.maximum(errors, rare) + 1e-12).all()


@pytest.mark.parametrize("is_bijective", [False, True])
def test_contexts_are_learned_alike_and_no_other_is_forgotten(is_bijective):
    """Claims of the reference: equal curves of all contexts; on average no trial makes any of them worse.

    In one task it may: what is ruled out elsewhere can make a wrong arm the likeliest. The failure rate is that of
    125 scores above five, 7e-5.
    """
    family = ContextualBandit(is_bijective=is_bijective)
    agent, tables = contextual.greedy_contextual_agent(family), drawn(family)
    probed = bayesopt.play_probed(agent, tables, jax.random.key(1), num_contexts=5)
    probs = np.take_along_axis(probed.context_probs, tables.latents["targets"][:, None, :, None], axis=3)[..., 0]
    assert (probs[:, 0] == 0.2).all()
    gaps = probs[:, 1:] - probs[:, 1:].mean(axis=2, keepdims=True)
    scores = gaps.mean(axis=0) / np.maximum(gaps.std(axis=0, ddof=1), 0.02) * 4000**0.5
    assert np.abs(scores).max() < 5
    changes = np.diff(probs, axis=1)
    assert (changes.mean(axis=0) >= -5 * changes.std(axis=0, ddof=1) / 4000**0.5).all()


def test_the_oracle_is_always_right_and_plays_only_its_own_tasks():
    family = ContextualBandit()
    oracle = contextual.contextual_oracle_agent(bayesopt.expected_contextual_tables(family, drawn(family)))
    assert (play(oracle, drawn(family), jax.random.key(1)).rewards == 1).all()
    with pytest.raises(ValueError, match="num_tasks must be 4000, the tasks that the oracle knows; got 3"):
        oracle.initial_state(3)


def test_thompson_sampling_loses_where_pulls_differ_in_probability():
    """With independent targets all open arms are equally likely, so Thompson is greedy; with different ones not."""
    agents = (contextual.greedy_contextual_agent, contextual.thompson_contextual_agent)
    for is_bijective in (False, True):
        family = ContextualBandit(3, 4, is_bijective)
        greedy, thompson = (contextual.agent_value(agent(family), family, horizon=3) for agent in agents)
        assert (greedy - thompson > 0.05) if is_bijective else abs(greedy - thompson) < 1e-12


def test_expectimax_notices_an_agent_that_is_not_optimal():
    """Greedy with one wrong habit: it repeats a failed arm half of the time."""
    family = ContextualBandit(2, 3)
    greedy = contextual.greedy_contextual_agent(family)
    careless = Agent(
        num_arms=3,
        initial_state=greedy.initial_state,
        action_probs=lambda state, context, time: (
            0.5 * best_shared(np.ones((len(context), 3))) + 0.5 * greedy.action_probs(state, context, time)
        ),
        update=greedy.update,
    )
    values = [contextual.agent_value(agent, family, horizon=3) for agent in (greedy, careless)]
    assert values[1] < values[0] - 0.05


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(NotImplementedError, match="ModelOnly has no belief methods"):
        contextual.greedy_contextual_agent(ModelOnly())
    with pytest.raises(ValueError, match="horizon"):
        contextual.expectimax_value(ContextualBandit(2, 2), horizon=0)


@pytest.mark.parametrize("family", [ContextualBandit(3, 4), ContextualBandit(3, 4, True)], ids=str)
def test_the_likeliest_arms_after_what_somebody_else_did_are_those_of_whoever_agrees_with_it(family):
    """Counting the targets that agree with each history, one by one, where the arms were pulled at random."""
    tables = bayesopt.sample_contextual_tables(family, jax.random.key(1), num_tasks=20, length=8)
    played = play(uniform_agent(family.num_arms), tables, jax.random.key(2))
    contexts = np.asarray(tables.contexts)
    found = contextual.likeliest_arms(family, contexts, played.actions, played.rewards)
    targets = family.possible_targets()
    for task in range(20):
        agrees = np.ones(len(targets), bool)
        for time in range(8):
            counts = np.stack([(targets[agrees] == arm).sum(axis=0) for arm in range(4)], axis=1)
            np.testing.assert_array_equal(found[task, time], counts == counts.max(axis=1, keepdims=True))
            is_correct = targets[:, contexts[task, time]] == played.actions[task, time]
            agrees &= is_correct == (played.rewards[task, time] == 1)
