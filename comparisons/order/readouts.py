"""Overlaps of a system's effective map with the modes of its task, from its answers to probes.

A network, exact Bayes and a gradient learner all implement an input-output map at each time. The functions here return
the map's overlap with every mode of the task, and the mode's own strength. `comparisons.order.trajectories` turns both
into recovery curves. After Rabinowitz 2019 (arXiv 1905.01320): a linear fit, a Fourier transform, and the probability
of the right action.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Complex, Float, Int

from bayesopt.spectral_maps import SpectralMaps


class Overlaps(NamedTuple):
    """How much of every mode a system has, and how much there is to have."""

    overlaps: Float[np.ndarray, "*system task time mode"]
    """Signed, in the unit of the strengths."""
    strengths: Float[np.ndarray, "task mode"]
    """The overlap at which a mode is learned."""


def fit_linear_maps(
    probes: Float[np.ndarray, "probe input"], answers: Float[np.ndarray, "*system task time probe output"]
) -> Float[np.ndarray, "*system task time output input"]:
    """The linear part of the best affine fit to a map's answers, by least squares over the probes.

    Raises `ValueError` for probes that do not determine one: fewer than inputs + 1, or all in one hyperplane.
    """
    num_probes, num_inputs = probes.shape
    design = np.concatenate([probes, np.ones((num_probes, 1))], axis=1)
    rank = np.linalg.matrix_rank(design)
    if rank < num_inputs + 1:
        raise ValueError(
            f"a linear fit in {num_inputs} inputs needs at least {num_inputs + 1} probes in general position; "
            f"got {num_probes} that span {rank}"
        )
    fit = np.linalg.pinv(design)[:num_inputs]
    return np.einsum("ip,...po->...oi", fit, answers, optimize=True)


def singular_overlaps(maps: Float[np.ndarray, "*system task time output input"], truth: SpectralMaps) -> Overlaps:
    """[Uᵀ Ŵ V]_kk for every singular mode of the true map; its strength is the singular value."""
    overlaps = np.einsum("nok,...ntoi,nik->...ntk", truth.left, maps, truth.right, optimize=True)
    return Overlaps(overlaps, truth.singular_values)


def circular_grid(num_points: int) -> Float[np.ndarray, "point 1"]:
    """Equally spaced places on the circle [0, 1), as inputs."""
    return (np.arange(num_points) / num_points)[:, None]


def fourier_components(
    values: Float[np.ndarray, "*batch point"], frequencies: tuple[int, ...]
) -> Complex[np.ndarray, "*batch frequency"]:
    """Complex amplitudes of functions on the grid `circular_grid`, by a fast Fourier transform.

    Raises `ValueError` for a frequency that so many points do not resolve (half their number or more).
    """
    num_points = values.shape[-1]
    if 2 * max(frequencies) >= num_points:
        raise ValueError(
            f"a grid of {num_points} points resolves frequencies below {num_points / 2:g}; got {max(frequencies)}"
        )
    return np.fft.rfft(values, axis=-1)[..., list(frequencies)] / num_points


def fourier_overlaps(
    answers: Float[np.ndarray, "*system task time point"],
    truth: Float[np.ndarray, "task point"],
    frequencies: tuple[int, ...],
) -> Overlaps:
    """Re conj(F_k) F̂_k for every frequency k, which counts no energy of the wrong phase; its strength is |F_k|².

    Raises as `fourier_components`.
    """
    components = fourier_components(truth, frequencies)
    found = fourier_components(answers, frequencies)
    overlaps = np.real(np.conj(components)[:, None] * found)
    return Overlaps(overlaps, np.abs(components) ** 2)


def choice_overlaps(correct_probs: Float[np.ndarray, "*system task time context"], *, num_arms: int) -> Overlaps:
    """How far the probability of each context's right action is above chance; its strength is what is above chance."""
    num_tasks, _, num_contexts = correct_probs.shape[-3:]
    return Overlaps(correct_probs - 1 / num_arms, np.full((num_tasks, num_contexts), 1 - 1 / num_arms))


def correct_probs(
    context_probs: Float[np.ndarray, "*system task time context arm"], correct_arms: Int[np.ndarray, "task context"]
) -> Float[np.ndarray, "*system task time context"]:
    """The probability of the right action in every context, of those of all actions."""
    index = np.broadcast_to(correct_arms[:, None, :, None], (*context_probs.shape[:-1], 1))
    return np.take_along_axis(context_probs, index, axis=-1)[..., 0]


def restricted_to(
    is_allowed: Bool[np.ndarray, "task time context arm"], probs: Float[np.ndarray, "task time context arm"]
) -> Float[np.ndarray, "task time context arm"]:
    """The nearest distributions that only take allowed arms: as before among those, or equally likely if all were 0."""
    allowed = np.where(is_allowed, probs, 0.0)
    totals = allowed.sum(axis=-1, keepdims=True)
    shared = is_allowed / is_allowed.sum(axis=-1, keepdims=True)
    return np.where(totals > 0, np.divide(allowed, totals, out=np.zeros_like(allowed), where=totals > 0), shared)


def accuracy_by_trial(
    correct: Float[np.ndarray, "*system task time context"], contexts: Int[np.ndarray, "task time"]
) -> Float[np.ndarray, "*system task time"]:
    """The probability of acting rightly at every trial: that of the right action in the trial's own context."""
    index = np.broadcast_to(contexts[..., None], (*correct.shape[:-1], 1))
    return np.take_along_axis(correct, index, axis=-1)[..., 0]


def change_elsewhere(
    correct: Float[np.ndarray, "*system task time context"], contexts: Int[np.ndarray, "task time"]
) -> Float[np.ndarray, "*system task"]:
    """By how much a trial changes the probability of the right action in the contexts it was not in; mean over trials.

    Below 0 where learning one context is paid for in the others. Entry t of `correct` conditions on the first t
    trials, and there are at least as many entries as trials.
    """
    is_elsewhere = contexts[:, :, None] != np.arange(correct.shape[-1])
    before = correct[..., : contexts.shape[1], :]
    changes = np.diff(before, axis=-2)
    weights = is_elsewhere[:, : changes.shape[-2]]
    return (changes * weights).sum(axis=(-2, -1)) / weights.sum(axis=(-2, -1))
