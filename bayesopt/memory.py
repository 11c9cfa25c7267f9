"""Memory that a computation would need, compared with what is available before it starts.

What does not fit is refused in one line. Otherwise the operating system would end the whole process, or swap.
"""

import math
import os
import sys
from pathlib import Path

ALWAYS_AVAILABLE = 32_000_000
"""Bytes up to which memory is not checked, because the check would take longer than the computation."""

_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")


def require_memory(needed: float, what: str, *, remedy: str) -> None:
    """Raise `ValueError` if fewer than `needed` bytes are available.

    `what` is the plural subject of the message ("5 tasks of length 20"), `remedy` its last sentence ("Lower length").
    """
    if needed <= ALWAYS_AVAILABLE:
        return
    available = available_memory()
    if needed > available:
        raise ValueError(f"{what} need {_gigabytes(needed)} of memory; {_gigabytes(available)} are available. {remedy}")


def available_memory() -> float:
    """Return the bytes that this process can still allocate: the smallest of what the operating system states.

    On Linux these are the memory that is free without swapping, the limits of the process's control groups (containers,
    batch systems) and the limit on its address space (`ulimit -v`). Elsewhere it is the total memory of the machine;
    where even that is unknown, as on Windows, it is infinite, and nothing is refused.
    """
    return min(_free_in_system(), _free_in_groups(), _free_address_space())


def _free_in_system() -> float:
    try:
        return 1024.0 * int(_fields(_PROC / "meminfo")["MemAvailable:"])
    except (OSError, KeyError, ValueError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return math.inf


def _free_in_groups() -> float:
    """Return what the control groups of this process leave it; a group's file cache counts as free."""
    try:
        lines = (_PROC / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return math.inf
    free = math.inf
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):  # version 2, version 1
            names = ("memory.max", "memory.current", "inactive_file")
            if controllers:
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            root = _GROUPS / controllers
            inner = root / path.lstrip("/")
            for group in (inner, *inner.parents):
                if group.is_relative_to(root):
                    free = min(free, _free_in_group(group, *names))
    return free


def _free_in_group(group: Path, limit: str, usage: str, cache: str) -> float:
    try:
        most, used = (group / limit).read_text().strip(), int((group / usage).read_text())
        cached = int(_fields(group / "memory.stat").get(cache, "0"))
        return math.inf if most == "max" else max(float(int(most) - used + cached), 0.0)
    except (OSError, ValueError):
        return math.inf


def _free_address_space() -> float:
    if sys.platform == "win32":
        return math.inf
    import resource  # does not exist on Windows

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    try:
        return (
            math.inf
            if most == resource.RLIM_INFINITY
            else max(most - 1024.0 * int(_fields(_PROC / "self" / "status")["VmSize:"]), 0.0)
        )
    except (OSError, KeyError, ValueError):
        return math.inf


def _fields(path: Path) -> dict[str, str]:
    """Return the second word of every line by its first."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0]: words[1] for words in lines if len(words) > 1}


def _gigabytes(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:,.1f} GB"
