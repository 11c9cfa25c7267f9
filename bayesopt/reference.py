"""Bayes-optimal predictives, and the log probability of observed sequences.

All functions use the family's exact beliefs. They compute in float64 and return NumPy arrays or float64
distributions, whatever the user's JAX setting.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro import handlers
from numpyro.distributions import Distribution

from bayesopt.beliefs import (
    predictives_of_regressions,
    predictives_of_sequences,
    require_room_for_beliefs,
    without_nan,
)
from bayesopt.family import (
    AbstractPredictionFamily,
    AbstractRegressionFamily,
    HasBeliefs,
    HasRegressionBeliefs,
    require_kind,
)
from bayesopt.float64 import as_float64, in_float64
from bayesopt.inputs import Numbers, as_array
from bayesopt.observations import validated_observations, validated_pairs


@in_float64
def predict_sequence(family: AbstractPredictionFamily, observations: Numbers) -> Distribution:
    """Return the Bayes-optimal predictive of every observation given those before it (batch shape `task time`).

    Index t conditions on the first t observations, so index 0 is the prior predictive and the last observation is
    predicted but never conditioned on. Raises `ValueError` for observations of the wrong shape or outside the support,
    for what does not fit in memory or in float64, and `NotImplementedError` for a family without belief methods.
    """
    require_kind("predict_sequence", family, AbstractPredictionFamily)
    observations = validated_observations(family, observations)
    if not isinstance(family, HasBeliefs):
        raise NotImplementedError(_no_beliefs(family, "prior_belief, update, posterior, posterior_predictive"))
    require_room_for_beliefs(family, observations.shape)
    return without_nan(family, as_float64(_predict_sequence(family, observations)))


@in_float64
def predict_regression(family: AbstractRegressionFamily, inputs: Numbers, targets: Numbers) -> Distribution:
    """Return the Bayes-optimal predictive of every target (batch shape `task time`, event `output`).

    Index t conditions on the inputs up to t and the targets before t. Raises `ValueError` for arrays of the wrong
    shape or with non-finite entries, for what does not fit in memory or in float64, and `NotImplementedError` for a
    family without belief methods.
    """
    require_kind("predict_regression", family, AbstractRegressionFamily)
    if not isinstance(family, HasRegressionBeliefs):
        raise NotImplementedError(
            f"{type(family).__name__} has no exact reference. Add the methods prior_belief, update_with_pair, "
            "posterior, target_predictive to the family"
        )
    pairs = validated_pairs(family, inputs, targets)
    require_room_for_beliefs(family, pairs[0].shape)
    return without_nan(family, as_float64(_predict_regression(family, *pairs)))


def log_marginal_likelihood(family: AbstractPredictionFamily, observations: Numbers) -> Float[np.ndarray, "task"]:
    """Return the log evidence of each whole sequence, in nats: by the chain rule, the summed log predictive.

    Raises as `predict_sequence` does.
    """
    require_kind("log_marginal_likelihood", family, AbstractPredictionFamily)
    values = np.asarray(validated_observations(family, observations))
    return np.asarray(predict_sequence(family, values).log_prob(values)).sum(axis=1)


@in_float64
def oracle_log_prob(
    family: AbstractPredictionFamily,
    latents: dict[str, Numbers],
    observations: Numbers,
) -> Float[np.ndarray, "task time"]:
    """Return each observation's log likelihood given the task's latents, in nats: the score of an oracle.

    No predictor that has to infer the latents has a higher mean. Raises `ValueError` as `predict_sequence` does.
    """
    require_kind("oracle_log_prob", family, AbstractPredictionFamily)
    observations = validated_observations(family, observations)
    known = {site: jnp.asarray(as_array(f"latents {site!r}", values)) for site, values in latents.items()}
    return np.asarray(_oracle_log_prob(family, known, observations))


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


def _no_beliefs(family: Any, methods: str) -> str:
    remedy = f"Add the methods {methods} to the family"
    if isinstance(family, AbstractPredictionFamily):
        remedy += ", or sample its posterior with bayesopt.inference.mcmc.sample_posterior"
    return f"{type(family).__name__} has no exact reference. {remedy}"
