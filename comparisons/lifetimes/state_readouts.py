"""Whether hidden states tell two kinds of tasks apart, such as those in which either arm is the better one."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from comparisons.statistics.intervals import LEVEL, NUM_RESAMPLES, Interval, percentile_interval

NUM_SHUFFLES = 100


NUM_FOLDS = 5


SHRINKAGE = 0.1
"""How much of the covariance within kinds is replaced by an even one of the same trace."""


class Separation(NamedTuple):
    """How far apart the states of two kinds of tasks are, and whether a linear read-out tells them apart."""

    distance: Interval
    """Between the two mean states, in units of the root mean squared distance of states from the mean of their kind.

    0 where the means are no further apart than so many states of one kind would be.
    """
    accuracy: Interval
    """Of the linear read-out on tasks it was not fitted to, averaged over the kinds, so that chance is 1/2."""
    shuffled: Interval
    """The same with the kinds shuffled among the tasks: mean and central interval over shuffles."""
    p_value: float
    """The share of shuffles, with the truth as one more, that are read out at least as well as the truth."""


def separation_of_kinds(
    last_states: Float[np.ndarray, "task hidden"],
    is_first: Bool[np.ndarray, "task"],
    *,
    seed: int,
    level: float = LEVEL,
    num_shuffles: int = NUM_SHUFFLES,
) -> Separation:
    """Distance and linear read-out of two kinds of tasks in the last states of their lifetimes.

    The read-out is Fisher's linear discriminant with a shrunken covariance (Friedman 1989, JASA 84), half-way between
    the two means, in 5 folds with the kinds spread evenly. Intervals are percentiles over tasks, resampled within their
    kind; that of the accuracy takes the read-outs as they are. A distance is infinite where states do not vary within
    kinds, NaN where they do not vary at all. Raises `ValueError` for fewer than 5 tasks of a kind, states that are not
    finite, fewer than 1 shuffle or a level outside (0, 1).
    """
    counts = int(is_first.sum()), int((~is_first).sum())
    if min(counts) < NUM_FOLDS:
        raise ValueError(f"a read-out needs at least {NUM_FOLDS} tasks of each kind; got {counts[0]} and {counts[1]}")
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
    accuracies = (weights[0] @ kinds[0][1] + weights[1] @ kinds[1][1]) / 2
    distances = _distances(kinds[0][0], kinds[1][0], weights[0], weights[1], num_noises=2)
    even = [np.full((1, n), 1 / n) for n in counts]
    estimate = float(_distances(kinds[0][0], kinds[1][0], even[0], even[1], num_noises=1)[0])
    shuffled = np.empty(num_shuffles)
    for shuffle in range(num_shuffles):
        is_first_here = generator.permutation(is_first)
        is_right_here = _read_out(states, is_first_here, generator)
        shuffled[shuffle] = (is_right_here[is_first_here].mean() + is_right_here[~is_first_here].mean()) / 2
    return Separation(
        percentile_interval(estimate, distances, level=level),
        percentile_interval(accuracy, accuracies, level=level),
        percentile_interval(float(shuffled.mean()), shuffled, level=level),
        float((1 + (shuffled >= accuracy - 1e-12).sum()) / (1 + num_shuffles)),
    )


def _distances(
    first: Float[np.ndarray, "member hidden"],
    second: Float[np.ndarray, "other hidden"],
    first_weights: Float[np.ndarray, "resample member"],
    second_weights: Float[np.ndarray, "resample other"],
    *,
    num_noises: int,
) -> Float[np.ndarray, "resample"]:
    """Distance over spread, from squares less what noise adds: once in the data, twice in a resample of them."""
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
    """Whether each task's kind is read out rightly by a discriminant that was fitted without its fold; ½ for a tie."""
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
    """A fold for each task, at random; every fold has as many tasks of each kind as any other, or one fewer."""
    folds = np.empty(len(is_first), int)
    for kind in (np.flatnonzero(is_first), np.flatnonzero(~is_first)):
        folds[generator.permutation(kind)] = np.arange(len(kind)) % NUM_FOLDS
    return folds
