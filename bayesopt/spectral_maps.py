"""Linear maps as sums of modes, with given singular values or drawn from a prior.

Draw their pairs with `bayesopt.episodes.sample_regressions_given`, with `{"weights": weights_of(maps)}` as latents.
"""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from bayesopt.episodes import require_at_least_one, sample_sites
from bayesopt.families.linear_regression import LinearRegression
from bayesopt.float64 import in_float64


class SpectralMaps(NamedTuple):
    """Linear maps as sums of modes: strength times output direction times transposed input direction.

    Output directions are orthonormal within a task, and so are input directions. Flipping the signs of both directions
    of a mode leaves the map unchanged.
    """

    left: Float[Any, "task output mode"]
    singular_values: Float[Any, "task mode"]
    right: Float[Any, "task input mode"]


def weights_of(maps: SpectralMaps) -> Float[np.ndarray, "task output input"]:
    """Return the matrix of every map."""
    return np.einsum("tom,tm,tim->toi", maps.left, maps.singular_values, maps.right)


def decompose(weights: Float[Any, "task output input"]) -> SpectralMaps:
    """Return the modes of every matrix, strongest first: as many as its smaller dimension."""
    left, singular_values, right_transposed = np.linalg.svd(np.asarray(weights, float), full_matrices=False)
    return SpectralMaps(left, singular_values, np.swapaxes(right_transposed, 1, 2))


@in_float64
def sample_rotated_maps(
    key: Array, singular_values: tuple[float, ...], *, num_tasks: int, num_outputs: int, num_inputs: int
) -> SpectralMaps:
    """Draw maps with these singular values, and with output and input directions uniform over all rotations.

    Uniform means Haar-distributed: the orthonormal factor of a normal matrix, its signs corrected (Mezzadri 2007,
    Notices of the AMS 54:592). Raises `ValueError` for singular values that are negative, not finite or more than the
    smaller dimension, and for counts below 1.
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
    """Draw maps whose mode k depends on input k only; output directions are uniform over all rotations.

    If inputs have unequal variances, modes then differ in how fast they can be learned. Raises as
    `sample_rotated_maps` does.
    """
    _require_spectrum(singular_values, num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs)
    left = _orthonormal(key, num_tasks, num_outputs, len(singular_values))
    right = np.broadcast_to(np.eye(num_inputs, len(singular_values)), (num_tasks, num_inputs, len(singular_values)))
    return SpectralMaps(left, _of_every_task(singular_values, num_tasks), right)


def sample_prior_maps(family: LinearRegression, key: Array, *, num_tasks: int) -> SpectralMaps:
    """Draw maps from the family's prior, with modes strongest first. Raises `ValueError` for `num_tasks` below 1."""
    require_at_least_one(num_tasks=num_tasks)
    return decompose(sample_sites(family, key, num_tasks=num_tasks, length=1)["weights"])


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
            f"singular_values of a map from {num_inputs} inputs to {num_outputs} outputs must be 1 to "
            f"{min(num_outputs, num_inputs)} numbers; got {len(singular_values)}: {singular_values!r}"
        )
