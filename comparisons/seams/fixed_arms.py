"""Adapter between NumPy and torch for fixed-arm bandits: tasks of many settings, as networks meet them.

A setting holds the scales and the lifetime of a fixed-arm bandit. The families' own samplers draw tasks of one family
at a time; here tasks of many settings are drawn side by side, one block for each network of a stack.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from comparisons.seeding import integer_for
from metalearners.actor_critic import TaskBatch
from metalearners.trials import RawTrialEncoding, RealTrialEncoding, SettingTrialEncoding, TrialEncoding
from metalearners.worlds import RewardTables

LIFETIME_UNIT = 100
"""Trials that make one unit of times and lifetimes, in the inputs of networks that receive their setting."""


SKEW = 1.5
"""Power of the uniform numbers that scales are drawn from, to train one network for all settings; 1 is uniform."""


class Setting(NamedTuple):
    """The scales of a fixed-arm bandit, in rewards, and its lifetime."""

    reward_scale: float
    """Standard deviation of the unknown arm's rewards."""
    prior_scale: float
    """Standard deviation of its mean over tasks."""
    lifetime: int
    """Trials."""


class FixedArmTasks(NamedTuple):
    """Fixed-arm bandits side by side."""

    means: Float[np.ndarray, "task"]
    """Mean reward of the unknown arm."""
    rewards: Float[np.ndarray, "task time"]
    """Rewards of the unknown arm, pulled or not."""


class SettingRange(NamedTuple):
    """The settings that one network for all is trained on: ends of ranges, in rewards, and lifetimes, in trials."""

    reward_scale: tuple[float, float]
    prior_scale: tuple[float, float]
    lifetimes: tuple[int, ...]


def draw_fixed_arm_tasks(
    settings: Sequence[Setting], generator: np.random.Generator, *, tasks_per_setting: int, prior_loc: float = -1.0
) -> FixedArmTasks:
    """Return tasks of every setting, setting by setting, with rewards up to the longest of their lifetimes.

    `prior_loc` is the mean of the unknown arm's mean over tasks.
    """
    reward_scales = np.repeat([setting.reward_scale for setting in settings], tasks_per_setting)
    prior_scales = np.repeat([setting.prior_scale for setting in settings], tasks_per_setting)
    longest = max(setting.lifetime for setting in settings)
    means = prior_loc + prior_scales * generator.standard_normal(len(prior_scales))
    noise = generator.standard_normal((len(means), longest), dtype=np.float32)
    return FixedArmTasks(means, means[:, None] + reward_scales[:, None] * noise)


def unit_of(setting: Setting) -> float:
    """Return the scale by which rewards of a setting are divided so that network inputs are of order 1."""
    return 0.7 * float(np.hypot(setting.reward_scale, setting.prior_scale))


def return_unit_of(setting: Setting) -> float:
    """Return the scale by which returns of a setting are divided when one network is trained for all settings.

    It does not depend on the noise. A pull of an arm whose mean is the prior mean then costs about as much in every
    setting, so that the network is also trained to hard-code where rewards are noisy.
    """
    return float(np.hypot(1.0, setting.prior_scale))


def tables_of(
    tasks: FixedArmTasks,
    units: Float[np.ndarray, "task"],
    return_units: Float[np.ndarray, "task"],
    contexts: Int[np.ndarray, "task"],
) -> RewardTables:
    """Return reward tables whose arm 0 has reward 0; rewards are in `units`, expected rewards in `return_units`."""
    rewards = np.zeros((*tasks.rewards.shape, 2), np.float32)
    rewards[..., 1] = tasks.rewards / units[:, None]
    expected = np.zeros_like(rewards)
    expected[..., 1] = (tasks.means / return_units)[:, None]
    shown = torch.from_numpy(contexts.astype(np.int64))[:, None].expand(rewards.shape[:2])
    return RewardTables(shown, torch.from_numpy(rewards), torch.from_numpy(expected))


