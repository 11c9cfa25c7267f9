"""Recovery curves of the modes of a task: how much of each is learned by when, how late each is, how far from Bayes.

A *mode* is a part of a task that can be learned on its own: a singular mode of a matrix, a frequency of a function, a
context of a bandit. Every system (network, exact Bayes, gradient learner) gives for each task a signed overlap of its
map with every mode, and the task gives the mode's strength:

* singular modes of W = U S Vᵀ: overlap [Uᵀ Ŵ_t V]_kk, strength s_k;
* frequencies: Re conj(F_k) F̂_k(t) and |F_k|²;
* contexts of a bandit with n arms: p_k(t) − 1/n and 1 − 1/n, where p_k is the probability of the right arm.

The normalised recovery ρ_k(t) is the mean overlap over the mean strength: 0 is nothing (or chance), 1 is learned. It
is a ratio of means. A mean of the tasks' own ratios would be dominated by the tasks in which the mode is weak, and has
no finite variance where strengths come near zero, as those of random functions do. Everything here is in units
of ρ or of the learner's own time. A mode that no task contains has no recovery: its ρ is NaN throughout, and every
summary over modes leaves it out and is NaN where none is left (`num_undefined` counts them).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bayesopt.inputs import Numbers, as_floats, as_reals
from comparisons.statistics.intervals import LEVEL, reach_of
from comparisons.statistics.resampling import NUM_RESAMPLES, resampled_weights, summed_in_blocks, weights_of_seeds

Curves = Float[np.ndarray, "*batch time mode"]


@dataclass(frozen=True, eq=False)
class Recoveries:
    """What a system has recovered of every mode, by task and time; modes are ordered strongest first.

    Raises `ValueError` for shapes that do not fit, values that are not finite, or a negative strength.
    """

    overlaps: Float[np.ndarray, "training_seed task time mode"]
    """Signed overlap of the learned map with the mode, in the unit of the strength; one seed if nothing is trained."""
    strengths: Float[np.ndarray, "task mode"]
    """The overlap at which the mode is learned; 0 where the task lacks the mode."""

    def __post_init__(self):
        for name in ("overlaps", "strengths"):
            object.__setattr__(self, name, as_reals(name, getattr(self, name)))
        shape, expected = self.strengths.shape, self.overlaps.shape[1::2]
        if self.overlaps.ndim != 4 or shape != expected or 0 in self.overlaps.shape:
            raise ValueError(
                "overlaps must have the shape (training_seed, task, time, mode), none of them empty, and strengths "
                f"(task, mode); got {self.overlaps.shape} and {shape}"
            )
        if (self.strengths < 0).any():
            raise ValueError(f"strengths must be at least 0; got {self.strengths.min()}")


class CurveIntervals(NamedTuple):
    """Recovery curves with the ends of their intervals, point by point."""

    estimate: Float[np.ndarray, "time mode"]
    lower: Float[np.ndarray, "time mode"]
    upper: Float[np.ndarray, "time mode"]


class ResampledCurves(NamedTuple):
    """Recovery curves under one set of resamples of tasks and seeds, from which every summary takes its interval."""

    by_seed: Float[np.ndarray, "training_seed resample time mode"]
    """Each network's curves over the resampled tasks, which are the same for all networks."""
    seed_weights: Float[np.ndarray, "resample training_seed"]
    """What each network counts in each resample; sums to 1."""


def recovery_curves_by_seed(recoveries: Recoveries) -> Float[np.ndarray, "training_seed time mode"]:
    """ρ_k(t) of every network: mean overlap over mean strength; NaN for modes without strength."""
    return _recovery(recoveries.overlaps.mean(axis=1), recoveries.strengths.mean(axis=0))


def recovery_curves(recoveries: Recoveries) -> Float[np.ndarray, "time mode"]:
    """ρ_k(t), the mean over networks of `recovery_curves_by_seed`."""
    return recovery_curves_by_seed(recoveries).mean(axis=0)


def num_undefined(recoveries: Recoveries) -> int:
    """How many modes no task contains, so that their recovery is undefined."""
    return int((recoveries.strengths.sum(axis=0) == 0).sum())


def resampled_curves_by_seed(
    recoveries: Recoveries, *, seed: int, num_resamples: int = NUM_RESAMPLES
) -> ResampledCurves:
    """Curves under resamples of tasks and, independently, of networks (`comparisons.statistics.resampling` says how).

    Raises `ValueError` for fewer than 2 tasks.
    """
    num_seeds, num_tasks, length, num_modes = recoveries.overlaps.shape
    if num_tasks < 2:
        raise ValueError(f"an interval over tasks needs at least 2 tasks; got {num_tasks}")
    strengths = summed_in_blocks(recoveries.strengths.T)
    task_weights = resampled_weights(strengths.shape[-1], seed=seed, num_resamples=num_resamples)
    denominators = (task_weights @ strengths.T)[:, None]
    is_empty = strengths.sum(axis=-1) == 0  # weights of either sign could make a 0 of a mode that is there
    by_seed = np.empty((num_seeds, num_resamples, length, num_modes))
    for overlaps, curves in zip(recoveries.overlaps, by_seed, strict=True):
        sums = summed_in_blocks(np.ascontiguousarray(overlaps.reshape(num_tasks, -1).T))
        curves[:] = _recovery((task_weights @ sums.T).reshape(curves.shape), np.where(is_empty, 0.0, denominators))
    seed_weights = weights_of_seeds(num_seeds, seed=seed + 1, num_resamples=num_resamples)
    return ResampledCurves(by_seed, seed_weights)


