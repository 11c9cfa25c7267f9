"""Heuristic bandit agents, the oracle that knows the expected rewards, and the uniformly random policy.

All break ties uniformly at random; the Bayesian agents keep the family's exact belief.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from bayesopt.agent import Agent, Belief, best_shared
from bayesopt.beliefs import prior_beliefs, update_arms
from bayesopt.family import AbstractBanditFamily, HasArmBeliefs
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
        initial_state=lambda num_tasks: prior_beliefs(family, num_tasks),
        action_probs=lambda belief, observation, time: action_probs(belief, time),
        update=lambda belief, observation, action, reward, time: update_arms(family, belief, action, reward),
    )


def greedy_agent(family: AbstractBanditFamily) -> Agent:
    """Return the agent that pulls the arm of largest posterior mean, which ignores the value of information."""
    exact: Any = family
    return belief_agent(family, lambda belief, time: best_shared(exact.posterior_means(belief)))


def epsilon_greedy_agent(family: AbstractBanditFamily, *, epsilon: float = 0.1) -> Agent:
    """Return the epsilon-greedy agent: greedy, but with probability `epsilon` a uniformly random arm.

    Raises `ValueError` for an epsilon outside [0, 1].
    """
    _require_probability(epsilon=epsilon)
    exact: Any = family

    def action_probs(belief: Belief, time: int) -> ArmValues:
        return (1 - epsilon) * best_shared(exact.posterior_means(belief)) + epsilon / family.num_arms

    return belief_agent(family, action_probs)


def thompson_agent(family: AbstractBanditFamily) -> Agent:
    """Return the Thompson-sampling agent: arms have their exact posterior probability of being best (Thompson 1933)."""
    exact: Any = family
    return belief_agent(family, lambda belief, time: exact.best_arm_probs(belief))


def top_two_thompson_agent(family: AbstractBanditFamily, *, first_choice_prob: float = 0.5) -> Agent:
    """Return the top-two Thompson-sampling agent (Russo 2016, arXiv 1602.08448, section 3.3).

    With probability `first_choice_prob` it pulls the arm of Thompson sampling, else Thompson's choice among the other
    arms. With two arms, 1/2 gives the uniformly random policy. Raises `ValueError` if the probability is not in [0, 1].
    """
    _require_probability(first_choice_prob=first_choice_prob)
    exact: Any = family

    def action_probs(belief: Belief, time: int) -> ArmValues:
        first = exact.best_arm_probs(belief)
        others = np.where(np.eye(family.num_arms, dtype=bool), 0.0, first[:, None, :])
        totals = others.sum(axis=2, keepdims=True)
        staying = np.broadcast_to(np.eye(family.num_arms), others.shape)
        second = np.where(totals > 0, others / np.where(totals > 0, totals, 1.0), staying)
        return first_choice_prob * first + (1 - first_choice_prob) * np.einsum("ta,tab->tb", first, second)

    return belief_agent(family, action_probs)


def bayes_ucb_agent(family: AbstractBanditFamily) -> Agent:
    """Return the Bayes-UCB agent, which pulls the arm of largest posterior quantile at level 1 - 1/t (1-based trial t).

    Source: Kaufmann, Cappé & Garivier (2012, AISTATS), with their c = 0. At the first trial, where that level is 0, it
    uses the median.
    """
    exact: Any = family

    def action_probs(belief: Belief, time: int) -> ArmValues:
        level = 1 - 1 / (time + 1) if time else 0.5
        num_tasks = len(exact.posterior_means(belief))
        return best_shared(exact.posterior_quantiles(belief, np.full((num_tasks, family.num_arms), level)))

    return belief_agent(family, action_probs)


def knowledge_gradient_agent(family: AbstractBanditFamily, *, horizon: int) -> Agent:
    """Return the knowledge-gradient agent, which maximises mean + remaining trials x knowledge gradient.

    It acts as if the next pull were the last informative one. Source: the online knowledge gradient of Ryzhov, Powell &
    Frazier (2012, Operations Research 60:180), undiscounted. Raises `ValueError` for a horizon below 1.
    """
    require_horizon(horizon, discount=1.0)
    exact: Any = family

    def action_probs(belief: Belief, time: int) -> ArmValues:
        means = exact.posterior_means(belief)
        gradient = exact.means_after_pull(belief) - means.max(axis=1, keepdims=True)
        return best_shared(means + max(horizon - time - 1, 0) * gradient)

    return belief_agent(family, action_probs)


class PullRecord(NamedTuple):
    """Number of pulls and total reward of each arm."""

    num_pulls: ArmValues
    total_rewards: ArmValues


def ucb1_agent(num_arms: int, *, reward_scale: float = 1.0) -> Agent:
    """Return the UCB1 agent: it maximises mean reward + reward_scale sqrt(2 log t / pulls), after each arm once.

    It uses no prior. `reward_scale` is the range of the rewards, 1 for rewards in [0, 1]. Source: Auer et al. 2002,
    Machine Learning 47:235. Raises `ValueError` for fewer than 1 arm or a scale that is not above 0.
    """
    _require_arms(num_arms)
    if not reward_scale > 0:
        raise ValueError(f"reward_scale must be > 0; got {reward_scale!r}")

    def action_probs(record: PullRecord, observation: object, time: int) -> ArmValues:
        pulls = np.maximum(record.num_pulls, 1)
        bonus = reward_scale * np.sqrt(2 * np.log(max(time, 1)) / pulls)
        return best_shared(np.where(record.num_pulls == 0, np.inf, record.total_rewards / pulls + bonus))

    def update(record: PullRecord, observation: object, action: Any, reward: Any, time: int) -> PullRecord:
        is_pulled = np.eye(num_arms)[action]
        return PullRecord(record.num_pulls + is_pulled, record.total_rewards + is_pulled * reward[:, None])

    return Agent(
        num_arms=num_arms,
        initial_state=lambda num_tasks: PullRecord(np.zeros((num_tasks, num_arms)), np.zeros((num_tasks, num_arms))),
        action_probs=action_probs,
        update=update,
    )


def uniform_agent(num_arms: int) -> Agent:
    """Return the uniformly random policy, the baseline of all agents. Raises `ValueError` for fewer than 1 arm."""
    _require_arms(num_arms)
    return Agent(
        num_arms=num_arms,
        initial_state=lambda num_tasks: np.zeros((num_tasks, 0)),
        action_probs=lambda state, observation, time: np.full((len(state), num_arms), 1 / num_arms),
        update=lambda state, observation, action, reward, time: state,
    )


def oracle_agent(expected_rewards: ArmValues) -> Agent:
    """Return the oracle, which pulls the arm of largest expected reward in each task: an upper bound for learners.

    `expected_rewards` is the result of `bayesopt.episodes.expected_reward_tables`. The agent can play only these
    tasks, in this order.
    """
    num_known, num_arms = expected_rewards.shape

    def initial_state(num_tasks: int) -> ArmValues:
        if num_tasks != num_known:
            raise ValueError(f"num_tasks must be {num_known}, the tasks that the oracle knows; got {num_tasks}")
        return expected_rewards

    return Agent(
        num_arms=num_arms,
        initial_state=initial_state,
        action_probs=lambda state, observation, time: best_shared(state),
        update=lambda state, observation, action, reward, time: state,
    )


def _require_probability(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be in [0, 1]; got {value!r}")


def _require_arms(num_arms: int) -> None:
    if num_arms < 1:
        raise ValueError(f"num_arms must be an integer of at least 1; got {num_arms!r}")
