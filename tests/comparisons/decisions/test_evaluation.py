"""Comparing agents with the exact optimum: scores whose truth is known, and agents that break the contract."""

import json

import jax
import numpy as np
import pytest
import torch

import bayesopt
from bayesopt.agent import Agent
from bayesopt.families import BernoulliBandit, CorrelatedBandit, ExponentialBandit, FixedArmBandit, GaussianBandit
from bayesopt.planning.dynamic_programming import value_of_policy
from bayesopt.planning.heuristics import epsilon_greedy_agent, greedy_agent, thompson_agent, uniform_agent
from bayesopt.planning.optimal import optimal_agent, plan_of
from bayesopt.rollout import play
from comparisons import DecisionEvaluationConfig, certify_decisions, compare
from comparisons.decisions.action_gaps import Plans, decision_scores
from comparisons.decisions.exploration import exploration_scores, kl_of_rows
from comparisons.rows import EXACT, Over, table_of
from comparisons.seams.policies import agent_of, as_policy, trial_encoding
from metalearners.configs import LSTMConfig
from metalearners.network import build_network
from metalearners.trials import PositiveTrialEncoding, RealTrialEncoding

FAMILY = BernoulliBandit()
SMALL = DecisionEvaluationConfig(
    num_tasks=3000, length=6, certificate_length=5, detailed_tasks=500, convergence_tasks=100
)
FEW = DecisionEvaluationConfig(num_tasks=200, length=4, certificate_length=2, detailed_tasks=50)
"""Enough for what holds of any number of tasks; one setting, so that JAX compiles once."""


@pytest.fixture(scope="module")
def compared():
    """The optimal agent and a nearly greedy one, scored as if they were two training seeds."""
    agents = [optimal_agent(FAMILY, horizon=6), epsilon_greedy_agent(FAMILY, epsilon=0.3)]
    return [compare(agent, FAMILY, evaluation=SMALL) for agent in agents]


def interval(comparison, measure, who="network", **at):
    return table_of(comparison.tree).one(measure, who, **at).interval


def exact_value(agent, horizon, *, discount=1.0):
    belief = type(agent.initial_state(1))
    return value_of_policy(
        np.ones((2, 2)),
        horizon,
        lambda one, zero, time: agent.action_probs(belief(one, zero), (), time),
        discount=discount,
    )


def test_the_optimal_agent_falls_short_of_nothing(compared):
    assert interval(compared[0], "shortfall").estimate == 0
    assert interval(compared[0], "discounted_shortfall", "optimal").estimate >= 0
    assert interval(compared[0], "optimal_set_log_loss").estimate == 0
    assert interval(compared[0], "optimal_probs").estimate == 1


def test_the_shortfall_is_the_value_that_is_lost(compared):
    """Summed action gaps estimate V* - V(π), which value iteration over the beliefs gives exactly."""
    truth = plan_of(FAMILY, horizon=6).value - exact_value(epsilon_greedy_agent(FAMILY, epsilon=0.3), 6)
    found = interval(compared[1], "shortfall")
    gaps = compared[1].tree["totals"]["action_gap"].sel(player="network 0").to_numpy()
    assert abs(found.estimate - truth) < 5 * gaps.std() / len(gaps) ** 0.5
    assert found.lower < found.estimate < found.upper
    assert abs(interval(compared[1], "gap_minus_lost_rewards").estimate) < 5
    discounted = plan_of(FAMILY, horizon=6, discount=0.95).value
    discounted -= exact_value(epsilon_greedy_agent(FAMILY, epsilon=0.3), 6, discount=0.95)
    gaps = compared[1].tree["totals"]["discounted_action_gap"].sel(player="network 0").to_numpy()
    assert abs(gaps.mean() - discounted) < 5 * gaps.std() / len(gaps) ** 0.5


def test_the_certificate_covers_the_first_trials_and_agrees_with_sampling(compared):
    exact = table_of(compared[1].tree).one("certified_shortfall", "network", length=5)
    assert exact.interval.estimate == exact.interval.lower == exact.interval.upper
    assert (exact.unit, exact.over) == ("rewards per 5 trials", EXACT)
    assert abs(interval(compared[1], "sampled_minus_certified").estimate) < 5


def test_floors_and_ceilings_stand_beside_the_score(compared):
    table = compared[1].table
    losses = table[table.measure == "shortfall"].set_index("who").estimate
    assert losses["optimal"] == 0 < losses["Gittins"] <= losses["greedy"] < losses["Thompson"] < losses["uniform"]
    returns = table[table.measure == "expected_return"].set_index("who").estimate
    assert returns.idxmax() == "oracle"
    assert returns["optimum, exact"] == plan_of(FAMILY, horizon=6).value


