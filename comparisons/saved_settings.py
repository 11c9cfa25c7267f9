"""Experiments read back from the settings that their runs left in `experiment.json`."""

import dataclasses
import difflib
import importlib
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union

from bayesopt import families
from bayesopt.family import AbstractFamily
from comparisons.experiment import RESULTS_VERSION, AbstractExperiment
from comparisons.identity import SOURCE_OF, type_of
from comparisons.importing import object_named
from comparisons.kinds import kind_packages
from comparisons.records import NOT_SETTINGS, read_json


class _Refused(Exception):
    """Says what is wrong with a setting."""


def read_experiment(path: Path) -> AbstractExperiment:
    """Return the experiment whose settings a file holds, as a run wrote it or edited.

    Fields that are left out have their defaults. Classes of your own are imported by their module, and the current
    folder is on the path. Raises `FileNotFoundError`, and `ValueError` in one line for an unknown class or field, and
    for a value that its field does not take.
    """
    content = {name: value for name, value in read_json(path).items() if name not in NOT_SETTINGS}
    try:
        if (version := content.pop("results_version", RESULTS_VERSION)) != RESULTS_VERSION:
            raise _Refused(f"results_version must be {RESULTS_VERSION}, that of this package; got {version!r}")
        return _dataclass(content, AbstractExperiment, "the experiment")
    except _Refused as refused:
        raise ValueError(f"{path}: {refused}") from refused


def changed_sources(path: Path) -> list[str]:
    """Return the modules of one's own whose source is not what it was when the settings were written."""
    found: list[str] = []

    def search(value: Any) -> None:
        if isinstance(value, Mapping):
            recorded = {name: source for name, source in value.items() if name.startswith(SOURCE_OF)}
            if recorded and ":" in str(value.get("type")):
                now = type_of(object_named(str(value["type"]), "the class of a setting"))
                found.extend(name.removeprefix(SOURCE_OF) for name in recorded if now.get(name) != recorded[name])
        for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
            search(item)

    search(read_json(path))
    return sorted(set(found))


def _dataclass(value: Any, expected: type, where: str) -> Any:
    """Return the value that a mapping with the entry `type` describes, an instance of `expected`."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise _Refused(f"{where} must be settings with the entry 'type'; got {_shown(value)}")
    cls = _class_named(value["type"], expected, where)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    hints = typing.get_type_hints(cls)
    given = {name: item for name, item in value.items() if name != "type" and not name.startswith(SOURCE_OF)}
    prefix = "" if issubclass(cls, AbstractExperiment) else f"{where}."
    for name in given:
        if name not in fields:
            raise _Refused(f"{prefix}{name} is no field of {cls.__name__}{_closest(name, fields)}")
    for name, field in fields.items():
        if name not in given and field.default is field.default_factory is dataclasses.MISSING:
            raise _Refused(f"{prefix}{name} is missing, and {cls.__name__} has no default for it")
    values = {name: _value(item, hints[name], f"{prefix}{name}") for name, item in given.items()}
    try:
        return cls(**values)
    except (ValueError, TypeError, OverflowError) as error:
        raise _Refused(f"{where} cannot be made: {' '.join(str(error).split())}") from error


def _value(value: Any, hint: Any, where: str) -> Any:
    """Return a value as a field with this annotation takes it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(value, arguments, where)
    if origin is Literal and value in arguments:
        return value
    if (origin is tuple or hint is tuple) and isinstance(value, list):
        return _tuple(value, arguments, where)
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or issubclass(hint, AbstractFamily)):
        return _dataclass(value, hint, where)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if (hint is float and is_number) or (isinstance(hint, type) and type(value) is hint):
        return value
    raise _Refused(f"{where} must be {_in_words(hint)}; got {_shown(value)}")


def _one_of(value: Any, hints: tuple[Any, ...], where: str) -> Any:
    """Return a value as the first of several annotations takes it that fits."""
    refusals: list[_Refused] = []
    for hint in hints:
        try:
            return _value(value, hint, where)
        except _Refused as refused:
            refusals.append(refused)
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        names = {getattr(hint, "__name__", ""): refused for hint, refused in zip(hints, refusals, strict=True)}
        if value["type"] in names:
            raise names[value["type"]]
    raise _Refused(f"{where} must be {' or '.join(map(_in_words, hints))}; got {_shown(value)}")


def _tuple(value: list[Any], hints: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not hints:
        return tuple(_tuple(item, (), where) if isinstance(item, list) else item for item in value)
    if hints[-1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        raise _Refused(f"{where} must hold {len(hints)} values; got {len(value)}")
    return tuple(_value(item, hint, f"{where}[{i}]") for i, (item, hint) in enumerate(zip(value, hints, strict=True)))


def _class_named(name: str, expected: type, where: str) -> type[Any]:
    """Return the class of a setting: of these packages by its name, or one's own as `module:name`."""
    try:
        found = object_named(name, f"the type of {where}") if ":" in name else _own_classes(expected).get(name)
    except (ImportError, ValueError) as error:
        raise _Refused(f"{where} has the type {name!r}, which cannot be imported: {error}") from error
    if found is None:
        known = _own_classes(expected)
        raise _Refused(f"{where} has the unknown type {name!r}{_closest(name, known)}; known: {', '.join(known)}")
    if not (isinstance(found, type) and dataclasses.is_dataclass(found) and issubclass(found, expected)):
        raise _Refused(f"{where} must be a {expected.__name__}; got {name}")
    return found


def _own_classes(expected: type) -> dict[str, type[Any]]:
    """Return the classes of these packages that a field annotated with `expected` may have, by name."""
    if issubclass(expected, AbstractExperiment):
        for package in kind_packages():
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
                if "experiment" in module.name:
                    importlib.import_module(module.name)
        return {cls.__name__: cls for cls in _subclasses(expected) if cls.__module__.startswith("comparisons.")}
    if issubclass(expected, AbstractFamily):
        known = map(families.load, families.family_ids())
        return {cls.__name__: cls for cls in known if issubclass(cls, expected)}
    return {expected.__name__: expected}


def _subclasses(cls: type) -> Iterator[type[Any]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _in_words(hint: Any) -> str:
    """Return an annotation as a person reads it."""
    if typing.get_origin(hint) is Literal:
        return " or ".join(map(repr, typing.get_args(hint)))
    if typing.get_origin(hint) is tuple or hint is tuple:
        return "a list"
    if hint is type(None):
        return "null"
    return {int: "an integer", float: "a number", bool: "true or false", str: "text"}.get(
        hint, f"settings of type {getattr(hint, '__name__', hint)}"
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _closest(name: str, known: Mapping[str, Any]) -> str:
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
