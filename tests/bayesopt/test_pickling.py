"""Predictives, beliefs, families, plans, tables and agents survive pickling and copying, with their float64 numbers."""

import copy
import pickle

import jax
import joblib
import numpy as np
import pytest

import bayesopt
from bayesopt.families import (
    BernoulliBandit,
    BetaBernoulli,
    ContextualBandit,
    CorrelatedBandit,
    DirichletCategorical,
    ExponentialBandit,
    FixedArmBandit,
    ForagingGrid,
    GammaExponential,
    GaussianBandit,
    LinearRegression,
    NormalNormal,
)
from bayesopt.planning import contextual, heuristics
from bayesopt.planning.foraging import small_goal_agent
from bayesopt.planning.optimal import finite_horizon_index_agent, plan_of
from bayesopt.planning.tabular import tabular_oracle_agent

KEY = jax.random.key(0)
COPIES = {"pickle": lambda value: pickle.loads(pickle.dumps(value)), "deepcopy": copy.deepcopy, "copy": copy.copy}


def predicted(family):
    if isinstance(family, LinearRegression):
        drawn = bayesopt.sample_regressions(family, KEY, num_tasks=2, length=3)
        return bayesopt.predict_regression(family, drawn.inputs, drawn.targets), drawn.targets
    drawn = bayesopt.sample_sequences(family, KEY, num_tasks=2, length=3).observations
    return bayesopt.predict_sequence(family, drawn), drawn


FAMILIES = [
    BetaBernoulli(),
    LinearRegression(),
    *(
        pytest.param(family, marks=pytest.mark.slow)
        for family in (DirichletCategorical(), GammaExponential(), NormalNormal())
    ),
]


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)
def test_predictives_keep_type_and_digits(family, copied):
    before, observed = predicted(family)
    after = copied(before)
    assert not jax.config.jax_enable_x64 and type(after) is type(before)
    for one, other in ((before.log_prob(observed), after.log_prob(observed)), (before.mean, after.mean)):
        assert other.dtype == np.float64
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(before.sample(KEY), after.sample(KEY))
    assert after.support == before.support


@pytest.mark.slow  # starts processes
def test_predictives_reach_other_processes_and_come_back():
    before, observed = predicted(NormalNormal())
    (after, scores), _ = joblib.Parallel(n_jobs=2)(joblib.delayed(_scored)(before, observed) for _ in range(2))
    assert scores.dtype == np.float64 and after.log_prob(observed).dtype == np.float64
    np.testing.assert_array_equal(scores, before.log_prob(observed))


def _scored(predictive, observed):
    return predictive, predictive.log_prob(observed)


