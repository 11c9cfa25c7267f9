"""Tasks of a chosen spectrum: linear maps with given singular values, and functions with given amplitudes.

Their pairs come from `bayesopt.episodes.sample_regressions_given`, with `{"weights": weights_of(maps)}` or
`{"coefficients": ...}` as the latents.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayesopt.episodes import require_at_least_one, sample_sites
from bayesopt.families.linear_regression import LinearRegression
from bayesopt.float64 import in_float64


class SpectralMaps(NamedTuple):
    """Linear maps as the sum of their modes: strength times output direction times input direction transposed.

    Both kinds of directions are orthonormal within a task. The signs of a pair of directions are arbitrary together.
    """

    left: Float[Any, "task output mode"]
    singular_values: Float[Any, "task mode"]
    right: Float[Any, "task input mode"]


def weights_of(maps: SpectralMaps) -> Float[np.ndarray, "task output input"]:
    """The matrix of every map."""
    return np.einsum("tom,tm,tim->toi", maps.left, maps.singular_values, maps.right)


def decompose(weights: Float[Any, "task output input"]) -> SpectralMaps:
    """The modes of every matrix, strongest first: as many as its smaller dimension."""
    left, singular_values, right_transposed = np.linalg.svd(np.asarray(weights, float), full_matrices=False)
    return SpectralMaps(left, singular_values, np.swapaxes(right_transposed, 1, 2))


@in_float64
def sample_rotated_maps(
    key: Array, singular_values: tuple[float, ...], *, num_tasks: int, num_outputs: int, num_inputs: int
) -> SpectralMaps:
    """Maps with these singular values in every task, and output and input directions uniform over all rotations.

    Uniform means Haar-distributed: the orthonormal factor of a normal matrix, its signs corrected (Mezzadri 2007,
    Notices of the AMS 54:592). Raises `ValueError` for a singular value that is negative or not finite, more of them
    than the smaller dimension, and counts below 1.
    """
    _require_spectrum(singular_values, num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs)
    key_left, key_right = jax.random.split(key)
    left = _orthonormal(key_left, num_tasks, num_outputs, len(singular_values))
    right = _orthonormal(key_right, num_tasks, num_inputs, len(singular_values))
    return SpectralMaps(left, _of_every_task(singular_values, num_tasks), right)


@in_float64
def sample_axis_aligned_maps(
    key: Array, singular_values: tuple[float, ...], *, num_tasks: int, num_outputs: int, num_inputs: int
) -> SpectralMaps:
    """As `sample_rotated_maps`, but mode k reads input k and nothing else; output directions stay uniform.

    Where inputs have unequal variances, modes then differ in how fast they can be learned. Raises as
    `sample_rotated_maps` does.
    """
    _require_spectrum(singular_values, num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs)
    left = _orthonormal(key, num_tasks, num_outputs, len(singular_values))
    right = np.broadcast_to(np.eye(num_inputs, len(singular_values)), (num_tasks, num_inputs, len(singular_values)))
    return SpectralMaps(left, _of_every_task(singular_values, num_tasks), right)


def sample_prior_maps(family: LinearRegression, key: Array, *, num_tasks: int) -> SpectralMaps:
    """Maps drawn from the family's own prior, their modes strongest first. Raises `ValueError` for no tasks."""
    require_at_least_one(num_tasks=num_tasks)
    return decompose(sample_sites(family, key, num_tasks=num_tasks, length=1)["weights"])


def central_singular_values(maps: SpectralMaps, *, probability: float = 0.95) -> tuple[float, float]:
    """Between which two strengths the central `probability` of all modes of all maps lies.

    Of `sample_prior_maps`, this is what a prior calls an ordinary strength. Raises `ValueError` unless `probability`
    lies between 0 and 1.
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1; got {probability!r}")
    tail = (1 - probability) / 2
    low, high = np.quantile(maps.singular_values, [tail, 1 - tail])
    return float(low), float(high)


@in_float64
def random_phase_coefficients(
    key: Array, frequencies: tuple[int, ...], *, num_tasks: int
) -> Float[np.ndarray, "task coefficient"]:
    """Coefficients, in the order of `FunctionRegression`, of functions of amplitude 1 at every frequency.

    The function is the sum over k of cos(2 pi k x + phase), phases uniform and independent; the frequency 0 adds 1 or
    -1 with equal chances. Raises `ValueError` for no frequencies, negative ones and no tasks.
    """
    require_at_least_one(num_tasks=num_tasks)
    if not frequencies or min(frequencies) < 0:
        raise ValueError(f"frequencies must be at least one, all of at least 0; got {frequencies!r}")
    phases = np.asarray(jax.random.uniform(key, (num_tasks, len(frequencies)), maxval=2 * jnp.pi))
    columns: list[np.ndarray] = []
    for k, phase in zip(frequencies, phases.T, strict=True):
        if k == 0:
            columns.append(np.where(phase < np.pi, 1.0, -1.0))
        else:
            columns += [np.cos(phase) / 2**0.5, -np.sin(phase) / 2**0.5]
    return np.stack(columns, axis=1)


def _orthonormal(key: Array, num_tasks: int, num_rows: int, num_modes: int) -> np.ndarray:
    return np.asarray(jax.random.orthogonal(key, num_rows, (num_tasks,), m=num_modes))


def _of_every_task(singular_values: tuple[float, ...], num_tasks: int) -> np.ndarray:
    return np.broadcast_to(np.array(singular_values, float), (num_tasks, len(singular_values)))


def _require_spectrum(singular_values: tuple[float, ...], *, num_tasks: int, num_outputs: int, num_inputs: int) -> None:
    require_at_least_one(num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs)
    if not all(np.isfinite(value) and value >= 0 for value in singular_values):
        raise ValueError(f"singular_values must be finite and at least 0; got {singular_values!r}")
    if not 1 <= len(singular_values) <= min(num_outputs, num_inputs):
        raise ValueError(
            f"a map from {num_inputs} inputs to {num_outputs} outputs has 1 to {min(num_outputs, num_inputs)} singular "
            f"values; got {len(singular_values)}: {singular_values!r}"
        )
