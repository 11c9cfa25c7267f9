"""Checks of a tabular family (small deterministic Markov decision processes): its tables and its Bayes-optimal plan.

The tables must be well formed, and the list of possible tasks must be complete. The plan must agree with exhaustive
planning over every history. The optimal agent must earn at least as much as a uniformly random policy and at most as
much as an oracle that knows the task.
"""

import functools
from collections import defaultdict
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpyro.infer.util import log_density

from bayesopt.contract.verdicts import Check, NotApplicable
from bayesopt.episodes import TabularTasks, sample_tabular_tasks, tabular_tasks_given
from bayesopt.family import AbstractTabularFamily
from bayesopt.float64 import in_float64
from bayesopt.lifetime_plans import HasLifetimePlan
from bayesopt.planning.heuristics import uniform_agent
from bayesopt.planning.tabular import tabular_oracle_agent
from bayesopt.rollout import play_tabular

NUM_TASKS = 1000
NUM_PLAYED_TASKS = 4000
LIFETIME = 20
TINY_LIFETIME = 10
LARGEST_SCORE = 5.5
"""Largest difference between a simulated mean and its exact value, in standard errors (failure rate 4e-8 each)."""


def check_tables(family: AbstractTabularFamily) -> str:
    """Check that latents are finite and that tables have the declared shapes, existing states and finite rewards."""
    name = type(family).__name__
    tasks = sample_tabular_tasks(family, jax.random.key(0), num_tasks=NUM_TASKS)
    for site, values in tasks.latents.items():
        assert np.isfinite(values).all(), f"{name}: latents {site!r} must be finite; the model draws nan or infinity"
    expected = (NUM_TASKS, family.num_states, family.num_actions)
    for label, table in (("next states", tasks.next_state), ("rewards", tasks.reward)):
        assert table.shape == expected, (
            f"{name}: {label} of {NUM_TASKS:,} tasks must have shape {expected}; got {table.shape}"
        )
    assert np.issubdtype(tasks.next_state.dtype, np.integer), (
        f"{name}: next states must be integers; got {tasks.next_state.dtype}"
    )
    visited = np.append(tasks.next_state.ravel(), family.initial_state)
    assert visited.min() >= 0 and visited.max() < family.num_states, (
        f"{name}: states must be from 0 to {family.num_states - 1}; got {visited.min()} to {visited.max()}"
    )
    assert np.isfinite(tasks.reward).all(), f"{name}: rewards must be finite; got nan or infinity"
    again = sample_tabular_tasks(family, jax.random.key(0), num_tasks=NUM_TASKS)
    assert np.array_equal(tasks.reward, again.reward), f"{name} draws different rewards for the same key"
    assert len(np.unique(tasks.reward, axis=0)) > 1, f"{name} draws the same rewards for every key"
    return f"latents {', '.join(tasks.latents)}; {family.num_states} states, {family.num_actions} actions"


@in_float64
def check_lifetime_plan(family: AbstractTabularFamily) -> str:
    """Check that all tasks are listed and that the plan's values are those of exhaustive planning, within 1e-9."""
    tabular, name = _planned(family), type(family).__name__
    tasks = tabular_tasks_given(tabular, tabular.possible_latents())
    probs = _prior_probs(tabular, tasks)
    assert np.allclose(probs * len(probs), 1, rtol=1e-9), (
        f"{name}.possible_latents must list all tasks, and these must be equally likely; got {len(probs)} tasks of "
        f"total probability {probs.sum():.6g}, each between {probs.min():.3g} and {probs.max():.3g}"
    )
    planned = np.asarray(tabular.lifetime_plan(lifetime=TINY_LIFETIME).values)
    exhaustive = _exhaustive_values(tasks, TINY_LIFETIME)
    error = float(np.abs(planned - exhaustive).max())
    assert error < 1e-9, (
        f"{name}: the plan has values {planned.tolist()}; exhaustive planning gives {exhaustive.tolist()}"
    )
    return f"values of 1 to {TINY_LIFETIME} steps agree within {error:.1g}"