def resampled_curves(
    recoveries: Recoveries, *, seed: int, num_resamples: int = NUM_RESAMPLES
) -> Float[np.ndarray, "resample time mode"]:
    """`recovery_curves` under each resample: how far they are from it gives distances and maxima their intervals."""
    resampled = resampled_curves_by_seed(recoveries, seed=seed, num_resamples=num_resamples)
    return np.einsum("rn,nrtk->rtk", resampled.seed_weights, resampled.by_seed)


class Influence(NamedTuple):
    """How far recovery curves are moved by each task, and by each network; both have mean 0."""

    by_task: Float[np.ndarray, "time mode task"]
    by_seed: Float[np.ndarray, "time mode training_seed"]


def influence_on_recovery(recoveries: Recoveries) -> Influence:
    """Return the influence of tasks and networks on every point of `recovery_curves`, for intervals of their means."""
    by_seed = recovery_curves_by_seed(recoveries)
    curves, strengths = by_seed.mean(axis=0), recoveries.strengths
    residuals = recoveries.overlaps.mean(axis=0) - curves * strengths[:, None]
    by_task = _recovery(residuals, strengths.mean(axis=0))
    return Influence(np.moveaxis(by_task, 0, -1), np.moveaxis(by_seed - curves, 0, -1))


def recovery_intervals(recoveries: Recoveries, *, level: float = LEVEL) -> CurveIntervals:
    """Recovery curves with intervals over tasks and networks, each point by itself.

    Raises `ValueError` for fewer than 2 tasks or a level outside (0, 1).
    """
    curves, reach = recovery_curves(recoveries), reach_of(*influence_on_recovery(recoveries), level=level)
    return CurveIntervals(curves, curves - reach.below, curves + reach.above)


def half_times(curves: Numbers, times: Numbers, *, level: float = 0.5) -> Float[np.ndarray, "*batch mode"]:
    """When each curve first reaches `level`, in the unit of `times`, on the straight line between two records.

    The first record's time where the curve starts there, infinite where it is never reached (censored), NaN for a
    curve that is NaN. Raises `ValueError` for times that decrease or do not fit the curves.
    """
    curves, times = _checked(curves, times)
    is_reached = curves >= level
    first = is_reached.argmax(axis=-2)[..., None, :]
    before = np.maximum(first - 1, 0)
    value, value_before = (np.take_along_axis(curves, index, axis=-2)[..., 0, :] for index in (first, before))
    time, time_before = (times[index[..., 0, :]] for index in (first, before))
    rise = np.where(first[..., 0, :] > 0, value - value_before, 1.0)  # at the first record no time passes
    crossing = time_before + (time - time_before) * (level - value_before) / rise
    crossing = np.where(is_reached.any(axis=-2), crossing, np.inf)
    return np.where(np.isnan(curves).any(axis=-2), np.nan, crossing)


def staggering(half_times: Numbers) -> Float[np.ndarray, "*batch"]:
    """G = max_k t_k(½) / min_k t_k(½): 1 where all modes are learned at once.

    Infinite where some mode is censored (or some, but not all, are there at time 0); NaN where all are.
    """
    half_times = as_floats("half_times", half_times)
    is_defined = ~np.isnan(half_times)
    last = np.where(is_defined, half_times, -np.inf).max(axis=-1)
    first = np.where(is_defined, half_times, np.inf).min(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(is_defined.any(axis=-1), last / first, np.nan)


def spread(curves: Numbers) -> Float[np.ndarray, "*batch"]:
    """max_t (max_k ρ_k(t) − min_k ρ_k(t)): the furthest that two modes are apart at any time."""
    curves = as_floats("curves", curves)
    is_defined = ~np.isnan(curves)
    highest, lowest = np.where(is_defined, curves, -np.inf).max(-1), np.where(is_defined, curves, np.inf).min(-1)
    return np.where(is_defined.any(axis=(-2, -1)), (highest - lowest).max(axis=-1), np.nan)


def area_between(curves: Numbers, reference: Numbers, times: Numbers) -> Float[np.ndarray, "*batch"]:
    """Mean over modes and over time of |ρ_k(t) − reference_k(t)|, in units of ρ; trapezoids between the records.

    Both are on the same times; a mode that either lacks is left out. Raises `ValueError` for times that decrease, do
    not fit or span no time.
    """
    curves, times = _checked(curves, times)
    reference = as_floats("reference", reference)
    if times[-1] == times[0]:
        raise ValueError(f"times must span some time; all are {times[0]}")
    by_mode = np.trapezoid(np.abs(curves - reference), times, axis=-2) / (times[-1] - times[0])
    is_defined = ~np.isnan(by_mode)
    count = is_defined.sum(axis=-1)
    total = np.where(is_defined, by_mode, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _recovery(
    overlaps: Float[np.ndarray, "*batch mode"], strengths: Float[np.ndarray, "*#batch mode"]
) -> Float[np.ndarray, "*batch mode"]:
    return np.divide(overlaps, strengths, out=np.full(overlaps.shape, np.nan), where=strengths != 0)


def _checked(curves: Numbers, times: Numbers) -> tuple[Curves, Float[np.ndarray, "time"]]:
    curves, times = as_floats("curves", curves), as_reals("times", times)
    if curves.ndim < 2 or times.ndim != 1:
        raise ValueError(
            f"curves must have shape (..., time, mode) and times (time,); got {curves.shape}, {times.shape}"
        )
    if len(times) != curves.shape[-2] or not (np.diff(times) >= 0).all():
        raise ValueError(f"times must not decrease and be {curves.shape[-2]}, as many as the records; got {times}")
    return curves, times
