"""Does a learner learn the modes of a task together or one after another? Only its path counts, not its speed.

A learner's recovery curves trace a path (ρ_1, …, ρ_K) from nothing to everything learned. The path is read as a
function of its own mean over modes ρ̄, and placed on the axis between two poles:

* B, exact Bayes;
* S, strictly staged learning, strongest mode first: with K modes, ρ_1 rises from 0 to 1 while ρ̄ goes from 0 to 1/K,
  then ρ_2, and so on. It is the limit u₀ → 0 of a two-layer linear network,
  u(t) = s e^{2st/τ} / (e^{2st/τ} − 1 + s/u₀) (Saxe et al. 2013, arXiv:1312.6120): the time to half,
  τ/(2s) ln(s/u₀ − 1), grows without bound and in proportion to 1/s, the width of the rise does not grow, and modes of
  equal strength rise together.

    c = ⟨P − B, S − B⟩ / ‖S − B‖²  in L2(ρ̄)

is 0 at Bayes, 1 at strictly staged learning, and negative for a weak-first order; the residual
‖P − B − c (S − B)‖ says how far the path is off the axis, in units of ρ. All norms are root mean squares over the modes
and over the range of ρ̄ that learner, B and S share. Where the poles are closer than `MIN_POLE_DISTANCE` there is no
axis and the score is undefined.

**The path at mean m.** Curves are straight between records. With noise ρ̄ is not monotone; it is made so in time twice,
as its running maximum and as the minimum of what is to come, and the path is the average of ρ at the first time the one
reaches m and at the last time the other is at most m:

    P(m) = ½ ρ(τ₁(m)) + ½ ρ(τ₂(m)),  τ₁(m) = min{t : ρ̄(t) ≥ m},  τ₂(m) = max{t : ρ̄(t) ≤ m}

for m between ρ̄ at the first and at the last record, where both exist. By continuity ρ̄ = m at both times, so the mean
of P(m) over modes is m exactly. (Reading at τ₁ alone would pick the upward fluctuations of ρ̄, and with them those of
the noisiest modes; τ₂ picks the downward ones. Least squares, `isotonic_regression`, would depend on how many records
a lull has.)

**Monotone time warps change nothing.** Let ρ'(t) = ρ(φ(t)) with φ continuous, non-decreasing and onto. Then
{t : ρ̄'(t) ≥ m} = φ⁻¹{u : ρ̄(u) ≥ m}. Let t₁ be the minimum of the left side and u₁ that of the set on the right.
φ(t₁) lies in that set, so φ(t₁) ≥ u₁; φ is onto, so some t has φ(t) = u₁, it lies in the left side, hence t ≥ t₁ and
u₁ = φ(t) ≥ φ(t₁). So φ(t₁) = u₁ and ρ'(t₁) = ρ(u₁). The same holds for τ₂ with max and ≤, and the ends keep their
values, so P, its range and c are the same. Among warps are records repeated, records added on the straight line between
two, and new labels for the times: the score takes no times at all.

The score is relative to the prior. Where the prior tells modes apart, Bayes itself learns them one after the other and
still has c = 0; the staggering G of `comparisons.order.trajectories` shows that.

The score of several networks is the mean of their scores, each on its own path: averaging curves of different speed
first would blur their stages. B is taken as known; where it is simulated, simulate many more tasks.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.inputs import as_floats, as_integers, as_reals
from comparisons.order.paths import Range, levels_in, path_at_mean, range_of_mean, sequential_path
from comparisons.order.trajectories import Recoveries, recovery_curves_by_seed, resampled_curves_by_seed
from comparisons.statistics.intervals import Interval
from comparisons.statistics.resampling import NUM_RESAMPLES, distance_interval

EQUIVALENCE_LEVEL = 0.90


MARGIN = 0.1


MIN_POLE_DISTANCE = 0.05


Placement = Literal["concurrent", "strongest first", "weakest first", "undecided", "undefined"]


@dataclass(frozen=True, eq=False)
class Poles:
    """What a learner is placed between. Raises `ValueError` for parts that do not fit or a range outside [0, 1]."""

    bayes: Float[np.ndarray, "reference_time mode"]
    """Recovery curves of exact Bayes, on any times of its own."""
    stages: Int[np.ndarray, "mode"]
    """The stage in which the sequential pole learns each mode, lowest first; modes of one stage rise together."""
    within: Range = (0.0, 1.0)
    """Mean recovery outside this range is left out, so that several learners can be held to one range."""

    def __post_init__(self):
        object.__setattr__(self, "bayes", as_floats("bayes", self.bayes))
        object.__setattr__(self, "stages", as_integers("stages", self.stages))
        object.__setattr__(self, "within", tuple(as_reals("within", self.within).tolist()))
        if self.bayes.ndim != 2 or len(self.bayes) == 0 or self.stages.shape != self.bayes.shape[1:]:
            raise ValueError(
                "bayes must have the shape (time, mode), not empty, and stages (mode,); got "
                f"{self.bayes.shape} and {self.stages.shape}"
            )
        if len(self.within) != 2 or not 0 <= self.within[0] < self.within[1] <= 1:
            raise ValueError(f"within must be a range inside [0, 1]; got {self.within}")


class ConcurrencyScore(NamedTuple):
    """Where a learner's path lies between Bayes (0) and strictly staged learning (1)."""

    score: Interval
    """c; NaN where undefined."""
    residual: Interval
    """Distance of the path from the axis, in units of ρ; noise adds to it."""
    pole_distance: float
    """‖S − B‖ on the shared range, in units of ρ."""
    shared_range: Range
    """Mean recovery that the learner (every network of it), B and S all pass; NaN where there is none."""
    num_undefined_modes: int
    """Modes without recovery in the learner or in B, which are left out."""
    explanation: str
    """Why the score is undefined, or on what range it is defined."""


