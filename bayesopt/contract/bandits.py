"""Checks of a bandit family's methods for agents and of its Bayes-optimal plan.

What index policies use (means, quantiles, probabilities) must agree with the posterior. The plan must agree with
exhaustive planning over a tiny horizon, and no heuristic may earn more than the optimal agent.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpyro.distributions import Distribution, Normal

from bayesopt.beliefs import prior_beliefs, update_arms
from bayesopt.contract.verdicts import Check, NotApplicable
from bayesopt.episodes import expected_reward_tables, sample_reward_tables
from bayesopt.family import AbstractBanditFamily, HasArmBeliefs
from bayesopt.float64 import in_float64
from bayesopt.planning import heuristics
from bayesopt.planning.optimal import optimal_agent, plan_of
from bayesopt.rollout import play
from bayesopt.sure_rewards import NormalOrSure

NUM_POSTERIOR_DRAWS = 20_000
NUM_PLAYED_TASKS = 4000
HORIZON = 8
TINY_HORIZON = 3
NUM_GRID_NODES = 4001
LARGEST_SCORE = 5.5
"""Largest difference between a simulated mean and its exact value, in standard errors (failure rate 4e-8 each)."""


@in_float64
def check_arm_methods(family: AbstractBanditFamily) -> str:
    """Check means, quantiles, probabilities of being best and means after a pull against posterior draws and sums."""
    bandit, name = _bandit(family), type(family).__name__
    belief, worst = _typical_belief(bandit), 0.0
    posterior = bandit.posterior(jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), belief))
    keys = jax.random.split(jax.random.key(0), len(posterior))
    draws = {
        site: distribution.sample(key, (NUM_POSTERIOR_DRAWS,))
        for key, (site, distribution) in zip(keys, posterior.items(), strict=True)
    }
    rewards = np.asarray(jax.vmap(bandit.expected_rewards)(draws))
    is_best = rewards == rewards.max(axis=1, keepdims=True)
    stated = bandit.best_arm_probs(belief)[0]
    worst = max(worst, _score(is_best.mean(0), stated, np.sqrt(stated * (1 - stated) / NUM_POSTERIOR_DRAWS)))
    assert worst < LARGEST_SCORE, f"{name}.best_arm_probs returns {stated}; posterior draws give {is_best.mean(0)}"
    for level in (0.1, 0.5, 0.9):
        quantiles = bandit.posterior_quantiles(belief, np.full((1, bandit.num_arms), level))[0]
        below, up_to = (rewards < quantiles).mean(0), (rewards <= quantiles).mean(0)
        error = math.sqrt(level * (1 - level) / NUM_POSTERIOR_DRAWS)
        nearest = np.clip(level, below, up_to)  # the posterior of a known arm is a single value
        score = _score(nearest, np.full(bandit.num_arms, level), np.full(bandit.num_arms, error))
        assert score < LARGEST_SCORE, (
            f"{name}.posterior_quantiles at level {level} must have that share of the posterior below it; got {up_to}"
        )
        worst = max(worst, score)
    predictive = _one(bandit, belief)
    means = bandit.posterior_means(belief)[0]
    assert np.allclose(means, np.asarray(predictive.mean), rtol=1e-9), (
        f"{name}.posterior_means returns {means}; reward_predictive has mean {predictive.mean}"
    )
    after = bandit.means_after_pull(belief)[0]
    for arm in range(bandit.num_arms):
        outcomes, weights = _outcomes(predictive, arm)
        if outcomes is None:
            continue
        largest = _largest_means(bandit, belief, arm, outcomes)
        assert abs(after[arm] - weights @ largest) < 1e-6 * (1 + abs(after[arm])), (
            f"{name}.means_after_pull returns {after[arm]:.8g} for arm {arm}; summing over rewards gives "
            f"{weights @ largest:.8g}"
        )
    return f"draws agree within {worst:.1f} standard errors"


@in_float64
def check_plan(family: AbstractBanditFamily) -> str:
    """Check that the plan's value and action values are those of exhaustive planning over a tiny horizon."""
    bandit, name = _bandit(family), type(family).__name__
    belief = prior_beliefs(bandit, 1)
    outcomes = [_outcomes(_one(bandit, belief), arm)[0] for arm in range(bandit.num_arms)]
    most_outcomes = max(math.inf if values is None else len(values) for values in outcomes)
    horizon = TINY_HORIZON if most_outcomes < NUM_GRID_NODES else 2
    plan = _plan(bandit, horizon)
    if most_outcomes == math.inf:
        raise NotApplicable("exhaustive planning needs rewards that are finitely many or normal")
    exhaustive = _exhaustive_action_values(bandit, belief, horizon)[0]
    planned = plan.action_values(belief, 0)[0]
    tolerance = 1e-5 if most_outcomes >= NUM_GRID_NODES else 1e-9
    error = float(np.abs(planned - exhaustive).max())
    assert error < tolerance + plan.error_bound and abs(plan.value - exhaustive.max()) < tolerance + plan.error_bound, (
        f"{name}: over {horizon} trials the plan has action values {planned}; exhaustive planning gives {exhaustive}"
    )
    return f"action values over {horizon} trials agree within {error:.1g}"


