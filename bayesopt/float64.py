"""Float64 computation that neither depends on the user's settings of JAX and NumPy nor changes them.

References, divergences and plans must be more accurate than the networks that they evaluate. Functions of the package
therefore run under `own_settings`, and so do the methods of distributions that the package returns: with
JAX's default setting a plain NumPyro distribution would silently use float32 at the first `log_prob`.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import jax
import numpy as np
from jax.core import Tracer
from numpyro.distributions import Distribution
from numpyro.distributions.util import lazy_property

from bayesopt.floating_point import usual_errors

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_SETTINGS: tuple[tuple[Callable[[Any], Any], Any], ...] = (
    (jax.enable_x64, True),
    (jax.disable_jit, False),
    (jax.debug_nans, False),
    (jax.debug_infs, False),
    (jax.numpy_dtype_promotion, "standard"),
    (jax.numpy_rank_promotion, "allow"),
    (jax.default_matmul_precision, None),
    (jax.default_prng_impl, "threefry2x32"),
    (jax.legacy_prng_key, "allow"),
    (jax.threefry_partitionable, True),
)

_COMPUTING_METHODS = ("log_prob", "sample", "cdf", "icdf", "entropy", "enumerate_support")


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """Compute in float64 under the package's own settings of JAX and NumPy; the user's return afterwards.

    They are JAX's and NumPy's defaults: no strict promotion, no debugging flags, no errors at an underflow.
    """
    with contextlib.ExitStack() as stack:
        for setting, value in _SETTINGS:
            stack.enter_context(setting(value))
        stack.enter_context(usual_errors())
        yield


def in_float64(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return `function` run under `own_settings`."""

    @functools.wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with own_settings():
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
        with own_settings():
            return to_numpy(method(*args, **kwargs))

    return run
