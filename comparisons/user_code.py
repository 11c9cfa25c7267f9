"""Failures of what a person handed in: networks, callables, agents, factories and families of their own.

Whatever exception their code raises becomes one line that says what was called, the exception, and the place in the
person's own file. The exception itself is the cause, so its whole traceback is kept.
"""

import contextlib
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_OWN = tuple(str(Path(__file__).parents[1] / package) for package in ("bayesopt", "comparisons", "metalearners"))
_LIBRARIES = (*_OWN, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")))


GUIDE = "see docs/how_to_hand_in_a_network.md"
"""The page that says what each refusal means, in messages."""


class UserCodeError(ValueError):
    """Something that a person handed in failed or cannot be used; the message says what, why and where."""


class NetworkContractError(UserCodeError):
    """A network, callable or agent cannot be scored as it is; the message says what to change."""


@contextlib.contextmanager
def calling(what: str, error: type[UserCodeError] = UserCodeError) -> Iterator[None]:
    """Turn any exception within the context into one line that begins with `what`, as "the network Net fails".

    Only `KeyboardInterrupt` and errors that already are such a line pass.
    """
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, UserCodeError):
        raise
    except BaseException as cause:
        raise error(f"{what}: {_described(cause)}{_place(cause)}") from cause


@contextlib.contextmanager
def reporting_user_code() -> Iterator[None]:
    """Turn an exception that arises in a person's own code into one line; exceptions of the package itself pass."""
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, UserCodeError):
        raise
    except BaseException as cause:
        found = _own_frame(cause)
        if found is None:
            raise
        raise UserCodeError(f"{_called(found[0])} fails: {_described(cause)}{_place(cause)}") from cause


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # a person's exception may fail to print
        lines = []
    return lines[0] if lines else "no message"


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _place(error: BaseException) -> str:
    """Return the file and line of a person's own code in which an exception arose, in brackets, if there is one."""
    found = _own_frame(error)
    if found is None:
        return ""
    frame, line = found
    return f" ({_shortened(frame.f_code.co_filename)}, line {line})"


def _own_frame(error: BaseException) -> tuple[FrameType, int] | None:
    """Return the innermost frame outside of libraries below the handler, and its line, of an exception or its cause."""
    found = None
    seen: BaseException | None = error
    while seen is not None:
        entry = seen.__traceback__
        while entry is not None:
            if not _is_library(entry.tb_frame.f_code.co_filename):
                found = entry.tb_frame, entry.tb_lineno
            entry = entry.tb_next
        if found is not None:
            return found
        seen = seen.__cause__
    return None


def _is_library(filename: str) -> bool:
    parts = Path(filename).parts
    return (
        filename.startswith(("<frozen", "<@beartype", "<__array_function__"))
        or "site-packages" in parts
        or "dist-packages" in parts
        or any(_is_within(filename, folder) for folder in _LIBRARIES)
    )


def _is_within(filename: str, folder: str) -> bool:
    return filename.startswith((folder.rstrip("/\\") + "/", folder.rstrip("/\\") + "\\"))


def _shortened(filename: str) -> str:
    """Return a path relative to the working directory where it lies within it."""
    with contextlib.suppress(ValueError, OSError):
        return str(Path(filename).relative_to(Path.cwd()))
    return filename


def _called(frame: FrameType) -> str:
    return frame.f_code.co_qualname.replace("<locals>.", "")
