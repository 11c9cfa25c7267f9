"""Within-task recovery at checkpoints of meta-training, and the order in which modes appear over outer time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from comparisons.order.systems import OuterRecoveries
from comparisons.order.time_intervals import HalfTimes, last_over_first_mode, staggering_interval
from comparisons.order.trajectories import (
    CurveIntervals,
    Recoveries,
    influence_on_recovery,
    recovery_curves,
    recovery_intervals,
    resampled_curves,
)
from comparisons.rows import Over, Row, from_deviations, over_tasks
from comparisons.statistics.intervals import LEVEL, Interval, reach_of

STEPS = "training steps"


class Outer(NamedTuple):
    """Recoveries by training step and mode at one moment within the task, and the same under resamples."""

    found: OuterRecoveries
    recoveries: Recoveries
    """Training steps take the place of times."""
    curves: Float[np.ndarray, "step mode"]
    resampled: Float[np.ndarray, "resample step mode"]

    @classmethod
    def of(cls, found: OuterRecoveries, *, seed: int) -> "Outer":
        """Return recoveries with their resamples."""
        recoveries = Recoveries(found.overlaps.transpose(0, 2, 1, 3), found.strengths)
        return cls(found, recoveries, recovery_curves(recoveries), resampled_curves(recoveries, seed=seed))

    @property
    def over(self) -> Over:
        """What intervals are over."""
        return over_tasks(len(self.recoveries.overlaps))

    def row(self, interval: Interval) -> Row:
        """Return a row of the network at this moment."""
        return Row("network", interval, self.over, {"moment": self.found.moment})

    def half_times(self) -> HalfTimes:
        """Return the training step at which each mode is half recovered, and the same under resamples."""
        return HalfTimes.of(self.curves, self.resampled, self.found.steps)


def outer_staggering(outer: Outer) -> Row:
    """Return the staggering over training steps."""
    return outer.row(staggering_interval(outer.half_times()))


def outer_last_over_first(outer: Outer) -> Row:
    """Return the half-time of the last mode over that of the first."""
    return outer.row(last_over_first_mode(outer.half_times()))


def outer_lead_at_peak(outer: Outer) -> Row:
    """Return the lead of the last mode where modes are farthest apart; below 0 the first mode is ahead."""
    ahead, resampled = (_leads(values) for values in (outer.curves, outer.resampled))
    deviations = np.abs(resampled - ahead).max(axis=1)
    peak = float(ahead[np.abs(ahead).argmax()])
    return from_deviations("network", peak, deviations, outer.over, moment=outer.found.moment)


def outer_lead_at_end(outer: Outer) -> Row:
    """Return the lead of the last mode at the end of meta-training; below 0 the first mode is ahead."""
    by_task, by_seed = (each[-1, -1] - each[-1, 0] for each in influence_on_recovery(outer.recoveries))
    lead, reach = float(_leads(outer.curves)[-1]), reach_of(by_task, by_seed, level=LEVEL)
    return outer.row(Interval(lead, lead - float(reach.below), lead + float(reach.above)))


def outer_points(outer: Outer) -> Iterator[dict[str, object]]:
    """Yield the points of the curves over training steps, with their intervals."""
    points = recovery_intervals(outer.recoveries)
    for mode, label in enumerate(outer.found.mode_labels):
        for index, step in enumerate(outer.found.steps):
            ends = CurveIntervals(*(part[index, mode] for part in points))
            yield {
                "condition": outer.found.moment,
                "system": "network",
                "role": "network",
                "kind": "outer",
                "mode": mode,
                "mode_label": label,
                "x": float(step),
                "x_unit": STEPS,
                **Interval(*map(float, ends))._asdict(),
            }


def _leads(curves: Float[np.ndarray, "*batch step mode"]) -> Float[np.ndarray, "*batch step"]:
    """Return by how much the last mode (the weakest, or the highest frequency) is ahead of the first."""
    return np.asarray(curves[..., -1] - curves[..., 0])
