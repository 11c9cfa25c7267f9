"""Agents for one unknown arm beside a sure one: explore, then commit; and the rule when to stop that is optimal.

Arm 0 pays 0 for sure; arm 1 is the unknown one. No choice is left to chance: where both arms are worth the same, arm 0.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.agent import Agent
from bayesopt.planning.exploration_inputs import require_arm, require_num_trials
from bayesopt.planning.stopping import StoppingSolution


class CommitRecord(NamedTuple):
    """What the unknown arm paid in the trials of exploration."""

    num_pulls: Int[np.ndarray, "task"]
    total_reward: Float[np.ndarray, "task"]


def commit_agent(num_trials: int, *, prior_scale: float, reward_scale: float, prior_loc: float = -1.0) -> Agent:
    """Pulls arm 1 `num_trials` times, then for good the arm that the posterior mean favours; arm 0 pays 0 for sure.

    Where the posterior mean is 0, arm 0. Raises `ValueError` for a negative `num_trials`, and as `commit_value` does.
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
    """What the unknown arm paid so far, and whether it was left for good."""

    num_pulls: Int[np.ndarray, "task"]
    total_reward: Float[np.ndarray, "task"]
    is_left: Bool[np.ndarray, "task"]


def stopping_agent(solution: StoppingSolution) -> Agent:
    """Pulls arm 1 while its posterior mean exceeds the threshold, then arm 0 for good.

    It is the optimal agent by its thresholds alone: one who never pulled arm 0 before needs no other values. Beyond the
    lifetime it goes by the last threshold, 0.
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
    """The posterior mean of an arm after these rewards; the ratio is that of the prior's to the rewards' variance."""
    return (prior_loc + variance_ratio * total_reward) / (1 + variance_ratio * num_pulls)
