"""The result type of the functions of Gittins indices."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class CertifiedIndex(NamedTuple):
    """Gittins index with a bound on its error: the true index lies within `error_bound` of `index`."""

    index: Float[np.ndarray, "*batch"] | float  # pyright: ignore[reportIncompatibleMethodOverride]
    error_bound: Float[np.ndarray, "*batch"] | float
