"""Agents that follow plans: the Bayes-optimal policy of a finite horizon, and index policies."""

from functools import partial

import numpy as np
from jaxtyping import Float

from bayesopt.agent import Agent, Belief, Plan, best_shared, shared_among
from bayesopt.family import AbstractBanditFamily, HasFiniteHorizonIndices, HasGittinsIndices, HasPlan
from bayesopt.inputs import as_number
from bayesopt.planning.bandit_inputs import require_horizon
from bayesopt.planning.heuristics import belief_agent


def optimal_agent(family: AbstractBanditFamily, *, horizon: int, discount: float = 1.0) -> Agent:
    """Return the Bayes-optimal agent for `horizon` trials under the family's prior; ties are broken at random.

    Raises `NotImplementedError` for a family whose finite-horizon problem has no solver.
    """
    return agent_of_plan(family, plan_of(family, horizon=horizon, discount=discount))


def agent_of_plan(family: AbstractBanditFamily, plan: Plan) -> Agent:
    """Return the agent that follows a solved plan; ties are broken uniformly at random."""
    return belief_agent(family, partial(_plan_probs, plan))


def _plan_probs(plan: Plan, belief: Belief, time: int) -> Float[np.ndarray, "task arm"]:
    return shared_among(plan.optimal_actions(belief, time))


def plan_of(family: AbstractBanditFamily, *, horizon: int, discount: float = 1.0) -> Plan:
    """Solve the family's finite-horizon problem. Raises `NotImplementedError` for a family without a solver."""
    if not isinstance(family, HasPlan):
        raise NotImplementedError(f"no finite-horizon planner is known for {type(family).__name__}")
    return family.plan(horizon=horizon, discount=discount)


def gittins_agent(family: AbstractBanditFamily, *, discount: float) -> Agent:
    """Return the agent that pulls the arm of largest Gittins index, optimal under infinite-horizon discounting only.

    At a finite horizon it is a heuristic, often a good one (Gittins 1979, J. R. Stat. Soc. B 41:148). Raises
    `NotImplementedError` for a family without indices (its arms must be independent), `ValueError` for a discount
    outside [0, 1).
    """
    if not isinstance(family, HasGittinsIndices):
        raise NotImplementedError(f"no Gittins indices are known for {type(family).__name__}")
    discount = as_number("discount", discount)
    if not 0 <= discount < 1:
        raise ValueError(f"discount must be in [0, 1); got {discount!r}")
    return belief_agent(family, partial(_gittins_probs, family, discount))


def _gittins_probs(
    family: HasGittinsIndices, discount: float, belief: Belief, time: int
) -> Float[np.ndarray, "task arm"]:
    return best_shared(family.gittins_indices(belief, discount))


def finite_horizon_index_agent(family: AbstractBanditFamily, *, horizon: int, discount: float = 1.0) -> Agent:
    """Return the agent that pulls the arm of largest finite-horizon index, given the remaining trials: Whittle's rule.

    It is near-optimal, not optimal (Whittle 1988, J. Appl. Probab. 25A:287; Pilarski et al. 2021, IEEE TAI 2:2). Raises
    `NotImplementedError` for a family without such indices, `ValueError` for a horizon below 1.
    """
    if not isinstance(family, HasFiniteHorizonIndices):
        raise NotImplementedError(f"no finite-horizon indices are known for {type(family).__name__}")
    horizon, discount = require_horizon(horizon, discount)
    return belief_agent(family, partial(_finite_horizon_probs, family, horizon, discount))


def _finite_horizon_probs(
    family: HasFiniteHorizonIndices, horizon: int, discount: float, belief: Belief, time: int
) -> Float[np.ndarray, "task arm"]:
    return best_shared(family.finite_horizon_indices(belief, max(horizon - time, 1), discount))
