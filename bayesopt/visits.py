"""How often each context has come, and averages over what was seen equally often.

Contexts that have not come yet have zero visits; where nothing was visited so often, the average is NaN.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped


class VisitMeans(NamedTuple):
    """The mean over all tasks, times and contexts with 0, 1, 2 ... visits, and how many of them there are.

    The mean is NaN where there are none.
    """

    means: Float[np.ndarray, "visit"]
    num_values: Int[np.ndarray, "visit"]


def visits_before(contexts: Int[Any, "task time"], *, num_contexts: int) -> Int[np.ndarray, "task probe context"]:
    """How often each context came in the first t trials, for t from 0 to all of them (`probe` = time + 1).

    Raises `ValueError` for contexts outside 0 ... num_contexts - 1.
    """
    contexts = np.asarray(contexts)
    if contexts.size and not 0 <= contexts.min() <= contexts.max() < num_contexts:
        raise ValueError(f"contexts must be from 0 to {num_contexts - 1}; got {contexts.min()} to {contexts.max()}")
    counts = np.cumsum(contexts[:, :, None] == np.arange(num_contexts), axis=1)
    return np.concatenate([np.zeros((len(contexts), 1, num_contexts), int), counts], axis=1)


def mean_by_visits(
    values: Shaped[np.ndarray, "task probe context"], visits: Int[np.ndarray, "task probe context"]
) -> VisitMeans:
    """Averages of `values` by the number of visits, as far as any context was visited."""
    num_values = np.bincount(visits.ravel())
    totals = np.bincount(visits.ravel(), weights=values.ravel())
    means = np.full(len(num_values), np.nan)
    np.divide(totals, num_values, out=means, where=num_values > 0)
    return VisitMeans(means, num_values)
