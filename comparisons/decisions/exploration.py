"""How an agent explores, trial by trial, beside what an exact believer would know at that moment."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bayesopt.beliefs import prior_beliefs, update_arms
from bayesopt.family import AbstractBanditFamily, HasArmBeliefs
from bayesopt.rollout import Trajectories

ByTime = Float[np.ndarray, "task time"]


class ExplorationScores(NamedTuple):
    """What kind of explorer an agent is; averaged over its own probabilities."""

    thompson_kl: ByTime
    """KL from Thompson sampling to the agent, in nats; infinite where the agent rules out what Thompson may do."""
    matching_distance: ByTime
    """Total variation distance between the agent's probabilities and those of each arm to be the best."""
    uncertain_probs: ByTime
    """Probability of an arm about which least is known (widest central half of the posterior), ties included."""
    repeats: ByTime
    """Probability of pulling the previous arm again; NaN at the first trial."""
    is_after_loss: ByTime
    """Whether the previous reward was below what was expected of it (1 or 0); NaN at the first trial."""


def exploration_scores(family: AbstractBanditFamily, trajectories: Trajectories) -> ExplorationScores:
    """Score how an agent explored, along its own trajectories."""
    assert isinstance(family, HasArmBeliefs)
    num_tasks, length = trajectories.actions.shape
    scores = ExplorationScores(*(np.full((num_tasks, length), np.nan) for _ in ExplorationScores._fields))
    belief, tasks = prior_beliefs(family, num_tasks), np.arange(num_tasks)
    for time in range(length):
        probs, action = trajectories.action_probs[:, time], trajectories.actions[:, time]
        best_probs = family.best_arm_probs(belief)
        scores.thompson_kl[:, time] = kl_of_rows(best_probs, probs)
        scores.matching_distance[:, time] = 0.5 * np.abs(probs - best_probs).sum(axis=1)
        scores.uncertain_probs[:, time] = (probs * _is_least_known(family, belief, probs.shape)).sum(axis=1)
        if time + 1 < length:
            expected = family.posterior_means(belief)[tasks, action]
            scores.is_after_loss[:, time + 1] = trajectories.rewards[:, time] < expected
            scores.repeats[:, time + 1] = trajectories.action_probs[tasks, time + 1, action]
        belief = update_arms(family, belief, action, trajectories.rewards[:, time])
    return scores


def kl_of_rows(p: Float[np.ndarray, "task arm"], q: Float[np.ndarray, "task arm"]) -> Float[np.ndarray, "task"]:
    """KL(p‖q) in nats between rows of probabilities; infinite where q rules out what p may do."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
    return np.maximum(terms.sum(axis=1), 0.0)


def _is_least_known(family: HasArmBeliefs, belief: object, shape: tuple[int, ...]) -> Float[np.ndarray, "task arm"]:
    low, high = (family.posterior_quantiles(belief, np.full(shape, level)) for level in (0.25, 0.75))
    width = high - low
    return (width >= width.max(axis=1, keepdims=True) * (1 - 1e-9)).astype(float)
