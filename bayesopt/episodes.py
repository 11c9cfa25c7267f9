"""Tasks drawn from a family by running its model forward, many at once."""

import functools
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Shaped
from numpyro import handlers

from bayesopt.family import AbstractFamily, AbstractPredictionFamily, AbstractRegressionFamily
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
