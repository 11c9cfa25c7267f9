"""Tasks drawn from a family by running its model forward, many at once."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped
from numpyro import handlers

from bayesopt.family import (
    AbstractBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
    AbstractRegressionFamily,
)
from bayesopt.float64 import in_float64, to_numpy


class Sequences(NamedTuple):
    """Sequence-prediction tasks: the latents that define each, and what each emitted in order."""

    latents: dict[str, Shaped[Any, "task ..."]]
    observations: Shaped[Any, "task time ..."]


class Regressions(NamedTuple):
    """Regression tasks: the latents that define each, and its pairs in order."""

    latents: dict[str, Shaped[Any, "task ..."]]
    inputs: Shaped[Any, "task time input"]
    targets: Shaped[Any, "task time output"]


class RewardTables(NamedTuple):
    """Bandit tasks: the latents that define each, and what every arm would pay at every trial."""

    latents: dict[str, Shaped[Any, "task ..."]]
    rewards: Float[Any, "task time arm"]


def sample_sequences(family: AbstractPredictionFamily, key: Array, *, num_tasks: int, length: int) -> Sequences:
    """Draw `num_tasks` tasks of `length` observations each; NumPy arrays, real values in float64.

    Raises `ValueError` unless `num_tasks` and `length` are at least 1.
    """
    _require_at_least_one(num_tasks=num_tasks, length=length)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return Sequences(observations=sites.pop("observations"), latents=sites)


def sample_regressions(family: AbstractRegressionFamily, key: Array, *, num_tasks: int, length: int) -> Regressions:
    """Draw `num_tasks` tasks of `length` pairs each; NumPy arrays, real values in float64.

    Raises `ValueError` unless `num_tasks` and `length` are at least 1.
    """
    _require_at_least_one(num_tasks=num_tasks, length=length)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return Regressions(inputs=sites.pop("inputs"), targets=sites.pop("targets"), latents=sites)


def sample_reward_tables(family: AbstractBanditFamily, key: Array, *, num_tasks: int, length: int) -> RewardTables:
    """Draw `num_tasks` bandits of `length` trials each; NumPy arrays, rewards in float64.

    Raises `ValueError` unless `num_tasks` and `length` are at least 1.
    """
    _require_at_least_one(num_tasks=num_tasks, length=length)
    sites = sample_sites(family, key, num_tasks=num_tasks, length=length)
    return RewardTables(rewards=np.asarray(sites.pop("rewards"), float), latents=sites)


@in_float64
def expected_reward_tables(family: AbstractBanditFamily, tables: RewardTables) -> Float[np.ndarray, "task arm"]:
    """What each arm of each task pays on average, given the latents that nobody sees."""
    return np.asarray(_expected_rewards(family, {name: jnp.asarray(v) for name, v in tables.latents.items()}), float)


@functools.partial(jax.jit, static_argnums=0)
def _expected_rewards(family: AbstractBanditFamily, latents: dict[str, Array]) -> Array:
    return jax.vmap(family.expected_rewards)(latents)


@in_float64
def sample_sites(family: AbstractFamily, key: Array, *, num_tasks: int, length: int) -> dict[str, Any]:
    """Every sample site of the model, drawn for `num_tasks` tasks (leading axis)."""
    return to_numpy(_sample_sites(family, key, num_tasks, length))


@functools.partial(jax.jit, static_argnums=(0, 2, 3))
def _sample_sites(family: AbstractFamily, key: Array, num_tasks: int, length: int) -> dict[str, Array]:
    def sample_one(key: Array) -> dict[str, Array]:
        trace = handlers.trace(handlers.seed(family.model, key)).get_trace(length=length)
        return {name: site["value"] for name, site in trace.items() if site["type"] == "sample"}

    return jax.vmap(sample_one)(jax.random.split(key, num_tasks))


def _require_at_least_one(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1; got {value}")
