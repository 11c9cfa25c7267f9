"""Lifetimes: tasks drawn for stacks are the families' own."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from bayesopt.episodes import sample_reward_tables
from bayesopt.families import FixedArmBandit, ForagingGrid
from comparisons.seams.fixed_arms import (
    LIFETIME_UNIT,
    Setting,
    SettingRange,
    draw_fixed_arm_tasks,
    drawn_settings,
    generalist_batch,
    generalist_tables,
    specialist_batch,
    specialist_tables,
    unit_of,
)
from comparisons.seams.foraging import drawn_goals, foraging_batch, foraging_encoding, foraging_tasks
from metalearners.trials import SettingTrialEncoding

SETTINGS = [Setting(2.0, 1.5, 6), Setting(9.53, 3.75, 6), Setting(0.5, 0.0, 6)]


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
