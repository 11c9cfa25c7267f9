"""Progress of long computations: a bar in terminals and notebooks, elsewhere a few plain lines on standard error.

Nothing is printed in the first ten seconds. Lines come after 10, 30, 70, … seconds, so a log file stays short.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

from tqdm.auto import tqdm

FIRST = 10.0
"""Seconds before the first line; the time to the next one doubles."""
LONGEST = 600.0
"""Seconds between two lines, at most."""


def counted(start: int, stop: int, label: str) -> Iterator[int]:
    """Yield the steps from `start` to `stop`, and show how many are done."""
    if _has_bar():
        yield from tqdm(range(start, stop), initial=start, total=stop, desc=label, unit="step", leave=False)
        return
    wait, due = FIRST, time.monotonic() + FIRST
    for step in range(start, stop):
        yield step
        if time.monotonic() >= due:
            _say(f"{label}: step {step + 1:,} of {stop:,}")
            wait = min(2 * wait, LONGEST)
            due = time.monotonic() + wait


@contextlib.contextmanager
def elapsed(label: str) -> Iterator[None]:
    """Say from time to time how long something takes of which nobody knows how much is left."""
    is_over, began = threading.Event(), time.monotonic()

    def report() -> None:
        wait = FIRST
        while not is_over.wait(wait):
            _say(f"{label}: {time.monotonic() - began:.0f} s so far")
            wait = min(2 * wait, LONGEST)

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _has_bar() -> bool:
    """Return whether there is a terminal or a notebook to draw a bar in."""
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody reads it, or the stream is closed
        print(line, file=sys.stderr, flush=True)
