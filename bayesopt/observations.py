"""Observations and pairs that users hand in: the space in which they must lie, and their check.

A value outside the support, of another shape or of another kind is refused with its place; nothing is rounded or cut.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float
from numpyro import handlers
from numpyro.distributions import constraints

from bayesopt.episodes import site_shapes
from bayesopt.family import AbstractPredictionFamily
from bayesopt.float64 import in_float64
from bayesopt.inputs import Numbers, as_array, as_integers, as_reals


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
def validated_observations(family: AbstractPredictionFamily, observations: Numbers) -> Array:
    """Return the observations as a JAX array. Raises `ValueError` naming the first value outside the support.

    Truth values are observations only where these are discrete.
    """
    space = observation_space(family)
    array = as_array("observations", observations, dims=("task", "time"))
    if array.ndim < 2 or array.shape[2:] != space.event_shape or array.size == 0:
        wanted = ", ".join(("task", "time", *map(str, space.event_shape)))
        raise ValueError(f"observations must have shape ({wanted}), with at least 1 task and time; got {array.shape}")
    if array.dtype == bool and not space.support.is_discrete:
        raise ValueError(f"observations of {type(family).__name__} must be numbers; got truth values")
    is_supported = np.asarray(space.support(array))  # a support of vectors gives one verdict per vector
    is_inside = is_supported.reshape(*is_supported.shape, *(1,) * (array.ndim - is_supported.ndim)) & np.isfinite(array)
    if not is_inside.all():
        where = tuple(int(i) for i in np.argwhere(~is_inside)[0])
        raise ValueError(
            f"observation {array[where]} at (task, time) = {where[:2]} is outside the support of "
            f"{type(family).__name__}: {_describe(space.support)}"
        )
    if space.support.is_discrete:
        return jnp.asarray(as_integers("observations", array.astype(int) if array.dtype == bool else array))
    return jnp.asarray(array, float)


@in_float64
def validated_pairs(
    family: Any, inputs: Numbers, targets: Numbers
) -> tuple[Float[Array, "task time input"], Float[Array, "task time output"]]:
    """Return the pairs as float64 JAX arrays.

    Raises `ValueError` for entries that are not finite, or widths other than those of the family's model.
    """
    inputs = as_reals("inputs", inputs, dims=("task", "time"))
    targets = as_reals("targets", targets, dims=("task", "time"))
    if inputs.ndim != 3 or targets.ndim != 3 or inputs.shape[:2] != targets.shape[:2] or 0 in inputs.shape[:2]:
        raise ValueError(
            "inputs and targets must have shapes (task, time, input) and (task, time, output), neither task nor time "
            f"0; got {inputs.shape} and {targets.shape}"
        )
    shapes = site_shapes(family)
    widths, wanted = (inputs.shape[2], targets.shape[2]), (shapes["inputs"][-1], shapes["targets"][-1])
    if widths != wanted:
        raise ValueError(
            f"inputs and targets of {type(family).__name__} must have {wanted[0]} and {wanted[1]} numbers each; "
            f"got shapes {inputs.shape} and {targets.shape}"
        )
    return jnp.asarray(inputs), jnp.asarray(targets)


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
