"""Baselines (floors) of a score: predictors that know less than Bayes.

Each is a `Predictor`, as networks and the reference are.
"""

import dataclasses
import functools
from typing import Any, cast

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped
from numpyro.distributions import Distribution

from bayesopt.beliefs import batched
from bayesopt.family import AbstractPredictionFamily, HasBeliefs
from bayesopt.float64 import as_float64, in_float64
from bayesopt.observations import validated_observations
from bayesopt.reference import predict_sequence

WRONG_PRIOR_FACTOR = 4.0


@in_float64
def predict_from_prior(family: AbstractPredictionFamily, observations: Shaped[Any, "task time"]) -> Distribution:
    """Return the prior predictive at every time, the best predictor that ignores its observations."""
    observations = validated_observations(family, observations)
    return as_float64(_predict_from_one(family, observations, jnp.zeros(observations.shape[:2], bool)))


@in_float64
def predict_from_last(family: AbstractPredictionFamily, observations: Shaped[Any, "task time"]) -> Distribution:
    """Return the predictive given only the previous observation, the best predictor without memory."""
    observations = validated_observations(family, observations)
    has_previous = jnp.broadcast_to(jnp.arange(observations.shape[1]) > 0, observations.shape[:2])
    return as_float64(_predict_from_one(family, observations, has_previous))


def with_wrong_prior(
    family: AbstractPredictionFamily, factor: float = WRONG_PRIOR_FACTOR
) -> AbstractPredictionFamily | None:
    """Return the family with every prior concentration or scale times `factor`; `None` if it has no such field."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(cast(Any, family)):
        value = getattr(family, field.name)
        if field.name == "scale" or field.name.startswith("concentration"):
            changes[field.name] = tuple(factor * v for v in value) if isinstance(value, tuple) else factor * value
    return dataclasses.replace(cast(Any, family), **changes) if changes else None


def floors_of(family: AbstractPredictionFamily) -> dict[str, Any]:
    """Return the floors that exist for a family, by name."""
    floors: dict[str, Any] = {
        "prior predictive": functools.partial(predict_from_prior, family),
        "memoryless": functools.partial(predict_from_last, family),
    }
    wrong = with_wrong_prior(family)
    if wrong is not None:
        floors["wrong-prior Bayes"] = functools.partial(predict_sequence, wrong)
    return floors


@functools.partial(jax.jit, static_argnums=0)
def _predict_from_one(family: Any, observations: Array, has_previous: Array) -> Distribution:
    """Return the predictive at every time given the previous observation, where there is one."""
    assert isinstance(family, HasBeliefs)
    previous = jnp.roll(observations, 1, axis=1)

    def predict_one(previous: Array, has_previous: Array) -> Distribution:
        prior = family.prior_belief()
        updated = family.update(prior, previous)
        belief = jax.tree.map(lambda with_it, without: jnp.where(has_previous, with_it, without), updated, prior)
        return family.posterior_predictive(belief)

    return batched(jax.vmap(jax.vmap(predict_one))(previous, has_previous), observations.shape[:2])
