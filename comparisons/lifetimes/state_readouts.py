"""Linear decoding of two kinds of tasks, such as those in which either arm is better, from hidden states."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from comparisons.statistics.counts import share_interval
from comparisons.statistics.intervals import LEVEL, Interval
from comparisons.statistics.resampling import NUM_RESAMPLES, distance_interval

NUM_SHUFFLES = 100


NUM_FOLDS = 5


SHRINKAGE = 0.1
"""Weight of a multiple of the identity with the same trace in the covariance within kinds."""


class Separation(NamedTuple):
    """Distance between the states of two kinds of tasks, and accuracy of a linear decoder of the kind."""

    distance: Interval
    """Between the two mean states, in units of the root mean squared distance of states from the mean of their kind.

    0 if the means are no further apart than the means of two samples of one kind would be.
    """
    accuracy: Interval
    """Accuracy of the linear decoder on held-out tasks, averaged over the kinds, so that chance is 1/2."""
    shuffled: Interval
    """The same with the kinds shuffled among the tasks: mean and central interval over shuffles."""
    p_value: float
    """The share of shuffles, with the truth as one more, that are decoded at least as well as the truth."""


def separation_of_kinds(
    last_states: Float[np.ndarray, "task hidden"],
    is_first: Bool[np.ndarray, "task"],
    *,
    seed: int,
    level: float = LEVEL,
    num_shuffles: int = NUM_SHUFFLES,
) -> Separation:
    """Return distance and linear decoding of two kinds of tasks in the last states of their lifetimes.

    The decoder is Fisher's linear discriminant with a shrunken covariance (Friedman 1989, JASA 84), half-way between
    the two means, in 5 folds with the kinds spread evenly. Intervals are over tasks: the distance's from resamples
    within the kinds, the accuracy's from the exact ones of both kinds (decoders are not fitted again), whose distances
    from the estimates add in squares. A distance is infinite if states do not vary within
    kinds, NaN if they do not vary at all. Raises `ValueError` for fewer than 5 tasks of a kind, states that are not
    finite, fewer than 1 shuffle or a level outside (0, 1).
    """
    counts = int(is_first.sum()), int((~is_first).sum())
    if min(counts) < NUM_FOLDS:
        raise ValueError(f"a decoder needs at least {NUM_FOLDS} tasks of each kind; got {counts[0]} and {counts[1]}")
    if not np.isfinite(last_states).all():
        raise ValueError(f"states must be finite; got {int((~np.isfinite(last_states)).sum())} entries that are not")
    if num_shuffles < 1 or not 0 < level < 1:
        raise ValueError(f"num_shuffles must be at least 1 and level in (0, 1); got {num_shuffles} and {level}")
    states = last_states.astype(np.float64)
    generator = np.random.default_rng(seed)
    is_right = _read_out(states, is_first, generator)
    kinds = [(states[kind], is_right[kind]) for kind in (is_first, ~is_first)]
    accuracy = float(np.mean([rights.mean() for _, rights in kinds]))
    weights = [generator.multinomial(n, np.full(n, 1 / n), size=NUM_RESAMPLES) / n for n in counts]
    distances = _distances(kinds[0][0], kinds[1][0], weights[0], weights[1], num_noises=2)
    even = [np.full((1, n), 1 / n) for n in counts]
    estimate = float(_distances(kinds[0][0], kinds[1][0], even[0], even[1], num_noises=1)[0])
    shuffled = np.empty(num_shuffles)
    for shuffle in range(num_shuffles):
        is_first_here = generator.permutation(is_first)
        is_right_here = _read_out(states, is_first_here, generator)
        shuffled[shuffle] = (is_right_here[is_first_here].mean() + is_right_here[~is_first_here].mean()) / 2
    return Separation(
        distance_interval(estimate, _changes(distances, estimate), least=0.0, level=level),
        _accuracy_interval([rights for _, rights in kinds], level),
        Interval(float(shuffled.mean()), *np.quantile(shuffled, [(1 - level) / 2, (1 + level) / 2]).tolist()),
        float((1 + (shuffled >= accuracy - 1e-12).sum()) / (1 + num_shuffles)),
    )


def _changes(distances: Float[np.ndarray, "resample"], estimate: float) -> Float[np.ndarray, "resample"]:
    """Return how far resampled distances are from the estimate; two infinite ones do not differ."""
    is_same = distances == estimate
    return np.where(is_same, 0.0, np.abs(np.where(is_same, 0.0, distances) - (0.0 if np.isinf(estimate) else estimate)))


def _accuracy_interval(rights: list[np.ndarray], level: float) -> Interval:
    """Return the mean accuracy of both kinds of tasks, from whether each task is decoded rightly."""
    found = [share_interval(float(right.sum()), len(right), level=level) for right in rights]
    accuracy = float(np.mean([one.estimate for one in found]))
    below = float(np.linalg.norm([one.estimate - one.lower for one in found])) / 2
    above = float(np.linalg.norm([one.upper - one.estimate for one in found])) / 2
    return Interval(accuracy, max(accuracy - below, 0.0), min(accuracy + above, 1.0))


def _distances(
    first: Float[np.ndarray, "member hidden"],
    second: Float[np.ndarray, "other hidden"],
    first_weights: Float[np.ndarray, "resample member"],
    second_weights: Float[np.ndarray, "resample other"],
    *,
    num_noises: int,
) -> Float[np.ndarray, "resample"]:
    """Return distance over spread, without the noise in squares: once in the data, twice in a resample of them."""
    sizes, means, spreads = [], [], []
    for states, weights in ((first, first_weights), (second, second_weights)):
        shifted = states - states[0]  # exactly 0 where states do not vary
        mean = weights @ shifted
        sizes.append(len(states))
        means.append(mean + states[0])
        spreads.append(np.maximum(weights @ (shifted**2).sum(axis=1) - (mean**2).sum(axis=1), 0.0))
    squared = ((means[0] - means[1]) ** 2).sum(axis=1)
    within = (sizes[0] * spreads[0] + sizes[1] * spreads[1]) / (sum(sizes) - 2)
    noise = num_noises * (1 / sizes[0] + 1 / sizes[1])
    no_spread = np.where(squared > 0, np.inf, np.nan)
    ratios = np.divide(squared, within, out=no_spread, where=within > 0)
    return np.maximum(0.0, ratios - noise) ** 0.5


def _read_out(
    states: Float[np.ndarray, "task hidden"], is_first: Bool[np.ndarray, "task"], generator: np.random.Generator
) -> Float[np.ndarray, "task"]:
    """Return whether a discriminant fitted without a task's fold decodes its kind; ½ for a tie."""
    folds = _folds(is_first, generator)
    is_right = np.empty(len(states))
    for fold in range(NUM_FOLDS):
        is_left_out = folds == fold
        first, second = states[is_first & ~is_left_out], states[~is_first & ~is_left_out]
        means = first.mean(axis=0), second.mean(axis=0)
        rows = np.concatenate([first - means[0], second - means[1]])
        covariance = rows.T @ rows / (len(rows) - 2)
        even = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        shrunken = (1 - SHRINKAGE) * covariance + SHRINKAGE * even if even[0, 0] > 0 else np.eye(len(covariance))
        axis = np.linalg.solve(shrunken, means[0] - means[1])
        scores = (states[is_left_out] - (means[0] + means[1]) / 2) @ axis
        is_right[is_left_out] = (1 + np.sign(scores) * np.where(is_first[is_left_out], 1, -1)) / 2
    return is_right


def _folds(is_first: Bool[np.ndarray, "task"], generator: np.random.Generator) -> Int[np.ndarray, "task"]:
    """Return a random fold for each task; numbers of tasks of each kind differ by at most one between folds."""
    folds = np.empty(len(is_first), int)
    for kind in (np.flatnonzero(is_first), np.flatnonzero(~is_first)):
        folds[generator.permutation(kind)] = np.arange(len(kind)) % NUM_FOLDS
    return folds
