"""Checks of a family as a value: it is frozen and hashable, and it rejects hyper-parameters that are not allowed."""

import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from bayesopt.contract.verdicts import Check
from bayesopt.episodes import sample_sequences
from bayesopt.family import AbstractFamily, AbstractPredictionFamily


def check_value(family: AbstractFamily) -> str:
    """Check that the family is a frozen, hashable dataclass, equal to its copy, and compiled once under `jit`."""
    name = type(family).__name__
    assert dataclasses.is_dataclass(family), (
        f"{name} must be a dataclass. Decorate the class with @dataclass(frozen=True)"
    )
    for field in dataclasses.fields(family):
        try:
            setattr(family, field.name, getattr(family, field.name))
        except dataclasses.FrozenInstanceError:
            continue
        raise AssertionError(f"{name}.{field.name} can be changed. Decorate the class with @dataclass(frozen=True)")
    copy = dataclasses.replace(family)
    try:
        is_equal = bool(family == copy) and hash(family) == hash(copy)
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"{name} must be hashable and comparable; got {error!r}. Use numbers and tuples"
        ) from error
    assert is_equal, f"{name}: families with equal fields must be equal and have equal hashes; a copy is not"
    traces: list[AbstractFamily] = []

    @functools.partial(jax.jit, static_argnums=0)
    def run(static: AbstractFamily, x: Array) -> Array:
        traces.append(static)
        return x

    run(family, jnp.zeros(()))
    run(copy, jnp.zeros(()))
    assert len(traces) == 1, f"{name}: functions must not be compiled again for an equal copy of the family; they are"
    return f"frozen, hashable, equal to its copy; {len(dataclasses.fields(family))} fields"


def check_hyper_parameters(family: AbstractFamily) -> str:
    """Check that a bad number raises `ValueError` with field, value and range, and that others give finite draws."""
    template: Any = family
    name, num_refused = type(family).__name__, 0
    for field, value in _unusual_values(family):
        try:
            changed = dataclasses.replace(template, **{field: value})
        except ValueError as error:
            message = str(error)
            assert field in message and repr(value) in message and len(message) > len(field + repr(value)) + 10, (
                f"{name}({field}={value!r}) must raise ValueError with the field, the value and the allowed range; "
                f"the message is {message!r}"
            )
            num_refused += 1
            continue
        except Exception as error:
            raise AssertionError(f"{name}({field}={value!r}) must raise ValueError; got {error!r}") from error
        assert {-1, 0} & set(np.ravel(value)[-1:].tolist()), (
            f"{name} accepts {field}={value!r}. Raise ValueError in __post_init__"
        )
        if isinstance(changed, AbstractPredictionFamily):
            observations = sample_sequences(changed, jax.random.key(0), num_tasks=100, length=2).observations
            assert np.isfinite(observations).all(), f"{name} accepts {field}={value!r}, but then draws nan or infinity"
    return f"{num_refused} bad values refused, each with its range"


def _unusual_values(family: Any) -> Iterator[tuple[str, Any]]:
    """Yield values to try in each numeric field: some never allowed (not finite), some allowed in places (-1, 0)."""
    for field in dataclasses.fields(family):
        current = getattr(family, field.name)
        if isinstance(current, int) and not isinstance(current, bool):
            yield from ((field.name, value) for value in (-1, 0))
        elif isinstance(current, float):
            yield from ((field.name, value) for value in (math.nan, math.inf, -math.inf, -1.0, 0.0))
        elif isinstance(current, tuple) and all(isinstance(value, (int, float)) for value in current):
            is_of_integers = bool(current) and all(isinstance(value, int) for value in current)
            yield field.name, ()
            last_values = (-1, 0) if is_of_integers else (math.nan, math.inf, -1.0, 0.0)
            yield from ((field.name, (*current[:-1], value)) for value in last_values)


VALUE_CHECKS: dict[str, Check] = {"value": check_value, "hyper_parameters": check_hyper_parameters}