TABLES = bayesopt.sample_reward_tables(BernoulliBandit(), KEY, num_tasks=4, length=3)
CONTEXTS = bayesopt.sample_contextual_tables(ContextualBandit(2, 2), KEY, num_tasks=4, length=3)
WORLDS = bayesopt.sample_tabular_tasks(ForagingGrid(4), KEY, num_tasks=4)
BANDIT_AGENTS = {
    "optimal": lambda: bayesopt.optimal_agent(BernoulliBandit(), horizon=3),
    "optimal, Gaussian": lambda: bayesopt.optimal_agent(GaussianBandit(), horizon=3),
    "optimal, correlated": lambda: bayesopt.optimal_agent(CorrelatedBandit(probe_flips=0), horizon=3),
    "optimal, fixed arm": lambda: bayesopt.optimal_agent(FixedArmBandit(), horizon=3),
    "Gittins": lambda: bayesopt.gittins_agent(BernoulliBandit(), discount=0.5),
    "finite-horizon index": lambda: finite_horizon_index_agent(BernoulliBandit(), horizon=3),
    "greedy": lambda: heuristics.greedy_agent(BernoulliBandit()),
    "epsilon-greedy": lambda: heuristics.epsilon_greedy_agent(BernoulliBandit()),
    "Thompson": lambda: heuristics.thompson_agent(ExponentialBandit()),
    "top-two": lambda: heuristics.top_two_thompson_agent(BernoulliBandit()),
    "Bayes-UCB": lambda: heuristics.bayes_ucb_agent(BernoulliBandit()),
    "knowledge gradient": lambda: heuristics.knowledge_gradient_agent(BernoulliBandit(), horizon=3),
    "UCB1": lambda: heuristics.ucb1_agent(2),
    "uniform": lambda: heuristics.uniform_agent(2),
    "oracle": lambda: heuristics.oracle_agent(bayesopt.expected_reward_tables(BernoulliBandit(), TABLES)),
    "commit": lambda: bayesopt.commit_agent(1, prior_scale=1.0, reward_scale=1.0),
    "stopping": lambda: bayesopt.stopping_agent(
        bayesopt.solve_stopping_problem(lifetime=3, prior_scale=2.0, reward_scale=1.0)
    ),
}
CONTEXTUAL_AGENTS = {
    "greedy": lambda: bayesopt.greedy_contextual_agent(ContextualBandit(2, 2)),
    "Thompson": lambda: contextual.thompson_contextual_agent(ContextualBandit(2, 2)),
    "oracle": lambda: contextual.contextual_oracle_agent(
        bayesopt.expected_contextual_tables(ContextualBandit(2, 2), CONTEXTS)
    ),
}
WORLD_AGENTS = {
    "optimal": lambda: bayesopt.solve_foraging(ForagingGrid(4), lifetime=3).optimal_agent(lifetime=3),
    "small goal": lambda: small_goal_agent(ForagingGrid(4)),
    "oracle": lambda: tabular_oracle_agent(WORLDS, lifetime=3),
}


def plays_alike(agent, play):
    """Whether copies of an agent play as it does."""
    played = play(agent)
    for copied in COPIES.values():
        for one, other in zip(played, play(copied(agent)), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("make", BANDIT_AGENTS.values(), ids=BANDIT_AGENTS)
def test_agents_of_bandits_play_alike_after_copying(make):
    plays_alike(make(), lambda agent: bayesopt.play(agent, pickle.loads(pickle.dumps(TABLES)), KEY))


@pytest.mark.parametrize("make", CONTEXTUAL_AGENTS.values(), ids=CONTEXTUAL_AGENTS)
def test_contextual_agents_play_alike_after_copying(make):
    plays_alike(make(), lambda agent: bayesopt.play(agent, copy.deepcopy(CONTEXTS), KEY))


@pytest.mark.parametrize("make", WORLD_AGENTS.values(), ids=WORLD_AGENTS)
def test_foragers_play_alike_after_copying(make):
    plays_alike(make(), lambda agent: bayesopt.play_tabular(agent, copy.deepcopy(WORLDS), KEY, lifetime=3))


@pytest.mark.parametrize(
    "family",
    [BernoulliBandit(), GaussianBandit(), CorrelatedBandit(), FixedArmBandit()],
    ids=lambda f: type(f).__name__,
)
def test_plans_have_the_same_values_after_copying(family):
    plan = plan_of(family, horizon=3)
    belief = jax.tree.map(lambda leaf: np.asarray(leaf, float)[None], family.prior_belief())
    if isinstance(family, FixedArmBandit):
        belief = belief._replace(num_pulls=np.zeros(1, int))
    for copied in COPIES.values():
        assert copied(plan).value == plan.value
        np.testing.assert_array_equal(copied(plan).action_values(belief, 0), plan.action_values(belief, 0))


def test_beliefs_keep_their_digits():
    belief = bayesopt.filter_beliefs(GammaExponential(0.1, 0.3), [[0.1, 0.2]])
    for copied in COPIES.values():
        for one, other in zip(belief, copied(belief), strict=True):
            assert other.dtype == np.float64
            np.testing.assert_array_equal(one, other)
