"""Exact beliefs at every time of many tasks, and what they predict: the only scans over observations.

Index t conditions on what came before t, so a sequence of T observations has T + 1 beliefs and T predictives.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped
from numpyro.distributions import Distribution

from bayesopt.agent import Belief
from bayesopt.family import HasArmBeliefs, HasBeliefs, HasRegressionBeliefs
from bayesopt.float64 import in_float64, to_numpy


@in_float64
def filter_beliefs(family: HasBeliefs, observations: Shaped[Any, "task time ..."]) -> Belief:
    """The belief at every time: leaves `task time+1 ...`, entry 0 the prior, entry t given the first t observations."""
    return to_numpy(_filter_beliefs(family, jnp.asarray(observations)))


@functools.partial(jax.jit, static_argnums=0)
def _filter_beliefs(family: Any, observations: Array) -> Belief:
    def filter_one(observations: Array) -> Belief:
        before, final = _scan_beliefs(family, observations)
        return jax.tree.map(lambda many, last: jnp.concatenate([many, last[None]]), before, final)

    return jax.vmap(filter_one)(observations)


@in_float64
def prior_beliefs(family: HasArmBeliefs, num_tasks: int) -> Belief:
    """The prior belief of every task (leading axis)."""
    return jax.tree.map(
        lambda leaf: np.broadcast_to(np.asarray(leaf, float), (num_tasks, *jnp.shape(leaf))), family.prior_belief()
    )


@in_float64
def update_arms(
    family: HasArmBeliefs, belief: Belief, arms: Int[np.ndarray, "task"], rewards: Float[np.ndarray, "task"]
) -> Belief:
    """The belief of every task after the arm that was pulled in it paid its reward."""
    return to_numpy(_update_arms(family, jax.tree.map(jnp.asarray, belief), jnp.asarray(arms), jnp.asarray(rewards)))


@functools.partial(jax.jit, static_argnums=0)
def _update_arms(family: Any, belief: Belief, arms: Array, rewards: Array) -> Belief:
    return jax.vmap(family.update_arm)(belief, arms, rewards)


def predictives_of_sequences(family: HasBeliefs, observations: Array) -> Distribution:
    """The posterior predictive of every observation (`task time`), given those before it."""

    def predict_one(observations: Array) -> Distribution:
        before, _ = _scan_beliefs(family, observations)
        return jax.vmap(family.posterior_predictive)(before)

    return batched(jax.vmap(predict_one)(observations), observations.shape[:2])


def predictives_of_regressions(family: HasRegressionBeliefs, inputs: Array, targets: Array) -> Distribution:
    """The posterior predictive of every target (`task time`), given its input and the pairs before it."""

    def predict_one(inputs: Array, targets: Array) -> Distribution:
        def step(belief: Belief, pair: tuple[Array, Array]) -> tuple[Belief, Belief]:
            return family.update_with_pair(belief, *pair), belief

        _, before = jax.lax.scan(step, family.prior_belief(), (inputs, targets))
        return jax.vmap(family.target_predictive)(before, inputs)

    return batched(jax.vmap(predict_one)(inputs, targets), inputs.shape[:2])


def batched(distribution: Distribution, batch_shape: tuple[int, ...]) -> Distribution:
    """A distribution that came out of `vmap` over leading axes `batch_shape`, knowing of them, nested parts included.

    (`vmap` adds axes to the parameters of a distribution, but leaves the batch shape that it remembers as it was.)
    """
    for value in list(vars(distribution).values()):
        for part in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(part, Distribution):
                batched(part, batch_shape)
    distribution._batch_shape = (*batch_shape, *distribution.batch_shape)
    return distribution


def _scan_beliefs(family: HasBeliefs, observations: Array) -> tuple[Belief, Belief]:
    def step(belief: Belief, observation: Array) -> tuple[Belief, Belief]:
        return family.update(belief, observation), belief

    final, before = jax.lax.scan(step, family.prior_belief(), observations)
    return before, final
