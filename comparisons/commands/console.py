"""Standard output and standard error of the command line, whatever their encoding and whoever reads them."""

import codecs
import contextlib
import io
import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from typing import Any

_ERRORS = "bayesgauge-plain"

_PLAIN = {
    "±": "+/-",
    "‖": "||",
    "∥": "||",
    "×": "x",
    "·": "*",
    "→": "->",
    "←": "<-",
    "▲": "^",
    "…": "...",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "∞": "inf",
    "²": "^2",
    **dict.fromkeys("−–—‐─━═╌", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
}
"""Equivalents in ASCII of signs that the package prints."""


def plain(text: str) -> str:
    """Return a text in ASCII: signs by their equivalents, letters without their marks, what is left as `?`."""
    return "".join(sign if sign.isascii() else _plain_sign(sign) for sign in text)


@contextlib.contextmanager
def tolerant_streams() -> Iterator[None]:
    """Print what the encoding of a stream lacks by plain equivalents, and warnings in one line each.

    Standard streams that were closed are replaced by the null device, so that no file that is opened later takes
    their place. All of it is undone afterwards, except for closed streams.
    """
    codecs.register_error(_ERRORS, _encode_plainly)
    _reopen_closed_streams()
    changed = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]
    before = [stream.errors for stream in changed]
    format_before = warnings.formatwarning
    try:
        for stream in changed:
            stream.reconfigure(errors=_ERRORS)
        warnings.formatwarning = _in_one_line
        yield
    finally:
        warnings.formatwarning = format_before
        for stream, errors in zip(changed, before, strict=True):
            with contextlib.suppress(OSError, ValueError):  # the stream was closed, or its reader went away
                stream.reconfigure(errors=errors)


def silence_output() -> None:
    """Send what is still to be printed on standard output nowhere, because nobody can read it."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def on_one_line(text: str) -> str:
    """Return the first line of a text that says something; what cannot be printed is escaped."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in first)


def _reopen_closed_streams() -> None:
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (it lives as long as the program)


def _encode_plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


def _plain_sign(sign: str) -> str:
    letters = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return _PLAIN.get(sign) or letters or "?"


def _in_one_line(message: Any, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    return f"warning: {on_one_line(str(message))}\n"