def check_lifetime_agent(family: AbstractTabularFamily) -> str:
    """Check that the optimal agent earns the plan's value, no less than a random policy and no more than the oracle."""
    tabular, name = _planned(family), type(family).__name__
    plan = tabular.lifetime_plan(lifetime=LIFETIME)
    tasks = sample_tabular_tasks(tabular, jax.random.key(0), num_tasks=NUM_PLAYED_TASKS)
    agents = {
        "uniform": uniform_agent(tabular.num_actions),
        "optimal": plan.optimal_agent(lifetime=LIFETIME),
        "oracle": tabular_oracle_agent(tasks, lifetime=LIFETIME),
    }
    earned = {
        label: play_tabular(agent, tasks, jax.random.key(1), lifetime=LIFETIME).rewards.sum(axis=1)
        for label, agent in agents.items()
    }
    error = earned["optimal"].std(ddof=1) / NUM_PLAYED_TASKS**0.5
    mean, value = earned["optimal"].mean(), plan.values[-1]
    assert abs(mean - value) <= LARGEST_SCORE * error + 1e-9, (
        f"{name}: the plan has value {value:.5g}; playing it earns {mean:.5g} rewards with standard error {error:.2g}"
    )
    assert (earned["optimal"] <= earned["oracle"] + 1e-9).all(), (
        f"{name}: the optimal agent earns more than the oracle that knows the task"
    )
    advantage = earned["uniform"] - earned["optimal"]
    assert advantage.mean() <= LARGEST_SCORE * advantage.std(ddof=1) / NUM_PLAYED_TASKS**0.5, (
        f"{name}: the uniformly random policy earns {advantage.mean():.3g} more than the optimal agent"
    )
    return f"plan {value:.4f}, played {mean:.4f} rewards over {LIFETIME} steps; oracle {earned['oracle'].mean():.4f}"


def _planned(family: AbstractTabularFamily) -> Any:
    if not isinstance(family, HasLifetimePlan):
        raise NotApplicable("no plan of a lifetime (`HasLifetimePlan`)")
    return family


@in_float64
def _prior_probs(family: AbstractTabularFamily, tasks: TabularTasks) -> Float[np.ndarray, "task"]:
    latents = {site: jnp.asarray(values) for site, values in tasks.latents.items()}
    return np.exp(np.asarray(jax.vmap(lambda one: log_density(family.model, (), {}, one)[0])(latents)))


def _exhaustive_values(tasks: TabularTasks, lifetime: int) -> Float[np.ndarray, "lifetime"]:
    """Return values by trying every action and every outcome; the tasks still possible are bits of an integer."""
    num_tasks, _, num_actions = tasks.reward.shape

    @functools.cache
    def outcomes(state: int, action: int) -> list[tuple[int, float, int]]:
        """Return the possible next states and rewards, each with the tasks in which it happens."""
        found: dict[tuple[int, float], int] = defaultdict(int)
        for task in range(num_tasks):
            key = int(tasks.next_state[task, state, action]), float(tasks.reward[task, state, action])
            found[key] |= 1 << task
        return [(*key, bits) for key, bits in found.items()]

    @functools.cache
    def value(state: int, agreeing: int, remaining: int) -> float:
        if remaining == 0:
            return 0.0
        best = -np.inf
        for action in range(num_actions):
            worth = 0.0
            for following, reward, bits in outcomes(state, action):
                if left := agreeing & bits:
                    worth += left.bit_count() * (reward + value(following, left, remaining - 1))
            best = max(best, worth / agreeing.bit_count())
        return best

    everything, start = (1 << num_tasks) - 1, int(tasks.initial_state[0])
    return np.array([value(start, everything, steps) for steps in range(1, lifetime + 1)])


TABULAR_CHECKS: dict[str, Check] = {
    "runs_forward": check_tables,
    "plan": check_lifetime_plan,
    "optimal_agent": check_lifetime_agent,
}
