"""Measuring times and printing them beside their targets, one line as soon as it is known."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def heading() -> None:
    """The first line of the table."""
    print(f"{'what':<62} {'measured (median)':>30}   target")


def report(what: str, measured: str, target: str = "") -> None:
    """One line of the table."""
    print(f"{what:<62} {measured:>30}   {target}", flush=True)


def times(function: Callable[[], object], *, repeats: int = 5) -> list[float]:
    """Wall times of calls, after one that is not counted."""
    function()
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        walls.append(time.perf_counter() - start)
    return walls


def seconds(function: Callable[[], object], *, repeats: int = 5) -> float:
    """Median wall time of a call, after one that is not counted."""
    return statistics.median(times(function, repeats=repeats))


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], *, repeats: int = 3
) -> tuple[list[float], list[float]]:
    """How many times longer theirs takes than ours, each pair timed one after the other, and our times."""
    ours()
    theirs()
    ratios, walls = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        theirs()
        middle = time.perf_counter()
        ours()
        end = time.perf_counter()
        ratios.append((middle - start) / (end - middle))
        walls.append(end - middle)
    return ratios, walls


def spread(values: list[float], digits: int = 2) -> str:
    """The median, and the smallest and the largest."""
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


def peak_memory() -> float:
    """The most memory that this process ever held, in MB; Linux only.

    Not `getrusage`: a new process inherits its number from the one that started it.
    """
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(status["VmHWM"].split()[0]) / 1e6


def fresh_process(code: str, *, environment: Mapping[str, str]) -> str:
    """What a program prints that runs in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=dict(environment), check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
