"""Batches of tasks, drawn from a family by running its model forward."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped
from numpyro import handlers

from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
    AbstractRegressionFamily,
    AbstractTabularFamily,
)
from bayesopt.float64 import in_float64, own_settings, to_numpy


class Sequences(NamedTuple):
    """Sequence-prediction tasks: the latents of each, and its observations in order."""

    latents: dict[str, Shaped[Any, "task ..."]]
    observations: Shaped[Any, "task time ..."]


class Regressions(NamedTuple):
    """Regression tasks: the latents of each, and its pairs in order."""

    latents: dict[str, Shaped[Any, "task ..."]]
    inputs: Shaped[Any, "task time input"]
    targets: Shaped[Any, "task time output"]


class RewardTables(NamedTuple):
    """Bandit tasks: the latents of each, and the reward of every arm at every trial, pulled or not."""

    latents: dict[str, Shaped[Any, "task ..."]]
    rewards: Float[Any, "task time arm"]


class ContextualRewardTables(NamedTuple):
    """Contextual bandit tasks: the latents, the context of every trial, and the reward of every arm there."""

    latents: dict[str, Shaped[Any, "task ..."]]
    contexts: Int[Any, "task time"]
    rewards: Float[Any, "task time arm"]


class TabularTasks(NamedTuple):
    """Tabular MDPs: the latents, and the next state and reward of every action in every state."""

    latents: dict[str, Shaped[Any, "task ..."]]
    next_state: Int[Any, "task state action"]
    reward: Float[Any, "task state action"]
    initial_state: Int[Any, "task"]


def sample_sequences(family: AbstractPredictionFamily, key: Array, *, num_tasks: int, length: int) -> Sequences:
    """Draw `num_tasks` tasks of `length` observations each; NumPy arrays, real values in float64.

    Raises `ValueError` unless `num_tasks` and `length` are at least 1.
    """
    require_at_least_one(num_tasks=num_tasks, length=length)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return Sequences(observations=sites.pop("observations"), latents=sites)


def sample_regressions(family: AbstractRegressionFamily, key: Array, *, num_tasks: int, length: int) -> Regressions:
    """Draw `num_tasks` tasks of `length` pairs each; NumPy arrays, real values in float64.

    Raises `ValueError` unless `num_tasks` and `length` are at least 1.
    """
    require_at_least_one(num_tasks=num_tasks, length=length)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return Regressions(inputs=sites.pop("inputs"), targets=sites.pop("targets"), latents=sites)


def sample_regressions_given(
    family: AbstractRegressionFamily, latents: dict[str, Shaped[Any, "task ..."]], key: Array, *, length: int
) -> Regressions:
    """Draw `length` pairs of every task from the family's model, given the latents; NumPy arrays, float64.

    `latents` has every latent site of the model; its values need not be likely under the prior. Raises `ValueError`
    for sites or shapes that are not the model's, values that are not finite, and `length` below 1.
    """
    require_at_least_one(length=length)
    given = _validated_latents(family, latents)
    with own_settings():
        sites = to_numpy(_sample_sites_given(family, given, key, length))
    return Regressions(inputs=sites.pop("inputs"), targets=sites.pop("targets"), latents=sites)


def sample_reward_tables(family: AbstractBanditFamily, key: Array, *, num_tasks: int, length: int) -> RewardTables:
    """Draw `num_tasks` bandits of `length` trials each; NumPy arrays, rewards in float64.

    Raises `ValueError` unless `num_tasks` and `length` are at least 1.
    """
    require_at_least_one(num_tasks=num_tasks, length=length)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return RewardTables(rewards=np.asarray(sites.pop("rewards"), float), latents=sites)


def sample_contextual_tables(
    family: AbstractContextualBanditFamily, key: Array, *, num_tasks: int, length: int
) -> ContextualRewardTables:
    """Draw `num_tasks` contextual bandits of `length` trials each; NumPy arrays, rewards in float64.

    Raises `ValueError` unless `num_tasks` and `length` are at least 1.
    """
    require_at_least_one(num_tasks=num_tasks, length=length)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    contexts, rewards = sites.pop("contexts"), np.asarray(sites.pop("rewards"), float)
    return ContextualRewardTables(contexts=contexts, rewards=rewards, latents=sites)


@in_float64
def sample_tabular_tasks(family: AbstractTabularFamily, key: Array, *, num_tasks: int) -> TabularTasks:
    """Draw `num_tasks` tabular MDPs; NumPy arrays, rewards in float64.

    Raises `ValueError` unless `num_tasks` is at least 1.
    """
    require_at_least_one(num_tasks=num_tasks)
    return tabular_tasks_given(family, to_numpy(_sample_latents(family, key, num_tasks)))


@in_float64
def tabular_tasks_given(family: AbstractTabularFamily, latents: dict[str, Shaped[Any, "task ..."]]) -> TabularTasks:
    """Return the tabular MDPs with the given latents; NumPy arrays, rewards in float64."""
    arrays = {name: jnp.asarray(values) for name, values in latents.items()}
    next_state, reward = to_numpy(_tables(family, arrays))
    initial_state = np.full(len(next_state), family.initial_state)
    return TabularTasks(to_numpy(arrays), next_state, np.asarray(reward, float), initial_state)


@functools.partial(jax.jit, static_argnums=(0, 2))
def _sample_latents(family: AbstractTabularFamily, key: Array, num_tasks: int) -> dict[str, Array]:
    def draw(key: Array) -> dict[str, Array]:
        trace = handlers.trace(handlers.seed(family.model, key)).get_trace()
        return {name: site["value"] for name, site in trace.items() if site["type"] == "sample"}

    return jax.vmap(draw)(jax.random.split(key, num_tasks))


@functools.partial(jax.jit, static_argnums=0)
def _tables(family: AbstractTabularFamily, latents: dict[str, Array]) -> tuple[Array, Array]:
    return jax.vmap(family.tables)(latents)


@in_float64
def expected_reward_tables(family: AbstractBanditFamily, tables: RewardTables) -> Float[np.ndarray, "task arm"]:
    """Return the expected reward of each arm of each task, given its latents."""
    return np.asarray(_expected_rewards(family, {name: jnp.asarray(v) for name, v in tables.latents.items()}), float)


@in_float64
def expected_contextual_tables(
    family: AbstractContextualBanditFamily, tables: ContextualRewardTables
) -> Float[np.ndarray, "task context arm"]:
    """Return the expected reward of each arm of each task in each context, given its latents."""
    return np.asarray(_expected_rewards(family, {name: jnp.asarray(v) for name, v in tables.latents.items()}), float)


@functools.partial(jax.jit, static_argnums=0)
def _expected_rewards(
    family: AbstractBanditFamily | AbstractContextualBanditFamily, latents: dict[str, Array]
) -> Array:
    return jax.vmap(family.expected_rewards)(latents)


@in_float64
def sample_sites(family: AbstractFamily, key: Array, *, num_tasks: int, length: int) -> dict[str, Any]:
    """Draw every sample site of the model for `num_tasks` tasks (leading axis)."""
    return to_numpy(_sample_sites(family, key, num_tasks, length))


@functools.cache
def site_shapes(family: AbstractFamily) -> dict[str, tuple[int, ...]]:
    """Return the shape of every sample site of the model in one task of length 1, without drawing it."""
    drawn = jax.eval_shape(lambda: _draw_one(family, {}, jax.random.key(0), 1))
    return {name: tuple(value.shape) for name, value in drawn.items()}


@functools.partial(jax.jit, static_argnums=(0, 2, 3))
def _sample_sites(family: AbstractFamily, key: Array, num_tasks: int, length: int) -> dict[str, Array]:
    return jax.vmap(lambda key: _draw_one(family, {}, key, length))(jax.random.split(key, num_tasks))


@functools.partial(jax.jit, static_argnums=(0, 3))
def _sample_sites_given(family: AbstractFamily, latents: dict[str, Array], key: Array, length: int) -> dict[str, Array]:
    keys = jax.random.split(key, len(next(iter(latents.values()))))
    return jax.vmap(lambda latents, key: _draw_one(family, latents, key, length))(latents, keys)


def _draw_one(family: AbstractFamily, given: dict[str, Array], key: Array, length: int) -> dict[str, Array]:
    """Draw every sample site of one task; sites in `given` are fixed at their values there."""
    model = handlers.seed(handlers.substitute(family.model, given), key)
    trace = handlers.trace(model).get_trace(length=length)
    return {name: site["value"] for name, site in trace.items() if site["type"] == "sample"}


@in_float64
def _validated_latents(family: AbstractRegressionFamily, latents: dict[str, Any]) -> dict[str, Array]:
    name, sites = type(family).__name__, site_shapes(family)
    expected = {site: shape for site, shape in sites.items() if site not in ("inputs", "targets")}
    if set(latents) != set(expected):
        raise ValueError(f"latents of {name} must have exactly the sites {sorted(expected)}; got {sorted(latents)}")
    arrays = {site: np.asarray(latents[site]) for site in expected}
    for site, values in arrays.items():
        if values.ndim == 0 or values.shape[1:] != expected[site]:
            wanted = ", ".join(map(str, ("task", *expected[site])))
            raise ValueError(f"latents {site!r} of {name} must have shape ({wanted}); got {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError(f"latents {site!r} of {name} must be finite; got at least one entry that is not")
    counts = {site: len(values) for site, values in arrays.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(f"latents of {name} must all have the same number of tasks, at least 1; got {counts}")
    return {
        site: jnp.asarray(values, float if np.issubdtype(values.dtype, np.floating) else None)
        for site, values in arrays.items()
    }


def require_at_least_one(**counts: int) -> None:
    """Raise `ValueError` naming the first count below 1."""
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1; got {value}")
