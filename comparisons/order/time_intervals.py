"""Intervals for half-times: the first, the last, and ratios of them.

All are on the logarithmic scale, where a ratio of times is a difference and the staggering a range. None of them
changes by more than the changes of the half-times of modes say, so that intervals come from these
(`comparisons.statistics.resampling`). A half-time beyond the last record is known to be later than it: it counts as the
last record's time for the lower end, and where more resamples than the interval leaves out on one side have one, the
upper end is infinite.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from comparisons.order.trajectories import half_times, staggering
from comparisons.statistics.intervals import LEVEL, Interval
from comparisons.statistics.resampling import distance_interval

_MOST_CENSORED = (1 - LEVEL) / 2
"""Share of resamples with a half-time that is not reached, above which an upper end is infinite."""


class HalfTimes(NamedTuple):
    """Half-times of the modes of one system, and the same under resamples; NaN for modes without recovery."""

    reached: Float[np.ndarray, "mode"]
    resampled: Float[np.ndarray, "resample mode"]
    last_record: float

    @classmethod
    def of(
        cls,
        curves: Float[np.ndarray, "time mode"],
        resampled: Float[np.ndarray, "resample time mode"],
        times: Float[np.ndarray, "time"],
        *,
        level: float = 0.5,
    ) -> "HalfTimes":
        """Return when recovery curves, and the same under resamples, reach a level."""
        reached, again = (half_times(each, times, level=level) for each in (curves, resampled))
        return cls(reached, again, float(times[-1]))

    def defined(self) -> "HalfTimes":
        """Return those of the modes that have a recovery."""
        is_defined = ~np.isnan(self.reached)
        return HalfTimes(self.reached[is_defined], self.resampled[:, is_defined], self.last_record)

    def logs(self) -> Float[np.ndarray, "mode"]:
        """Return logarithms of the times, at most that of the last record."""
        return _log(np.minimum(self.reached, self.last_record))

    def changes(self) -> Float[np.ndarray, "resample mode"]:
        """Return by how much the logarithms change under each resample; infinite from or to a time of 0."""
        resampled, logs = _log(np.minimum(self.resampled, self.last_record)), self.logs()
        is_same = resampled == logs
        return np.where(is_same, 0.0, np.where(is_same, 0.0, resampled) - np.where(np.isinf(logs), 0.0, logs))

    def is_censored_at(self, mode: int) -> bool:
        """Return whether one mode may not be half recovered at the last record."""
        return bool(np.isinf(self.resampled[:, mode]).mean() > _MOST_CENSORED or np.isinf(self.reached[mode]))

    def has_any_censored(self) -> bool:
        """Return whether some mode may not be half recovered at the last record."""
        return bool(np.isinf(self.resampled).any(axis=1).mean() > _MOST_CENSORED or np.isinf(self.reached).any())

    def has_all_censored(self) -> bool:
        """Return whether it may be that no mode is half recovered at the last record."""
        return bool(np.isinf(self.resampled).all(axis=1).mean() > _MOST_CENSORED or np.isinf(self.reached).all())


def first_interval(times: HalfTimes) -> Interval:
    """Return the half-time of the first mode."""
    times = times.defined()
    if len(times.reached) == 0:
        return _UNDEFINED
    return _interval(times.reached.min(), times.logs().min(), largest(times), times.has_all_censored())


def last_interval(times: HalfTimes) -> Interval:
    """Return the half-time of the last mode."""
    times = times.defined()
    if len(times.reached) == 0:
        return _UNDEFINED
    return _interval(times.reached.max(), times.logs().max(), largest(times), times.has_any_censored())


def staggering_interval(times: HalfTimes) -> Interval:
    """Return the staggering, the last half-time over the first, which is at least 1."""
    times = times.defined()
    estimate = float(staggering(times.reached)) if len(times.reached) else np.nan
    return _interval(estimate, _range(times.logs()), _range(times.changes()), times.has_any_censored(), least=1.0)


def least_step_interval(times: HalfTimes, stages: tuple[int, ...]) -> Interval:
    """Return the smallest ratio of the half-times of a mode and of the one before; NaN if one is undefined."""
    order = np.argsort(stages, kind="stable")
    if len(order) < 2:
        return Interval(np.inf, np.nan, np.nan)
    in_order = times.reached[order]
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = (in_order[1:] / in_order[:-1]).min()
        steps = np.diff(times.logs()[order]).min()
        changes = np.abs(np.diff(times.changes()[:, order], axis=1)).max(axis=1)
    return _interval(estimate, steps, changes, times.has_any_censored())


def last_over_first_mode(times: HalfTimes) -> Interval:
    """Return the half-time of the last mode over that of the first; NaN if one is undefined."""
    estimate = _quotient(float(times.reached[-1]), float(times.reached[0]))
    logs, changes = times.logs(), times.changes()
    with np.errstate(invalid="ignore"):
        found = _interval(
            estimate, logs[-1] - logs[0], np.abs(changes[:, -1] - changes[:, 0]), times.is_censored_at(-1)
        )
    return found._replace(lower=0.0) if times.is_censored_at(0) and not np.isnan(found.lower) else found


def ratio_of_staggerings(above: HalfTimes, below: HalfTimes) -> Interval:
    """Return the staggering of one system over that of another."""
    above, below = above.defined(), below.defined()
    estimate = _quotient(float(staggering(above.reached)), float(staggering(below.reached)))
    logs = _range(above.logs()) - _range(below.logs())
    deviations = _range(above.changes()) + _range(below.changes())
    found = _interval(estimate, float(logs), deviations, above.has_any_censored())
    return found._replace(lower=0.0) if below.has_any_censored() and not np.isnan(found.lower) else found


def first_over_last(above: HalfTimes, below: HalfTimes) -> Interval:
    """Return the first half-time of one system over the last of another."""
    above, below = above.defined(), below.defined()
    estimate = _quotient(float(above.reached.min()), float(below.reached.max()))
    logs = float(above.logs().min() - below.logs().max())
    found = _interval(estimate, logs, largest(above) + largest(below), above.has_all_censored())
    return found._replace(lower=0.0) if below.has_any_censored() and not np.isnan(found.lower) else found


def largest(times: HalfTimes) -> Float[np.ndarray, "resample"]:
    """Return the largest change of a logarithm under each resample."""
    return np.abs(times.changes()).max(axis=1)


_UNDEFINED = Interval(np.nan, np.nan, np.nan)


def _interval(
    estimate: float | np.ndarray,
    log: float | np.ndarray,
    deviations: Float[np.ndarray, "resample"],
    is_open: bool,
    *,
    least: float = 0.0,
) -> Interval:
    """Return the interval of a time or a ratio of times, of which `log` is known; an open one has no upper end."""
    estimate, log = float(estimate), float(log)
    if np.isnan(estimate) or np.isnan(log):
        return Interval(estimate, np.nan, np.nan)
    unbounded = np.where(np.isnan(deviations), np.inf, deviations)  # two infinite changes may differ by anything
    around = distance_interval(log, unbounded)
    lower = max(float(np.exp(around.lower)), least)
    upper = np.inf if is_open or np.isinf(estimate) else float(np.exp(around.upper))
    return Interval(estimate, min(lower, estimate), max(upper, estimate))


def _range(values: Float[np.ndarray, "*batch mode"]) -> Float[np.ndarray, "*batch"]:
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(values.max(axis=-1) - values.min(axis=-1))


def _quotient(above: float, below: float) -> float:
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.divide(above, below))


def _log(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(values)