def stages_by_strength(strengths: Float[np.ndarray, "mode"]) -> Int[np.ndarray, "mode"]:
    """Stage of each mode in the limit u₀ → 0: strongest first, equal strengths together."""
    return np.unique(-strengths, return_inverse=True)[1].astype(np.int64)


def concurrency(
    recoveries: Recoveries,
    poles: Poles,
    *,
    seed: int,
    level: float = EQUIVALENCE_LEVEL,
    num_resamples: int = NUM_RESAMPLES,
) -> ConcurrencyScore:
    """The concurrency score with intervals over tasks and networks (over tasks alone for one network).

    Ends are as far from the score as resamples are (`comparisons.statistics.resampling`).

    Raises `ValueError` for poles that do not fit the modes, fewer than 2 tasks, or a level outside (0, 1).
    """
    curves = recovery_curves_by_seed(recoveries)
    is_defined = defined_modes(curves, poles)
    curves, poles = curves[:, :, is_defined], only_modes(poles, is_defined)
    num_undefined_modes = int((~is_defined).sum())
    undefined = Interval(np.nan, np.nan, np.nan)
    if is_defined.sum() < 2:
        reason = f"undefined: an order needs at least 2 modes that are defined; there are {int(is_defined.sum())}"
        return ConcurrencyScore(undefined, undefined, np.nan, (np.nan, np.nan), num_undefined_modes, reason)
    low, high = (float(end[0]) for end in shared_range(curves[:, None], poles))
    if not low < high:
        reason = f"undefined: learner and poles share no range of mean recovery (from {low:.3g}, to {high:.3g})"
        return ConcurrencyScore(undefined, undefined, np.nan, (np.nan, np.nan), num_undefined_modes, reason)
    scores, residuals, distance = _place(curves[:, None], poles)
    if distance[0] < MIN_POLE_DISTANCE:
        reason = f"undefined: the poles are {distance[0]:.3f} apart, closer than {MIN_POLE_DISTANCE}"
        return ConcurrencyScore(undefined, undefined, float(distance[0]), (low, high), num_undefined_modes, reason)
    resampled = resampled_curves_by_seed(recoveries, seed=seed, num_resamples=num_resamples)
    resampled_scores, resampled_residuals, _ = _place(resampled.by_seed[..., is_defined], poles)
    score, residual = (
        distance_interval(
            float(estimates.mean()),
            np.abs(np.einsum("rn,nr->r", resampled.seed_weights, values) - estimates.mean()),
            least=least,
            level=level,
        )
        for estimates, values, least in ((scores, resampled_scores, -np.inf), (residuals, resampled_residuals, 0.0))
    )
    reason = f"defined on mean recovery from {low:.3g} to {high:.3g}"
    return ConcurrencyScore(score, residual, float(distance[0]), (low, high), num_undefined_modes, reason)


