"""Geometry of the hidden states of a recurrent network: steps, principal components, dimension.

States are those after each trial, one lifetime per task. Distances are in units of the hidden state; for an LSTM, put
hidden and cell states in one array or take the hidden ones alone. After Lange & Sprekeler 2020 (arXiv 2010.04466),
figures 3 and 9.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

from comparisons.statistics.intervals import LEVEL, Interval, jackknife_interval

_MAX_BLOCKS = 200
"""More tasks than these are pooled into as many blocks of neighbours, which bounds the memory of their covariances."""


class PrincipalCoordinates(NamedTuple):
    """States in their principal components."""

    coordinates: Float[np.ndarray, "task time component"]
    """Distances from the mean state, in units of the hidden state."""
    explained: Float[np.ndarray, "component"]
    """Each direction's share of the total variance, in descending order; NaN where states do not vary."""
    directions: Float[np.ndarray, "component hidden"]
    """Unit vectors; the entry of largest size is positive."""
    center: Float[np.ndarray, "hidden"]
    """The mean state."""


class Occupancy(NamedTuple):
    """Fractions of all visits that fall into each bin of a square of the first two coordinates."""

    probs: Float[np.ndarray, "first_bin second_bin"]
    """Sum to 1."""
    edges: Float[np.ndarray, "edge"]
    """Of the bins, the same for both coordinates, in units of the hidden state."""
    outside: float
    """The share of visits outside the square, which `probs` leave out."""


def state_changes(states: Float[np.ndarray, "task time hidden"]) -> Float[np.ndarray, "task time-1"]:
    """Return the Euclidean length of each step; entry t is the step between trials t and t + 1."""
    return np.linalg.norm(np.diff(states, axis=1), axis=-1)


def policy_entropy(action_probs: Float[np.ndarray, "*batch arm"]) -> Float[np.ndarray, "*batch"]:
    """Return the entropy of the distribution over arms in nats, from 0 (deterministic) to log(arms) (uniform).

    Raises `ValueError` for probabilities below 0, or that do not sum to 1 within 1e-4 (they may be float32).
    """
    totals = action_probs.sum(axis=-1)
    if not ((action_probs >= 0).all() and (np.abs(totals - 1) < 1e-4).all()):
        raise ValueError(
            f"action_probs must be at least 0 and sum to 1; got a least one of {action_probs.min()} and sums from "
            f"{totals.min()} to {totals.max()}"
        )
    return special.entr(action_probs).sum(axis=-1)


def principal_coordinates(
    states: Float[np.ndarray, "task time hidden"], *, num_components: int = 2
) -> PrincipalCoordinates:
    """Return the principal components of all states, over tasks and trials, and the states in them.

    Raises `ValueError` for a number of components outside 1 to the number of hidden units, or of visits if fewer.
    """
    num_tasks, length, num_hidden = states.shape
    largest = min(num_hidden, num_tasks * length)
    if not 1 <= num_components <= largest:
        raise ValueError(f"num_components must be in 1 to {largest}; got {num_components}")
    rows = states.reshape(-1, num_hidden).astype(np.float64)
    center = rows.mean(axis=0)
    _, lengths, directions = np.linalg.svd(rows - center, full_matrices=False)
    directions = directions[:num_components]
    largest_entries = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    directions = directions * np.sign(largest_entries)
    total = (lengths**2).sum()
    explained = lengths[:num_components] ** 2 / total if total > 0 else np.full(num_components, np.nan)
    coordinates = ((rows - center) @ directions.T).reshape(num_tasks, length, num_components)
    return PrincipalCoordinates(coordinates, explained, directions, center)


def occupancy(coordinates: Float[np.ndarray, "task time 2"], *, bound: float, num_bins: int = 40) -> Occupancy:
    """Return the histogram of all visits over the square from −bound to bound in both coordinates.

    Raises `ValueError` for a bound that is not positive, fewer than 1 bin, or a square that no state visits.
    """
    if not bound > 0 or num_bins < 1:
        raise ValueError(f"bound must be positive and num_bins at least 1; got {bound} and {num_bins}")
    rows = coordinates.reshape(-1, 2)
    edges = np.linspace(-bound, bound, num_bins + 1)
    counts = np.histogram2d(rows[:, 0], rows[:, 1], bins=[edges, edges])[0]
    num_inside = counts.sum()
    if num_inside == 0:
        raise ValueError(f"no state is within {bound} of the center; the nearest is {np.abs(rows).max(axis=1).min()}")
    return Occupancy(counts / num_inside, edges, float(1 - num_inside / len(rows)))


def participation_ratio(states: Float[np.ndarray, "task time hidden"], *, level: float = LEVEL) -> Interval:
    """Return the participation ratio (Σλ)² / Σλ², with λ the eigenvalues of the covariance of the states.

    1 on a line, the number of hidden units where all directions vary alike (Gao et al. 2017, bioRxiv 214262). The
    interval is over tasks, by the jackknife on the logarithm; few tasks make the ratio too small.
    NaN where states do not vary. Raises `ValueError` for fewer than 2 tasks or a level outside (0, 1).
    """
    num_tasks, _, num_hidden = states.shape
    if num_tasks < 2:
        raise ValueError(f"an interval over tasks needs at least 2 tasks; got {num_tasks}")
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    if (states == states[0, 0]).all():
        return Interval(np.nan, np.nan, np.nan)
    centered = (states - states.mean(axis=(0, 1))).astype(np.float64)
    num_blocks = min(num_tasks, _MAX_BLOCKS)
    moments = np.stack([_moments(block.reshape(-1, num_hidden)) for block in np.array_split(centered, num_blocks)])
    total = moments.sum(axis=0)
    estimate = _ratio(total)
    left_out = np.array([_ratio(total - part) for part in moments])
    if np.isnan(left_out).any():  # all but one task are at one point
        return Interval(estimate, 1.0, float(num_hidden))
    ends = jackknife_interval(float(np.log(estimate)), np.log(left_out), level=level)[1:]
    lower, upper = np.clip(np.exp(ends), 1.0, num_hidden)
    return Interval(
        estimate, min(float(lower), estimate), max(float(upper), estimate)
    )  # a ratio may be off by rounding


def _moments(rows: Float[np.ndarray, "visit hidden"]) -> Float[np.ndarray, "hidden_and_one hidden_and_one"]:
    """Return sums over visits of all products of hidden units; a last unit is always 1 and counts the visits."""
    extended = np.column_stack([rows, np.ones(len(rows))])
    return extended.T @ extended


def _ratio(moments: Float[np.ndarray, "hidden_and_one hidden_and_one"]) -> float:
    """Return (tr C)² / tr C², which needs no eigenvalues; NaN where nothing varies."""
    products = moments / moments[-1, -1]
    covariance = products[:-1, :-1] - np.outer(products[-1, :-1], products[-1, :-1])
    size = float((covariance**2).sum())
    return float(np.trace(covariance)) ** 2 / size if size > 0 else np.nan
