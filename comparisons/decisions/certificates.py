"""Certificates for decisions: what an agent's policy falls short of the optimum by, summed over every history.

No sampling error is left: an agent may be a network, and the number holds for it as it is.
"""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float
from numpyro.distributions import constraints

from bayesopt.agent import Agent, Plan
from bayesopt.beliefs import prior_beliefs, update_arms
from bayesopt.family import AbstractBanditFamily, HasArmBeliefs
from bayesopt.rollout import validated_action_probs
from comparisons.decisions.action_gaps import mean_gap
from comparisons.expected import require_family, require_instance
from comparisons.isolation import isolated
from comparisons.user_code import reporting_user_code

MAX_HISTORIES = 1_000_000


OUTCOMES = (0.0, 1.0)


class DecisionCertificate(NamedTuple):
    """What summing over all histories proves about one agent."""

    gap_by_time: Float[np.ndarray, "time"]
    """Expected action gap of each trial, in rewards."""
    rewards_by_time: Float[np.ndarray, "time"]
    """Expected reward of each trial."""
    num_histories: int
    """How many histories were summed, of all lengths."""

    @property
    def shortfall(self) -> float:
        """Summed action gap of the trials covered, in rewards; V* - V(π) where they reach the horizon."""
        return float(self.gap_by_time.sum())

    @property
    def value(self) -> float:
        """Expected rewards of the trials covered: V(π) where they reach the horizon."""
        return float(self.rewards_by_time.sum())


def longest_certifiable_episode(num_arms: int) -> int:
    """The most trials of a bandit of 0/1 rewards whose histories number at most a million."""
    length = 1
    while (2 * num_arms) ** length <= MAX_HISTORIES:
        length += 1
    return length


@reporting_user_code()
@isolated
def certify_decisions(agent: Agent, family: AbstractBanditFamily, plan: Plan, *, length: int) -> DecisionCertificate:
    """Sum an agent's action gap and rewards over all histories of `length` trials, weighted by their probability.

    For arms that pay 1 or 0. `plan` may reach beyond `length`: gaps are those of its horizon. Raises `ValueError` for
    a length beyond a million histories, `NotImplementedError` for a family whose rewards are not 0 or 1.
    """
    require_family(family, AbstractBanditFamily, "certify_decisions")
    require_instance(agent, Agent, "agent", "comparisons.agent_of makes one of a network")
    require_instance(plan, Plan, "plan", "family.plan(horizon=...) makes one")
    if not isinstance(family, HasArmBeliefs) or not pays_one_or_zero(family):
        raise NotImplementedError(f"a certificate needs arms that pay 1 or 0; got {type(family).__name__}")
    longest = longest_certifiable_episode(family.num_arms)
    if not 1 <= length <= longest:
        raise ValueError(
            f"a certificate over {length} trials of {family.num_arms} arms is not possible; length must be from 1 to "
            f"{longest}, for at most {MAX_HISTORIES:,} histories"
        )
    state, belief, weights = agent.initial_state(1), prior_beliefs(family, 1), np.ones(1)
    gaps, rewards, num_histories = np.zeros(length), np.zeros(length), 0
    for time in range(length):
        shape = (len(weights), family.num_arms)
        probs = validated_action_probs(agent.action_probs(state, (), time), shape, time)
        means = family.posterior_means(belief)
        gaps[time] = (weights * mean_gap(plan.action_values(belief, time), probs)).sum()
        rewards[time] = (weights * (probs * means).sum(axis=1)).sum()
        num_histories += len(weights)
        if time + 1 < length:
            state, belief, weights = _branched(agent, family, state, belief, weights[:, None] * probs, means, time)
    return DecisionCertificate(gaps, rewards, num_histories)


def pays_one_or_zero(family: AbstractBanditFamily) -> bool:
    """Whether the family says that its rewards are Bernoulli-distributed, whatever the belief."""
    predictive = family.reward_predictive(family.prior_belief()) if isinstance(family, HasArmBeliefs) else None
    return predictive is not None and predictive.support == constraints.boolean


def _branched(
    agent: Agent,
    family: Any,
    state: Any,
    belief: Any,
    action_weights: Float[np.ndarray, "row arm"],
    means: Float[np.ndarray, "row arm"],
    time: int,
) -> tuple[Any, Any, Float[np.ndarray, "branch"]]:
    """Every history with every action that may follow and every reward that may follow it."""
    outcome_weights = np.stack([action_weights * (1 - means), action_weights * means], axis=2)
    rows, arms, outcomes = np.nonzero(outcome_weights)
    paid = np.array(OUTCOMES)[outcomes]
    state = agent.update(rows_of(state, rows), (), arms, paid, time)
    belief = update_arms(family, rows_of(belief, rows), arms, paid)
    return state, belief, outcome_weights[rows, arms, outcomes]


def rows_of(state: Any, rows: np.ndarray) -> Any:
    """An agent's state or a belief, rows selected and repeated (the leading axis of every leaf)."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], state)
