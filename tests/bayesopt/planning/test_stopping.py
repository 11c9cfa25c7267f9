"""The optimal stopping rule against proved bounds, other recursions, played lifetimes and the specification."""

import jax
import numpy as np
import pytest

from bayesopt.beliefs import prior_beliefs
from bayesopt.episodes import RewardTables, sample_reward_tables
from bayesopt.families import FixedArmBandit
from bayesopt.planning.exploration import (
    commit_value,
)
from bayesopt.planning.exploration_agents import commit_agent, stopping_agent
from bayesopt.planning.optimal import agent_of_plan
from bayesopt.planning.stopping import UnknownArmBelief, solve_stopping_problem
from bayesopt.rollout import play
from tests.bayesopt.planning.stopping_bounds import proved_bounds

PROBLEMS = {
    "easy": {"prior_scale": 2.0, "reward_scale": 1.0},
    "hard": {"prior_scale": 3.0, "reward_scale": 8.0},
    "known": {"prior_scale": 0.9, "reward_scale": 0.05},
    "discounted": {"prior_scale": 3.0, "reward_scale": 4.0, "discount": 0.9},
    "good": {"prior_scale": 1.5, "reward_scale": 3.0, "prior_loc": 0.5},
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("lifetime", [1, 2, 30])
def test_value_lies_between_proved_bounds(problem, lifetime):
    lower, upper = proved_bounds(lifetime, **problem)
    solution = solve_stopping_problem(lifetime=lifetime, **problem)
    assert lower - 1e-9 <= solution.first_pull_value <= upper + 1e-9
    assert upper - lower < 1e-3 * (1 + abs(upper))
    assert solution.error_bound < 1e-5
    assert solution.value == max(solution.first_pull_value, 0)


def by_brute_force(remaining, loc, count, *, reward_scale, discount):
    """What a pull is worth: every reward of it, every reward of the next, on a fine grid."""
    if remaining == 1:
        return loc
    z = np.linspace(-8, 8, 801)
    weights = np.exp(-0.5 * z**2)
    later = loc[..., None] + reward_scale / np.sqrt(count * (count + 1)) * z
    worth = by_brute_force(remaining - 1, later, count + 1, reward_scale=reward_scale, discount=discount)
    return loc + discount * (np.maximum(worth, 0) @ (weights / weights.sum()))


def test_three_trials_by_brute_force():
    """The sum over a grid is off by about (its width)^2 where the worth has its kink: 1e-4."""
    for discount in (1.0, 0.7):
        solution = solve_stopping_problem(lifetime=3, prior_scale=3.0, reward_scale=2.0, discount=discount)
        loc = np.array([-2.0, -1.0, 0.0, 1.5])
        exact = by_brute_force(3, loc, (2 / 3) ** 2, reward_scale=2.0, discount=discount)
        found = solution.action_values(UnknownArmBelief(loc, np.zeros(4, int)), 0)
        np.testing.assert_allclose(found[:, 1], exact, atol=2e-4)
        waited = discount * np.maximum(by_brute_force(2, loc, (2 / 3) ** 2, reward_scale=2.0, discount=discount), 0)
        np.testing.assert_allclose(found[:, 0], waited, atol=2e-4)


NUMBERS = [
    (3.0, 19.5, 23.87, 34.4, 29.3, 15),
    (3.75, 9.53, 76.51, 41, 27.4, 16),
    (8.0, 9.53, 247.19, 46, 29.0, 17),
    (1.0, 1.0, 5.62, 15.5, 2.2, 2),
    (2.0, 3.0, 30.86, None, 9.5, None),
    (5.31, 20.0, 106.88, None, 38.8, None),
]


@pytest.mark.parametrize(("prior_scale", "reward_scale", "value", "pulls", "probe_mean", "probe_median"), NUMBERS)
def test_numbers_of_the_specification(prior_scale, reward_scale, value, pulls, probe_mean, probe_median):
    """They come from a grid and from simulation: values to 0.03 %, pulls to 2.5 %."""
    solution = solve_stopping_problem(lifetime=100, prior_scale=prior_scale, reward_scale=reward_scale)
    total = np.arange(101)
    probed = solution.pulls_given(-1.0)
    assert solution.value == pytest.approx(value, rel=3e-4, abs=0.005)
    assert probed @ total == pytest.approx(probe_mean, rel=0.025)
    if pulls is not None:
        assert solution.pulls_under_prior() @ total == pytest.approx(pulls, rel=0.025)
        assert np.searchsorted(probed.cumsum(), 0.5) == probe_median


def played(agent, *, lifetime, means, reward_scale, seed):
    rewards = np.zeros((len(means), lifetime, 2))
    rewards[:, :, 1] = means[:, None] + np.random.default_rng(seed).normal(0, reward_scale, (len(means), lifetime))
    return play(agent, RewardTables({"mean": means}, rewards), jax.random.key(0))


@pytest.mark.parametrize(("prior_scale", "reward_scale"), [(5.31, 20.0), (2.0, 3.0)])
def test_played_lifetimes(prior_scale, reward_scale):
    """Value, and pulls under the prior and at the probe, within 4 standard errors; pulls also by their distribution."""
    solution = solve_stopping_problem(lifetime=100, prior_scale=prior_scale, reward_scale=reward_scale)
    agent, num_tasks = stopping_agent(solution), 10_000
    means = np.random.default_rng(3).normal(-1, prior_scale, num_tasks)
    cases = [(means, solution.pulls_under_prior()), (np.full(num_tasks, -1.0), solution.pulls_given(-1.0))]
    for case, (of_tasks, distribution) in enumerate(cases):
        actions = played(agent, lifetime=100, means=of_tasks, reward_scale=reward_scale, seed=case).actions
        assert (np.diff(actions, axis=1) <= 0).all()
        pulls = actions.sum(1)
        assert distribution.sum() == pytest.approx(1, abs=1e-12) and (distribution >= 0).all()
        assert abs(pulls.mean() - distribution @ np.arange(101)) < 4 * pulls.std() / np.sqrt(num_tasks)
        found = np.cumsum(np.bincount(pulls, minlength=101)) / num_tasks
        assert np.abs(found - distribution.cumsum()).max() < 2.5 / np.sqrt(num_tasks)  # Kolmogorov, 7e-6
        if case == 0:
            earned = of_tasks * pulls
            assert abs(earned.mean() - solution.value) < 4 * earned.std() / np.sqrt(num_tasks)


@pytest.mark.parametrize("problem", ["easy", "hard"])
def test_value_is_what_the_pulls_earn(problem):
    """Forth again: the means of tasks times how often they are pulled, over the prior, is what went in backwards."""
    arm = {"prior_loc": -1.0, **PROBLEMS[problem]}
    solution = solve_stopping_problem(lifetime=10, **arm)
    nodes, weights = np.polynomial.legendre.leggauss(240)
    z = 8.5 * nodes
    means = arm["prior_loc"] + arm["prior_scale"] * z
    pulls = np.array([solution.pulls_given(float(mean)) @ np.arange(11) for mean in means])
    density = 8.5 * weights * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    assert (density * means * pulls).sum() == pytest.approx(solution.value, abs=1e-6)
    assert (density * pulls).sum() == pytest.approx(solution.pulls_under_prior() @ np.arange(11), abs=1e-6)


def test_thresholds():
    """They rise to 0, which is the last; there a pull is worth nothing."""
    solution = solve_stopping_problem(lifetime=40, prior_scale=2.0, reward_scale=3.0)
    thresholds = solution.thresholds
    assert (np.diff(thresholds) > 0).all() and thresholds[-1] == 0
    for pulls in (0, 1, 7, 39):
        values = solution.action_values(UnknownArmBelief(thresholds[[pulls]], np.array([pulls])), pulls)
        assert abs(values[0, 1]) <= solution.error_bound
        either_side = UnknownArmBelief(thresholds[pulls] + np.array([-0.01, 0.01]), np.full(2, pulls))
        np.testing.assert_array_equal(solution.optimal_actions(either_side, pulls), [[True, False], [False, True]])


def test_any_belief_is_the_prior_of_another_problem():
    """Also after trials that were spent on the sure arm."""
    solution = solve_stopping_problem(lifetime=30, prior_scale=3.0, reward_scale=4.0, discount=0.97)
    for time, pulls, loc in [(0, 0, -1.0), (9, 9, -0.4), (9, 3, 0.8), (28, 1, -0.5), (29, 0, 2.0), (20, 20, -3.0)]:
        values = solution.action_values(UnknownArmBelief(np.array([loc]), np.array([pulls])), time)[0]
        scale = (1 / 9 + pulls / 16) ** -0.5
        arm = {"prior_scale": scale, "reward_scale": 4.0, "prior_loc": loc, "discount": 0.97}
        now = solve_stopping_problem(lifetime=30 - time, **arm).first_pull_value
        later = solve_stopping_problem(lifetime=29 - time, **arm).value if time < 29 else 0.0
        assert values[1] == pytest.approx(now, abs=1e-6)
        assert values[0] == pytest.approx(0.97 * later, abs=1e-6)


def test_plan_and_thresholds_play_alike():
    family = FixedArmBandit(3.0, 4.0)
    solution = family.plan(horizon=25)
    tables = sample_reward_tables(family, jax.random.key(1), num_tasks=300, length=25)
    by_plan = play(agent_of_plan(family, solution), tables, jax.random.key(0))
    by_threshold = play(stopping_agent(solution), tables, jax.random.key(0))
    np.testing.assert_array_equal(by_plan.action_probs, by_threshold.action_probs)
    assert 0.1 < by_plan.actions[:, -1].mean() < 0.9


def test_gaps_of_another_agent_add_up_to_what_it_loses():
    """The performance-difference lemma, for an agent that explores too little and then may go on too long."""
    family, arm = FixedArmBandit(3.0, 4.0), {"prior_scale": 3.0, "reward_scale": 4.0}
    plan = family.plan(horizon=20)
    tables = sample_reward_tables(family, jax.random.key(2), num_tasks=5000, length=20)
    actions = play(commit_agent(2, **arm), tables, jax.random.key(0)).actions
    belief, lost = prior_beliefs(family, 5000), np.zeros(5000)
    for time in range(20):
        values = plan.action_values(belief, time)
        lost += values.max(1) - values[np.arange(5000), actions[:, time]]
        is_pulled = actions[:, time] == 1
        pulls = belief.num_pulls + is_pulled
        gain = is_pulled / ((4 / 3) ** 2 + pulls)
        belief = UnknownArmBelief(belief.loc + gain * (tables.rewards[:, time, 1] - belief.loc), pulls)
    shortfall = plan.value - commit_value(2, lifetime=20, **arm)
    assert abs(lost.mean() - shortfall) < 4 * lost.std() / np.sqrt(5000)


@pytest.mark.parametrize(
    ("prior_scale", "prior_loc"), [(0.0, -1.0), (0.0, 2.0), (1e-9, -1.0), (1e-9, 2.0), (1e-60, 2.0)]
)
def test_nothing_to_learn(prior_scale, prior_loc):
    solution = solve_stopping_problem(lifetime=10, prior_scale=prior_scale, reward_scale=1.0, prior_loc=prior_loc)
    assert solution.first_pull_value == pytest.approx(-1.0 if prior_loc < 0 else 20.0)
    pulls = solution.pulls_under_prior()
    assert pulls[0 if prior_loc < 0 else 10] == pytest.approx(1)
    np.testing.assert_allclose(solution.pulls_given(prior_loc), pulls, atol=1e-12)


def test_bad_beliefs_are_refused():
    solution = solve_stopping_problem(lifetime=5, prior_scale=1.0, reward_scale=1.0)
    with pytest.raises(ValueError, match="time must be from 0 to 4; got 5"):
        solution.action_values(UnknownArmBelief(np.zeros(1), np.zeros(1, int)), 5)
    with pytest.raises(ValueError, match="from 0 to 2 pulls; got mean 0.0 and 3 pulls in task 1"):
        solution.action_values(UnknownArmBelief(np.zeros(2), np.array([0, 3])), 2)
    with pytest.raises(ValueError, match="got mean nan"):
        solution.action_values(UnknownArmBelief(np.full(1, np.nan), np.zeros(1, int)), 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prior_scale": -1.0}, "prior_scale must be finite and >= 0; got -1"),
        ({"prior_scale": 1e60}, r"prior_scale must be at most 1e\+50 times reward_scale; got 1e\+60"),
        ({"reward_scale": 0.0}, "reward_scale must be finite and > 0; got 0"),
        ({"prior_loc": np.nan}, "prior_loc must be finite; got nan"),
        ({"lifetime": 0}, "lifetime must be an integer of at least 1; got 0"),
        ({"discount": 1.5}, r"discount must be in \(0, 1\]; got 1.5"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(ValueError, match=message):
        solve_stopping_problem(**({"lifetime": 10, "prior_scale": 1.0, "reward_scale": 1.0} | change))
