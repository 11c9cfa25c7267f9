"""Adapter between JAX and PyTorch for decisions: networks become agents, and families give them tasks."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from bayesopt.agent import Agent, Observation
from bayesopt.episodes import (
    expected_contextual_tables,
    expected_reward_tables,
    sample_contextual_tables,
    sample_reward_tables,
)
from bayesopt.family import AbstractBanditFamily, AbstractContextualBanditFamily
from comparisons.expected import require_instance
from comparisons.seams.streams import BlockStream
from comparisons.seeding import key_for
from comparisons.user_code import GUIDE, NetworkContractError, calling
from metalearners.policy import PolicyState, RecurrentPolicy
from metalearners.trials import ContextualTrialEncoding, PositiveTrialEncoding, RealTrialEncoding, TrialEncoding
from metalearners.worlds import RewardTables

BanditFamily = AbstractBanditFamily | AbstractContextualBanditFamily
"""Families whose tasks policies play, with or without a context to see first."""


Player = nn.Module | Agent
"""What can be compared with the Bayes-optimal policy: a torch module that plays, or any agent."""


def as_policy(network: nn.Module, family: BanditFamily, *, horizon: int) -> RecurrentPolicy:
    """Return a network with the encoding that fits the family's rewards; a policy is returned as it is."""
    if isinstance(network, RecurrentPolicy):
        return network
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"network must be a torch module or a bayesopt.agent.Agent; got {type(network).__name__} ({GUIDE})"
        )
    encoding = trial_encoding(family, horizon=horizon)
    with calling(f"{type(network).__name__} cannot play", NetworkContractError):
        return RecurrentPolicy(network, encoding)


def as_policies(players: Sequence[Player], family: BanditFamily, *, horizon: int) -> list[RecurrentPolicy]:
    """Return torch modules as policies; raises `TypeError` for an agent, which cannot be probed."""
    networks = [one for one in players if isinstance(one, nn.Module)]
    if agents := [type(one).__name__ for one in players if not isinstance(one, nn.Module)]:
        raise TypeError(f"network must be a torch module on contextual bandits, where it is probed; got {agents[0]}")
    return [as_policy(network, family, horizon=horizon) for network in networks]


def agent_of(policy: RecurrentPolicy) -> Agent:
    """Return a network as an agent, whose state is the recurrent state.

    What it observes is the context of the trial, an integer per task, or `()` where there is none. It can be asked
    about any context without its state being touched. Raises `TypeError` for anything but a policy.
    """
    require_instance(policy, RecurrentPolicy, "policy", "meta_train makes one of a bandit family, or of your network")
    return Agent(
        num_arms=policy.encoding.num_arms,
        initial_state=policy.initial_state,
        action_probs=functools.partial(_action_probs, policy),
        update=functools.partial(_updated, policy),
    )


def _action_probs(policy: RecurrentPolicy, state: PolicyState, observation: Observation, time: int) -> np.ndarray:
    return policy.action_probs(state, _contexts(state, observation))


def _updated(
    policy: RecurrentPolicy, state: PolicyState, observation: Observation, action: Any, reward: Any, time: int
) -> PolicyState:
    return policy.update(state, _contexts(state, observation), action, reward, time)


def _contexts(state: PolicyState, observation: Observation) -> np.ndarray:
    is_nothing_seen = isinstance(observation, tuple) and not observation
    return np.zeros(len(state.action_probs), np.int64) if is_nothing_seen else np.asarray(observation)


@functools.cache
def trial_encoding(family: BanditFamily, *, horizon: int) -> TrialEncoding:
    """Return the inputs of a network: rewards of order 1; positive real rewards as logarithms.

    In a contextual bandit the context comes first, and rewards that are positive and real are as they are. What is
    typical is read off the arms that vary: an arm that always pays the same has no unit.
    """
    if isinstance(family, AbstractContextualBanditFamily):
        return _contextual_encoding(family, horizon)
    rewards = sample_reward_tables(family, key_for(0, "units"), num_tasks=4096, length=4).rewards
    if np.array_equal(np.unique(rewards), [0.0, 1.0]):
        return RealTrialEncoding(family.num_arms, horizon)
    loc, scale = _typical(rewards[..., np.ptp(rewards, axis=(0, 1)) > 0])
    if rewards.min() > 0:
        return PositiveTrialEncoding(family.num_arms, horizon, scale=loc)
    return RealTrialEncoding(family.num_arms, horizon, loc=loc, scale=scale)


def _contextual_encoding(family: AbstractContextualBanditFamily, horizon: int) -> ContextualTrialEncoding:
    rewards = sample_contextual_tables(family, key_for(0, "units"), num_tasks=4096, length=4).rewards
    is_paid_or_not = np.array_equal(np.unique(rewards), [0.0, 1.0])
    loc, scale = (0.0, 1.0) if is_paid_or_not else _typical(rewards)
    return ContextualTrialEncoding(family.num_contexts, family.num_arms, horizon, loc=loc, scale=scale)


def _typical(rewards: np.ndarray) -> tuple[float, float]:
    """Return a middle reward, and a typical distance of rewards from it."""
    low, median, high = np.quantile(rewards, [0.25, 0.5, 0.75])
    return float(median), max(float(high - low) / 2, 1e-3)


class TableStream(BlockStream):
    """Fresh reward tables of a family for every training step, as a pure function of seed and step."""

    def __init__(self, family: BanditFamily, *, seed: int, batch_size: int, length: int) -> None:
        super().__init__(key_for(seed, "training tables"))
        self._family = family
        self._batch_size = batch_size
        self._length = length

    def __call__(self, step: int) -> RewardTables:
        """Return the tables of a step."""
        return self.block_row(step)

    def draw(self, key: Any, num_steps: int) -> list[RewardTables]:
        tables = _tables(self._family, key, num_tasks=num_steps * self._batch_size, length=self._length)
        return [RewardTables(*parts) for parts in zip(*(t.split(self._batch_size) for t in tables), strict=True)]


def _tables(family: BanditFamily, key: Any, *, num_tasks: int, length: int) -> RewardTables:
    """Return fresh tables, and the mean reward of each arm in the context of each trial."""
    if isinstance(family, AbstractContextualBanditFamily):
        drawn = sample_contextual_tables(family, key, num_tasks=num_tasks, length=length)
        contexts = np.array(drawn.contexts, np.int64)
        means = expected_contextual_tables(family, drawn)[np.arange(num_tasks)[:, None], contexts]
    else:
        drawn = sample_reward_tables(family, key, num_tasks=num_tasks, length=length)
        contexts = np.zeros((num_tasks, length), np.int64)
        means = expected_reward_tables(family, drawn)[:, None]
    rewards = torch.from_numpy(drawn.rewards.astype(np.float32))
    expected = torch.from_numpy(means.astype(np.float32)).expand(rewards.shape)
    return RewardTables(torch.from_numpy(contexts), rewards, expected)


def describe(network: Player) -> str:
    """Return the type and the size of a network, in words."""
    if isinstance(network, Agent):
        return "an agent of your own"
    count = sum(parameter.numel() for parameter in network.parameters())
    kind = type(network.network if isinstance(network, RecurrentPolicy) else network).__name__
    return f"{kind} ({count:,} parameters)"
