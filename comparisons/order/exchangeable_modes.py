"""Half-times of modes that are alike before a task begins, such as the contexts of a bandit.

Which context is learned first differs from task to task, so a mean over tasks hides the stages in which a learner
learns; sorting each task's contexts by when they were learned shows stages even where there are none, as anything
random does once it is sorted. Two remedies: rank the contexts of a task by what was known *before* the outcome
(`ranked_by`), and hold the sorted half-times against the same statistic of exact Bayes on as many tasks
(`compare_order_statistics`). Half-times that were not reached count as the last record's time (the restricted mean of
survival analysis, Royston & Parmar 2011, Stat. Med. 30), with their number beside them.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from comparisons.order.trajectories import Recoveries, half_times
from comparisons.statistics.intervals import Interval, mean_interval


class OrderStatistic(NamedTuple):
    """The j-th earliest half-time of a task: a learner's, that of exact Bayes, and by how much the learner is later."""

    learner: Interval
    """Restricted mean, in the unit of the times."""
    reference: Interval
    difference: Interval
    """Learner minus reference, paired by task."""
    num_censored: int
    """How many of the learner's, over tasks and networks, were not reached."""
    num_censored_reference: int


def ranked_by(recoveries: Recoveries, initial: Float[np.ndarray, "training_seed task mode"]) -> Recoveries:
    """The same recoveries with the modes of each task in the order of `initial`, highest first; ties keep their order.

    `initial` is what the learner had at the start, e.g. `recoveries.overlaps[:, :, 0]`, and nothing that came later.
    Raises `ValueError` where the modes of a task differ in strength, since they are then not exchangeable.
    """
    if not (recoveries.strengths == recoveries.strengths[:, :1]).all():
        raise ValueError("modes of different strength are not exchangeable; compare their mean curves instead")
    order = np.argsort(-initial, axis=2, kind="stable")
    return Recoveries(np.take_along_axis(recoveries.overlaps, order[:, :, None], axis=3), recoveries.strengths)


def task_half_times(
    recoveries: Recoveries, times: Float[np.ndarray, "time"], *, level: float = 0.5
) -> Float[np.ndarray, "training_seed task mode"]:
    """Half-times of each task's own curves, in the unit of `times`; infinite where not reached by the last record.

    Raises `ValueError` where a task lacks a mode, or as `half_times`.
    """
    if (recoveries.strengths == 0).any():
        raise ValueError(f"every task must have every mode; {int((recoveries.strengths == 0).sum())} have strength 0")
    return half_times(recoveries.overlaps / recoveries.strengths[:, None], times, level=level)


def compare_order_statistics(
    learner: Float[np.ndarray, "training_seed task mode"],
    reference: Float[np.ndarray, "reference_seed task mode"],
    horizon: float,
) -> tuple[OrderStatistic, ...]:
    """Sorted half-times of a learner beside those of exact Bayes on as many tasks, earliest first.

    Both are `task_half_times`, `horizon` is the last record's time; the reference is one for all networks, or one for
    each. Rows of one task are paired, which is right for the same tasks and harmless for others. Raises `ValueError`
    for half-times that are undefined, or reached after the horizon.
    """
    for values in (learner, reference):
        if np.isnan(values).any() or (values[np.isfinite(values)] > horizon).any():
            raise ValueError(f"half-times must be defined, and infinite or at most the horizon, {horizon}")
    learner, reference = np.sort(learner, axis=2), np.sort(reference, axis=2)
    rows = []
    for rank in range(learner.shape[2]):
        late, early = learner[:, :, rank], reference[:, :, rank]
        restricted, restricted_reference = np.minimum(late, horizon), np.minimum(early, horizon)
        rows.append(
            OrderStatistic(
                mean_interval(restricted),
                mean_interval(restricted_reference),
                mean_interval(restricted - restricted_reference),
                int(np.isinf(late).sum()),
                int(np.isinf(early).sum()),
            )
        )
    return tuple(rows)
