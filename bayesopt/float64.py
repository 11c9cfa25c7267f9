"""Float64 computation that neither depends on the user's JAX setting nor changes it.

References, divergences and plans must be more accurate than the networks that they evaluate. Functions of the package
therefore run under their own `jax.enable_x64`, and so do the methods of distributions that the package returns: with
JAX's default setting a plain NumPyro distribution would silently use float32 at the first `log_prob`.
"""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import jax
import numpy as np
from jax.core import Tracer
from numpyro.distributions import Distribution
from numpyro.distributions.util import lazy_property

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_COMPUTING_METHODS = ("log_prob", "sample", "cdf", "icdf", "entropy", "enumerate_support")


def in_float64(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return `function` run with 64-bit types enabled; the user's setting is restored afterwards."""

    @functools.wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with jax.enable_x64(True):
            return function(*args, **kwargs)

    return run


def to_numpy(tree: Any) -> Any:
    """Return the same tree (of arrays, NamedTuples, distributions) with every leaf a NumPy array."""
    return jax.tree.map(np.asarray, tree)


def as_float64(distribution: Distribution) -> Distribution:
    """Return the same NumPyro distribution, with methods that compute in float64 and return NumPy arrays.

    Its type is a subclass of the original's, so `isinstance` and NumPyro's KL registry treat it alike. Inside a
    user's own `jit` or `vmap` it computes as the original would, in the precision of that transformation.
    """
    original = type(distribution)
    if getattr(original, "computes_in_float64", False):
        return distribution
    leaves, structure = jax.tree.flatten(distribution)
    copied = jax.tree.unflatten(structure, [np.asarray(leaf) for leaf in leaves])
    copied.__class__ = _float64_subclass(original)
    return copied


@functools.cache
def _float64_subclass(original: type[Distribution]) -> type[Distribution]:
    namespace: dict[str, Any] = {"computes_in_float64": True, "__doc__": original.__doc__}

    def reduce(self: Distribution) -> tuple[Any, ...]:
        return _restored, (original, vars(self))

    namespace["__reduce__"] = reduce
    for name in _COMPUTING_METHODS:
        if hasattr(original, name):
            namespace[name] = _concrete_in_float64(getattr(original, name))
    for name in dir(original):
        attribute = _class_attribute(original, name)
        if isinstance(attribute, lazy_property):
            namespace[name] = lazy_property(_concrete_in_float64(attribute.wrapped))
        elif name in ("mean", "variance") and isinstance(attribute, property) and attribute.fget:
            namespace[name] = property(_concrete_in_float64(attribute.fget))
    metaclass: Any = type(original)
    return metaclass(original.__name__, (original,), namespace)


def _restored(original: type[Distribution], attributes: dict[str, Any]) -> Distribution:
    """Return a distribution of `as_float64` from its attributes; pickle cannot name its class, made at run time."""
    distribution: Distribution = object.__new__(_float64_subclass(original))
    vars(distribution).update(attributes)
    return distribution


def _class_attribute(cls: type, name: str) -> Any:
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def _concrete_in_float64(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((args, kwargs))):
            return method(*args, **kwargs)
        with jax.enable_x64(True):
            return to_numpy(method(*args, **kwargs))

    return run
