"""Paths of recovery curves as a function of their mean over modes, as `comparisons.order.concurrency` explains."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

NUM_LEVELS = 256
"""Midpoints at which integrals over mean recovery are taken; doubling them moves scores by less than 1e-5."""


Range = tuple[float, float]


class Passage(NamedTuple):
    """Where a curve passes each level: on the straight line from one record to a neighbour."""

    before: Int[np.ndarray, "*batch level"]
    """Index of the record on the near side."""
    after: Int[np.ndarray, "*batch level"]
    """Index of the record on the far side."""
    fraction: Float[np.ndarray, "*batch level"]
    """How far from the near to the far one, in (0, 1]; NaN where the level is not passed."""


def path_at_mean(
    curves: Float[np.ndarray, "*batch time mode"], levels: Float[np.ndarray, "*batch level"]
) -> Float[np.ndarray, "*batch level mode"]:
    """ρ where its mean over modes is m: half-way between the first and the last such time, so that noise cancels.

    Levels must lie strictly between the mean at the first and at the last record.
    """
    first, last = passages(curves, levels)
    return 0.5 * (read(curves, first) + read(curves, last))


def passages(
    curves: Float[np.ndarray, "*batch time mode"], levels: Float[np.ndarray, "*batch level"]
) -> tuple[Passage, Passage]:
    """Where the mean over modes first reaches each level, and where it is last at or below it.

    Raises `ValueError` for curves of a single record, which have no path.
    """
    mean = curves.mean(axis=-1)
    if mean.shape[-1] < 2:
        raise ValueError(f"curves must have at least 2 records to have a path; got {mean.shape[-1]}")
    last_record = mean.shape[-1] - 1
    mirrored = _first_passage(-mean[..., ::-1], -levels)
    last = Passage(last_record - mirrored.before, last_record - mirrored.after, mirrored.fraction)
    return _first_passage(mean, levels), last


def read(curves: Float[np.ndarray, "*batch time mode"], passage: Passage) -> Float[np.ndarray, "*batch level mode"]:
    """The curves at a passage."""
    before, after = (np.take_along_axis(curves, index[..., None], axis=-2) for index in passage[:2])
    return before + (after - before) * passage.fraction[..., None]


def sequential_path(
    levels: Float[np.ndarray, "*batch level"], stages: Int[np.ndarray, "mode"]
) -> Float[np.ndarray, "*batch level mode"]:
    """Strictly staged learning at mean recovery m in [0, 1]: the modes of a stage rise together, stage after stage."""
    num_earlier = (stages[None, :] < stages[:, None]).sum(axis=1)
    num_together = (stages[None, :] == stages[:, None]).sum(axis=1)
    return np.clip((len(stages) * levels[..., None] - num_earlier) / num_together, 0.0, 1.0)


def range_of_mean(
    curves: Float[np.ndarray, "*batch time mode"],
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """Mean over modes at the first and at the last record, between which the path can be read."""
    return np.asarray(curves[..., 0, :].mean(axis=-1)), np.asarray(curves[..., -1, :].mean(axis=-1))


def levels_in(low: Float[np.ndarray, "*batch"], high: Float[np.ndarray, "*batch"]) -> Float[np.ndarray, "*batch level"]:
    """Midpoints of equal pieces of a range of mean recovery; NaN where the range is empty."""
    low, high = np.where(low < high, low, np.nan)[..., None], np.where(low < high, high, np.nan)[..., None]
    return low + (high - low) * (np.arange(NUM_LEVELS) + 0.5) / NUM_LEVELS


def _first_passage(mean: Float[np.ndarray, "*batch time"], levels: Float[np.ndarray, "*batch level"]) -> Passage:
    """The running maximum first reaches m where the mean itself does, coming from below."""
    maximum = np.maximum.accumulate(mean, axis=-1)
    after = np.empty(levels.shape, np.int64)
    for index in np.ndindex(levels.shape[:-1]):
        after[index] = np.searchsorted(maximum[index], levels[index])
    after = np.clip(after, 1, mean.shape[-1] - 1)
    mean_before, mean_after = (np.take_along_axis(mean, index, axis=-1) for index in (after - 1, after))
    with np.errstate(invalid="ignore", divide="ignore"):  # for levels that are NaN
        return Passage(after - 1, after, (levels - mean_before) / (mean_after - mean_before))
