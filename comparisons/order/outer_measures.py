"""Within-task recovery at checkpoints of meta-training, and the order in which modes appear over outer time."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from comparisons.order.systems import OuterRecoveries
from comparisons.order.trajectories import Recoveries, half_times, recovery_curves, resampled_curves, staggering
from comparisons.rows import Row, from_resamples, over_tasks
from comparisons.statistics.intervals import LEVEL, Interval

STEPS = "training steps"


class Outer(NamedTuple):
    """Recoveries by training step and mode at one moment within the task, and the same under resamples."""

    recoveries: OuterRecoveries
    curves: Float[np.ndarray, "step mode"]
    resampled: Float[np.ndarray, "resample step mode"]

    @classmethod
    def of(cls, found: OuterRecoveries, *, seed: int) -> "Outer":
        """Return recoveries with their resamples; steps take the place of times."""
        recoveries = Recoveries(found.overlaps.transpose(0, 2, 1, 3), found.strengths)
        return cls(found, recovery_curves(recoveries), resampled_curves(recoveries, seed=seed))

    def row(self, estimate: float, resampled: np.ndarray) -> Row:
        """Return a row of the network at this moment."""
        over = over_tasks(len(self.recoveries.overlaps))
        return from_resamples("network", float(estimate), resampled, over, moment=self.recoveries.moment)

    def half_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the training step at which each mode is half recovered, and the same under resamples."""
        return half_times(self.curves, self.recoveries.steps), half_times(self.resampled, self.recoveries.steps)

    def leads(self) -> tuple[np.ndarray, np.ndarray]:
        """Return by how much the last mode (the weakest, or the highest frequency) is ahead of the first."""
        first, second = (values[..., -1] - values[..., 0] for values in (self.curves, self.resampled))
        return first, second


def outer_staggering(outer: Outer) -> Row:
    """Return the staggering over training steps."""
    reached, resampled = outer.half_times()
    return outer.row(float(staggering(reached)), staggering(resampled))


def outer_last_over_first(outer: Outer) -> Row:
    """Return the half-time of the last mode over that of the first."""
    with np.errstate(invalid="ignore"):
        ratio, resampled = (times[..., -1] / times[..., 0] for times in outer.half_times())
    return outer.row(float(ratio), resampled)


def outer_lead_at_peak(outer: Outer) -> Row:
    """Return the lead of the last mode where modes are farthest apart; below 0 the first mode is ahead."""
    ahead, resampled = outer.leads()
    peak = np.abs(ahead).argmax()
    return outer.row(ahead[peak], resampled[:, peak])


def outer_lead_at_end(outer: Outer) -> Row:
    """Return the lead of the last mode at the end of meta-training; below 0 the first mode is ahead."""
    ahead, resampled = outer.leads()
    return outer.row(ahead[-1], resampled[:, -1])


def outer_points(outer: Outer) -> Iterator[dict[str, object]]:
    """Yield the points of the curves over training steps, with their intervals."""
    tail = (1 - LEVEL) / 2
    for mode, label in enumerate(outer.recoveries.mode_labels):
        for index, step in enumerate(outer.recoveries.steps):
            ends = np.quantile(outer.resampled[:, index, mode], [tail, 1 - tail])
            interval = Interval(float(outer.curves[index, mode]), float(ends[0]), float(ends[1]))
            yield {
                "condition": outer.recoveries.moment,
                "system": "network",
                "role": "network",
                "kind": "outer",
                "mode": mode,
                "mode_label": label,
                "x": float(step),
                "x_unit": STEPS,
                **interval._asdict(),
            }
