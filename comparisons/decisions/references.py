"""The agents that networks are compared with in decisions: the exact optimum, index policies, well-known rules."""

import numpy as np

from bayesopt.agent import Agent
from bayesopt.episodes import sample_reward_tables
from bayesopt.family import AbstractBanditFamily, HasFiniteHorizonIndices, HasGittinsIndices
from bayesopt.planning import heuristics
from bayesopt.planning.optimal import agent_of_plan, finite_horizon_index_agent, gittins_agent, plan_of
from comparisons.decisions.action_gaps import Plans
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.seeding import key_for


def reference_agents(
    family: AbstractBanditFamily, evaluation: DecisionEvaluationConfig, plans: Plans | None
) -> dict[str, Agent]:
    """Every agent without a network that exists for the family, the best reference first."""
    agents: dict[str, Agent] = {}
    if plans is not None:
        agents["optimal"] = agent_of_plan(family, plans.undiscounted)
    if isinstance(family, HasGittinsIndices):
        agents["Gittins"] = gittins_agent(family, discount=evaluation.discount)
    if isinstance(family, HasFiniteHorizonIndices):
        agents["finite-horizon index"] = finite_horizon_index_agent(family, horizon=evaluation.length)
    return agents | {
        "knowledge gradient": heuristics.knowledge_gradient_agent(family, horizon=evaluation.length),
        "Bayes-UCB": heuristics.bayes_ucb_agent(family),
        "UCB1": heuristics.ucb1_agent(family.num_arms, reward_scale=reward_scale(family)),
        "greedy": heuristics.greedy_agent(family),
        "ε-greedy": heuristics.epsilon_greedy_agent(family),
        "Thompson": heuristics.thompson_agent(family),
        **({"top-two Thompson": heuristics.top_two_thompson_agent(family)} if family.num_arms > 2 else {}),
        "uniform": heuristics.uniform_agent(family.num_arms),
    }


def plans_of(family: AbstractBanditFamily, evaluation: DecisionEvaluationConfig) -> Plans | None:
    """The exact references of a family, undiscounted and discounted; `None` where it has no finite-horizon planner.

    Raises `ValueError` where the horizon needs more memory than there is.
    """
    try:
        plan = plan_of(family, horizon=evaluation.length)
    except NotImplementedError:
        return None
    discounted = plan_of(family, horizon=evaluation.length, discount=evaluation.discount)
    return Plans(plan, discounted, evaluation.discount)


def reward_scale(family: AbstractBanditFamily) -> float:
    """The range of rewards that UCB1 assumes: 1 for rewards in [0, 1], else twice their spread within a task.

    Arms that always pay the same have no spread and do not count.
    """
    rewards = sample_reward_tables(family, key_for(0, "units"), num_tasks=4096, length=16).rewards
    if rewards.min() >= 0 and rewards.max() <= 1:
        return 1.0
    spreads = rewards.std(axis=1)
    return 2 * float(np.median(spreads[spreads > 0]))