@pytest.mark.parametrize(("length", "value"), [(1, 1 / 2), (2, 13 / 12), (5, 26 / 9)])
def test_a_certificate_over_the_whole_horizon_is_the_value(length, value):
    """Published optimal values; for greedy play, value iteration over beliefs, which shares no code with it."""
    plan = plan_of(FAMILY, horizon=length)
    optimal = certify_decisions(optimal_agent(FAMILY, horizon=length), FAMILY, plan, length=length)
    assert optimal.value == pytest.approx(value, abs=1e-12)
    assert optimal.shortfall == pytest.approx(0, abs=1e-12)
    thompson = certify_decisions(thompson_agent(FAMILY), FAMILY, plan, length=length)
    assert thompson.value == pytest.approx(exact_value(thompson_agent(FAMILY), length), abs=1e-11)
    assert thompson.shortfall == pytest.approx(value - thompson.value, abs=1e-11)


def test_a_certificate_over_ten_trials_is_the_published_optimum():
    plan = plan_of(FAMILY, horizon=10)
    certificate = certify_decisions(optimal_agent(FAMILY, horizon=10), FAMILY, plan, length=10)
    assert certificate.value == pytest.approx(16861 / 2800, abs=1e-11)
    assert certificate.num_histories >= 2**10 - 1  # every pull has two outcomes


def test_certificates_that_are_out_of_reach_say_how_far_they_go():
    plan = plan_of(FAMILY, horizon=20)
    with pytest.raises(ValueError, match="over 20 trials of 2 arms is not possible; length must be from 1"):
        certify_decisions(greedy_agent(FAMILY), FAMILY, plan, length=20)
    correlated = CorrelatedBandit()
    with pytest.raises(NotImplementedError, match="a certificate needs arms that pay 1 or 0; got CorrelatedBandit"):
        certify_decisions(greedy_agent(correlated), correlated, plan_of(correlated, horizon=3), length=2)


def network(num_arms=2, seed=0):
    config = LSTMConfig(hidden_size=8)
    return build_network(config, input_size=num_arms + 3, output_size=num_arms + 1, seed=seed)


def test_a_plain_module_is_scored_beside_its_untrained_self():
    comparison = compare([network(seed=0), network(seed=1)], FAMILY, evaluation=FEW)
    shortfalls = table_of(comparison.tree).of("shortfall")
    assert [dict(row.at) for row in shortfalls if row.who == "network"] == [
        {},
        {"training_seed": 0},
        {"training_seed": 1},
    ]
    pooled = {row.who: row.over for row in shortfalls if not row.at}
    assert pooled["network"] == pooled["untrained network"] == Over("tasks", 2)
    assert pooled["greedy"] == Over("tasks")
    assert "V* − V(network) = " in comparison.summary()


def test_a_network_as_an_agent_plays_as_it_does_in_torch():
    policy = as_policy(network(), FAMILY, horizon=6)
    tables = bayesopt.sample_reward_tables(FAMILY, jax.random.key(0), num_tasks=50, length=6)
    played = play(agent_of(policy), tables, jax.random.key(1))
    actions, rewards = torch.from_numpy(played.actions), torch.from_numpy(played.rewards).float()
    inputs = torch.zeros(50, 6, policy.encoding.size)
    for time in range(1, 6):
        inputs[:, time] = policy.encoding(actions[:, time - 1], rewards[:, time - 1], time)
    with torch.no_grad():
        log_probs, _ = policy(inputs)
    np.testing.assert_allclose(log_probs.exp().numpy(), played.action_probs, atol=1e-6)


def test_rewards_are_fed_in_units_of_order_one():
    assert trial_encoding(FAMILY, horizon=6) == RealTrialEncoding(2, 6)
    exponential = trial_encoding(ExponentialBandit(rate=(10.0, 10.0)), horizon=6)
    assert isinstance(exponential, PositiveTrialEncoding)
    assert 2 < exponential.scale < 10


def test_units_are_those_of_the_arms_that_vary():
    """Half the interquartile range of Normal(-1, 5), read off 16,384 rewards: known to 1 %, so 5 % is 5 errors."""
    encoding = trial_encoding(FixedArmBandit(prior_scale=3.0, reward_scale=4.0), horizon=6)
    assert encoding.scale == pytest.approx(0.6745 * 5, rel=0.05)
    assert encoding.loc == pytest.approx(-1, abs=0.3)


