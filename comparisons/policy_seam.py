"""The seam between JAX and torch for decisions: networks that play bandits become agents, and families feed them."""

import functools
from typing import Any

import numpy as np
import torch
from torch import nn

from bayesopt.agent import Agent
from bayesopt.episodes import expected_reward_tables, sample_reward_tables
from bayesopt.family import AbstractBanditFamily
from comparisons.seam import BlockStream
from comparisons.seeding import key_for
from metalearners.baselines import RewardTables
from metalearners.policy import RecurrentPolicy
from metalearners.trials import PositiveTrialEncoding, RealTrialEncoding, TrialEncoding

Player = nn.Module | Agent
"""What can be compared with the Bayes-optimal policy: a torch module that plays, or any agent."""


def as_policy(network: nn.Module, family: AbstractBanditFamily, *, horizon: int) -> RecurrentPolicy:
    """A network with the encoding that fits the family's rewards; as it is if it is a policy already."""
    if isinstance(network, RecurrentPolicy):
        return network
    return RecurrentPolicy(network, trial_encoding(family, horizon=horizon))


def agent_of(policy: RecurrentPolicy) -> Agent:
    """The agent that a network is: its recurrent state is what it remembers."""
    return Agent(
        num_arms=policy.encoding.num_arms,
        initial_state=policy.initial_state,
        action_probs=lambda state, observation, time: policy.action_probs(state),
        update=lambda state, observation, action, reward, time: policy.update(state, action, reward, time),
    )


@functools.cache
def trial_encoding(family: AbstractBanditFamily, *, horizon: int) -> TrialEncoding:
    """What a network is fed: rewards of order 1, as they are or, where they are positive and real, in logarithms."""
    rewards = sample_reward_tables(family, key_for(0, "units"), num_tasks=4096, length=4).rewards
    if np.array_equal(np.unique(rewards), [0.0, 1.0]):
        return RealTrialEncoding(family.num_arms, horizon)
    low, median, high = np.quantile(rewards, [0.25, 0.5, 0.75])
    if rewards.min() > 0:
        return PositiveTrialEncoding(family.num_arms, horizon, scale=float(median))
    return RealTrialEncoding(family.num_arms, horizon, loc=float(median), scale=max(float(high - low) / 2, 1e-3))


class TableStream(BlockStream):
    """Fresh reward tables of a family for every training step, as a pure function of seed and step."""

    def __init__(self, family: AbstractBanditFamily, *, seed: int, batch_size: int, length: int) -> None:
        super().__init__(key_for(seed, "training tables"))
        self._family = family
        self._batch_size = batch_size
        self._length = length

    def __call__(self, step: int) -> RewardTables:
        """The tables of a step."""
        rewards, expected = self.block_row(step)
        return RewardTables(rewards, expected)

    def draw(self, key: Any, num_steps: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        tables = sample_reward_tables(self._family, key, num_tasks=num_steps * self._batch_size, length=self._length)
        expected = expected_reward_tables(self._family, tables)
        rewards = torch.from_numpy(tables.rewards.astype(np.float32))
        means = torch.from_numpy(expected.astype(np.float32))[:, None, :].expand(rewards.shape)
        return list(zip(rewards.split(self._batch_size), means.split(self._batch_size), strict=True))


def describe(network: Player) -> str:
    """What is scored, in words: the network's type and size."""
    if isinstance(network, Agent):
        return "an agent of your own"
    count = sum(parameter.numel() for parameter in network.parameters())
    kind = type(network.network if isinstance(network, RecurrentPolicy) else network).__name__
    return f"{kind} ({count:,} parameters)"
