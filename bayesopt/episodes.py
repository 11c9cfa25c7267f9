"""Batches of tasks, drawn from a family by running its model forward."""

import functools
import math
from typing import Any, NamedTuple, SupportsIndex

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
    require_kind,
)
from bayesopt.float64 import in_float64, own_settings, to_numpy
from bayesopt.inputs import as_array, as_count, finite, shown
from bayesopt.keys import as_key
from bayesopt.memory import ALWAYS_AVAILABLE, require_memory

COPIES = 3
"""Arrays of the size of a result that exist at once while it is drawn, such as random bits (measured: 2.5 to 2.8)."""

SMALL_SITES = 100
"""Bytes of the sites at one time of one task that are taken for granted when a batch is called small."""


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


def sample_sequences(
    family: AbstractPredictionFamily, key: Array, *, num_tasks: SupportsIndex, length: SupportsIndex
) -> Sequences:
    """Draw `num_tasks` tasks of `length` observations each; NumPy arrays, real values in float64.

    Raises `ValueError` unless `num_tasks` and `length` are integers of at least 1, `key` is a JAX key and the tasks fit
    in memory.
    """
    require_kind("sample_sequences", family, AbstractPredictionFamily)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return Sequences(observations=sites.pop("observations"), latents=sites)


def sample_regressions(
    family: AbstractRegressionFamily, key: Array, *, num_tasks: SupportsIndex, length: SupportsIndex
) -> Regressions:
    """Draw `num_tasks` tasks of `length` pairs each; NumPy arrays, real values in float64.

    Raises `ValueError` unless `num_tasks` and `length` are integers of at least 1, `key` is a JAX key and the tasks fit
    in memory.
    """
    require_kind("sample_regressions", family, AbstractRegressionFamily)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return Regressions(inputs=sites.pop("inputs"), targets=sites.pop("targets"), latents=sites)


def sample_regressions_given(
    family: AbstractRegressionFamily, latents: dict[str, Shaped[Any, "task ..."]], key: Array, *, length: SupportsIndex
) -> Regressions:
    """Draw `length` pairs of every task from the family's model, given the latents; NumPy arrays, float64.

    `latents` has every latent site of the model; its values need not be likely under the prior. Raises `ValueError`
    for sites or shapes that are not the model's, values that are not finite, `length` below 1, and what does not fit in
    memory.
    """
    require_kind("sample_regressions_given", family, AbstractRegressionFamily)
    key, length = as_key(key), as_count("length", length, least=1)
    given = _validated_latents(family, latents)
    require_room(family, num_tasks=len(next(iter(given.values()))), length=length)
    with own_settings():
        sites = _finite_sites(family, to_numpy(_sample_sites_given(family, given, key, length)))
    return Regressions(inputs=sites.pop("inputs"), targets=sites.pop("targets"), latents=sites)


def sample_reward_tables(
    family: AbstractBanditFamily, key: Array, *, num_tasks: SupportsIndex, length: SupportsIndex
) -> RewardTables:
    """Draw `num_tasks` bandits of `length` trials each; NumPy arrays, rewards in float64.

    Raises `ValueError` unless `num_tasks` and `length` are integers of at least 1, `key` is a JAX key and the tasks fit
    in memory.
    """
    require_kind("sample_reward_tables", family, AbstractBanditFamily)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return RewardTables(rewards=np.asarray(sites.pop("rewards"), float), latents=sites)


def sample_contextual_tables(
    family: AbstractContextualBanditFamily, key: Array, *, num_tasks: SupportsIndex, length: SupportsIndex
) -> ContextualRewardTables:
    """Draw `num_tasks` contextual bandits of `length` trials each; NumPy arrays, rewards in float64.

    Raises `ValueError` unless `num_tasks` and `length` are integers of at least 1, `key` is a JAX key and the tasks fit
    in memory.
    """
    require_kind("sample_contextual_tables", family, AbstractContextualBanditFamily)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    contexts, rewards = sites.pop("contexts"), np.asarray(sites.pop("rewards"), float)
    return ContextualRewardTables(contexts=contexts, rewards=rewards, latents=sites)


