"""Boundaries between the regimes: crossings, censoring, distances and agreement of cells."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from comparisons.lifetimes.regime_boundaries import Boundary, boundary, boundary_distance, monotone

SCALES = np.linspace(0.5, 5.0, 10)


def networks(edges, num_seeds, spread, generator):
    """Networks that each learn from their own edge on, in every row."""
    own = np.array(edges) + spread * generator.normal(size=(num_seeds, 1))
    return (own[..., None] <= SCALES).astype(float)


def test_the_monotone_fit_is_that_of_scipy():
    values = np.random.default_rng(0).normal(size=(20, 3, 10))
    for row, fit in zip(values.reshape(-1, 10), monotone(values).reshape(-1, 10), strict=True):
        np.testing.assert_allclose(fit, isotonic_regression(row).x, atol=1e-12)


def test_crossings_are_on_the_straight_line_between_scales():
    found = boundary(SCALES, np.array([(SCALES - 0.7) / 4, np.clip(SCALES - 2.4, 0, 1)]))
    np.testing.assert_allclose(found.value, [2.7, 2.9])
    assert not found.is_censored.any()


def test_zeros_and_ones_are_split_with_fewest_disagreements():
    """Where several splits are as good, the boundary lies between the first and the last of them."""
    generator = np.random.default_rng(1)
    for row in (generator.random((200, 10)) < SCALES / 5).astype(float):
        found = boundary(SCALES, row[None])
        disagreements = np.array([row[:k].sum() + (1 - row[k:]).sum() for k in range(11)])
        best = np.flatnonzero(disagreements == disagreements.min())
        assert SCALES[max(best[0] - 1, 0)] <= found.value[0] <= SCALES[min(best[-1], 9)]
        assert found.is_censored[0] == (len(best) == 1 and best[0] in (0, 10))


def test_rows_of_one_regime_are_censored_at_an_end_and_ties_are_halved():
    shares = np.array([np.zeros(10), np.ones(10), np.full(10, 0.5), [0, 0, 0, 1, 0, 1, 1, 1, 1, 1]], float)
    found = boundary(SCALES, shares)
    np.testing.assert_array_equal(found.is_censored, [True, True, False, False])
    np.testing.assert_allclose(found.value, [5.0, 0.5, 2.75, 2.25])


def test_distances_are_those_that_were_put_in():
    """Every network is one step of the grid late, so the interval has no width; log ratios are of that."""
    exact = boundary(SCALES, (np.array([1.9, 2.9, 9.0])[:, None] <= SCALES).astype(float))
    learning = networks([2.4, 3.4, 9.0], 5, 0.0, np.random.default_rng(0))
    found = boundary_distance(SCALES, learning, exact)
    assert found.difference == pytest.approx((0.5, 0.5, 0.5))
    assert found.log_ratio.estimate == pytest.approx((np.log(2.25 / 1.75) + np.log(3.25 / 2.75)) / 2)
    assert (found.num_rows, found.num_bounds) == (2, 0)


def test_bounds_are_counted_and_rows_without_an_exact_boundary_left_out():
    learning = np.zeros((3, 2, 10))
    exact = Boundary(np.array([2.0, 5.0]), np.array([False, True]))
    found = boundary_distance(SCALES, learning, exact)
    assert found.difference.estimate == 3.0 and (found.num_rows, found.num_bounds) == (1, 1)
    none = boundary_distance(SCALES, learning, Boundary(np.array([5.0, 5.0]), np.array([True, True])))
    assert np.isnan(none.difference).all() and none.num_rows == 0


def test_intervals_are_as_wide_as_boundaries_vary():
    """Over 150 data sets of 15 networks the interval holds the truth in about 95 %; binomial error 1.8 points."""
    generator = np.random.default_rng(3)
    exact = Boundary(np.array([2.75, 2.75]), np.zeros(2, bool))
    hits = 0
    for _ in range(150):
        learning = networks([2.75, 2.75], 15, 0.8, generator)
        difference = boundary_distance(SCALES, learning, exact).difference
        hits += difference.lower <= 0 <= difference.upper
    assert 0.89 <= hits / 150 <= 0.995


def test_grids_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="must be positive, ascend and be 10"):
        boundary(SCALES[::-1].copy(), np.zeros((1, 10)))
    with pytest.raises(ValueError, match="must be positive, ascend and be 9"):
        boundary(SCALES, np.zeros((1, 9)))
    with pytest.raises(ValueError, match="shares must be finite; got 10"):
        boundary(SCALES, np.full((1, 10), np.nan))
    exact = Boundary(np.ones(2), np.zeros(2, bool))
    with pytest.raises(ValueError, match="at least 2 training seeds; got 1"):
        boundary_distance(SCALES, np.zeros((1, 2, 10)), exact)
    with pytest.raises(ValueError, match=r"learning must be in \[0, 1\]; got values from 0.0 to 3.0"):
        boundary_distance(SCALES, np.full((2, 2, 10), [[[0.0]], [[3.0]]]), exact)
    with pytest.raises(ValueError, match="must have 3 rows"):
        boundary_distance(SCALES, np.zeros((2, 3, 10)), exact)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 1"):
        boundary_distance(SCALES, np.zeros((2, 2, 10)), exact, level=1.0)
