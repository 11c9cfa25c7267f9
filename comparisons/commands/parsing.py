"""Options of a command, parsed by tyro; a value or an option that it refuses is reported in one line."""

import contextlib
import io
import itertools
import math
import os
import re
import shutil
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import tyro
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from comparisons.commands.refusals import CommandLineError, HelpShown, closest, shown

Result = TypeVar("Result")

_LARGEST = 2**31 - 1
"""The largest integer on a command line: no seed is larger, and no number of steps or tasks ends within a lifetime."""

_NARROWEST = 60
"""Columns of the narrowest help; tyro cannot lay it out in fewer than about 40."""


def parse(function: Callable[..., Result], *, args: list[str], prog: str, config: tuple[Any, ...] = ()) -> Result:
    """Call `tyro.cli` and return what the function returns.

    Raises `ValueError` for a refused value, `CommandLineError` for an option that does not exist, is missing or lacks
    its value, each with one line that names the option, and `HelpShown` after `--help`.
    """
    if args[:1] and args[0].replace("_", "-").startswith("--tyro-"):
        raise CommandLineError(f"no option {args[0]}; `{prog} --help` lists all options")
    options = [word.partition("=")[0].replace("_", "-") for word in args if word.startswith("--")]
    if repeated := [option for option in options if options.count(option) > 1]:
        raise CommandLineError(f"{repeated[0]} is given {options.count(repeated[0])} times; give it once")
    is_help = any(word in ("-h", "--help") for word in args)
    printed = io.StringIO()
    try:
        with _columns(max(_NARROWEST, shutil.get_terminal_size().columns) if is_help else 100_000):
            if is_help:
                tyro.cli(function, args=["--help"], prog=prog, config=config, registry=_REGISTRY)
            with contextlib.redirect_stderr(printed):
                return tyro.cli(function, args=args, prog=prog, config=config, registry=_REGISTRY)
    except SystemExit:
        if is_help:
            raise HelpShown from None
        raise _refusal(printed.getvalue(), args, prog) from None


def integer(text: str) -> int:
    """Return a whole number: digits, or scientific notation such as 1e4.

    Raises `ValueError` for anything else, and for numbers beyond `_LARGEST`, which no setting can mean.
    """
    try:
        value = int(text) if text.strip().lstrip("+-").isdecimal() else float(text)
        is_whole = value == int(value)
    except (ValueError, OverflowError):  # no number; infinity or NaN
        is_whole, value = False, 0
    if not is_whole:
        raise ValueError(f"must be an integer; got {shown(text)}")
    if abs(value) > _LARGEST:
        raise ValueError(f"must be an integer of at most {_LARGEST:,}; got {shown(text)}")
    return int(value)


