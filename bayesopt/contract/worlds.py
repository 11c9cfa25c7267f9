"""The checks that tabular families have to pass on top of those of `bayesopt.contract`.

Their tables must be tables, the tasks that they list must be all there are, and what planning calls optimal must be
the optimum: found again by exhaustive planning over every history, and between never learning and knowing the task.
"""

import functools
from collections import defaultdict
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpyro.infer.util import log_density

from bayesopt.contract.verdicts import NotApplicable
from bayesopt.episodes import TabularTasks, sample_tabular_tasks, tabular_tasks_given
from bayesopt.family import AbstractFamily, AbstractTabularFamily
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
"""A simulated mean may be this many standard errors off (failure rate 4e-8 each)."""


def check_tables(family: AbstractFamily) -> str:
    """The model draws finite latents; tables have the declared shapes, states that exist and finite rewards."""
    tabular, name = _tabular(family), type(family).__name__
    tasks = sample_tabular_tasks(tabular, jax.random.key(0), num_tasks=NUM_TASKS)
    for site, values in tasks.latents.items():
        assert np.isfinite(values).all(), f"{name} draws latents {site!r} that are not finite"
    expected = (NUM_TASKS, tabular.num_states, tabular.num_actions)
    for label, table in (("next states", tasks.next_state), ("rewards", tasks.reward)):
        assert table.shape == expected, (
            f"{name}: {label} of {NUM_TASKS:,} tasks must have shape {expected}; {table.shape}"
        )
    assert np.issubdtype(tasks.next_state.dtype, np.integer), f"{name}: next states must be integers"
    visited = np.append(tasks.next_state.ravel(), tabular.initial_state)
    assert visited.min() >= 0 and visited.max() < tabular.num_states, (
        f"{name}: states must be from 0 to {tabular.num_states - 1}; got {visited.min()} to {visited.max()}"
    )
    assert np.isfinite(tasks.reward).all(), f"{name} pays rewards that are not finite"
    again = sample_tabular_tasks(tabular, jax.random.key(0), num_tasks=NUM_TASKS)
    assert np.array_equal(tasks.reward, again.reward), f"{name} draws other values for one key"
    assert len(np.unique(tasks.reward, axis=0)) > 1, f"{name} draws the same rewards for every key"
    return f"latents {', '.join(tasks.latents)}; {tabular.num_states} states, {tabular.num_actions} actions"


def check_lifetime_plan(family: AbstractFamily) -> str:
    """The tasks that are listed are all there are, and the plan's values those of exhaustive planning, to 1e-9."""
    tabular, name = _planned(family), type(family).__name__
    tasks = tabular_tasks_given(tabular, tabular.possible_latents())
    probs = _prior_probs(tabular, tasks)
    assert np.allclose(probs * len(probs), 1, rtol=1e-9), (
        f"{name}.possible_latents lists {len(probs)} tasks, of total probability {probs.sum():.6g} and each between "
        f"{probs.min():.3g} and {probs.max():.3g}; it must list all, equally likely ones"
    )
    planned = np.asarray(tabular.lifetime_plan(lifetime=TINY_LIFETIME).values)
    exhaustive = _exhaustive_values(tasks, TINY_LIFETIME)
    error = float(np.abs(planned - exhaustive).max())
    assert error < 1e-9, f"{name}: the plan says {planned.tolist()}; exhaustive planning says {exhaustive.tolist()}"
    return f"values of 1 to {TINY_LIFETIME} steps agree within {error:.1g}"


def check_lifetime_agent(family: AbstractFamily) -> str:
    """The optimal agent earns what the plan says, no less than uniform play and no more than who knows the task."""
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
        f"{name}: the plan promises {value:.5g} rewards; playing it earns {mean:.5g} with standard error {error:.2g}"
    )
    assert (earned["optimal"] <= earned["oracle"] + 1e-9).all(), f"{name}: the optimal agent beats who knows the task"
    advantage = earned["uniform"] - earned["optimal"]
    assert advantage.mean() <= LARGEST_SCORE * advantage.std(ddof=1) / NUM_PLAYED_TASKS**0.5, (
        f"{name}: uniform play earns {advantage.mean():.3g} more than the optimal agent"
    )
    return f"plan {value:.4f}, played {mean:.4f} rewards over {LIFETIME} steps; {earned['oracle'].mean():.4f} if known"


def _tabular(family: AbstractFamily) -> AbstractTabularFamily:
    if not isinstance(family, AbstractTabularFamily):
        raise NotApplicable("not a tabular family")
    return family


def _planned(family: AbstractFamily) -> Any:
    tabular = _tabular(family)
    if not isinstance(tabular, HasLifetimePlan):
        raise NotApplicable("no plan of a lifetime (`HasLifetimePlan`)")
    return tabular


@in_float64
def _prior_probs(family: AbstractTabularFamily, tasks: TabularTasks) -> Float[np.ndarray, "task"]:
    latents = {site: jnp.asarray(values) for site, values in tasks.latents.items()}
    return np.exp(np.asarray(jax.vmap(lambda one: log_density(family.model, (), {}, one)[0])(latents)))


def _exhaustive_values(tasks: TabularTasks, lifetime: int) -> Float[np.ndarray, "lifetime"]:
    """Every action, everything that it may lead to, and so on to the end; the tasks still possible are bits."""
    num_tasks, _, num_actions = tasks.reward.shape

    @functools.cache
    def outcomes(state: int, action: int) -> list[tuple[int, float, int]]:
        """The next states and rewards that there may be, each with the tasks in which it happens."""
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
