"""Checks of a contextual bandit family's methods for agents and of its greedy agent.

The probabilities of the correct arms must agree with the posterior. The greedy agent must be optimal: its value is that
of exhaustive planning over a tiny horizon, and no heuristic may earn more.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bayesopt.beliefs import prior_beliefs, update_context_arms
from bayesopt.contract.verdicts import Check, NotApplicable
from bayesopt.episodes import expected_contextual_tables, sample_contextual_tables
from bayesopt.family import AbstractContextualBanditFamily, HasContextBeliefs
from bayesopt.float64 import in_float64
from bayesopt.planning import contextual
from bayesopt.planning.heuristics import uniform_agent
from bayesopt.rollout import play

NUM_POSTERIOR_DRAWS = 20_000
NUM_PLAYED_TASKS = 4000
HORIZON = 8
TINY_HORIZON = 3
LARGEST_SCORE = 5.5
"""Largest difference between a simulated mean and its exact value, in standard errors (failure rate 4e-8 each)."""


@in_float64
def check_context_methods(family: AbstractContextualBanditFamily) -> str:
    """Check the probabilities that arms are correct against posterior draws and against predicted rewards."""
    bandit, name = _contextual(family), type(family).__name__
    belief = _typical_belief(bandit)
    one = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), belief)
    stated = bandit.correct_arm_probs(belief)[0]
    posterior = bandit.posterior(one)
    keys = jax.random.split(jax.random.key(0), len(posterior))
    draws = {
        site: distribution.sample(key, (NUM_POSTERIOR_DRAWS,))
        for key, (site, distribution) in zip(keys, posterior.items(), strict=True)
    }
    found = np.asarray(jax.vmap(bandit.expected_rewards)(draws)).mean(axis=0)
    errors = np.sqrt(stated * (1 - stated) / NUM_POSTERIOR_DRAWS)
    assert (np.abs(found - stated) <= LARGEST_SCORE * errors).all(), (
        f"{name}.correct_arm_probs returns {stated.tolist()}; posterior draws give {found.tolist()}"
    )
    for context in range(bandit.num_contexts):
        predicted = np.asarray(bandit.reward_predictive(one, jnp.asarray(context)).mean)
        assert np.allclose(stated[context], predicted, rtol=1e-9), (
            f"{name}: in context {context} correct_arm_probs returns {stated[context]}; "
            f"reward_predictive has mean {predicted}"
        )
    return f"{NUM_POSTERIOR_DRAWS:,} draws agree within {LARGEST_SCORE} standard errors"


@in_float64
def check_greedy_value(family: AbstractContextualBanditFamily) -> str:
    """Check that the greedy agent's value is that of exhaustive planning over a tiny horizon, within 1e-9."""
    bandit, name = _contextual(family), type(family).__name__
    largest = contextual.expectimax_value(bandit, horizon=TINY_HORIZON)
    value = contextual.agent_value(contextual.greedy_contextual_agent(bandit), bandit, horizon=TINY_HORIZON)
    assert abs(value - largest) < 1e-9, (
        f"{name}: over {TINY_HORIZON} trials the greedy agent has value {value:.8g}; exhaustive planning gives "
        f"{largest:.8g}"
    )
    return f"{value:.4f} rewards over {TINY_HORIZON} trials, within {abs(value - largest):.1g} of exhaustive planning"


def check_greedy_play(family: AbstractContextualBanditFamily) -> str:
    """Check that no heuristic earns more than the greedy agent on the same tasks and that the oracle always earns 1."""
    bandit, name = _contextual(family), type(family).__name__
    tables = sample_contextual_tables(bandit, jax.random.key(0), num_tasks=NUM_PLAYED_TASKS, length=HORIZON)
    expected = expected_contextual_tables(bandit, tables)
    paid = expected[np.arange(NUM_PLAYED_TASKS)[:, None], tables.contexts]
    agents = {
        "greedy": contextual.greedy_contextual_agent(bandit),
        "Thompson": contextual.thompson_contextual_agent(bandit),
        "uniform": uniform_agent(bandit.num_arms),
        "oracle": contextual.contextual_oracle_agent(expected),
    }
    earned = {
        label: (play(agent, tables, jax.random.key(1)).action_probs * paid).sum((1, 2))
        for label, agent in agents.items()
    }
    assert (earned.pop("oracle") == HORIZON).all(), (
        f"{name}: in every context one arm must have expected reward 1; some context has none"
    )
    for label, rewards in earned.items():
        advantage = rewards - earned["greedy"]
        error = advantage.std(ddof=1) / NUM_PLAYED_TASKS**0.5
        assert advantage.mean() <= LARGEST_SCORE * error + 1e-12, (
            f"{name}: {label} earns {advantage.mean():.3g} more than the greedy agent"
        )
    return f"the greedy agent earns {earned['greedy'].mean():.4f} rewards over {HORIZON} trials; none earns more"


def _contextual(family: AbstractContextualBanditFamily) -> Any:
    if not isinstance(family, HasContextBeliefs):
        raise NotApplicable("no belief methods, so no agent can plan with it")
    return family


def _typical_belief(bandit: Any) -> Any:
    """Return the belief in one task after half of the arms failed in the first context and one arm in the last."""
    tables = sample_contextual_tables(bandit, jax.random.key(3), num_tasks=1, length=1)
    expected, belief = expected_contextual_tables(bandit, tables), prior_beliefs(bandit, 1)
    failing = np.argsort(expected[0], axis=1)
    pulls = [(0, arm) for arm in failing[0, : bandit.num_arms // 2]] + [(bandit.num_contexts - 1, failing[-1, 0])]
    for context, arm in pulls:
        pulled = (np.array([context]), np.array([arm]))
        belief = update_context_arms(bandit, belief, *pulled, expected[:, context, arm])
    return belief


CONTEXT_CHECKS: dict[str, Check] = {
    "arm_methods": check_context_methods,
    "plan": check_greedy_value,
    "optimal_agent": check_greedy_play,
}
