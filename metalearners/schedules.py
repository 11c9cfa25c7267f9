"""Schedules: settings that change during training, as frozen values, importable without torch."""

from dataclasses import dataclass

from metalearners.settings_fields import require_between, require_real

_INFINITY = float("inf")


@dataclass(frozen=True)
class Constant:
    """The same value at every step."""

    value: float

    def __post_init__(self) -> None:
        require_real(self, "value")


@dataclass(frozen=True)
class Linear:
    """A value that moves from `start` to `end` in equal steps over `fraction` of the training, and then stays."""

    start: float
    end: float
    fraction: float = 1.0

    def __post_init__(self) -> None:
        require_real(self, "start")
        require_real(self, "end")
        require_between(self, "fraction", 0, 1, includes_low=False)


@dataclass(frozen=True)
class Geometric:
    """A value that moves from `start` to `end` by equal factors over `fraction` of the training, and then stays."""

    start: float
    end: float
    fraction: float = 1.0

    def __post_init__(self) -> None:
        for field in ("start", "end"):
            require_between(self, field, 0, _INFINITY, includes_low=False, includes_high=False)
        require_between(self, "fraction", 0, 1, includes_low=False)


@dataclass(frozen=True)
class GeometricBelowOne:
    """A value with a distance to 1 that changes by equal factors; otherwise as `Linear`.

    The horizon 1 / (1 - discount) of such a discount changes by equal factors too.
    """

    start: float
    end: float
    fraction: float = 1.0

    def __post_init__(self) -> None:
        for field in ("start", "end"):
            require_between(self, field, -_INFINITY, 1, includes_low=False, includes_high=False)
        require_between(self, "fraction", 0, 1, includes_low=False)


@dataclass(frozen=True)
class Parabola:
    """A value that falls from `start` to zero over `fraction` of the training, as `start * (1 - progress)**2`."""

    start: float
    fraction: float = 1.0

    def __post_init__(self) -> None:
        require_real(self, "start")
        require_between(self, "fraction", 0, 1, includes_low=False)


Schedule = Constant | Linear | Geometric | GeometricBelowOne | Parabola
"""Value of a setting at every training step."""


def scheduled(schedule: Schedule, step: int, num_steps: int) -> float:
    """Return the value at 0-based step `step` of `num_steps`."""
    if isinstance(schedule, Constant):
        return schedule.value
    progress = min(1.0, step / (schedule.fraction * num_steps))
    if isinstance(schedule, Parabola):
        return schedule.start * (1 - progress) ** 2
    start, end = schedule.start, schedule.end
    if isinstance(schedule, Linear):
        return start + progress * (end - start)
    if isinstance(schedule, Geometric):
        return start * (end / start) ** progress
    return 1 - (1 - start) * ((1 - end) / (1 - start)) ** progress
