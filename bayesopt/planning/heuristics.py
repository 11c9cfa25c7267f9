"""Heuristic bandit agents, the oracle that knows the expected rewards, and the uniformly random policy.

All break ties uniformly at random; the Bayesian agents keep the family's exact belief.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from bayesopt.agent import Agent, Belief, best_shared, known_tasks, no_memory, unchanged
from bayesopt.beliefs import prior_beliefs, update_arms
from bayesopt.family import AbstractBanditFamily, HasArmBeliefs
from bayesopt.inputs import as_count, as_number, as_reals
from bayesopt.planning.bandit_inputs import require_horizon

ArmValues = Float[np.ndarray, "task arm"]


def belief_agent(family: AbstractBanditFamily, action_probs: Callable[[Belief, int], ArmValues]) -> Agent:
    """Return an agent that keeps the exact belief and acts by a function of belief and time.

    Raises `NotImplementedError` for a family without belief methods.
    """
    if not isinstance(family, HasArmBeliefs):
        raise NotImplementedError(f"{type(family).__name__} has no belief methods (`HasArmBeliefs`)")
    return Agent(
        num_arms=family.num_arms,
        initial_state=partial(prior_beliefs, family),
        action_probs=partial(_probs_of_belief, action_probs),
        update=partial(_updated_belief, family),
    )


def greedy_agent(family: AbstractBanditFamily) -> Agent:
    """Return the agent that pulls the arm of largest posterior mean, which ignores the value of information."""
    return belief_agent(family, partial(_greedy_probs, family))


def epsilon_greedy_agent(family: AbstractBanditFamily, *, epsilon: float = 0.1) -> Agent:
    """Return the epsilon-greedy agent: greedy, but with probability `epsilon` a uniformly random arm.

    Raises `ValueError` for an epsilon outside [0, 1].
    """
    return belief_agent(family, partial(_epsilon_greedy_probs, family, as_number("epsilon", epsilon, low=0, high=1)))


def thompson_agent(family: AbstractBanditFamily) -> Agent:
    """Return the Thompson-sampling agent: arms have their exact posterior probability of being best (Thompson 1933)."""
    return belief_agent(family, partial(_thompson_probs, family))


def top_two_thompson_agent(family: AbstractBanditFamily, *, first_choice_prob: float = 0.5) -> Agent:
    """Return the top-two Thompson-sampling agent (Russo 2016, arXiv 1602.08448, section 3.3).

    With probability `first_choice_prob` it pulls the arm of Thompson sampling, else Thompson's choice among the other
    arms. With two arms, 1/2 gives the uniformly random policy. Raises `ValueError` if the probability is not in [0, 1].
    """
    first_choice_prob = as_number("first_choice_prob", first_choice_prob, low=0, high=1)
    return belief_agent(family, partial(_top_two_probs, family, first_choice_prob))


def bayes_ucb_agent(family: AbstractBanditFamily) -> Agent:
    """Return the Bayes-UCB agent, which pulls the arm of largest posterior quantile at level 1 - 1/t (1-based trial t).

    Source: Kaufmann, Cappé & Garivier (2012, AISTATS), with their c = 0. At the first trial, where that level is 0, it
    uses the median.
    """
    return belief_agent(family, partial(_bayes_ucb_probs, family))


def knowledge_gradient_agent(family: AbstractBanditFamily, *, horizon: int) -> Agent:
    """Return the knowledge-gradient agent, which maximises mean + remaining trials x knowledge gradient.

    It acts as if the next pull were the last informative one. Source: the online knowledge gradient of Ryzhov, Powell &
    Frazier (2012, Operations Research 60:180), undiscounted. Raises `ValueError` for a horizon below 1.
    """
    horizon, _ = require_horizon(horizon, 1.0)
    return belief_agent(family, partial(_knowledge_gradient_probs, family, horizon))


def _probs_of_belief(
    action_probs: Callable[[Belief, int], ArmValues], belief: Belief, observation: object, time: int
) -> ArmValues:
    return action_probs(belief, time)


def _updated_belief(
    family: HasArmBeliefs, belief: Belief, observation: object, action: Any, reward: Any, time: int
) -> Belief:
    return update_arms(family, belief, action, reward)


def _greedy_probs(family: Any, belief: Belief, time: int) -> ArmValues:
    return best_shared(family.posterior_means(belief))


def _epsilon_greedy_probs(family: Any, epsilon: float, belief: Belief, time: int) -> ArmValues:
    return (1 - epsilon) * best_shared(family.posterior_means(belief)) + epsilon / family.num_arms


def _thompson_probs(family: Any, belief: Belief, time: int) -> ArmValues:
    return family.best_arm_probs(belief)


def _top_two_probs(family: Any, first_choice_prob: float, belief: Belief, time: int) -> ArmValues:
    first = family.best_arm_probs(belief)
    others = np.where(np.eye(family.num_arms, dtype=bool), 0.0, first[:, None, :])
    totals = others.sum(axis=2, keepdims=True)
    staying = np.broadcast_to(np.eye(family.num_arms), others.shape)
    second = np.where(totals > 0, others / np.where(totals > 0, totals, 1.0), staying)
    return first_choice_prob * first + (1 - first_choice_prob) * np.einsum("ta,tab->tb", first, second)


def _bayes_ucb_probs(family: Any, belief: Belief, time: int) -> ArmValues:
    level = 1 - 1 / (time + 1) if time else 0.5
    num_tasks = len(family.posterior_means(belief))
    return best_shared(family.posterior_quantiles(belief, np.full((num_tasks, family.num_arms), level)))


def _knowledge_gradient_probs(family: Any, horizon: int, belief: Belief, time: int) -> ArmValues:
    means = family.posterior_means(belief)
    gradient = family.means_after_pull(belief) - means.max(axis=1, keepdims=True)
    return best_shared(means + max(horizon - time - 1, 0) * gradient)


class PullRecord(NamedTuple):
    """Number of pulls and total reward of each arm."""

    num_pulls: ArmValues
    total_rewards: ArmValues


def ucb1_agent(num_arms: int, *, reward_scale: float = 1.0) -> Agent:
    """Return the UCB1 agent: it maximises mean reward + reward_scale sqrt(2 log t / pulls), after each arm once.

    It uses no prior. `reward_scale` is the range of the rewards, 1 for rewards in [0, 1]. Source: Auer et al. 2002,
    Machine Learning 47:235. Raises `ValueError` for fewer than 1 arm or a scale that is not above 0.
    """
    num_arms = as_count("num_arms", num_arms, least=1)
    scale = as_number("reward_scale", reward_scale)
    if not scale > 0:
        raise ValueError(f"reward_scale must be > 0; got {reward_scale!r}")
    return Agent(
        num_arms=num_arms,
        initial_state=partial(_no_pulls, num_arms),
        action_probs=partial(_ucb1_probs, scale),
        update=partial(_updated_record, num_arms),
    )


def _no_pulls(num_arms: int, num_tasks: int) -> PullRecord:
    return PullRecord(np.zeros((num_tasks, num_arms)), np.zeros((num_tasks, num_arms)))


def _ucb1_probs(reward_scale: float, record: PullRecord, observation: object, time: int) -> ArmValues:
    pulls = np.maximum(record.num_pulls, 1)
    bonus = reward_scale * np.sqrt(2 * np.log(max(time, 1)) / pulls)
    return best_shared(np.where(record.num_pulls == 0, np.inf, record.total_rewards / pulls + bonus))


def _updated_record(
    num_arms: int, record: PullRecord, observation: object, action: Any, reward: Any, time: int
) -> PullRecord:
    is_pulled = np.eye(num_arms)[action]
    return PullRecord(record.num_pulls + is_pulled, record.total_rewards + is_pulled * reward[:, None])


def uniform_agent(num_arms: int) -> Agent:
    """Return the uniformly random policy, the baseline of all agents. Raises `ValueError` for fewer than 1 arm."""
    num_arms = as_count("num_arms", num_arms, least=1)
    return Agent(
        num_arms=num_arms,
        initial_state=no_memory,
        action_probs=partial(_uniform_probs, num_arms),
        update=unchanged,
    )


def _uniform_probs(num_arms: int, state: Any, observation: object, time: int) -> ArmValues:
    return np.full((len(state), num_arms), 1 / num_arms)


def oracle_agent(expected_rewards: ArmValues) -> Agent:
    """Return the oracle, which pulls the arm of largest expected reward in each task: an upper bound for learners.

    `expected_rewards` is the result of `bayesopt.episodes.expected_reward_tables`. The agent can play only these
    tasks, in this order.
    """
    known = as_reals("expected_rewards", expected_rewards, dims=("task", "arm"))
    if known.ndim != 2 or 0 in known.shape:
        raise ValueError(f"expected_rewards must have shape (task, arm), neither of them 0; got {known.shape}")
    return Agent(
        num_arms=known.shape[1],
        initial_state=partial(known_tasks, known),
        action_probs=_oracle_probs,
        update=unchanged,
    )


def _oracle_probs(state: ArmValues, observation: object, time: int) -> ArmValues:
    return best_shared(state)
