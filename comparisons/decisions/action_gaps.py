"""What one agent earns on reward tables, and what each of its choices costs against the exact optimum.

The action gap Q*(a*) - Q*(a) of what an agent does, averaged over its probabilities, is zero for every optimal action,
ties included. Summed over an episode, its expectation is the value the agent falls short of the optimum by, V* - V(π):
the performance difference lemma (Kakade & Langford 2002, ICML), and the twin of KL = excess log loss.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bayesopt.agent import Plan
from bayesopt.beliefs import prior_beliefs, update_arms
from bayesopt.family import AbstractBanditFamily, HasArmBeliefs
from bayesopt.rollout import Trajectories

ByTime = Float[np.ndarray, "task time"]


class DecisionScores(NamedTuple):
    """One agent on one set of tables, trial by trial, averaged over the agent's own probabilities.

    Rewards and gaps are in rewards. Without a plan, gaps and the probability of an optimal action are NaN.
    """

    expected_rewards: ByTime
    """What the agent's action was worth on average, given the latents."""
    action_gap: ByTime
    """Q*(a*) - Q*(a) of the undiscounted plan."""
    discounted_action_gap: ByTime
    """The same of the discounted plan, discounted to the first trial."""
    optimal_probs: ByTime
    """Probability of the set of optimal actions of the undiscounted plan."""
    belief_margin: ByTime
    """How far the largest posterior mean is above the second largest, before the action."""


class Plans(NamedTuple):
    """The exact references of an evaluation: with rewards counted alike, and with later ones discounted."""

    undiscounted: Plan
    discounted: Plan
    discount: float


def decision_scores(
    family: AbstractBanditFamily,
    trajectories: Trajectories,
    expected_rewards: Float[np.ndarray, "task arm"],
    plans: Plans | None,
) -> DecisionScores:
    """Score what an agent did, along its own trajectories."""
    assert isinstance(family, HasArmBeliefs)
    num_tasks, length = trajectories.actions.shape
    scores = DecisionScores(*(np.full((num_tasks, length), np.nan) for _ in DecisionScores._fields))
    belief = prior_beliefs(family, num_tasks)
    for time in range(length):
        probs = trajectories.action_probs[:, time]
        scores.expected_rewards[:, time] = (probs * expected_rewards).sum(axis=1)
        means = np.sort(family.posterior_means(belief), axis=1)
        scores.belief_margin[:, time] = means[:, -1] - means[:, -2] if means.shape[1] > 1 else 0.0
        if plans is not None:
            scores.action_gap[:, time] = mean_gap(plans.undiscounted.action_values(belief, time), probs)
            later = plans.discount**time
            scores.discounted_action_gap[:, time] = later * mean_gap(
                plans.discounted.action_values(belief, time), probs
            )
            is_optimal = plans.undiscounted.optimal_actions(belief, time)
            scores.optimal_probs[:, time] = (probs * is_optimal).sum(axis=1)
        belief = update_arms(family, belief, trajectories.actions[:, time], trajectories.rewards[:, time])
    return scores


def mean_gap(
    values: Float[np.ndarray, "task arm"], action_probs: Float[np.ndarray, "task arm"]
) -> Float[np.ndarray, "task"]:
    """The reference's action gap, averaged over an agent's probabilities."""
    return (action_probs * (values.max(axis=1, keepdims=True) - values)).sum(axis=1)
