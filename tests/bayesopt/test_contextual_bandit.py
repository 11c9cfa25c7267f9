"""The contextual bandit: what its model draws, what elimination concludes, and playing and probing agents on it."""

import functools
import itertools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bayesopt
from bayesopt import families
from bayesopt.agent import Agent
from bayesopt.beliefs import prior_beliefs, update_context_arms
from bayesopt.episodes import ContextualRewardTables, RewardTables
from bayesopt.families import ContextualBandit
from bayesopt.family import AbstractContextualBanditFamily, HasArmBeliefs, HasBeliefs, HasContextBeliefs
from bayesopt.injections import UniformInjections, injection_arm_probs, injections
from bayesopt.planning.contextual import greedy_contextual_agent
from bayesopt.rollout import play, play_probed

INDEPENDENT, DIFFERENT = ContextualBandit(3, 4), ContextualBandit(3, 4, is_bijective=True)
RNG = np.random.default_rng(0)
SMALL = ContextualRewardTables({}, RNG.integers(0, 3, (50, 4)), RNG.integers(0, 2, (50, 4, 2)).astype(float))
"""Tasks with 3 contexts and 2 arms."""
FAMILIES = pytest.mark.parametrize("family", [INDEPENDENT, DIFFERENT], ids=["independent", "different"])


@functools.cache
def drawn(family):
    return bayesopt.sample_contextual_tables(family, jax.random.key(0), num_tasks=6000, length=10)


def targets_by_hand(family):
    """All assignments of arms to contexts that the law allows."""
    product = itertools.product(range(family.num_arms), repeat=family.num_contexts)
    return np.array([t for t in product if not family.is_bijective or len(set(t)) == len(t)])


def test_it_is_found_and_is_a_kind_of_its_own():
    assert families.load("contextual_bandit") is ContextualBandit
    family = ContextualBandit()
    assert isinstance(family, AbstractContextualBanditFamily) and isinstance(family, HasContextBeliefs)
    assert not isinstance(family, (HasArmBeliefs, HasBeliefs, bayesopt.AbstractBanditFamily))


@FAMILIES
def test_tables_are_what_the_targets_say(family):
    tables = drawn(family)
    targets, contexts = tables.latents["targets"], tables.contexts
    assert set(tables.latents) == {"targets"}
    assert targets.shape == (6000, 3) and contexts.shape == (6000, 10) and tables.rewards.dtype == np.float64
    correct = np.take_along_axis(targets, contexts, axis=1)
    np.testing.assert_array_equal(tables.rewards, np.arange(4) == correct[:, :, None])
    expected = bayesopt.expected_contextual_tables(family, tables)
    np.testing.assert_array_equal(expected, np.arange(4) == targets[:, :, None])
    # Frequencies: every context 1/3, every allowed assignment equally often; five standard errors each.
    shares = (contexts[:, :, None] == np.arange(3)).mean((0, 1))
    assert np.abs(shares - 1 / 3).max() < 5 * np.sqrt(2 / 9 / contexts.size)
    allowed = targets_by_hand(family)
    frequency = (targets[:, None] == allowed).all(2).mean(0)
    assert frequency.sum() == pytest.approx(1)
    assert np.abs(frequency - 1 / len(allowed)).max() < 5 * np.sqrt(1 / len(allowed) / 6000)
    np.testing.assert_array_equal(family.possible_targets(), allowed)


@FAMILIES
def test_elimination_is_bayes_rule(family):
    """Against counting the assignments that agree with random pulls, one by one."""
    rng, allowed = np.random.default_rng(0), targets_by_hand(family)
    num_tasks = 40
    truth = allowed[rng.integers(len(allowed), size=num_tasks)]
    agrees, belief = np.ones((num_tasks, len(allowed)), bool), prior_beliefs(family, num_tasks)
    for _ in range(7):
        contexts, arms = rng.integers(3, size=num_tasks), rng.integers(4, size=num_tasks)
        is_success = truth[np.arange(num_tasks), contexts] == arms
        agrees &= (arms[:, None] == allowed[:, contexts].T) == is_success[:, None]
        belief = update_context_arms(family, belief, contexts, arms, is_success.astype(float))
        uses = allowed[:, :, None] == np.arange(4)
        expected = np.einsum("th,hca->tca", agrees.astype(float), uses.astype(float)) / agrees.sum(1)[:, None, None]
        np.testing.assert_allclose(family.correct_arm_probs(belief), expected, atol=1e-15)
    with jax.enable_x64(True):
        for task in range(5):
            one = jax.tree.map(lambda leaf, task=task: jnp.asarray(leaf[task]), belief)
            for context in range(3):
                mean = family.reward_predictive(one, jnp.asarray(context)).mean
                np.testing.assert_allclose(mean, expected[task, context], atol=1e-15)
            log_probs = np.asarray(family.posterior(one)["targets"].log_prob(jnp.asarray(allowed)))
            np.testing.assert_allclose(np.exp(log_probs), agrees[task] / agrees[task].sum(), atol=1e-12)


