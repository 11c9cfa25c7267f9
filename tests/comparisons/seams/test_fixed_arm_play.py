"""Lifetimes: scores are what is known of simple networks and of the Bayes-optimal policy."""

import jax
import numpy as np
import pytest
import torch

from bayesopt.episodes import RewardTables
from bayesopt.planning.exploration_agents import stopping_agent
from bayesopt.planning.stopping import solve_stopping_problem
from bayesopt.rollout import play
from comparisons.lifetimes.theory import theory_of
from comparisons.seams.fixed_arm_play import (
    generalist,
    optimal_pulls,
    play_one,
    probe_pulls,
    shortfalls,
    specialists,
)
from comparisons.seams.fixed_arms import (
    LIFETIME_UNIT,
    Setting,
    draw_fixed_arm_tasks,
    specialist_encoding,
)
from metalearners.configs import StackedLSTMConfig
from metalearners.policy import RecurrentPolicy
from metalearners.stacked_lstm import build_stack
from metalearners.trials import SettingTrialEncoding


@pytest.mark.parametrize("setting", [Setting(2.0, 3.0, 15), Setting(1.0, 2.0, 8), Setting(9.53, 3.75, 40)], ids=str)
def test_optimal_pulls_are_those_of_the_stopping_agent(setting):
    solution = solve_stopping_problem(
        lifetime=setting.lifetime, prior_scale=setting.prior_scale, reward_scale=setting.reward_scale
    )
    tasks = draw_fixed_arm_tasks([setting], np.random.default_rng(1), tasks_per_setting=1500)
    pulls = optimal_pulls(tasks.rewards, setting, solution.thresholds)
    tables = RewardTables({}, np.stack([np.zeros_like(tasks.rewards), tasks.rewards], axis=2))
    played = play(stopping_agent(solution), tables, jax.random.key(0))
    np.testing.assert_array_equal(pulls, played.actions.sum(axis=1))
    assert {1, setting.lifetime} <= set(pulls)  # given up at once, or never


@pytest.mark.parametrize("setting", [Setting(2.0, 3.0, 15), Setting(9.53, 3.75, 100)], ids=str)
def test_optimal_pulls_are_worth_the_optimal_value(setting):
    """Within 4 standard errors of 20,000 lifetimes."""
    solution = solve_stopping_problem(
        lifetime=setting.lifetime, prior_scale=setting.prior_scale, reward_scale=setting.reward_scale
    )
    tasks = draw_fixed_arm_tasks([setting], np.random.default_rng(2), tasks_per_setting=20_000)
    worth = optimal_pulls(tasks.rewards, setting, solution.thresholds) * tasks.means
    error = worth.std() / 20_000**0.5
    assert solution.value > 20 * error
    assert abs(worth.mean() - solution.value) < 4 * error


@pytest.mark.parametrize("prior_scale", [0.0, 0.2])
def test_where_nothing_is_worth_learning_the_optimum_never_pulls(prior_scale):
    setting = Setting(5.0, prior_scale, 12)
    solution = solve_stopping_problem(lifetime=12, prior_scale=prior_scale, reward_scale=5.0)
    tasks = draw_fixed_arm_tasks([setting], np.random.default_rng(3), tasks_per_setting=50)
    assert not optimal_pulls(tasks.rewards, setting, solution.thresholds).any()


@pytest.mark.parametrize("setting", [Setting(19.5, 3.0, 100), Setting(9.53, 8.0, 100)], ids=str)
def test_optimal_pulls_under_the_probe_are_those_of_theory(setting):
    """Walked exactly there, counted here: within 4 standard errors of 10,000 lifetimes, and so the median's share."""
    thresholds = solve_stopping_problem(
        lifetime=setting.lifetime, prior_scale=setting.prior_scale, reward_scale=setting.reward_scale
    ).thresholds
    tasks = draw_fixed_arm_tasks(
        [setting._replace(prior_scale=0.0)], np.random.default_rng(4), tasks_per_setting=10_000
    )
    pulls = optimal_pulls(tasks.rewards, setting, thresholds)
    theory = theory_of([setting]).isel(cell=0)
    assert abs(pulls.mean() - float(theory["sequential_probe_pulls"])) < 4 * pulls.std() / 100
    median = int(theory["sequential_probe_median"])
    assert (pulls <= median).mean() > 0.5 - 4 * 0.5 / 100
    assert (pulls < median).mean() < 0.5 + 4 * 0.5 / 100


def simple_policy(encoding, *preferences):
    """One network per preference: for arm 1 above arm 0, in units of logits, whatever it is fed."""
    stack = build_stack(
        StackedLSTMConfig(hidden_size=3),
        input_size=encoding.size,
        output_size=3,
        num_networks=len(preferences),
        seed=0,
    )
    with torch.no_grad():
        stack.readout_weight.zero_()
        stack.readout_bias.zero_()
        stack.readout_bias[:, 0, 1] = torch.tensor(preferences)
    return RecurrentPolicy(stack, encoding)


PLACES = [Setting(2.0, 3.0, 10), Setting(1.0, 2.0, 10), Setting(3.0, 0.0, 10), Setting(4.0, 5.0, 10)]


def value_of(setting):
    return solve_stopping_problem(
        lifetime=setting.lifetime, prior_scale=setting.prior_scale, reward_scale=setting.reward_scale
    ).value


