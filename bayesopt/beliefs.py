"""Exact beliefs at every time of many tasks, and their predictives; no other module scans over observations.

Index t conditions on everything before t, so a sequence of T observations has T + 1 beliefs and T predictives.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, SupportsIndex, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpyro.distributions import Distribution

from bayesopt.agent import Belief
from bayesopt.episodes import require_room, site_shapes
from bayesopt.family import (
    AbstractPredictionFamily,
    AbstractRegressionFamily,
    HasArmBeliefs,
    HasBeliefs,
    HasContextBeliefs,
    HasRegressionBeliefs,
    require_kind,
)
from bayesopt.float64 import in_float64, to_numpy
from bayesopt.inputs import Numbers, as_count, as_integers, as_reals, shown
from bayesopt.observations import validated_observations, validated_pairs


@in_float64
def filter_beliefs(family: HasBeliefs, observations: Numbers) -> Belief:
    """Return beliefs at every time, with leaves `task time+1 ...`; entry t is given the first t observations.

    Raises `ValueError` for observations of the wrong shape or outside the support, for what does not fit in memory, and
    for beliefs that float64 cannot hold.
    """
    prediction: Any = family
    require_kind("filter_beliefs", prediction, AbstractPredictionFamily)
    observations = validated_observations(prediction, observations)
    require_room_for_beliefs(prediction, observations.shape)
    return without_nan(family, to_numpy(_filter_beliefs(family, observations)))


@functools.partial(jax.jit, static_argnums=0)
def _filter_beliefs(family: Any, observations: Array) -> Belief:
    return jax.vmap(lambda observations: _joined(*_scan_beliefs(family, observations)))(observations)


@functools.partial(jax.jit, static_argnums=0)
def _filter_pairs(family: Any, inputs: Array, targets: Array) -> Belief:
    def filter_one(inputs: Array, targets: Array) -> Belief:
        return _joined(*_scan_pairs(family, inputs, targets, keep=lambda belief: belief))

    return jax.vmap(filter_one)(inputs, targets)


@functools.partial(jax.jit, static_argnums=0)
def _filter_posterior_means(family: Any, inputs: Array, targets: Array) -> dict[str, Array]:
    def means(belief: Belief) -> dict[str, Array]:
        return {site: distribution.mean for site, distribution in family.posterior(belief).items()}

    def filter_one(inputs: Array, targets: Array) -> dict[str, Array]:
        before, final = _scan_pairs(family, inputs, targets, keep=means)
        return _joined(before, means(final))

    return jax.vmap(filter_one)(inputs, targets)


@in_float64
def filter_pairs(family: HasRegressionBeliefs, inputs: Numbers, targets: Numbers) -> Belief:
    """Return beliefs at every time, with leaves `task time+1 ...`; entry t is given the first t pairs.

    Raises `ValueError` for pairs of the wrong shape or with entries that are not finite, for what does not fit in
    memory, and for beliefs that float64 cannot hold.
    """
    require_kind("filter_pairs", family, AbstractRegressionFamily)
    pairs = validated_pairs(family, inputs, targets)
    require_room_for_beliefs(family, pairs[0].shape)
    return without_nan(family, to_numpy(_filter_pairs(family, *pairs)))


@in_float64
def filter_posterior_means(
    family: HasRegressionBeliefs, inputs: Numbers, targets: Numbers
) -> dict[str, Float[np.ndarray, "task step ..."]]:
    """Return the posterior mean of every latent site at every time; entry t is given the first t pairs.

    Unlike `filter_pairs`, it does not keep covariances, which are most of a belief. Raises as `filter_pairs` does.
    """
    regression: Any = family
    require_kind("filter_posterior_means", regression, AbstractRegressionFamily)
    pairs = validated_pairs(family, inputs, targets)
    latents = {site: shape for site, shape in site_shapes(regression).items() if site not in ("inputs", "targets")}
    num_tasks, length = pairs[0].shape[:2]
    require_room(
        regression, num_tasks=num_tasks, length=length, bytes_per_time=8 * sum(map(math.prod, latents.values()))
    )
    return without_nan(family, to_numpy(_filter_posterior_means(family, *pairs)))


@in_float64
def prior_beliefs(family: HasArmBeliefs | HasContextBeliefs, num_tasks: SupportsIndex) -> Belief:
    """Return the prior belief of every task (leading axis). Raises `ValueError` for a number of tasks below 1."""
    num_tasks = as_count("num_tasks", num_tasks, least=1)
    return jax.tree.map(
        lambda leaf: np.broadcast_to(np.asarray(leaf), (num_tasks, *jnp.shape(leaf))), family.prior_belief()
    )


@in_float64
def update_arms(
    family: HasArmBeliefs, belief: Belief, arms: Int[np.ndarray, "task"], rewards: Float[np.ndarray, "task"]
) -> Belief:
    """Return the belief of every task after its pulled arm gave its reward.

    Raises `ValueError` for arms that the family does not have, and rewards that are not finite.
    """
    pulls = _checked_pulls(family, arms, rewards)
    return to_numpy(_update_arms(family, jax.tree.map(jnp.asarray, belief), *pulls))


@functools.partial(jax.jit, static_argnums=0)
def _update_arms(family: Any, belief: Belief, arms: Array, rewards: Array) -> Belief:
    return jax.vmap(family.update_arm)(belief, arms, rewards)


@in_float64
def update_context_arms(
    family: Any,
    belief: Belief,
    contexts: Int[np.ndarray, "task"],
    arms: Int[np.ndarray, "task"],
    rewards: Float[np.ndarray, "task"],
) -> Belief:
    """Return the belief of every task after the arm pulled in its context gave its reward.

    Raises as `update_arms` does, and for contexts that the family does not have.
    """
    shown = _within("contexts", contexts, family.num_contexts)
    pulls = _checked_pulls(family, arms, rewards)
    return to_numpy(_update_context_arms(family, jax.tree.map(jnp.asarray, belief), jnp.asarray(shown), *pulls))


def _checked_pulls(family: Any, arms: Numbers, rewards: Numbers) -> tuple[Array, Array]:
    pulled, paid = _within("arms", arms, family.num_arms), as_reals("rewards", rewards)
    if pulled.shape != paid.shape:
        raise ValueError(f"arms and rewards must have one entry per task; got shapes {pulled.shape} and {paid.shape}")
    return jnp.asarray(pulled), jnp.asarray(paid)


def _within(name: str, numbers: Numbers, count: int) -> Int[np.ndarray, "task"]:
    found = as_integers(name, numbers)
    if found.size and not 0 <= found.min() <= found.max() < count:
        raise ValueError(f"{name} must be from 0 to {count - 1}; got {found.min()} to {found.max()}")
    return found


@functools.partial(jax.jit, static_argnums=0)
def _update_context_arms(family: Any, belief: Belief, contexts: Array, arms: Array, rewards: Array) -> Belief:
    return jax.vmap(family.update_context_arm)(belief, contexts, arms, rewards)


def predictives_of_sequences(family: HasBeliefs, observations: Array) -> Distribution:
    """Return the posterior predictive of every observation (`task time`), given those before it."""

    def predict_one(observations: Array) -> Distribution:
        before, _ = _scan_beliefs(family, observations)
        return jax.vmap(family.posterior_predictive)(before)

    return batched(jax.vmap(predict_one)(observations), observations.shape[:2])


def predictives_of_regressions(family: HasRegressionBeliefs, inputs: Array, targets: Array) -> Distribution:
    """Return the posterior predictive of every target (`task time`), given its input and the pairs before it."""

    def predict_one(inputs: Array, targets: Array) -> Distribution:
        before, _ = _scan_pairs(family, inputs, targets, keep=lambda belief: belief)
        return jax.vmap(family.target_predictive)(before, inputs)

    return batched(jax.vmap(predict_one)(inputs, targets), inputs.shape[:2])


def require_room_for_beliefs(family: Any, shape: tuple[int, ...]) -> None:
    """Raise `ValueError` if the beliefs of tasks of this shape (task, time, ...) do not fit in memory."""
    require_room(family, num_tasks=shape[0], length=shape[1], bytes_per_time=_bytes_of_belief(family))


@functools.cache
@in_float64
def _bytes_of_belief(family: Any) -> int:
    leaves = jax.tree.leaves(jax.eval_shape(family.prior_belief))
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in leaves)


Tree = TypeVar("Tree")


def without_nan(family: Any, tree: Tree) -> Tree:
    """Return the tree itself. Raises `ValueError` if a leaf holds NaN: the numbers are beyond float64."""
    for leaf in jax.tree.leaves(tree):
        if np.issubdtype(leaf.dtype, np.floating) and np.isnan(leaf).any():
            raise ValueError(
                f"the beliefs of {shown(family)} must be numbers; got NaN, because its hyper-parameters or these "
                "observations are beyond float64. Measure in other units"
            )
    return tree


def batched(distribution: Distribution, batch_shape: tuple[int, ...]) -> Distribution:
    """Set the batch shape of a distribution, and of its nested parts, that came out of `vmap` over `batch_shape`.

    `vmap` adds leading axes to the parameters of a distribution, but leaves its stored batch shape unchanged.
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


def _scan_pairs(
    family: HasRegressionBeliefs, inputs: Array, targets: Array, *, keep: Callable[[Belief], Any]
) -> tuple[Any, Belief]:
    """Return `keep` of the belief before every pair, and the belief after the last pair."""

    def step(belief: Belief, pair: tuple[Array, Array]) -> tuple[Belief, Any]:
        return family.update_with_pair(belief, *pair), keep(belief)

    final, kept = jax.lax.scan(step, family.prior_belief(), (inputs, targets))
    return kept, final


def _joined(before: Any, final: Any) -> Any:
    """Concatenate the entries before every observation and the one after the last, along the time axis."""
    return jax.tree.map(lambda many, last: jnp.concatenate([many, last[None]]), before, final)