def test_a_success_elsewhere_informs_only_where_targets_differ():
    pull = (np.array([0]), np.array([2]), np.array([1.0]))
    for family, elsewhere in ((INDEPENDENT, [0.25] * 4), (DIFFERENT, [1 / 3, 1 / 3, 0, 1 / 3])):
        probs = family.correct_arm_probs(update_context_arms(family, prior_beliefs(family, 1), *pull))[0]
        np.testing.assert_allclose(probs, [[0, 0, 1, 0], elsewhere, elsewhere], atol=1e-15)


@FAMILIES
def test_rewards_that_the_family_cannot_pay_are_named(family):
    belief = prior_beliefs(family, 2)
    for arm in range(4):  # the first task never pays in context 1
        rewards = np.array([0.0, float(arm == 3)])
        belief = update_context_arms(family, belief, np.array([1, 1]), np.array([arm, arm]), rewards)
    with pytest.raises(ValueError, match=r"must be possible under ContextualBandit.*in 1 of 2 tasks"):
        family.correct_arm_probs(belief)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"num_contexts": 0}, "num_contexts must be an integer of at least 1; got 0"),
        ({"num_arms": True}, "num_arms must be an integer of at least 1; got True"),
        ({"num_contexts": 4, "num_arms": 3, "is_bijective": True}, "from num_contexts to 7; got num_contexts 4, num"),
        ({"num_contexts": 4, "num_arms": 8, "is_bijective": True}, "from num_contexts to 7; got .* num_arms 8"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        ContextualBandit(**fields)


def test_too_many_targets_are_not_listed():
    with pytest.raises(ValueError, match=r"at most 100,000 to list all targets; got 10 \*\* 6"):
        ContextualBandit(6, 10).possible_targets()
    assert len(ContextualBandit(5, 10).possible_targets()) == 100_000


# --- the distribution over injections ---------------------------------------------------------------------------------


def test_injections_are_drawn_uniformly_among_those_allowed():
    is_possible = np.array([[1, 1, 0, 1], [1, 0, 1, 0], [0, 1, 1, 1]], bool)
    allowed = [t for t in itertools.permutations(range(4), 3) if is_possible[[0, 1, 2], t].all()]
    with jax.enable_x64(True):
        law = UniformInjections(is_possible)
        drawn = np.asarray(law.sample(jax.random.key(0), (20_000,)))
        others = [t for t in itertools.product(range(4), repeat=3) if t not in allowed]
        np.testing.assert_allclose(law.log_prob(jnp.array(allowed)), -np.log(len(allowed)), rtol=1e-14)
        assert (np.asarray(law.log_prob(jnp.array(others))) == -np.inf).all()
        assert law.event_shape == (3,) and np.asarray(law.support(jnp.array(allowed))).all()
    frequency = (drawn[:, None] == np.array(allowed)).all(2).mean(0)
    assert frequency.sum() == 1
    assert np.abs(frequency - 1 / len(allowed)).max() < 5 * np.sqrt(1 / len(allowed) / 20_000)


@pytest.mark.parametrize(("num_contexts", "num_arms"), [(1, 3), (3, 4), (4, 4), (2, 6)])
def test_arm_probs_by_sets_are_those_by_enumeration(num_contexts, num_arms):
    rng, lists = np.random.default_rng(1), injections(num_contexts, num_arms)
    is_target = np.eye(num_arms, dtype=bool)[lists[rng.integers(len(lists), size=30)]]
    is_possible = (rng.random(is_target.shape) < 0.5) | is_target
    with jax.enable_x64(True):
        enumerated = np.asarray(UniformInjections(is_possible).arm_probs)
    np.testing.assert_allclose(injection_arm_probs(is_possible), enumerated, atol=1e-15)
    assert np.isnan(injection_arm_probs(np.zeros((1, num_contexts, num_arms), bool))).all()


@dataclass(frozen=True)
class LearnsNothingElsewhere(ContextualBandit):
    """Takes the targets to be independent in its updates, and different from each other in its prior."""

    def update_context_arm(self, belief, context, arm, reward):
        return ContextualBandit(self.num_contexts, self.num_arms).update_context_arm(belief, context, arm, reward)


def test_ruling_out_too_little_elsewhere_changes_nothing_that_is_concluded():
    """Which injections agree already excludes a known arm elsewhere: the two ways to keep the belief are one."""
    pulls = (np.array([0]), np.array([2]), np.array([1.0]))
    for family in (DIFFERENT, LearnsNothingElsewhere(3, 4, is_bijective=True)):
        probs = family.correct_arm_probs(update_context_arms(family, prior_beliefs(family, 1), *pulls))
        np.testing.assert_allclose(probs[0, 1], [1 / 3, 1 / 3, 0, 1 / 3], atol=1e-15)


# --- playing and probing ----------------------------------------------------------------------------------------------


def counting_agent():
    """Remembers how many trials there were; its first arm has a probability that tells context and trials."""
    return Agent(
        num_arms=2,
        initial_state=lambda num_tasks: np.zeros(num_tasks),
        action_probs=lambda state, context, time: np.stack(
            [(10 * context + state) / 100, 1 - (10 * context + state) / 100], axis=1
        ),
        update=lambda state, context, action, reward, time: state + 1,
    )


def test_an_agent_sees_the_context_before_it_acts_and_learns():
    seen = []
    tables = SMALL
    agent = counting_agent()._replace(
        update=lambda state, context, action, reward, time: seen.append(context) or state + 1
    )
    played = play(agent, tables, jax.random.key(1))
    np.testing.assert_allclose(played.action_probs[:, :, 0], (10 * tables.contexts + np.arange(4)) / 100, atol=1e-15)
    np.testing.assert_array_equal(np.stack(seen, axis=1), tables.contexts)
    rows, times = np.indices(played.actions.shape)
    np.testing.assert_array_equal(played.rewards, tables.rewards[rows, times, played.actions])


def test_probes_ask_for_every_context_and_change_nothing():
    tables = SMALL
    agent = counting_agent()
    probed = play_probed(agent, tables, jax.random.key(1), num_contexts=3)
    times, contexts = np.arange(5)[:, None], np.arange(3)
    np.testing.assert_allclose(
        probed.context_probs[..., 0], np.broadcast_to((10 * contexts + times) / 100, (50, 5, 3)), atol=1e-15
    )
    for one, other in zip(probed.trajectories, play(agent, tables, jax.random.key(1)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_probes_condition_on_the_trials_before():
    """A context that has not come yet is answered for by the prior, or by what other contexts tell about it."""
    tables = drawn(INDEPENDENT)
    probed = play_probed(greedy_contextual_agent(INDEPENDENT), tables, jax.random.key(1), num_contexts=3)
    probs = np.take_along_axis(probed.context_probs, tables.latents["targets"][:, None, :, None], axis=3)[..., 0]
    visits = np.cumsum(tables.contexts[:, :, None] == np.arange(3), axis=1)  # after each trial
    assert (probs[:, 0] == 0.25).all()
    assert (probs[:, 1:][visits == 0] == 0.25).all() and (probs[:, 1:][visits >= 4] == 1).all()
    shown = np.take_along_axis(probed.context_probs[:, :-1], tables.contexts[:, :, None, None], axis=2)[:, :, 0]
    np.testing.assert_array_equal(shown, probed.trajectories.action_probs)


def test_tables_with_other_contexts_are_refused():
    tables = SMALL
    with pytest.raises(ValueError, match="contexts must be from 0 to 1; got 0 to 2"):
        play_probed(counting_agent(), tables, jax.random.key(1), num_contexts=2)

    with pytest.raises(ValueError, match="contexts must be from 0 to 1; got"):
        play(greedy_contextual_agent(ContextualBandit(2, 2)), tables, jax.random.key(1))


def test_a_contextual_agent_refuses_tables_without_contexts():
    plain = RewardTables({}, SMALL.rewards[:5])
    with pytest.raises(ValueError, match="observation must be 5 integers, the contexts"):
        play(greedy_contextual_agent(ContextualBandit(2, 2)), plain, jax.random.key(1))
