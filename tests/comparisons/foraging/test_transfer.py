"""Transfer between lifetimes: tables, losses and slopes that were put in, and intervals that hold them."""

import numpy as np
import pytest

from comparisons.foraging.transfer import lifetime_transfer

LIFETIMES = np.array([10, 20, 40])
DOUBLINGS = np.abs(np.log2(LIFETIMES[:, None] / LIFETIMES))


def totals_with(slope, num_seeds, num_tasks, noise, generator):
    """Networks that earn 2 a trial in their own lifetime and lose `slope` per cent for each doubling."""
    per_trial = 2.0 * (1 - slope / 100 * DOUBLINGS)[:, :, None, None]
    spread = generator.normal(size=(3, 3, num_seeds, 1)) + 2 * generator.normal(size=(3, 3, num_seeds, num_tasks))
    return (per_trial + noise * spread) * LIFETIMES[:, None, None]


def test_what_was_put_in_comes_out():
    found = lifetime_transfer(totals_with(15.0, 2, 6, 0.0, np.random.default_rng(0)), LIFETIMES, LIFETIMES)
    np.testing.assert_allclose(found.returns.estimate, 2 - 0.3 * DOUBLINGS)
    np.testing.assert_allclose(found.losses.estimate, 15 * DOUBLINGS, atol=1e-12)
    np.testing.assert_allclose(found.losses.upper, 15 * DOUBLINGS, atol=1e-12)
    assert found.mismatch_slope == pytest.approx((15.0, 15.0, 15.0))


def test_some_lifetimes_are_not_tested():
    totals = totals_with(10.0, 1, 6, 0.0, np.random.default_rng(0))[:, 2:]
    found = lifetime_transfer(totals, LIFETIMES, LIFETIMES[2:])
    np.testing.assert_allclose(found.losses.estimate, [[20.0], [10.0], [0.0]], atol=1e-12)


def test_intervals_hold_the_truth():
    """12 networks and 40 tasks, 100 data sets: a slope's and a loss's intervals in about 96 %, binomial error 2.0."""
    generator = np.random.default_rng(1)
    slopes = losses = 0
    for _ in range(100):
        totals = totals_with(15.0, 12, 40, 0.2, generator)
        found = lifetime_transfer(totals, LIFETIMES, LIFETIMES)
        slopes += found.mismatch_slope.lower <= 15 <= found.mismatch_slope.upper
        losses += found.losses.lower[0, 2] <= 30 <= found.losses.upper[0, 2]
    assert slopes / 100 >= 0.89 and losses / 100 >= 0.89


def test_the_width_is_that_of_the_standard_error():
    totals = totals_with(15.0, 1, 5001, 0.3, np.random.default_rng(2))
    found = lifetime_transfer(totals, LIFETIMES, LIFETIMES)
    means = totals.mean(axis=(2, 3)) / LIFETIMES
    np.testing.assert_allclose(found.returns.estimate, means)
    assert ((found.returns.lower < means) & (means < found.returns.upper)).all()
    width = found.returns.upper - found.returns.lower
    np.testing.assert_allclose(width, 2 * 1.96 * 0.6 / 5001**0.5, rtol=0.05)


def test_nothing_earned_is_no_unit_of_loss():
    totals = totals_with(15.0, 2, 6, 0.0, np.random.default_rng(0))
    totals[:, 1] = 0.0
    found = lifetime_transfer(totals, LIFETIMES, LIFETIMES)
    assert np.isnan(found.losses.estimate[:, 1]).all() and np.isnan(found.losses.lower[:, 1]).all()
    assert found.mismatch_slope == pytest.approx((15.0, 15.0, 15.0))
    alone = lifetime_transfer(totals[:1, :1], LIFETIMES[:1], LIFETIMES[:1])
    assert np.isnan(alone.mismatch_slope).all()


def test_tables_that_do_not_fit_are_refused():
    totals = np.ones((3, 3, 1, 5))
    with pytest.raises(ValueError, match=r"must have 2 rows and 3 columns.*got the shape \(3, 3, 1, 5\)"):
        lifetime_transfer(totals, LIFETIMES[:2], LIFETIMES)
    with pytest.raises(ValueError, match=r"got none for \[50\]"):
        lifetime_transfer(totals, LIFETIMES, np.array([10, 20, 50]))
    with pytest.raises(ValueError, match=r"test_lifetimes must be at least 1 and all different; got \[10 10 20\]"):
        lifetime_transfer(totals, LIFETIMES, np.array([10, 10, 20]))
    with pytest.raises(ValueError, match="totals must be finite; got 45"):
        lifetime_transfer(totals * np.nan, LIFETIMES, LIFETIMES)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 0"):
        lifetime_transfer(totals, LIFETIMES, LIFETIMES, level=0.0)
    with pytest.raises(ValueError, match="at least 2 tasks; got 1"):
        lifetime_transfer(totals[..., :1], LIFETIMES, LIFETIMES)
