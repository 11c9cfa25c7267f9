"""Parsing the options of a command: what is refused is said in one line."""

import contextlib
import io
import itertools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import tyro

Result = TypeVar("Result")


def parse(function: Callable[..., Result], *, args: list[str], prog: str, config: tuple[Any, ...] = ()) -> Result:
    """`tyro.cli`, but a value that is refused is a `ValueError` with one line, not a box of several.

    A flag that does not exist keeps its box, which suggests the right one, and exits with code 2.
    """
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return tyro.cli(function, args=args, prog=prog, config=config)
    except SystemExit:
        title, *rows = printed.getvalue().splitlines() or [""]
        if "Value error" in title:
            inside = itertools.takewhile(lambda row: "───" not in row, rows)
            raise ValueError(" ".join(row.strip("│ ") for row in inside)) from None
        sys.stderr.write(printed.getvalue())
        raise
