"""Errors in one line: what went wrong and, where code of the user's is concerned, in which file and line of it."""

import difflib
import re
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from comparisons.commands.console import on_one_line

_PACKAGES = tuple(str(Path(__file__).parents[2] / name) for name in ("bayesopt", "metalearners", "comparisons"))
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_REFUSALS = (ValueError, TypeError, LookupError, ArithmeticError, ImportError, OSError, RuntimeError)
_LONGEST = 300
"""Characters that are shown of a message that is not the package's own."""


class CommandLineError(Exception):
    """Raised for a command line that does not parse: an option that does not exist, or one that is missing."""


class HelpShown(Exception):
    """Raised after the help of a command was printed, where there is nothing left to do."""


class _Frame(NamedTuple):
    file: str
    line: int
    source: str

    @property
    def is_own(self) -> bool:
        return self.file.startswith(_PACKAGES)

    @property
    def is_users(self) -> bool:
        return not (self.is_own or self.file.startswith((*_LIBRARIES, "<")))

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"


def one_line(error: BaseException, command: str) -> str:
    """Return what a person is told of an error: the message alone, if the package refused something.

    Any other error is named with its type and place: that of the user's code if it was running, else the package's.
    """
    frames = _frames_of(error)
    users = next((frame for frame in reversed(frames) if frame.is_users), None)
    message = _message_of(error)
    if isinstance(error, OSError) and users is None:
        file = f"{_cut(str(error.filename))}: " if error.filename else ""
        return on_one_line(f"{file}{error.strerror}") if error.strerror else message
    if isinstance(error, MemoryError) or "allocate memory" in message or "RESOURCE_EXHAUSTED" in message:
        return f"not enough memory for `{command}`, smaller settings need less: {_cut(message)}"
    if isinstance(error, CommandLineError) or _is_refusal(error, frames):
        return f"{message} ({users})" if users else message
    last_own = next((frame for frame in reversed(frames) if frame.is_own), None)
    place = f" ({users or last_own})" if users or last_own else ""
    return f"{command}: {type(error).__name__}: {_cut(message)}{place}; --traceback shows the rest"


def shown(text: str) -> str:
    """Return a word of the command line as messages show it: quoted, and cut if it is long."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def closest(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean …?)" with the known name that is meant most probably; empty if none is close."""
    names = [one for one in known if one != name]
    begun = [one for one in names if name and one.startswith(name.lower())]
    matches = begun[:1] or difflib.get_close_matches(name, names, n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _is_refusal(error: BaseException, frames: list[_Frame]) -> bool:
    """Return whether the package raised the error itself, with a message of its own."""
    if not isinstance(error, _REFUSALS):
        return False
    if isinstance(error, ModuleNotFoundError):
        return not any(frame.is_users for frame in frames)
    return bool(frames) and frames[-1].is_own and frames[-1].source.startswith("raise")


def _frames_of(error: BaseException) -> list[_Frame]:
    """Return where an error passed, the innermost place last; of an error from another process, there."""
    if type(error.__cause__).__name__ == "_RemoteTraceback":
        found = re.findall(r'^ *File "(.+)", line (\d+).*\n *(.*)$', str(error.__cause__), flags=re.MULTILINE)
        return [_Frame(file, int(line), source) for file, line, source in found]
    return [_Frame(f.filename, f.lineno or 0, f.line or "") for f in traceback.extract_tb(error.__traceback__)]


def _message_of(error: BaseException) -> str:
    try:
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    except Exception:  # a class of the user's may fail even here
        text = "its message cannot be printed"
    return on_one_line(text)