@in_float64
def sample_tabular_tasks(family: AbstractTabularFamily, key: Array, *, num_tasks: SupportsIndex) -> TabularTasks:
    """Draw `num_tasks` tabular MDPs; NumPy arrays, rewards in float64.

    Raises `ValueError` unless `num_tasks` is an integer of at least 1, `key` is a JAX key and the tasks fit in memory.
    """
    require_kind("sample_tabular_tasks", family, AbstractTabularFamily)
    key, num_tasks = as_key(key), as_count("num_tasks", num_tasks, least=1)
    per_task = 8 * COPIES * (3 + 2 * family.num_states * family.num_actions)
    require_memory(num_tasks * per_task, f"{num_tasks:,} tasks of {type(family).__name__}", remedy="Lower num_tasks")
    return tabular_tasks_given(family, to_numpy(_sample_latents(family, key, num_tasks)))


@in_float64
def tabular_tasks_given(family: AbstractTabularFamily, latents: dict[str, Shaped[Any, "task ..."]]) -> TabularTasks:
    """Return the tabular MDPs with the given latents; NumPy arrays, rewards in float64."""
    arrays = {name: jnp.asarray(as_array(f"latents {name!r}", values)) for name, values in latents.items()}
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
def sample_sites(
    family: AbstractFamily, key: Array, *, num_tasks: SupportsIndex, length: SupportsIndex
) -> dict[str, Any]:
    """Draw every sample site of the model for `num_tasks` tasks (leading axis). Raises as `sample_sequences` does."""
    num_tasks, length = as_count("num_tasks", num_tasks, least=1), as_count("length", length, least=1)
    key = as_key(key)
    require_room(family, num_tasks=num_tasks, length=length)
    return _finite_sites(family, to_numpy(_sample_sites(family, key, num_tasks, length)))


def require_room(family: AbstractFamily, *, num_tasks: int, length: int, bytes_per_time: float = 0.0) -> None:
    """Raise `ValueError` if so many tasks of the family do not fit in memory.

    Counted are copies of their sample sites, and two of the `bytes_per_time` that are computed at every time of every
    task. The sites of small batches are not counted, because that takes longer than drawing them.
    """
    if COPIES * num_tasks * length * (SMALL_SITES + bytes_per_time) <= ALWAYS_AVAILABLE:
        return
    first, later = _bytes_of_sites(family)
    per_task = COPIES * (first + (length - 1.0) * later) + 2 * length * bytes_per_time
    what = f"{num_tasks:,} tasks of length {length:,} of {type(family).__name__}"
    require_memory(num_tasks * per_task, what, remedy="Lower num_tasks or length, or work on parts")


def _finite_sites(family: AbstractFamily, sites: dict[str, Any]) -> dict[str, Any]:
    """Return the drawn sites. Raises `ValueError` if one is not finite: numbers of this size are beyond float64."""
    for site, values in sites.items():
        if not np.isfinite(values).all():
            raise ValueError(
                f"draws of {shown(family)} must be finite; got {values[~np.isfinite(values)][0]} at site {site!r}. Its "
                "hyper-parameters allow values beyond float64: move them away from 0, or measure in other units"
            )
    return sites


@functools.cache
@in_float64
def _bytes_of_sites(family: AbstractFamily) -> tuple[int, int]:
    """Return the bytes of the sample sites of one task of length 1, and of each time more."""
    one, two = (
        sum(math.prod(site.shape) * site.dtype.itemsize for site in _abstract_sites(family, length).values())
        for length in (1, 2)
    )
    return one, two - one


@functools.cache
def site_shapes(family: AbstractFamily) -> dict[str, tuple[int, ...]]:
    """Return the shape of every sample site of the model in one task of length 1, without drawing it."""
    return {name: tuple(value.shape) for name, value in _abstract_sites(family, 1).items()}


def _abstract_sites(family: AbstractFamily, length: int) -> dict[str, Any]:
    return jax.eval_shape(lambda: _draw_one(family, {}, jax.random.key(0), length))


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
    arrays = {site: as_array(f"latents {site!r} of {name}", latents[site], dims=("task",)) for site in expected}
    for site, values in arrays.items():
        if values.ndim == 0 or values.shape[1:] != expected[site]:
            wanted = ", ".join(map(str, ("task", *expected[site])))
            raise ValueError(f"latents {site!r} of {name} must have shape ({wanted}); got {values.shape}")
        finite(f"latents {site!r} of {name}", values)
    counts = {site: len(values) for site, values in arrays.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(f"latents of {name} must all have the same number of tasks, at least 1; got {counts}")
    return {
        site: jnp.asarray(values, float if np.issubdtype(values.dtype, np.floating) else None)
        for site, values in arrays.items()
    }
