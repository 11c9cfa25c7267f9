"""Bayes-optimal predictives, and the log probability of observed sequences.

All functions use the family's exact beliefs. They compute in float64 and return NumPy arrays or float64
distributions, whatever the user's JAX setting.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Shaped
from numpyro import handlers
from numpyro.distributions import Distribution, constraints

from bayesopt.beliefs import predictives_of_regressions, predictives_of_sequences, validated_pairs
from bayesopt.family import AbstractPredictionFamily, AbstractRegressionFamily, HasBeliefs, HasRegressionBeliefs
from bayesopt.float64 import as_float64, in_float64


@in_float64
def predict_sequence(family: AbstractPredictionFamily, observations: Shaped[Any, "task time ..."]) -> Distribution:
    """Return the Bayes-optimal predictive of every observation given those before it (batch shape `task time`).

    Index t conditions on the first t observations, so index 0 is the prior predictive and the last observation is
    predicted but never conditioned on. Raises `ValueError` for observations of the wrong shape or outside the support,
    `NotImplementedError` for a family without belief methods.
    """
    observations = validated_observations(family, observations)
    if not isinstance(family, HasBeliefs):
        raise NotImplementedError(_no_beliefs(family, "prior_belief, update, posterior, posterior_predictive"))
    return as_float64(_predict_sequence(family, observations))


@in_float64
def predict_regression(
    family: AbstractRegressionFamily,
    inputs: Shaped[Any, "task time input"],
    targets: Shaped[Any, "task time output"],
) -> Distribution:
    """Return the Bayes-optimal predictive of every target (batch shape `task time`, event `output`).

    Index t conditions on the inputs up to t and the targets before t. Raises `ValueError` for arrays of the wrong
    shape or with non-finite entries, `NotImplementedError` for a family without belief methods.
    """
    if not isinstance(family, HasRegressionBeliefs):
        raise NotImplementedError(
            f"{type(family).__name__} has no exact reference. Add the methods prior_belief, update_with_pair, "
            "posterior, target_predictive to the family"
        )
    return as_float64(_predict_regression(family, *validated_pairs(family, inputs, targets)))


def log_marginal_likelihood(
    family: AbstractPredictionFamily, observations: Shaped[Any, "task time ..."]
) -> Float[np.ndarray, "task"]:
    """Return the log evidence of each whole sequence, in nats: by the chain rule, the summed log predictive.

    Raises as `predict_sequence` does.
    """
    values = np.asarray(validated_observations(family, observations))
    return np.asarray(predict_sequence(family, values).log_prob(values)).sum(axis=1)


@in_float64
def oracle_log_prob(
    family: AbstractPredictionFamily,
    latents: dict[str, Shaped[Any, "task ..."]],
    observations: Shaped[Any, "task time ..."],
) -> Float[np.ndarray, "task time"]:
    """Return each observation's log likelihood given the task's latents, in nats: the score of an oracle.

    No predictor that has to infer the latents has a higher mean. Raises `ValueError` as `predict_sequence` does.
    """
    observations = validated_observations(family, observations)
    return np.asarray(_oracle_log_prob(family, jax.tree.map(jnp.asarray, latents), observations))


class ObservationSpace(NamedTuple):
    """Support of a family's observations, as a NumPyro constraint, and the shape of one observation."""

    support: Any
    event_shape: tuple[int, ...]


@functools.cache
def observation_space(family: AbstractPredictionFamily) -> ObservationSpace:
    """Return the space of a family's observations, read from its model."""
    with handlers.trace() as trace, handlers.seed(rng_seed=0):
        jax.eval_shape(lambda: family.model(length=1))
    if any(isinstance(bound, Tracer) for bound in jax.tree.leaves(trace["observations"]["fn"].support)):
        with handlers.trace() as trace, handlers.seed(rng_seed=0):
            family.model(length=1)
    observed = trace["observations"]["fn"]
    return ObservationSpace(observed.support, tuple(observed.event_shape))


@in_float64
def validated_observations(family: AbstractPredictionFamily, observations: Any) -> Array:
    """Return the observations as a JAX array. Raises `ValueError` naming the first value outside the support."""
    space = observation_space(family)
    array = np.asarray(observations)
    if array.ndim != 2 + len(space.event_shape) or array.size == 0:
        raise ValueError(f"observations must have shape (task, time), neither of them 0; got {array.shape}")
    if not np.issubdtype(array.dtype, np.number) and array.dtype != bool:
        raise ValueError(f"observations must be numbers; got an array of {array.dtype}")
    is_supported = np.asarray(space.support(array))  # a support of vectors gives one verdict per vector
    is_inside = is_supported.reshape(*is_supported.shape, *(1,) * (array.ndim - is_supported.ndim)) & np.isfinite(array)
    if not is_inside.all():
        where = tuple(int(i) for i in np.argwhere(~is_inside)[0])
        raise ValueError(
            f"observation {array[where]} at (task, time) = {where[:2]} is outside the support of "
            f"{type(family).__name__}: {_describe(space.support)}"
        )
    return jnp.asarray(array, int) if space.support.is_discrete else jnp.asarray(array, float)


@functools.partial(jax.jit, static_argnums=0)
def _predict_sequence(family: Any, observations: Array) -> Distribution:
    return predictives_of_sequences(family, observations)


@functools.partial(jax.jit, static_argnums=0)
def _predict_regression(family: Any, inputs: Array, targets: Array) -> Distribution:
    return predictives_of_regressions(family, inputs, targets)


@functools.partial(jax.jit, static_argnums=0)
def _oracle_log_prob(family: Any, latents: dict[str, Array], observations: Array) -> Array:
    def score_one(latents: dict[str, Array], observations: Array) -> Array:
        model = handlers.seed(handlers.substitute(family.model, latents), jax.random.key(0))
        trace = handlers.trace(model).get_trace(observations, length=len(observations))
        return trace["observations"]["fn"].log_prob(observations)

    return jax.vmap(score_one)(latents, observations)


def _describe(support: Any) -> str:
    """Describe in words the values that a support allows."""
    support = getattr(support, "base_constraint", support)
    if support == constraints.boolean:
        return "0 or 1"
    if support == constraints.real:
        return "a finite number"
    kind = "an integer" if support.is_discrete else "a finite number"
    lower, upper = getattr(support, "lower_bound", None), getattr(support, "upper_bound", None)
    if lower is not None and upper is not None:
        return f"{kind} from {lower} to {upper}"
    if lower is not None:
        is_open = isinstance(support, type(constraints.greater_than(0)))
        return f"{kind} above {lower}" if is_open else f"{kind} of at least {lower}"
    return str(support)


def _no_beliefs(family: Any, methods: str) -> str:
    return (
        f"{type(family).__name__} has no exact reference. Add the methods {methods} to the family, or sample its "
        "posterior with bayesopt.inference.mcmc"
    )