def check_optimal_agent(family: AbstractBanditFamily) -> str:
    """Check that the optimal agent earns the plan's value and that no heuristic earns more on the same tasks."""
    bandit, name = _bandit(family), type(family).__name__
    plan = _plan(bandit, HORIZON)
    tables = sample_reward_tables(bandit, jax.random.key(0), num_tasks=NUM_PLAYED_TASKS, length=HORIZON)
    expected = expected_reward_tables(bandit, tables)
    agents = {
        "optimal": optimal_agent(bandit, horizon=HORIZON),
        "greedy": heuristics.greedy_agent(bandit),
        "Thompson": heuristics.thompson_agent(bandit),
        "knowledge gradient": heuristics.knowledge_gradient_agent(bandit, horizon=HORIZON),
        "Bayes-UCB": heuristics.bayes_ucb_agent(bandit),
        "uniform": heuristics.uniform_agent(bandit.num_arms),
    }
    earned = {
        label: (play(agent, tables, jax.random.key(1)).action_probs * expected[:, None, :]).sum((1, 2))
        for label, agent in agents.items()
    }
    for label, rewards in earned.items():
        advantage = rewards - earned["optimal"]
        score = advantage.mean() / max(_standard_error(advantage), 1e-12)
        assert score < LARGEST_SCORE, f"{name}: {label} earns {advantage.mean():.3g} more than the optimal agent"
    largest_gap = LARGEST_SCORE * _standard_error(earned["optimal"]) + plan.error_bound
    assert abs(earned["optimal"].mean() - plan.value) <= largest_gap, (
        f"{name}: the plan has value {plan.value:.5g}; playing it earns {earned['optimal'].mean():.5g} rewards"
    )
    return (
        f"plan {plan.value:.4f}, played {earned['optimal'].mean():.4f} rewards over {HORIZON} trials; none earns more"
    )


def _bandit(family: AbstractBanditFamily) -> Any:
    if not isinstance(family, HasArmBeliefs):
        raise NotApplicable("no belief methods, so no agent can plan with it")
    return family


def _plan(bandit: Any, horizon: int) -> Any:
    try:
        return plan_of(bandit, horizon=horizon)
    except NotImplementedError as reason:
        raise NotApplicable(str(reason)) from reason


def _typical_belief(bandit: Any) -> Any:
    """Return the belief in one task after three pulls of each arm."""
    tables = sample_reward_tables(bandit, jax.random.key(3), num_tasks=1, length=3 * bandit.num_arms)
    belief = prior_beliefs(bandit, 1)
    for time in range(tables.rewards.shape[1]):
        arm = time % bandit.num_arms
        belief = update_arms(bandit, belief, np.array([arm]), tables.rewards[:, time, arm])
    return belief


def _one(bandit: Any, belief: Any) -> Distribution:
    return bandit.reward_predictive(jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), belief))


def _outcomes(
    predictive: Any, arm: int
) -> tuple[Float[np.ndarray, "outcome"], Float[np.ndarray, "outcome"]] | tuple[None, None]:
    """Return the possible next rewards of an arm and their probabilities; a fine grid if the predictive is normal."""
    if predictive.has_enumerate_support:
        values = np.asarray(predictive.enumerate_support(expand=False), float).ravel()
        log_probs = np.asarray(predictive.log_prob(jnp.asarray(values)[:, None]))[:, arm]
        return values[log_probs > -np.inf], np.exp(log_probs[log_probs > -np.inf])
    if isinstance(predictive, (Normal, NormalOrSure)):
        z = np.linspace(-8, 8, NUM_GRID_NODES)
        weights = np.exp(-0.5 * z**2)
        loc, scale = np.asarray(predictive.loc)[arm], np.asarray(predictive.scale)[arm]
        return (loc + scale * z, weights / weights.sum()) if scale > 0 else (np.array([loc]), np.ones(1))
    return None, None


def _largest_means(bandit: Any, belief: Any, arm: int, outcomes: Float[np.ndarray, "outcome"]) -> np.ndarray:
    return bandit.posterior_means(_after(bandit, belief, arm, outcomes)).max(axis=1)


def _after(bandit: Any, belief: Any, arm: int, outcomes: Float[np.ndarray, "outcome"]) -> Any:
    repeated = jax.tree.map(lambda leaf: np.repeat(leaf, len(outcomes), axis=0), belief)
    return update_arms(bandit, repeated, np.full(len(outcomes), arm), outcomes)


def _exhaustive_action_values(bandit: Any, belief: Any, horizon: int) -> Float[np.ndarray, "task arm"]:
    """Return action values by trying every action and every reward at every trial that is left."""
    means = bandit.posterior_means(belief)
    if horizon == 1:
        return means
    values = means.copy()
    for row in range(len(means)):
        here = jax.tree.map(lambda leaf, row=row: leaf[row : row + 1], belief)
        for arm in range(bandit.num_arms):
            outcomes, weights = _outcomes(_one(bandit, here), arm)
            assert outcomes is not None and weights is not None
            later = _exhaustive_action_values(bandit, _after(bandit, here, arm, outcomes), horizon - 1)
            values[row, arm] += weights @ later.max(axis=1)
    return values


def _score(found: np.ndarray, stated: np.ndarray, error: np.ndarray) -> float:
    """Return the largest difference in standard errors; infinity if entries without an error differ."""
    difference = np.abs(found - stated)
    return float(np.where(error > 0, difference / np.maximum(error, 1e-300), np.where(difference > 0, np.inf, 0)).max())


def _standard_error(values: Float[np.ndarray, "task"]) -> float:
    return float(values.std(ddof=1) / len(values) ** 0.5)


BANDIT_CHECKS: dict[str, Check] = {
    "arm_methods": check_arm_methods,
    "plan": check_plan,
    "optimal_agent": check_optimal_agent,
}
