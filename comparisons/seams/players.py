"""Players of other people, modules and agents alike: tried on histories of trials before they are scored."""

from typing import Any

import numpy as np

from bayesopt.agent import Agent
from bayesopt.episodes import sample_contextual_tables, sample_reward_tables
from bayesopt.family import AbstractContextualBanditFamily
from bayesopt.rollout import validated_action_probs
from comparisons.seams.checks import Learner, Numbers, Tasks, check
from comparisons.seams.contestants import check_module
from comparisons.seams.policies import BanditFamily, Player, agent_of, as_policy
from comparisons.seeding import key_for
from comparisons.user_code import NetworkContractError, calling
from metalearners.policy import RecurrentPolicy

NUM_HISTORIES = 64
"""Histories among which players are tried."""


def checked_player(player: Player, family: BanditFamily, *, length: int) -> Agent:
    """Return a player as an agent whose failures are named.

    Raises `NetworkContractError` for a player that cannot be scored in episodes of this length: it fails, gives no
    probabilities, is random, keeps a state between calls, leaks between tasks or changes itself.
    """
    contexts, actions, rewards = histories(family, length=length)
    tasks = (actions, rewards) if contexts is None else (actions, rewards, contexts)
    if isinstance(player, Agent):
        agent = _guarded(player, "the agent")
        check(Learner("the agent", lambda tasks: _asked(agent, tasks), is_stepwise=True), tasks)
        return agent
    policy = as_policy(player, family, horizon=length)
    name = type(policy.network).__name__
    agent = _guarded(agent_of(policy), name)
    check_module(policy, name, lambda tasks: _asked(agent, tasks), tasks, is_stepwise=True)
    return agent


def checked_policy(policy: RecurrentPolicy, family: BanditFamily, *, length: int) -> RecurrentPolicy:
    """Return a policy that `checked_player` accepts; it raises as that does."""
    checked_player(policy, family, length=length)
    return policy


def histories(family: BanditFamily, *, length: int) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Return contexts (`None` without any), arms that were pulled at random, and their rewards, by task and trial."""
    key, contexts = key_for(0, "histories"), None
    if isinstance(family, AbstractContextualBanditFamily):
        drawn = sample_contextual_tables(family, key, num_tasks=NUM_HISTORIES, length=length)
        contexts = np.asarray(drawn.contexts)
    else:
        drawn = sample_reward_tables(family, key, num_tasks=NUM_HISTORIES, length=length)
    rewards = np.asarray(drawn.rewards)
    actions = np.random.default_rng(0).integers(rewards.shape[2], size=rewards.shape[:2])
    return contexts, actions, np.take_along_axis(rewards, actions[..., None], axis=2)[..., 0]


def _asked(agent: Agent, tasks: Tasks) -> Numbers:
    """Return an agent's probabilities at every trial of histories that it did not choose."""
    actions, rewards, *contexts = tasks
    num_tasks, length = actions.shape
    probs = np.empty((num_tasks, length, agent.num_arms))
    state = agent.initial_state(num_tasks)
    for time in range(length):
        seen = contexts[0][:, time] if contexts else ()
        answers = agent.action_probs(state, seen, time)
        probs[:, time] = validated_action_probs(answers, (num_tasks, agent.num_arms), time)
        state = agent.update(state, seen, actions[:, time].copy(), rewards[:, time].copy(), time)
    return probs


def _guarded(agent: Agent, name: str) -> Agent:
    """Return the agent with every exception of its functions as one line."""

    def guarded(function: Any, what: str) -> Any:
        def call(*arguments: Any) -> Any:
            with calling(f"{what} of {name} fails", NetworkContractError):
                return function(*arguments)

        return call

    return Agent(agent.num_arms, *(guarded(getattr(agent, field), field) for field in Agent._fields[1:]))
