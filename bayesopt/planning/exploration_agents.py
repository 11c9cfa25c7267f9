"""Agents for a known arm and an unknown arm: explore-then-commit (ETC), and the optimal stopping rule.

The known arm 0 always pays 0; arm 1 is the unknown arm. Both agents are deterministic: they break ties in favour of
arm 0.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.agent import Agent
from bayesopt.inputs import as_count, as_number
from bayesopt.planning.exploration_inputs import require_arm
from bayesopt.planning.stopping import StoppingSolution


class _Prior(NamedTuple):
    """Prior of the unknown arm's mean: its location, and its variance divided by that of the rewards."""

    loc: float
    variance_ratio: float


class CommitRecord(NamedTuple):
    """Number of pulls and total reward of the unknown arm during exploration."""

    num_pulls: Int[np.ndarray, "task"]
    total_reward: Float[np.ndarray, "task"]


def commit_agent(num_trials: int, *, prior_scale: float, reward_scale: float, prior_loc: float = -1.0) -> Agent:
    """Return the ETC agent, which pulls arm 1 `num_trials` times and then always the arm that the posterior favours.

    If the posterior mean is 0, it chooses arm 0. Raises `ValueError` for a negative `num_trials`, and as
    `commit_value` does.
    """
    num_trials = as_count("num_trials", num_trials)
    require_arm(prior_scale, reward_scale, prior_loc, 1.0)
    scale, noise = as_number("prior_scale", prior_scale), as_number("reward_scale", reward_scale)
    prior = _Prior(as_number("prior_loc", prior_loc), (scale / noise) ** 2)
    return Agent(
        num_arms=2,
        initial_state=_no_commit_record,
        action_probs=partial(_commit_probs, num_trials, prior),
        update=partial(_updated_commit_record, num_trials),
    )


def _no_commit_record(num_tasks: int) -> CommitRecord:
    return CommitRecord(np.zeros(num_tasks, np.int64), np.zeros(num_tasks))


def _commit_probs(
    num_trials: int, prior: _Prior, record: CommitRecord, observation: object, time: int
) -> Float[np.ndarray, "task arm"]:
    is_pulled = (_posterior_mean(prior, record.num_pulls, record.total_reward) > 0) | (time < num_trials)
    return np.stack([~is_pulled, is_pulled], axis=1).astype(float)


def _updated_commit_record(
    num_trials: int, record: CommitRecord, observation: object, action: Any, reward: Any, time: int
) -> CommitRecord:
    is_read = (np.asarray(action) == 1) & (time < num_trials)
    return CommitRecord(record.num_pulls + is_read, record.total_reward + np.where(is_read, reward, 0.0))


class StoppingRecord(NamedTuple):
    """Number of pulls and total reward of the unknown arm so far; `is_left` is true once the agent stopped."""

    num_pulls: Int[np.ndarray, "task"]
    total_reward: Float[np.ndarray, "task"]
    is_left: Bool[np.ndarray, "task"]


def stopping_agent(solution: StoppingSolution) -> Agent:
    """Return the agent that pulls arm 1 while its posterior mean exceeds the threshold, and then always arm 0.

    It is Bayes-optimal and needs only the thresholds, because it never returns to arm 1 after arm 0. Beyond the
    lifetime it uses the last threshold, 0.
    """
    prior = _Prior(solution.prior_loc, (solution.prior_scale / solution.reward_scale) ** 2)
    return Agent(
        num_arms=2,
        initial_state=_no_stopping_record,
        action_probs=partial(_stopping_probs, solution.thresholds, prior),
        update=_updated_stopping_record,
    )


def _no_stopping_record(num_tasks: int) -> StoppingRecord:
    return StoppingRecord(np.zeros(num_tasks, np.int64), np.zeros(num_tasks), np.zeros(num_tasks, bool))


def _stopping_probs(
    thresholds: Float[np.ndarray, "pulls"], prior: _Prior, record: StoppingRecord, observation: object, time: int
) -> Float[np.ndarray, "task arm"]:
    mean = _posterior_mean(prior, record.num_pulls, record.total_reward)
    is_worth_it = mean > thresholds[np.minimum(record.num_pulls, len(thresholds) - 1)]
    is_pulled = is_worth_it & ~record.is_left
    return np.stack([~is_pulled, is_pulled], axis=1).astype(float)


def _updated_stopping_record(
    record: StoppingRecord, observation: object, action: Any, reward: Any, time: int
) -> StoppingRecord:
    is_pulled = np.asarray(action) == 1
    total = record.total_reward + np.where(is_pulled, reward, 0.0)
    return StoppingRecord(record.num_pulls + is_pulled, total, record.is_left | ~is_pulled)


def _posterior_mean(
    prior: _Prior, num_pulls: Int[np.ndarray, "task"], total_reward: Float[np.ndarray, "task"]
) -> Float[np.ndarray, "task"]:
    """Return the posterior mean of the unknown arm after these rewards."""
    return (prior.loc + prior.variance_ratio * total_reward) / (1 + prior.variance_ratio * num_pulls)
