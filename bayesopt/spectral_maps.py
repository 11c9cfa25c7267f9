"""Linear maps as sums of modes, with given singular values or drawn from a prior.

Draw their pairs with `bayesopt.episodes.sample_regressions_given`, with `{"weights": weights_of(maps)}` as latents.
"""

from typing import Any, NamedTuple, SupportsIndex

import jax
import numpy as np
from jaxtyping import Array, Float

from bayesopt.episodes import COPIES, sample_sites
from bayesopt.families.linear_regression import LinearRegression
from bayesopt.float64 import in_float64
from bayesopt.inputs import Numbers, as_count, as_reals
from bayesopt.keys import as_key
from bayesopt.memory import require_memory


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
    left, singular_values, right_transposed = np.linalg.svd(as_reals("weights", weights), full_matrices=False)
    return SpectralMaps(left, singular_values, np.swapaxes(right_transposed, 1, 2))


@in_float64
def sample_rotated_maps(
    key: Array,
    singular_values: Numbers,
    *,
    num_tasks: SupportsIndex,
    num_outputs: SupportsIndex,
    num_inputs: SupportsIndex,
) -> SpectralMaps:
    """Draw maps with these singular values, and with output and input directions uniform over all rotations.

    Uniform means Haar-distributed: the orthonormal factor of a normal matrix, its signs corrected (Mezzadri 2007,
    Notices of the AMS 54:592). Raises `ValueError` for singular values that are negative, not finite or more than the
    smaller dimension, for counts below 1, and for maps that do not fit in memory.
    """
    values, sizes = _require_spectrum(
        singular_values, num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs
    )
    key_left, key_right = jax.random.split(as_key(key))
    left = _orthonormal(key_left, sizes.num_tasks, sizes.num_outputs, len(values))
    right = _orthonormal(key_right, sizes.num_tasks, sizes.num_inputs, len(values))
    return SpectralMaps(left, _of_every_task(values, sizes.num_tasks), right)


@in_float64
def sample_axis_aligned_maps(
    key: Array,
    singular_values: Numbers,
    *,
    num_tasks: SupportsIndex,
    num_outputs: SupportsIndex,
    num_inputs: SupportsIndex,
) -> SpectralMaps:
    """Draw maps whose mode k depends on input k only; output directions are uniform over all rotations.

    If inputs have unequal variances, modes then differ in how fast they can be learned. Raises as
    `sample_rotated_maps` does.
    """
    values, sizes = _require_spectrum(
        singular_values, num_tasks=num_tasks, num_outputs=num_outputs, num_inputs=num_inputs
    )
    left = _orthonormal(as_key(key), sizes.num_tasks, sizes.num_outputs, len(values))
    axes = np.eye(sizes.num_inputs, len(values))
    return SpectralMaps(
        left, _of_every_task(values, sizes.num_tasks), np.broadcast_to(axes, (sizes.num_tasks, *axes.shape))
    )


def sample_prior_maps(family: LinearRegression, key: Array, *, num_tasks: SupportsIndex) -> SpectralMaps:
    """Draw maps from the family's prior, with modes strongest first. Raises `ValueError` for `num_tasks` below 1."""
    return decompose(sample_sites(family, key, num_tasks=num_tasks, length=1)["weights"])


def _orthonormal(key: Array, num_tasks: int, num_rows: int, num_modes: int) -> np.ndarray:
    return np.asarray(jax.random.orthogonal(key, num_rows, (num_tasks,), m=num_modes))


def _of_every_task(singular_values: Float[np.ndarray, "mode"], num_tasks: int) -> np.ndarray:
    return np.broadcast_to(singular_values, (num_tasks, len(singular_values)))


class _Sizes(NamedTuple):
    num_tasks: int
    num_outputs: int
    num_inputs: int


def _require_spectrum(singular_values: Numbers, **sizes: SupportsIndex) -> tuple[Float[np.ndarray, "mode"], _Sizes]:
    """Return the singular values and the sizes, checked."""
    checked = _Sizes(**{name: as_count(name, size, least=1) for name, size in sizes.items()})
    values = as_reals("singular_values", singular_values)
    if values.ndim != 1 or (values < 0).any():
        raise ValueError(f"singular_values must be a list of finite numbers of at least 0; got {singular_values!r}")
    smaller = min(checked.num_outputs, checked.num_inputs)
    if not 1 <= len(values) <= smaller:
        raise ValueError(
            f"singular_values of a map from {checked.num_inputs} inputs to {checked.num_outputs} outputs must be 1 to "
            f"{smaller} numbers; got {len(values)}: {singular_values!r}"
        )
    needed = 8.0 * COPIES * checked.num_tasks * (checked.num_outputs + checked.num_inputs) * smaller
    require_memory(needed, f"{checked.num_tasks:,} maps", remedy="Lower num_tasks or the dimensions")
    return values, checked