def test_a_family_without_a_plan_is_compared_with_gittins():
    comparison = compare(uniform_agent(2), ExponentialBandit(), evaluation=FEW)
    assert comparison.tree.attrs["reference"] == "Gittins"
    assert "no exact finite-horizon optimum is known for ExponentialBandit" in comparison.tree.attrs["notes"]
    assert "the reference is the Gittins policy, which is optimal for discounting" in comparison.tree.attrs["notes"]
    assert not (comparison.table.measure == "shortfall").any()
    assert interval(comparison, "rewards_below_reference").estimate > 0


class Unindexed(ExponentialBandit):
    """A family that is known to have neither a plan nor indices."""

    gittins_indices = None


def test_a_family_without_indices_names_the_reference_that_it_has():
    comparison = compare(uniform_agent(2), Unindexed(), evaluation=FEW)
    assert comparison.tree.attrs["reference"] == "knowledge gradient"
    (note,) = json.loads(comparison.tree.attrs["notes"])
    assert "the reference is the knowledge gradient policy and action gaps are not reported" in note
    assert "Gittins" not in comparison.summary()


def test_three_gaussian_arms_are_compared_with_gittins_too():
    family = GaussianBandit((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    comparison = compare(greedy_agent(family), family, evaluation=FEW)
    assert comparison.tree.attrs["reference"] == "Gittins"


def broken_agent(probs):
    return Agent(
        num_arms=2,
        initial_state=lambda num_tasks: np.zeros((num_tasks, 1)),
        action_probs=lambda state, observation, time: np.tile(probs, (len(state), 1)),
        update=lambda state, observation, action, reward, time: state,
    )


@pytest.mark.parametrize(
    ("probs", "message"),
    [((np.nan, 1.0), "must be finite; got nan at trial 0"), ((0.5, 0.6), "a sum of 1.1 at trial 0")],
)
def test_agents_without_a_distribution_are_refused(probs, message):
    with pytest.raises(ValueError, match=message):
        compare(broken_agent(probs), FAMILY, evaluation=SMALL)


def test_networks_of_the_wrong_size_are_refused():
    with pytest.raises(ValueError, match="a policy for 2 arms must have 3 outputs"):
        compare(build_network(LSTMConfig(4), input_size=5, output_size=2, seed=0), FAMILY, evaluation=SMALL)
    with pytest.raises(ValueError, match="at least one network; got an empty sequence"):
        compare([], FAMILY)


def test_same_seed_same_numbers():
    one, two = (compare(thompson_agent(FAMILY), FAMILY, seed=3, evaluation=FEW) for _ in range(2))
    assert one.table.equals(two.table)
    other = compare(thompson_agent(FAMILY), FAMILY, seed=4, evaluation=FEW)
    assert not one.table.equals(other.table)


def test_ties_cost_nothing_wherever_they_are_broken():
    """At the first trial both coins are optimal: an agent that always starts with one of them loses nothing."""
    tables = bayesopt.sample_reward_tables(FAMILY, jax.random.key(0), num_tasks=20, length=1)
    played = play(broken_agent((1.0, 0.0)), tables, jax.random.key(1))
    plan = plan_of(FAMILY, horizon=1)
    scores = decision_scores(FAMILY, played, tables.latents["probs"], Plans(plan, plan, 0.9))
    assert (scores.action_gap == 0).all()
    assert (scores.optimal_probs == 1).all()


def test_what_the_last_reward_did_to_an_agent():
    """Repeats and losses by hand: two tasks of an agent that never leaves its arm."""
    tables = bayesopt.sample_reward_tables(FAMILY, jax.random.key(0), num_tasks=300, length=3)
    played = play(broken_agent((1.0, 0.0)), tables, jax.random.key(1))
    scores = exploration_scores(FAMILY, played)
    assert np.isnan(scores.repeats[:, 0]).all()
    assert (scores.repeats[:, 1:] == 1).all()
    np.testing.assert_array_equal(scores.is_after_loss[:, 1], 1 - tables.rewards[:, 0, 0])
    assert (scores.uncertain_probs[:, 0] == 1).all()
    assert (scores.uncertain_probs[:, 1:] == 0).all()
    assert np.isinf(scores.thompson_kl).all()


def test_kl_of_rows():
    p, q = np.array([[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]]), np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    expected = [0.5 * np.log(2) + 0.5 * np.log(2 / 3), np.log(2), np.inf]
    np.testing.assert_allclose(kl_of_rows(p, q), expected)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("num_tasks", 1, "num_tasks must be an integer of at least 2; got 1"),
        ("discount", 1.0, r"discount must be in \(0, 1\); got 1.0"),
        ("length", 0, "length must be an integer of at least 1; got 0"),
    ],
)
def test_bad_settings_are_refused(field, value, message):
    with pytest.raises(ValueError, match=message):
        DecisionEvaluationConfig(**{field: value})
