"""Titles of task families, in words for a reader."""

import dataclasses
from typing import Any

from bayesopt.family import AbstractFamily, family_id


def title_of(family: AbstractFamily) -> str:
    """Return a family in words, as "coin flips, bias ~ Beta(1, 1)"; without a `title`, its class and its fields."""
    fields = {field.name: getattr(family, field.name) for field in dataclasses.fields(family)}  # pyright: ignore[reportArgumentType]
    values = {name: _in_words(value) for name, value in fields.items()}
    tuples = {name: value for name, value in fields.items() if isinstance(value, tuple)}
    lengths = {f"num_{name}": str(len(value)) for name, value in tuples.items()}
    each = {f"each_{name}": _in_words(value[0] if len(set(value)) == 1 else value) for name, value in tuples.items()}
    if type(family).title:
        return type(family).title.format(**values, **lengths, **each)
    name = family_id(family).replace("_", " ")
    return ", ".join([name, *(f"{field.replace('_', ' ')} {value}" for field, value in values.items())])


def _in_words(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_in_words, value))})"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