@pytest.mark.parametrize("is_raw", [False, True], ids=["scaled", "raw"])
def test_shortfalls_of_those_who_never_and_always_pull(is_raw):
    """All of the optimal value; that and 1 per trial; and between, who pulls half the time. 4 standard errors."""
    policy = simple_policy(specialist_encoding(10, is_raw=is_raw), -100.0, 100.0, 100.0, 0.0)
    never, always, certain, half = shortfalls(specialists(policy, is_raw=is_raw), PLACES, num_tasks=2500, seed=0)
    assert abs(never.mean - value_of(PLACES[0])) < 4 * never.error
    assert abs(always.mean - (value_of(PLACES[1]) + 10)) < 4 * always.error
    assert abs(half.mean - (value_of(PLACES[3]) + 5)) < 4 * half.error
    assert (never.mean_pulls, always.mean_pulls, certain.mean_pulls) == (0.0, 10.0, 10.0)
    assert certain.mean == 10.0  # there every lifetime is the same
    assert certain.error == 0.0
    assert abs(half.mean_pulls - 5) < 4 * (10 / 4 / 2500) ** 0.5
    assert never.mean > 10 * never.error  # the comparisons are of something


def test_standard_errors_are_those_of_repetitions():
    """Of 40 estimates with seeds of their own: their spread is the error within 4 standard errors of a spread of 40."""
    policy = simple_policy(specialist_encoding(10, is_raw=False), -100.0)
    networks = specialists(policy, is_raw=False)
    found = [shortfalls(networks, PLACES[:1], num_tasks=200, seed=seed)[0] for seed in range(40)]
    spread = np.std([one.mean for one in found], ddof=1)
    error = np.mean([one.error for one in found])
    assert abs(spread / error - 1) < 4 / (2 * 39) ** 0.5


@pytest.mark.parametrize("is_raw", [False, True], ids=["scaled", "raw"])
def test_probes_count_pulls(is_raw):
    policy = simple_policy(specialist_encoding(10, is_raw=is_raw), -100.0, 100.0, 0.0, -100.0)
    pulls = probe_pulls(specialists(policy, is_raw=is_raw), PLACES, num_tasks=1200, seed=0)
    assert pulls.shape == (4, 1200)
    assert [set(row) for row in pulls[[0, 1, 3]]] == [{0.0}, {10.0}, {0.0}]
    assert abs(pulls[2].mean() - 5) < 4 * (10 / 4 / 1200) ** 0.5


def test_probes_are_lifetimes_whose_arm_is_at_the_prior_mean():
    seen = []

    def present(policy, tasks, settings, seed):
        seen.append(tasks)
        return known.present(policy, tasks, settings, seed)

    known = specialists(simple_policy(specialist_encoding(10, is_raw=True), 0.0, 0.0), is_raw=True)
    probe_pulls(known._replace(present=present), PLACES[:2], num_tasks=3, seed=0)
    assert len(seen) == 1
    assert (seen[0].means == -1).all()
    assert seen[0].rewards.std() > 0.5


def test_a_generalist_plays_every_setting():
    encoding = SettingTrialEncoding(torch.zeros(1, 3), 2, LIFETIME_UNIT)
    settings = PLACES[:2]
    for preference, lost in ((-100.0, 0), (100.0, 10)):
        networks = generalist(simple_policy(encoding, preference))
        for setting, found in zip(settings, shortfalls(networks, settings, num_tasks=1500, seed=0), strict=True):
            assert value_of(setting) > 4 * found.error
            assert abs(found.mean - value_of(setting) - lost) < 4 * found.error
        assert set(probe_pulls(networks, settings, num_tasks=10, seed=0).ravel()) == {float(lost)}


@pytest.mark.parametrize("name", ["readout_weight", "bias", "initial_cell"])
def test_networks_that_diverged_have_no_score(name):
    policy = simple_policy(specialist_encoding(10, is_raw=False), -100.0, -100.0)
    healthy = shortfalls(specialists(policy, is_raw=False), PLACES[:2], num_tasks=50, seed=0)
    with torch.no_grad():
        policy.network.get_parameter(name)[0, 0, 0] = torch.nan
    spoiled = shortfalls(specialists(policy, is_raw=False), PLACES[:2], num_tasks=50, seed=0)
    assert np.isnan(spoiled[0]).all()
    assert spoiled[1] == healthy[1]
    pulls = probe_pulls(specialists(policy, is_raw=False), PLACES[:2], num_tasks=5, seed=0)
    assert np.isnan(pulls[0]).all()
    assert not pulls[1].any()


def test_hidden_states_are_those_of_the_network_as_it_played():
    setting = PLACES[0]
    encoding = specialist_encoding(setting.lifetime, is_raw=False)
    stack = build_stack(
        StackedLSTMConfig(hidden_size=4), input_size=encoding.size, output_size=3, num_networks=1, seed=1
    )
    tasks = draw_fixed_arm_tasks([setting], np.random.default_rng(0), tasks_per_setting=6)
    networks = specialists(RecurrentPolicy(stack, encoding), is_raw=False)
    played, states = play_one(networks, setting, tasks, seed=3)
    assert states.shape == (6, 10, 4)
    outputs = torch.from_numpy(states) @ stack.readout_weight[0] + stack.readout_bias[0]
    probs = torch.softmax(outputs[..., :2], dim=-1).detach().numpy()
    np.testing.assert_allclose(played.action_probs, probs, atol=1e-6)
    assert played.is_pulled.any()
    assert not played.is_pulled.all()


def test_scores_are_pure_functions_of_the_seed():
    networks = specialists(simple_policy(specialist_encoding(10, is_raw=False), 0.0), is_raw=False)
    first, again, other = (shortfalls(networks, PLACES[:1], num_tasks=30, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
