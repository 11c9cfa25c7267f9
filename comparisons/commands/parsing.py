"""Options of a command, parsed; a refused value is reported in one line."""

import contextlib
import io
import itertools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import tyro

Result = TypeVar("Result")


def parse(function: Callable[..., Result], *, args: list[str], prog: str, config: tuple[Any, ...] = ()) -> Result:
    """Call `tyro.cli`; a refused value raises `ValueError` with one line instead of printing a box of several.

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
