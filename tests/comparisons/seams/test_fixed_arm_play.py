"""Lifetimes: tasks drawn for stacks are the families' own, and scores are what is known of simple networks."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from bayesopt.episodes import RewardTables, sample_reward_tables
from bayesopt.families import FixedArmBandit, ForagingGrid
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
    SettingRange,
    draw_fixed_arm_tasks,
    drawn_settings,
    generalist_batch,
    generalist_tables,
    specialist_batch,
    specialist_encoding,
    specialist_tables,
    unit_of,
)
from comparisons.seams.foraging import drawn_goals, foraging_batch, foraging_encoding, foraging_tasks
from metalearners.configs import StackedLSTMConfig
from metalearners.policy import RecurrentPolicy
from metalearners.stacked_lstm import build_stack
from metalearners.trials import SettingTrialEncoding

SETTINGS = [Setting(2.0, 1.5, 6), Setting(9.53, 3.75, 6), Setting(0.5, 0.0, 6)]

# Tasks


def in_errors(ours, theirs):
    """The difference of two means of independent samples, in its standard errors."""
    return (ours.mean() - theirs.mean()) / np.hypot(ours.std() / len(ours) ** 0.5, theirs.std() / len(theirs) ** 0.5)


@pytest.mark.parametrize("index", [0, 1])
def test_drawn_tasks_are_those_of_the_family(index):
    """Means and squares of latents and noise, beside the family's own sampler; within 4 standard errors, 4 of them."""
    setting, num_tasks = SETTINGS[index], 4000
    tasks = draw_fixed_arm_tasks(SETTINGS, np.random.default_rng(0), tasks_per_setting=num_tasks)
    assert tasks.rewards.shape == (3 * num_tasks, 6)
    block = slice(index * num_tasks, (index + 1) * num_tasks)
    means, rewards = tasks.means[block], tasks.rewards[block]
    family = FixedArmBandit(prior_scale=setting.prior_scale, reward_scale=setting.reward_scale)
    theirs = sample_reward_tables(family, jax.random.key(0), num_tasks=num_tasks, length=6)
    latents, paid = np.asarray(theirs.latents["mean"]), theirs.rewards[..., 1]
    noise, their_noise = rewards - means[:, None], paid - latents[:, None]
    for ours, other in (
        (means, latents),
        ((means + 1) ** 2, (latents + 1) ** 2),
        (noise.ravel(), their_noise.ravel()),
        (noise.ravel() ** 2, their_noise.ravel() ** 2),
        (rewards[:, 0] * rewards[:, 5], paid[:, 0] * paid[:, 5]),  # trials have the mean in common
    ):
        assert abs(in_errors(ours, other)) < 4


def test_without_a_spread_all_tasks_are_the_prior_mean():
    tasks = draw_fixed_arm_tasks(SETTINGS, np.random.default_rng(0), tasks_per_setting=10)
    assert (tasks.means[20:] == -1).all()
    elsewhere = draw_fixed_arm_tasks([SETTINGS[2]], np.random.default_rng(0), tasks_per_setting=10, prior_loc=3.0)
    assert (elsewhere.means == 3).all()


def test_specialists_meet_rewards_raw_or_in_units_of_their_setting():
    tasks = draw_fixed_arm_tasks(SETTINGS, np.random.default_rng(0), tasks_per_setting=5)
    raw = specialist_tables(tasks, SETTINGS, is_raw=True)
    scaled = specialist_tables(tasks, SETTINGS, is_raw=False)
    units = [0.7 * 2.5, 0.7 * np.hypot(9.53, 3.75), 0.35]
    assert [unit_of(setting) for setting in SETTINGS] == pytest.approx(units)
    for tables, of_block in ((raw, [1.0, 1.0, 1.0]), (scaled, units)):
        assert not tables.contexts.any()
        for paid in (tables.rewards, tables.expected_rewards):
            assert not paid[..., 0].any()
        by_task = np.repeat(of_block, 5)[:, None]
        np.testing.assert_allclose(tables.rewards[..., 1], tasks.rewards / by_task, rtol=1e-6)
        expected = np.broadcast_to(tasks.means[:, None] / by_task, (15, 6))
        np.testing.assert_allclose(tables.expected_rewards[..., 1], expected, rtol=1e-6)


def test_after_a_lifetimes_end_a_generalist_is_paid_nothing():
    settings = [Setting(1.0, 2.0, 3), Setting(4.0, 0.5, 6)]
    tasks = draw_fixed_arm_tasks(settings, np.random.default_rng(0), tasks_per_setting=4)
    tables, encoding, _ = generalist_tables(tasks, settings)
    assert tables.rewards.shape == (8, 6, 2)
    for block, setting in enumerate(settings):
        rows = slice(4 * block, 4 * (block + 1))
        assert (tables.contexts[rows] == block).all()
        for paid, drawn, unit in (
            (tables.rewards, tasks.rewards, unit_of(setting)),
            (tables.expected_rewards, np.repeat(tasks.means[:, None], 6, axis=1), (1 + setting.prior_scale**2) ** 0.5),
        ):
            assert not paid[rows, setting.lifetime :].any()
            alive = slice(0, setting.lifetime)
            np.testing.assert_allclose(paid[rows, alive, 1], drawn[rows, alive] / unit, rtol=1e-6)
    expected = [[0.0, np.log(2.0) / 2, 3 / LIFETIME_UNIT], [np.log(4.0) / 2, np.log(0.5) / 2, 6 / LIFETIME_UNIT]]
    np.testing.assert_allclose(encoding.contexts, expected, rtol=1e-6)


