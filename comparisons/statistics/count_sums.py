"""Sums over all counts 0, 1, 2, …: for predictives of counts, what quadrature is for predictives of real numbers."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro.distributions import Distribution

NEGLIGIBLE = 1e-12
"""Nats, or probability, that the counts of the last block may still add."""
LARGEST_COUNT = 2**20
DEPTH = 300.0
"""Points reach as far as a count of probability exp(-300)."""
_FIRST_BLOCK = 32


def is_of_counts(distribution: Distribution) -> bool:
    """Return whether a distribution is over the counts 0, 1, 2, …, one number at a time."""
    support: Any = distribution.support
    is_open = getattr(support, "lower_bound", None) is not None and not hasattr(support, "upper_bound")
    return bool(support.is_discrete and is_open and support.lower_bound == 0 and not distribution.event_shape)


def kl_by_summation(p: Distribution, q: Distribution) -> Float[np.ndarray, "*batch"]:
    """Return KL(p‖q) in nats between distributions over counts, inf where q rules out what p allows.

    Counts are added in growing blocks until a block adds less than `NEGLIGIBLE` everywhere and so much probability
    is left. Raises `ArithmeticError` where `LARGEST_COUNT` is reached.
    """
    batch_shape = np.broadcast_shapes(p.batch_shape, q.batch_shape)
    total, left = np.zeros(batch_shape), np.ones(batch_shape)
    start, width = 0, _FIRST_BLOCK
    while start < LARGEST_COUNT:
        added, mass = map(np.asarray, _block(p, q, _column(np.arange(float(start), start + width), batch_shape)))
        total, left = total + added, left - mass
        is_done = np.isinf(total) | ((np.abs(added) < NEGLIGIBLE) & (left < NEGLIGIBLE))
        if is_done.all():
            return np.asarray(total)
        start, width = start + width, _next_width(start + width, total.size)
    raise ArithmeticError(
        f"the sum for KL({type(p).__name__}‖{type(q).__name__}) did not settle below a count of {LARGEST_COUNT:,}; "
        "use monte_carlo_kl_divergence"
    )


def count_points(p: Distribution) -> tuple[Float[np.ndarray, "point *batch"], Float[np.ndarray, "point *batch"]]:
    """Return the counts (`point *batch`) up to probabilities of exp(-300), and their weights in a sum: 1."""
    counts = np.arange(float(_FIRST_BLOCK))
    while np.max(np.asarray(p.log_prob(_column(counts[-1:], p.batch_shape)), float)) > -DEPTH:
        if len(counts) >= LARGEST_COUNT:
            raise ArithmeticError(
                f"{type(p).__name__} has counts beyond {LARGEST_COUNT:,}; its tail is too long to sum"
            )
        counts = np.arange(2.0 * len(counts))
    points = np.broadcast_to(_column(counts, p.batch_shape), (len(counts), *p.batch_shape))
    return points, np.ones(points.shape)


@jax.jit
def _block(p: Distribution, q: Distribution, counts: Array) -> tuple[Array, Array]:
    """Return what these counts add to the divergence, and their probability."""
    log_p, log_q = p.log_prob(counts), q.log_prob(counts)
    probability = jnp.exp(log_p)
    gap = jnp.where(probability > 0, log_p - log_q, 0.0)
    return (probability * gap).sum(0), probability.sum(0)


def _next_width(start: int, batch_size: int) -> int:
    """Return the width of the next block: as many counts as there were so far, if they fit in memory."""
    return max(_FIRST_BLOCK, min(start, 4_000_000 // max(1, batch_size)))


def _column(counts: np.ndarray, batch_shape: tuple[int, ...]) -> np.ndarray:
    return counts.reshape(-1, *[1] * len(batch_shape))
