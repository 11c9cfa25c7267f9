"""Shared parts of the functions of Gittins indices: checks of arguments, sharing of sweeps, brackets of indices."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bayesopt.inputs import Numbers, as_floats
from bayesopt.planning.certified import CertifiedIndex

Real = Numbers
"""A number, or an array of numbers that broadcasts with the other arguments."""

SMALLEST_NUM_OBSERVATIONS = 1e-200
"""Smallest number of observations that a Gaussian belief is worth; below it squares of scales leave float64."""

Bracket = tuple[Float[np.ndarray, " arm"], Float[np.ndarray, " arm"]]
"""Proved lower and upper bounds of the indices of a run of arms."""


class Run(NamedTuple):
    """Arms that share one backward sweep: each has a whole number of observations more than the first."""

    members: Int[np.ndarray, " arm"]
    """Their positions among all requested arms."""

    offsets: Int[np.ndarray, " arm"]
    """Observations more than the first arm of the run, in ascending order."""


def require(name: str, value: Real, is_allowed: Callable[[np.ndarray], np.ndarray], allowed: str) -> None:
    """Require finite and allowed values. Raises `ValueError` naming the first other value."""
    values = as_floats(name, value).ravel()
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(values) & is_allowed(values))
    if wrong.any():
        raise ValueError(f"{name} must be {allowed}; got {values[wrong][0]}")


def require_discount_and_tolerance(discount: Real, tolerance: Real) -> None:
    """Require discounts in [0, 1) and positive tolerances."""
    require("discount", discount, lambda x: (x >= 0) & (x < 1), "in [0, 1)")
    require("tolerance", tolerance, lambda x: x > 0, "positive and finite")


def runs(
    level: Float[np.ndarray, " arm"], same: list[Float[np.ndarray, " arm"]], longest_gap: Callable[[int], float]
) -> Iterator[Run]:
    """Yield runs of arms with equal `same` and equal fractional part of `level`, split at gaps that are too wide.

    `longest_gap(position)` returns the largest gap, in levels from the arm at that position to the next, over which
    continuing a sweep is cheaper than starting another.
    """
    keys = np.stack([level % 1.0, *same])
    _, group = np.unique(keys, axis=1, return_inverse=True)
    for label in range(group.max(initial=-1) + 1):
        members = np.flatnonzero(group == label)
        members = members[np.argsort(level[members], kind="stable")]
        gaps = np.diff(level[members])
        splits = [i + 1 for i in np.flatnonzero(gaps > 0) if gaps[i] > longest_gap(int(members[i]))]
        for part in np.split(members, splits):
            yield Run(part, (level[part] - level[part[0]]).astype(int))


def horizon(num_observations: float, discount: float, tolerance: float, *, margin: float = 0.0) -> int:
    """Return how many pulls of a Gaussian arm to look ahead for an error of `tolerance * exp(-margin)`.

    The tolerance is in observation scales.

    It is a fit to measured horizons (1e-3 to 1e6 observations, discounts .1 to .9999). Only speed depends on it.
    """
    rate, candidates = -np.log(discount), 1.04 ** np.arange(600)
    later = num_observations + candidates
    with np.errstate(over="ignore"):
        spared = 1.4 + 0.4 * np.log(later / num_observations) + 0.5 * np.log1p(100 * rate)
        spared += 0.35 * min(0.0, np.log(100 * rate)) - margin
        is_enough = rate * candidates >= -np.log(tolerance * later) - spared
    return 2 + int(candidates[np.argmax(is_enough) if is_enough.any() else -1])


def refined(
    sweeps: Callable[[int, float, float], Bracket],
    tolerance: Float[np.ndarray, " arm"],
    *,
    discount: float,
    num_levels: int,
    spacing: float,
    rounding: float = 0.0,
    unit: str = "",
) -> Bracket:
    """Return brackets of half-width `tolerance` or less, by looking further ahead and refining the grid.

    `sweeps(num_levels, spacing, reached)` returns brackets, or raises if that is too much work; `reached` is the
    half-width of the best brackets so far, relative to the tolerance. The grid's part of the width falls with the
    square of `spacing`, so two coarse sweeps separate it from the horizon's part. Rounding errors make the half-width
    at least `rounding / spacing`, in the unit of the tolerance. Raises `ValueError` where they prevent the tolerance;
    the message names its `unit`.
    """

    def excess(bracket: Bracket) -> float:
        return float(((bracket[1] - bracket[0]) / tolerance).max()) / 2 * (1 + 1e-9)

    smallest = float(tolerance.min())
    best = reached = np.inf
    while True:
        bracket = sweeps(num_levels, spacing, reached)
        coarse = reached = excess(bracket)
        if coarse > 1:
            bracket = sweeps(num_levels, spacing / 2, reached)
            reached = excess(bracket)
        if reached <= 1:
            return bracket
        of_grid = max(coarse - reached, 0.0) * 4 / 3
        of_horizon = coarse - of_grid
        finer = spacing * min(0.5, np.sqrt(0.55 / max(of_grid, 0.55)))
        is_stuck = reached > 1.1 * coarse or min(coarse, reached) > 0.95 * best
        best = min(best, coarse, reached)
        if is_stuck or rounding > finer * smallest:
            # grid and rounding together are smallest at this spacing
            balanced = spacing * np.cbrt(0.5 * rounding / (spacing * smallest * max(of_grid, 1e-300)))
            least = best * smallest if is_stuck else 1.5 * rounding / balanced
            raise ValueError(
                f"tolerance must be at least about {1.5 * least:.1e}{unit} at this discount, the limit of float64; "
                f"got {smallest:.3g}"
            )
        if of_horizon > 0.3:
            num_levels += 1 + int(max(0.3, 0.5 * np.log(min(of_horizon / 0.3, 1e3))) / -np.log(discount))
        spacing = finer


def require_reachable(tolerance: float, index: float, share: float, unit: str = "") -> None:
    """Raise `ValueError` if the tolerance is below this share of an index, which no sweep can reach."""
    if not tolerance >= share * index:
        raise ValueError(
            f"tolerance must be at least {share * index:.1e}{unit}, and more at high discounts; got {tolerance:.3g}"
        )


def refuse(tolerance: float, work: float, reached: float, *, order: int, unit: str = "") -> None:
    """Raise `ValueError` if `work` exceeds 1, the largest allowed amount; `reached` is as in `refined`.

    The width of brackets is inversely proportional to the work to the power `order`.
    """
    if work > 1:
        smallest = tolerance * min(1.05 * reached, 1.5 * work**order)
        raise ValueError(
            f"tolerance must be at least about {smallest:.1e}{unit} at this discount; got {tolerance:.3g}, which takes "
            f"{work:.1f} times the allowed work"
        )


def certified(
    lower: Float[np.ndarray, "*batch"], upper: Float[np.ndarray, "*batch"], *, is_scalar: bool
) -> CertifiedIndex:
    """Return the middle of every bracket; the error bound is half its width plus rounding errors."""
    index, error_bound = (lower + upper) / 2, (upper - lower) / 2 + 4e-16 * (abs(lower) + abs(upper))
    return CertifiedIndex(index.item(), error_bound.item()) if is_scalar else CertifiedIndex(index, error_bound)