def specialist_encoding(lifetime: int, *, is_raw: bool) -> TrialEncoding:
    """Return the inputs of networks for one setting: the paper's if `is_raw`, else with rewards of order 1."""
    return RawTrialEncoding(2, lifetime) if is_raw else RealTrialEncoding(2, lifetime)


def specialist_tables(tasks: FixedArmTasks, settings: Sequence[Setting], *, is_raw: bool) -> RewardTables:
    """Return reward tables for networks trained for one setting each; every setting has the same number of tasks."""
    each = len(tasks.means) // len(settings)
    units = np.repeat([1.0 if is_raw else unit_of(setting) for setting in settings], each)
    return tables_of(tasks, units, units, np.zeros(len(units), np.int64))


def specialist_batch(settings: Sequence[Setting], *, is_raw: bool, batch_size: int, seed: int, step: int) -> TaskBatch:
    """Return the fresh tasks of one update, a block for every setting; a pure function of seed and step."""
    generator = np.random.default_rng((integer_for(seed, "fixed-arm tasks"), step))
    tasks = draw_fixed_arm_tasks(settings, generator, tasks_per_setting=batch_size)
    encoding = specialist_encoding(settings[0].lifetime, is_raw=is_raw)
    return TaskBatch(specialist_tables(tasks, settings, is_raw=is_raw), encoding)


def setting_channels(settings: Sequence[Setting]) -> Float[torch.Tensor, "setting channel"]:
    """Return the inputs that describe each setting: logarithms of the scales, and the lifetime, of order 1."""
    rows = [
        (np.log(setting.reward_scale) / 2, np.log(setting.prior_scale) / 2, setting.lifetime / LIFETIME_UNIT)
        for setting in settings
    ]
    return torch.tensor(rows, dtype=torch.float32)


def drawn_settings(settings: SettingRange, generator: np.random.Generator, num_settings: int) -> list[Setting]:
    """Return random settings for one network for all.

    Lifetimes are equally likely. A scale's place in its range is a uniform number to the power of `SKEW`, so that small
    scales are drawn more often: the best policy changes faster there.
    """
    reward_scales, prior_scales = (
        low + (high - low) * generator.uniform(size=num_settings) ** SKEW
        for low, high in (settings.reward_scale, settings.prior_scale)
    )
    lifetimes = generator.choice(settings.lifetimes, num_settings)
    return [
        Setting(*row) for row in zip(reward_scales.tolist(), prior_scales.tolist(), lifetimes.tolist(), strict=True)
    ]


def generalist_batch(settings: SettingRange, *, batch_size: int, seed: int, step: int) -> TaskBatch:
    """Return the fresh tasks of one update, each with a setting of its own; a pure function of seed and step.

    Rewards are drawn up to the longest lifetime in `settings`, whether or not a drawn setting has it.
    """
    generator = np.random.default_rng((integer_for(seed, "settings"), step))
    drawn = drawn_settings(settings, generator, batch_size)
    longest = [setting._replace(lifetime=max(settings.lifetimes)) for setting in drawn]
    return generalist_tables(draw_fixed_arm_tasks(longest, generator, tasks_per_setting=1), drawn)


def generalist_tables(tasks: FixedArmTasks, settings: Sequence[Setting]) -> TaskBatch:
    """Return tasks for a network that receives its setting as input; every setting has the same number of tasks.

    After the end of a lifetime all rewards are 0.
    """
    each = len(tasks.means) // len(settings)
    units = np.repeat([unit_of(setting) for setting in settings], each)
    return_units = np.repeat([return_unit_of(setting) for setting in settings], each)
    tables = tables_of(tasks, units, return_units, np.repeat(np.arange(len(settings)), each))
    ends = np.repeat([setting.lifetime for setting in settings], each)
    is_over = torch.from_numpy(np.arange(tables.rewards.shape[1]) >= ends[:, None])[..., None]
    tables = tables._replace(
        rewards=tables.rewards.masked_fill(is_over, 0.0),
        expected_rewards=tables.expected_rewards.masked_fill(is_over, 0.0),
    )
    return TaskBatch(tables, SettingTrialEncoding(setting_channels(settings), 2, LIFETIME_UNIT))
