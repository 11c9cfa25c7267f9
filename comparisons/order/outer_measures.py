"""How what networks learn within a task changes over their meta-training: in which order over outer time."""

from collections.abc import Iterator
from typing import SupportsFloat

import numpy as np

from comparisons.order.systems import OuterRecoveries
from comparisons.order.trajectories import Recoveries, half_times, recovery_curves, resampled_curves, staggering
from comparisons.rows import Measure, over
from comparisons.statistics.intervals import LEVEL, Interval, percentile_interval

STEPS = "training steps"


def outer_measures(outer: OuterRecoveries, *, seed: int) -> Iterator[Measure]:
    """Staggering over training steps, and by how much the last mode is ahead of the first: at its peak, and at the end.

    The last mode is the weakest one, or the highest frequency; below 0 the first mode is ahead.
    """
    curves, resampled = _curves(outer, seed=seed)
    label, seeds = f"network, {outer.moment}", over(len(outer.overlaps))

    def measure(name: str, estimate: SupportsFloat, values: np.ndarray, unit: str) -> Measure:
        return Measure(name, label, *percentile_interval(float(estimate), values), unit, seeds)

    reached, resampled_reached = half_times(curves, outer.steps), half_times(resampled, outer.steps)
    yield measure("outer_staggering", staggering(reached), staggering(resampled_reached), "ratio")
    with np.errstate(invalid="ignore"):
        order = [times[..., -1] / times[..., 0] for times in (reached, resampled_reached)]
    yield measure("outer_last_over_first", order[0], order[1], "ratio")
    ahead = [values[..., -1] - values[..., 0] for values in (curves, resampled)]
    peak = np.abs(ahead[0]).argmax()
    yield measure("outer_lead_at_peak", ahead[0][peak], ahead[1][:, peak], "recovery")
    yield measure("outer_lead_at_end", ahead[0][-1], ahead[1][:, -1], "recovery")


def outer_points(outer: OuterRecoveries, *, seed: int) -> Iterator[dict[str, object]]:
    """The points of the curves over training steps, with their intervals."""
    curves, resampled = _curves(outer, seed=seed)
    for mode, label in enumerate(outer.mode_labels):
        for index, step in enumerate(outer.steps):
            tail = (1 - LEVEL) / 2
            ends = np.quantile(resampled[:, index, mode], [tail, 1 - tail])
            interval = Interval(float(curves[index, mode]), float(ends[0]), float(ends[1]))
            yield {
                "condition": outer.moment,
                "system": "network",
                "role": "network",
                "kind": "outer",
                "mode": mode,
                "mode_label": label,
                "x": float(step),
                "x_unit": STEPS,
                **interval._asdict(),
            }


def _curves(outer: OuterRecoveries, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Recoveries by training step and mode, and the same under resamples; steps stand where times do."""
    recoveries = Recoveries(outer.overlaps.transpose(0, 2, 1, 3), outer.strengths)
    return recovery_curves(recoveries), resampled_curves(recoveries, seed=seed)