def concurrency_by_seed(
    curves: Float[np.ndarray, "training_seed time mode"], poles: Poles
) -> Float[np.ndarray, "training_seed"]:
    """The score c of each network's curves on the range that all networks share; NaN where `concurrency` is undefined.

    Raises `ValueError` for poles that do not fit the modes.
    """
    is_defined = defined_modes(curves, poles)
    if is_defined.sum() < 2:
        return np.full(len(curves), np.nan)
    scores, _, distance = _place(curves[:, None, :, is_defined], only_modes(poles, is_defined))
    return np.where(distance[0] < MIN_POLE_DISTANCE, np.nan, scores[:, 0])


def verdict(score: ConcurrencyScore, *, margin: float = MARGIN) -> Placement:
    """What the interval of c says. "Concurrent" is a claim of equivalence: the interval lies inside ± margin.

    With 90 % intervals that is the test of two one-sided hypotheses at 5 % (Schuirmann 1987). An interval wholly
    beyond the margin names the order; any other is undecided. Raises `ValueError` for a margin that is not positive.
    """
    if not margin > 0:
        raise ValueError(f"margin must be positive; got {margin}")
    _, lower, upper = score.score
    if np.isnan(lower) or np.isnan(upper):
        return "undefined"
    if -margin < lower and upper < margin:
        return "concurrent"
    if lower > margin:
        return "strongest first"
    return "weakest first" if upper < -margin else "undecided"


def defined_modes(curves: Float[np.ndarray, "training_seed time mode"], poles: Poles) -> Bool[np.ndarray, "mode"]:
    """Whether each mode has a recovery in the learner and in B. Raises `ValueError` for poles that do not fit."""
    if poles.stages.shape != curves.shape[-1:]:
        raise ValueError(f"the poles must have the learner's {curves.shape[-1]} modes; got {len(poles.stages)}")
    return np.asarray(~np.isnan(curves).any(axis=(0, 1)) & ~np.isnan(poles.bayes).any(axis=0))


def only_modes(poles: Poles, is_kept: Bool[np.ndarray, "mode"]) -> Poles:
    """The poles without some modes; the sequential pole then has fewer or smaller stages."""
    return replace(poles, bayes=poles.bayes[:, is_kept], stages=poles.stages[is_kept])


def shared_range(
    curves: Float[np.ndarray, "training_seed *batch time mode"], poles: Poles
) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch"]]:
    """Mean recovery that every network, B and S all pass; empty where the first is not below the second."""
    (low, high), bayes, (first, last) = poles.within, range_of_mean(poles.bayes), range_of_mean(curves)
    lowest, highest = max(low, float(bayes[0])), min(high, float(bayes[1]))
    return np.asarray(np.maximum(first.max(axis=0), lowest)), np.asarray(np.minimum(last.min(axis=0), highest))


class _Places(NamedTuple):
    score: Float[np.ndarray, "training_seed resample"]
    residual: Float[np.ndarray, "training_seed resample"]
    pole_distance: Float[np.ndarray, "resample"]


def _place(curves: Float[np.ndarray, "training_seed resample time mode"], poles: Poles) -> _Places:
    """Project every path on the axis between the poles, each resample on its own shared range."""
    levels = levels_in(*shared_range(curves, poles))
    resampled_bayes = np.broadcast_to(poles.bayes, (len(levels), *poles.bayes.shape))
    bayes = path_at_mean(resampled_bayes, levels)
    axis = sequential_path(levels, poles.stages) - bayes
    distance = (axis**2).mean(axis=(-2, -1))
    scores, residuals = np.empty(curves.shape[:2]), np.empty(curves.shape[:2])
    for network, score, residual in zip(curves, scores, residuals, strict=True):
        gap = path_at_mean(network, levels) - bayes
        score[:] = np.divide(
            (gap * axis).mean(axis=(-2, -1)), distance, out=np.full(len(levels), np.nan), where=distance > 0
        )
        residual[:] = ((gap - score[:, None, None] * axis) ** 2).mean(axis=(-2, -1)) ** 0.5
    return _Places(scores, residuals, distance**0.5)