def test_batches_are_pure_functions_of_seed_and_step():
    ranges = SettingRange((0.5, 3.0), (0.2, 2.0), (3, 7))
    for batch in (
        lambda seed, step: specialist_batch(SETTINGS, is_raw=False, batch_size=4, seed=seed, step=step),
        lambda seed, step: generalist_batch(ranges, batch_size=4, seed=seed, step=step),
        lambda seed, step: foraging_batch(ForagingGrid(), 10, num_tasks=4, seed=seed, step=step),
    ):
        first, again, later, other = (batch(*at).tasks.rewards for at in ((0, 1), (0, 1), (0, 2), (1, 1)))
        assert torch.equal(first, again)
        assert not torch.equal(first, later)
        assert not torch.equal(first, other)


def test_a_generalists_batches_reach_to_the_longest_lifetime():
    """Also where no lifetime of the update is that long, as in half of updates of one."""
    ranges = SettingRange((0.5, 3.0), (0.2, 2.0), (3, 7))
    ends = set()
    for step in range(20):
        tables, encoding, _ = generalist_batch(ranges, batch_size=1, seed=0, step=step)
        assert tables.rewards.shape == (1, 7, 2)
        assert isinstance(encoding, SettingTrialEncoding)
        ends.add(int(tables.rewards[0, :, 1].count_nonzero()))
        assert round(encoding.contexts[0, 2].item() * LIFETIME_UNIT) == int(tables.rewards[0, :, 1].count_nonzero())
    assert ends == {3, 7}


def test_settings_to_train_on_are_denser_where_scales_are_small():
    """Of 4,000 draws, the median share of the range is that of a uniform number's power: .5 ** 1.5, error .01."""
    ranges = SettingRange((1.0, 3.0), (0.5, 8.5), (3, 7))
    drawn = drawn_settings(ranges, np.random.default_rng(0), 4000)
    for name, (low, high) in (("reward_scale", ranges.reward_scale), ("prior_scale", ranges.prior_scale)):
        shares = (np.array([getattr(setting, name) for setting in drawn]) - low) / (high - low)
        assert 0 <= shares.min() < 0.01 and 0.99 < shares.max() <= 1
        assert np.median(shares) == pytest.approx(0.5**1.5, abs=0.04)
    assert np.mean([setting.lifetime == 3 for setting in drawn]) == pytest.approx(0.5, abs=0.032)


def test_foraging_tasks_are_the_familys_tables():
    family = ForagingGrid()
    goals = np.array(list(itertools.product(range(5), range(11))))[::-1]
    tasks = foraging_tasks(family, goals)
    for index in range(0, 55, 6):
        medium, high = goals[index]
        next_state, rewards = family.tables({"medium_goal": jnp.asarray(medium), "high_goal": jnp.asarray(high)})
        np.testing.assert_array_equal(tasks.next_state[index], next_state)
        np.testing.assert_array_equal(tasks.rewards[index], rewards)
        layout = family.layout
        entered = np.asarray(layout.next_cell)[tasks.rewards[index].numpy() == 6.0]
        assert set(entered) == {layout.high_cells[high]}
        assert tasks.clues[index].tolist() == [*np.eye(5)[medium], *np.eye(11)[high]]
    assert (tasks.initial_state == family.layout.start).all()
    encoding = foraging_encoding(family, 30)
    assert (encoding.side, encoding.num_arms, encoding.horizon, encoding.scale) == (6, 4, 30, 6.0)


def test_goals_are_uniform():
    """Counts of 5,500 draws within 4 standard errors of binomials, over 16 of them."""
    goals = drawn_goals(ForagingGrid(), np.random.default_rng(0), 5500)
    for column, size in enumerate((5, 11)):
        counts = np.bincount(goals[:, column], minlength=size)
        assert len(counts) == size
        assert np.abs(counts - 5500 / size).max() < 4 * (5500 * (1 - 1 / size) / size) ** 0.5


# The Bayes-optimal policy with common random numbers


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


# Networks whose scores are known


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


# Theory


def test_three_yardsticks_at_the_papers_three_points():
    """Against numbers worked out independently, to the digits that they were written down with."""
    points = [Setting(19.5, 3.0, 100), Setting(9.53, 3.75, 100), Setting(9.53, 8.0, 100), Setting(5.0, 0.0, 100)]
    theory = theory_of(points)
    known = {
        "commit_trials": ([13, 11, 7, 0], 0),
        "commit_value": ([5.48, 56.10, 219.68, 0], 0.01),
        "printed_trials": ([0, 14, 8, 0], 0),
        "printed_value": ([0, 48.2, 215.6, 0], 0.06),
        "sequential_value": ([23.87, 76.51, 247.19, 0], 0.01),
        "sequential_pulls": ([34.4, 41, 46, 0], 0.5),
        "sequential_probe_pulls": ([29.3, 27.4, 29.0, 0], 0.6),  # simulated, with errors of about 0.15
        "sequential_probe_median": ([15, 16, 17, 0], 0),
    }
    for name, (values, tolerance) in known.items():
        np.testing.assert_allclose(theory[name], values, atol=tolerance, err_msg=name)
    commit, printed = theory["commit_value"].to_numpy(), theory["printed_policy_value"].to_numpy()
    assert (printed <= commit).all()
    assert (commit[:3] < theory["sequential_value"][:3]).all()
    assert (theory["sequential_value"][:3] < theory["full_information_value"][:3]).all()
    assert theory["full_information_value"][3] == 0
    assert theory["sequential_value_error"].max() < 0.01
    assert theory["lifetime"].dims == ("cell",)
