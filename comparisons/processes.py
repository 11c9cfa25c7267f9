"""Processes that work for this one, each on one call at a time.

Nothing waits for a process that is gone: a call to it ends with `ProcessEnded`. And no process outlives the one that
it works for: a thread of it reads what it is asked to do, and ends it when the pipe is closed at the other end, by
whatever death.
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

import cloudpickle
import joblib

_MOST_PROGRAMS = 100
"""Programs compiled by JAX that a process keeps for its next call; each takes 2 to 6 MB, and JAX releases none."""
_THREADS_OF = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMBA", "NUMEXPR")
"""Libraries whose number of threads is set by a variable `<name>_NUM_THREADS`, or `_THREADS`."""


class ProcessEnded(Exception):
    """The process ended before its call did: it was killed, or ended itself."""


class _There(Exception):
    """Traceback of an exception in another process, as its cause here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class WorkerProcess:
    """A process that makes the calls it is asked to, one after the other."""

    def __init__(self, *, num_side_by_side: int) -> None:
        """Start a process; together, so many of them use as many threads as there are cores."""
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        path = [str(entry) or os.getcwd() for entry in [*sys.path, os.getcwd()]]
        program = f"import sys; sys.path[:] = {path!r}; from comparisons.processes import _serve; _serve()"
        self.process = subprocess.Popen(
            [sys.executable, *flags, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(num_side_by_side),
        )

    def call(self, function: Callable[[], object]) -> None:
        """Call a function there. Raises what it raises, with its traceback as the cause, or `ProcessEnded`."""
        asked = cloudpickle.dumps(function)
        try:
            _send(self.process.stdin, asked)  # pyright: ignore[reportArgumentType]
            answer = _receive(self.process.stdout)  # pyright: ignore[reportArgumentType]
        except (OSError, EOFError, ValueError) as error:
            raise ProcessEnded from error
        raised: tuple[Exception, str] | None = pickle.loads(answer)
        if raised is not None:
            raise raised[0] from _There(raised[1])

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was not sent is lost
                pipe.close()  # pyright: ignore[reportOptionalMemberAccess]


def _environment(num_side_by_side: int) -> dict[str, str]:
    """Return the environment of a process, which shares the cores with others."""
    threads = str(max(joblib.cpu_count() // num_side_by_side, 1))
    limits = {f"{name}_THREADS" if "_" in name else f"{name}_NUM_THREADS": threads for name in _THREADS_OF}
    return {**limits, **os.environ}


def _serve() -> None:
    """Make calls until the other process closes the pipe: the main function of a worker process."""
    asked = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the calls print is no answer
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_calls, args=(asked, calls), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            _send(answers, _answer(calls.get()))
            _release_programs()


def _read_calls(asked: BinaryIO, calls: "queue.SimpleQueue[bytes]") -> None:
    with contextlib.suppress(OSError, EOFError):
        while True:
            calls.put(_receive(asked))
    os._exit(1)


def _answer(asked: bytes) -> bytes:
    """Make a call; return the exception that it raised with its traceback, or `None`, pickled."""
    try:
        pickle.loads(asked)()
    except Exception as error:
        story = "".join(traceback.format_exception(error))
        try:
            answer = cloudpickle.dumps((error, story))
            pickle.loads(answer)
        except Exception:  # exceptions of users' code may be anything
            return pickle.dumps((RuntimeError(f"{type(error).__name__}: {error}"), story))
        return answer
    return pickle.dumps(None)


def _release_programs() -> None:
    """Release JAX's compiled programs when they are many; by itself it keeps each one until the process ends."""
    jax: Any = sys.modules.get("jax")
    if jax and len(jax.devices()[0].client.live_executables()) > _MOST_PROGRAMS:
        jax.clear_caches()


def _send(pipe: BinaryIO, content: bytes) -> None:
    pipe.write(len(content).to_bytes(8, "little") + content)
    pipe.flush()


def _receive(pipe: BinaryIO) -> bytes:
    """Return what the other process sent. Raises `EOFError` where it is gone."""
    size = int.from_bytes(_exactly(pipe, 8), "little")
    return _exactly(pipe, size)


def _exactly(pipe: BinaryIO, size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content
