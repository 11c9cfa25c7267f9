"""Distances from libraries, against direct computation."""

import numpy as np
import pytest

from comparisons.order.path_distances import dynamic_time_warping, procrustes_disparity

GENERATOR = np.random.default_rng(0)
CURVES, REFERENCE = GENERATOR.normal(size=(9, 3)), GENERATOR.normal(size=(6, 3))


def least_sum(curves, reference):
    """Dynamic programming over the last pair; returns the least sum and the number of pairs in it."""
    cost = np.linalg.norm(curves[:, None] - reference[None], axis=2)
    best = {}
    for i, j in np.ndindex(cost.shape):
        earlier = [best[step] for step in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if step in best]
        total, pairs = min(earlier) if earlier else (0.0, 0)
        best[i, j] = (total + cost[i, j], pairs + 1)
    return best[cost.shape[0] - 1, cost.shape[1] - 1]


def test_time_warping_is_the_least_mean_along_the_alignment():
    total, pairs = least_sum(CURVES, REFERENCE)
    assert dynamic_time_warping(CURVES, REFERENCE) == pytest.approx(total / pairs / 3**0.5)


def test_time_warping_does_not_see_repeated_records_and_is_in_units_of_recovery():
    repeated = CURVES[[0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 7, 8]]
    assert dynamic_time_warping(repeated, CURVES) == 0
    assert dynamic_time_warping(np.full((4, 3), 0.2), np.full((7, 3), 0.5)) == pytest.approx(0.3)


def test_procrustes_is_one_minus_the_squared_nuclear_norm():
    reference = CURVES[:, ::-1] ** 2
    centred = [values - values.mean(axis=0) for values in (CURVES, reference)]
    first, second = (values / np.linalg.norm(values) for values in centred)
    expected = 1 - np.linalg.norm(first.T @ second, "nuc") ** 2
    assert procrustes_disparity(CURVES, reference) == pytest.approx(expected)


def test_procrustes_is_blind_to_rotation_scale_and_the_order_of_modes():
    rotation = np.linalg.qr(GENERATOR.normal(size=(3, 3)))[0]
    assert procrustes_disparity(2 * CURVES @ rotation + 1, CURVES) == pytest.approx(0, abs=1e-12)
    assert procrustes_disparity(CURVES[:, [2, 0, 1]], CURVES) == pytest.approx(0, abs=1e-12)


def test_degenerate_curves_are_refused():
    flat, undefined = np.full((9, 3), 0.1), np.where(np.arange(3) == 1, np.nan, CURVES)
    with pytest.raises(ValueError, match="curves must not be the same at all 9 records"):
        procrustes_disparity(flat, CURVES)
    with pytest.raises(ValueError, match="reference must not be the same at all 9 records"):
        procrustes_disparity(CURVES, flat)
    for distance in (procrustes_disparity, dynamic_time_warping):
        with pytest.raises(ValueError, match="curves must be finite and not empty .* 9 values"):
            distance(undefined, CURVES)
        with pytest.raises(ValueError, match="finite and not empty"):
            distance(np.empty((0, 3)), np.empty((0, 3)))
