"""The seam between JAX and torch for lifetimes: tasks that stacks of networks learn from, and networks at play.

A setting is what a fixed-arm bandit is drawn with. Tasks of many settings are drawn side by side, one block per
network of a stack, which is what the families' own samplers, one family at a time, do not do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from comparisons.seeding import integer_for
from metalearners.actor_critic import TaskBatch
from metalearners.trials import (
    RawTrialEncoding,
    RealTrialEncoding,
    SettingTrialEncoding,
    TrialEncoding,
)
from metalearners.worlds import RewardTables

LONGEST_TOLD = 100
"""Trials that times and lifetimes are told in units of, to networks that are told their setting."""


SKEW = 1.5
"""How much denser small scales are drawn than large ones, to train one network for all settings; 1 is evenly."""


class Setting(NamedTuple):
    """What a fixed-arm bandit is drawn with; rewards."""

    reward_scale: float
    prior_scale: float
    lifetime: int
    """Trials."""


class FixedArmTasks(NamedTuple):
    """Fixed-arm bandits side by side."""

    means: Float[np.ndarray, "task"]
    """Mean reward of the uncertain arm."""
    rewards: Float[np.ndarray, "task time"]
    """What the uncertain arm would pay."""


class SettingRange(NamedTuple):
    """What settings are drawn from to train one network for all: ends of ranges, in rewards; lifetimes, in trials."""

    reward_scale: tuple[float, float]
    prior_scale: tuple[float, float]
    lifetimes: tuple[int, ...]


def draw_fixed_arm_tasks(
    settings: Sequence[Setting], generator: np.random.Generator, *, tasks_per_setting: int, prior_loc: float = -1.0
) -> FixedArmTasks:
    """Tasks of every setting, one setting's after the other's, to the longest of their lifetimes."""
    reward_scales = np.repeat([setting.reward_scale for setting in settings], tasks_per_setting)
    prior_scales = np.repeat([setting.prior_scale for setting in settings], tasks_per_setting)
    longest = max(setting.lifetime for setting in settings)
    means = prior_loc + prior_scales * generator.standard_normal(len(prior_scales))
    noise = generator.standard_normal((len(means), longest), dtype=np.float32)
    return FixedArmTasks(means, means[:, None] + reward_scales[:, None] * noise)


def unit_of(setting: Setting) -> float:
    """The rewards in which a network that is fed rewards of order 1 is fed those of a setting."""
    return 0.7 * float(np.hypot(setting.reward_scale, setting.prior_scale))


def return_unit_of(setting: Setting) -> float:
    """The rewards in which the returns of a network for all settings are counted.

    Noise does not enter it: a pull of an arm that is as bad as expected costs about as much in every setting, so that
    hard-coding is worth learning where rewards are noisy too.
    """
    return float(np.hypot(1.0, setting.prior_scale))


def tables_of(
    tasks: FixedArmTasks,
    units: Float[np.ndarray, "task"],
    return_units: Float[np.ndarray, "task"],
    contexts: Int[np.ndarray, "task"],
) -> RewardTables:
    """Reward tables whose arm 0 pays nothing: rewards are shown in one unit, and returns counted in the other."""
    rewards = np.zeros((*tasks.rewards.shape, 2), np.float32)
    rewards[..., 1] = tasks.rewards / units[:, None]
    expected = np.zeros_like(rewards)
    expected[..., 1] = (tasks.means / return_units)[:, None]
    shown = torch.from_numpy(contexts.astype(np.int64))[:, None].expand(rewards.shape[:2])
    return RewardTables(shown, torch.from_numpy(rewards), torch.from_numpy(expected))


def specialist_encoding(lifetime: int, *, is_raw: bool) -> TrialEncoding:
    """What networks for one setting are fed: the paper's inputs, or rewards of order 1."""
    return RawTrialEncoding(2, lifetime) if is_raw else RealTrialEncoding(2, lifetime)


def specialist_tables(tasks: FixedArmTasks, settings: Sequence[Setting], *, is_raw: bool) -> RewardTables:
    """Tasks of settings, equally many of each, as networks trained for each of them meet them."""
    each = len(tasks.means) // len(settings)
    units = np.repeat([1.0 if is_raw else unit_of(setting) for setting in settings], each)
    return tables_of(tasks, units, units, np.zeros(len(units), np.int64))


def specialist_lesson(settings: Sequence[Setting], *, is_raw: bool, batch_size: int, seed: int, step: int) -> TaskBatch:
    """Fresh tasks of an update, a block of every setting; a pure function of seed and step."""
    generator = np.random.default_rng((integer_for(seed, "fixed-arm tasks"), step))
    tasks = draw_fixed_arm_tasks(settings, generator, tasks_per_setting=batch_size)
    encoding = specialist_encoding(settings[0].lifetime, is_raw=is_raw)
    return TaskBatch(specialist_tables(tasks, settings, is_raw=is_raw), encoding)


def told(settings: Sequence[Setting]) -> Float[torch.Tensor, "setting channel"]:
    """What a network for all settings is told of each: logarithms of the scales, and the lifetime, of order 1."""
    rows = [
        (np.log(setting.reward_scale) / 2, np.log(setting.prior_scale) / 2, setting.lifetime / LONGEST_TOLD)
        for setting in settings
    ]
    return torch.tensor(rows, dtype=torch.float32)


def drawn_settings(settings: SettingRange, generator: np.random.Generator, num_settings: int) -> list[Setting]:
    """Settings for one network for all: scales denser where they are small, lifetimes equally likely.

    From small to large in their ranges as a uniform number to the power of `SKEW`: what is best changes faster there.
    """
    reward_scales, prior_scales = (
        low + (high - low) * generator.uniform(size=num_settings) ** SKEW
        for low, high in (settings.reward_scale, settings.prior_scale)
    )
    lifetimes = generator.choice(settings.lifetimes, num_settings)
    return [
        Setting(*row) for row in zip(reward_scales.tolist(), prior_scales.tolist(), lifetimes.tolist(), strict=True)
    ]


def generalist_lesson(settings: SettingRange, *, batch_size: int, seed: int, step: int) -> TaskBatch:
    """Fresh tasks of an update, every one of a setting of its own; a pure function of seed and step.

    All are drawn to the longest lifetime that there is, whether or not one of them has it.
    """
    generator = np.random.default_rng((integer_for(seed, "settings"), step))
    drawn = drawn_settings(settings, generator, batch_size)
    to_the_end = [setting._replace(lifetime=max(settings.lifetimes)) for setting in drawn]
    return generalist_tables(draw_fixed_arm_tasks(to_the_end, generator, tasks_per_setting=1), drawn)


def generalist_tables(tasks: FixedArmTasks, settings: Sequence[Setting]) -> TaskBatch:
    """Tasks of settings, equally many of each, for a network that is told them.

    After a lifetime's end nothing is paid or shown.
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
    return TaskBatch(tables, SettingTrialEncoding(told(settings), 2, LONGEST_TOLD))