def number(text: str) -> float:
    """Return a number. Raises `ValueError` for what is none, and for one that float64 cannot hold."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"must be a number; got {shown(text)}") from None
    if math.isinf(value) and "inf" not in text.lower():
        raise ValueError(f"must be a number that float64 can hold; got {shown(text)}")
    return value


def path(text: str) -> Path:
    """Return a path. Raises `ValueError` for an empty one, which would stand for the current folder."""
    if not text.strip() or "\0" in text:
        raise ValueError(f"must be a path; got {shown(text)}")
    return Path(text)


_REGISTRY = ConstructorRegistry()
_CONVERSIONS: dict[Any, Callable[[str], Any]] = {int: integer, float: number, Path: path}


@_REGISTRY.primitive_rule
def _leaves(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """Read numbers and paths, tuples of them and those that may be None; messages say what is allowed."""
    parts = typing.get_args(info.type)
    if info.type in _CONVERSIONS:
        return _one(info.type)
    if info.type_origin is tuple and len(parts) == 2 and parts[1] is ... and parts[0] in _CONVERSIONS:
        return _several(parts[0])
    kinds = [part for part in parts if part in _CONVERSIONS]
    if len(parts) == 2 and len(kinds) == 1 and type(None) in parts:
        return _one(kinds[0], may_be_none=True)
    return None


def _one(kind: type, *, may_be_none: bool = False) -> PrimitiveConstructorSpec[Any]:
    def read(words: list[str]) -> Any:
        if may_be_none and words[0] == "None":
            return None
        try:
            return _CONVERSIONS[kind](words[0])
        except ValueError as error:
            raise ValueError(str(error).replace("must be", "must be None or") if may_be_none else str(error)) from None

    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=kind.__name__.upper() + "|None" * may_be_none,
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, (int, kind)) and not isinstance(value, bool),
        str_from_instance=lambda value: [str(value)],
    )


def _several(kind: type) -> PrimitiveConstructorSpec[Any]:
    return PrimitiveConstructorSpec(
        nargs="*",
        metavar=f"[{kind.__name__.upper()} [{kind.__name__.upper()} ...]]",
        instance_from_str=lambda words: tuple(map(_CONVERSIONS[kind], words)),
        is_instance=lambda value: isinstance(value, tuple) and all(isinstance(part, (int, kind)) for part in value),
        str_from_instance=lambda value: [str(part) for part in value],
    )


def _refusal(printed: str, args: Sequence[str], prog: str) -> Exception:
    """Return the error that says in one line what tyro printed in a box, of which this is the text."""
    title, rows = _rows(printed)
    text = rows[0] if rows else title
    if found := re.match(r"Error parsing (?P<name>\S+): (?P<reason>.*)", text):
        return ValueError(_in_words(found["name"], found["reason"]))
    if found := re.match(r"invalid choice '(?P<value>.*)' for argument '(?P<name>.*)'\. Expected one of (.*)\.$", text):
        choices = " or ".join(re.findall(r"'([^']*)'", found[3]))
        return ValueError(f"{found['name']} must be {choices}; got {shown(found['value'])}")
    help_hint = f"`{prog} --help` lists all options"
    if title == "Unrecognized options":
        return CommandLineError(_unknown(text, rows, args, help_hint))
    if title == "Missing argument":
        name = re.findall(r"argument '(.*?)'", text)
        return CommandLineError(f"{name[0] if name else 'an option'} needs a value; `{prog} --help` shows which")
    if title == "Required options":
        after = [row for previous, row in itertools.pairwise(rows) if previous.startswith("Missing from")]
        needed = [row for row in rows[1:] if row.startswith("--") or row.isupper()] or after
        return CommandLineError(f"missing {' and '.join(needed)}; `{prog} --help` says what it means")
    return CommandLineError(f"{text}; {help_hint}")


def _unknown(text: str, rows: list[str], args: Sequence[str], help_hint: str) -> str:
    listed = text.partition(": ")[2]
    word = next((word for word in args if word and listed.startswith(word)), listed)
    if not word.startswith("-"):
        before = args[args.index(word) - 1] if word in args[1:] else ""
        if before.startswith("--"):
            return f"{before} takes no value; got {shown(word)}. {help_hint}"
        return f"unexpected argument {shown(word)}; {help_hint}"
    flags = [row.split()[0].strip(",") for row in rows[1:] if row.startswith("--")]
    hint = closest(word, flags) or (f" (did you mean {flags[0]!r}?)" if flags else "")
    return f"no option {shown(word)}{hint}; {help_hint}"


def _in_words(name: str, reason: str) -> str:
    """Return why a value was refused, with the name of its option; a settings class says the name of its field."""
    if reason.startswith("must "):
        return f"{name} {reason}"
    return reason if not name.startswith("-") else f"{name}: {reason}"


def _rows(printed: str) -> tuple[str, list[str]]:
    """Return title and rows of a box, without its frame and its rules."""
    lines = [line.strip("│| ").rstrip() for line in printed.splitlines()]
    bare = [line.strip("╭╮╰╯─+- ") for line in lines]
    rows = [line for line, inside in zip(lines[1:], bare[1:], strict=True) if inside]
    return (bare[0] if bare else ""), rows


@contextlib.contextmanager
def _columns(width: int) -> Iterator[None]:
    """Set the width of what tyro prints."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(width)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
