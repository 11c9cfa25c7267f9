"""Agents for a known arm and an unknown arm: explore-then-commit (ETC), and the optimal stopping rule.

The known arm 0 always pays 0; arm 1 is the unknown arm. Both agents are deterministic: they break ties in favour of
arm 0.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.agent import Agent
from bayesopt.planning.exploration_inputs import require_arm, require_num_trials
from bayesopt.planning.stopping import StoppingSolution


class CommitRecord(NamedTuple):
    """Number of pulls and total reward of the unknown arm during exploration."""

    num_pulls: Int[np.ndarray, "task"]
    total_reward: Float[np.ndarray, "task"]


def commit_agent(num_trials: int, *, prior_scale: float, reward_scale: float, prior_loc: float = -1.0) -> Agent:
    """Return the ETC agent, which pulls arm 1 `num_trials` times and then always the arm that the posterior favours.

    If the posterior mean is 0, it chooses arm 0. Raises `ValueError` for a negative `num_trials`, and as
    `commit_value` does.
    """
    require_num_trials(num_trials, np.asarray(max(int(num_trials), 0)))
    require_arm(prior_scale, reward_scale, prior_loc, 1.0)
    variance_ratio = (prior_scale / reward_scale) ** 2

    def action_probs(record: CommitRecord, observation: object, time: int) -> Float[np.ndarray, "task arm"]:
        mean = _posterior_mean(
            record.num_pulls, record.total_reward, prior_loc=prior_loc, variance_ratio=variance_ratio
        )
        is_pulled = (mean > 0) | (time < num_trials)
        return np.stack([~is_pulled, is_pulled], axis=1).astype(float)

    def update(record: CommitRecord, observation: object, action: Any, reward: Any, time: int) -> CommitRecord:
        is_read = (np.asarray(action) == 1) & (time < num_trials)
        return CommitRecord(record.num_pulls + is_read, record.total_reward + np.where(is_read, reward, 0.0))

    return Agent(
        num_arms=2,
        initial_state=lambda num_tasks: CommitRecord(np.zeros(num_tasks, np.int64), np.zeros(num_tasks)),
        action_probs=action_probs,
        update=update,
    )


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
    thresholds = solution.thresholds
    variance_ratio = (solution.prior_scale / solution.reward_scale) ** 2

    def action_probs(record: StoppingRecord, observation: object, time: int) -> Float[np.ndarray, "task arm"]:
        mean = _posterior_mean(
            record.num_pulls, record.total_reward, prior_loc=solution.prior_loc, variance_ratio=variance_ratio
        )
        is_worth_it = mean > thresholds[np.minimum(record.num_pulls, len(thresholds) - 1)]
        is_pulled = is_worth_it & ~record.is_left
        return np.stack([~is_pulled, is_pulled], axis=1).astype(float)

    def update(record: StoppingRecord, observation: object, action: Any, reward: Any, time: int) -> StoppingRecord:
        is_pulled = np.asarray(action) == 1
        total = record.total_reward + np.where(is_pulled, reward, 0.0)
        return StoppingRecord(record.num_pulls + is_pulled, total, record.is_left | ~is_pulled)

    return Agent(
        num_arms=2,
        initial_state=lambda num_tasks: StoppingRecord(
            np.zeros(num_tasks, np.int64), np.zeros(num_tasks), np.zeros(num_tasks, bool)
        ),
        action_probs=action_probs,
        update=update,
    )


def _posterior_mean(
    num_pulls: Int[np.ndarray, "task"],
    total_reward: Float[np.ndarray, "task"],
    *,
    prior_loc: float,
    variance_ratio: float,
) -> Float[np.ndarray, "task"]:
    """Return the posterior mean after these rewards; `variance_ratio` is prior variance over reward variance."""
    return (prior_loc + variance_ratio * total_reward) / (1 + variance_ratio * num_pulls)
