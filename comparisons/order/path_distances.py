"""Distances between recovery curves from standard libraries, for comparison with the concurrency score.

Unlike the score of `comparisons.order.concurrency` they have no axis: they say how far apart two sets of curves are,
not in which order the modes are learned.
"""

import numpy as np
from dtaidistance import dtw_ndim
from jaxtyping import Float
from scipy.spatial import procrustes

from bayesopt.inputs import Numbers, as_floats

Curves = Float[np.ndarray, "_ mode"]
"""Recovery curves by time; two of them may have different times."""


def dynamic_time_warping(curves: Numbers, reference: Numbers) -> float:
    """How far the curves are from the reference once time is warped to align them, in units of ρ per mode.

    The alignment has the least sum of Euclidean distances (dtaidistance: steps of one record in either or both, no
    window); the value is their mean over the aligned pairs, divided by √modes, so that curves that are off by d in
    every mode are at distance d. Unlike the concurrency score it depends on how densely each path was recorded. Time
    and memory grow with the product of the lengths (about 10 µs per pair of records). Raises `ValueError` for curves
    that are not finite or without records.
    """
    curves, reference = _checked(curves, reference)
    # In compiled code this library (2.5.1) aligns by another distance than it is asked for.
    pairs = np.array(dtw_ndim.warping_path(curves, reference, inner_dist="euclidean", use_c=False))
    distances = np.linalg.norm(curves[pairs[:, 0]] - reference[pairs[:, 1]], axis=1)
    return float(distances.mean() / curves.shape[1] ** 0.5)


def procrustes_disparity(curves: Numbers, reference: Numbers) -> float:
    """What is left of the squared distance after shifting, scaling and rotating the curves in the space of modes.

    Record by record, as a part of the reference's own variance: 0 where one is such an image of the other, 1 where
    nothing of it is explained (scipy.spatial.procrustes). Blind to which mode is which, so the same stages in another
    order are at distance 0. Raises `ValueError` for curves that are not finite, or that do not move at all.
    """
    curves, reference = _checked(curves, reference)
    for name, values in (("curves", curves), ("reference", reference)):
        if (values == values[0]).all():
            raise ValueError(f"{name} must not be the same at all {len(values)} records: no shape to compare")
    return float(procrustes(reference, curves)[2])


def _checked(curves: Numbers, reference: Numbers) -> tuple[Curves, Curves]:
    curves, reference = as_floats("curves", curves), as_floats("reference", reference)
    for name, values in (("curves", curves), ("reference", reference)):
        if values.size == 0 or not np.isfinite(values).all():
            raise ValueError(
                f"{name} must be finite and not empty (leave out undefined modes); got shape {values.shape} with "
                f"{int((~np.isfinite(values)).sum())} values that are not finite"
            )
    return curves, reference
