"""Recovery curves, half-times, staggering and areas, against closed forms and counted cases."""

import numpy as np
import pytest

from comparisons.order.exchangeable_modes import compare_order_statistics, ranked_by, task_half_times
from comparisons.order.trajectories import (
    Recoveries,
    area_between,
    half_times,
    num_undefined,
    recovery_curves,
    recovery_curves_by_seed,
    recovery_intervals,
    resampled_curves,
    resampled_curves_by_seed,
    spread,
    staggering,
)
from comparisons.statistics.intervals import ratio_interval

TIMES = np.linspace(0.0, 10.0, 41)
RATES = np.array([1.0, 0.5, 0.25])
EXPONENTIAL = 1 - np.exp(-TIMES[:, None] * RATES)


def noisy(num_seeds, num_tasks, noise, seed=0):
    generator = np.random.default_rng(seed)
    strengths = generator.uniform(0.5, 1.5, size=(num_tasks, 3))
    overlaps = EXPONENTIAL * strengths[:, None] + noise * generator.normal(size=(num_seeds, num_tasks, 41, 3))
    return Recoveries(overlaps, strengths)


def test_recovery_is_a_ratio_of_means():
    """Two tasks of strength 1 and 3, of which only the strong one is learned: 3/4, not the mean ratio 1/2."""
    recoveries = Recoveries(np.array([[[[0.0]], [[3.0]]]]), np.array([[1.0], [3.0]]))
    assert recovery_curves(recoveries) == 0.75


def test_curves_are_averaged_over_networks():
    recoveries = noisy(3, 20, 0.1)
    by_seed = recovery_curves_by_seed(recoveries)
    alone = recovery_curves(Recoveries(recoveries.overlaps[1:2], recoveries.strengths))
    np.testing.assert_allclose(by_seed[1], alone, rtol=1e-12)
    np.testing.assert_allclose(by_seed.mean(axis=0), recovery_curves(recoveries), rtol=1e-12)


def test_a_mode_without_strength_is_undefined_and_counted():
    recoveries = noisy(2, 20, 0.1)
    strengths = recoveries.strengths.copy()
    strengths[:, 1] = 0.0
    without = Recoveries(recoveries.overlaps, strengths)
    curves = recovery_curves(without)
    assert num_undefined(without) == 1 and num_undefined(recoveries) == 0
    assert np.isnan(curves[:, 1]).all() and np.isfinite(curves[:, [0, 2]]).all()
    assert np.isnan(resampled_curves(without, seed=0, num_resamples=5)[:, :, 1]).all()
    assert np.isnan(recovery_intervals(without).lower[:, 1]).all()
    times = half_times(curves, TIMES)
    assert np.isnan(times[1])
    assert staggering(times) == staggering(times[[0, 2]])
    assert spread(curves) == spread(curves[:, [0, 2]])
    assert area_between(curves, EXPONENTIAL, TIMES) == pytest.approx(
        area_between(curves[:, [0, 2]], EXPONENTIAL[:, [0, 2]], TIMES)
    )
    nothing = np.full((41, 3), np.nan)
    assert np.isnan(spread(nothing)) and np.isnan(area_between(nothing, EXPONENTIAL, TIMES))
    assert np.isnan(staggering(half_times(nothing, TIMES)))


@pytest.mark.parametrize(
    ("overlaps", "strengths", "message"),
    [
        (np.ones((1, 0, 3, 4)), np.ones((0, 4)), "none of them empty"),
        (np.full((1, 2, 3, 4), np.nan), np.ones((2, 4)), "overlaps must be finite; got nan at"),
        (np.ones((1, 2, 3, 4)), np.full((2, 4), np.inf), "strengths must be finite; got inf at"),
        (np.ones((1, 2, 3, 4)), np.full((2, 4), -0.5), "strengths must be at least 0; got -0.5"),
    ],
)
def test_bad_recoveries_are_refused(overlaps, strengths, message):
    with pytest.raises(ValueError, match=message):
        Recoveries(overlaps, strengths)


def test_intervals_are_those_of_a_ratio_where_tasks_are_many():
    """The delta method beside Fieller's interval, which differ by the square of the strengths' error, 0.1 % here."""
    recoveries = noisy(3, 2000, 0.5)
    intervals = recovery_intervals(recoveries)
    overlaps = recoveries.overlaps[:, :, 7, 1]
    expected = ratio_interval(overlaps, np.broadcast_to(recoveries.strengths[:, 1], overlaps.shape))
    found = (intervals.estimate[7, 1], intervals.lower[7, 1], intervals.upper[7, 1])
    assert found[0] == pytest.approx(expected.estimate, rel=1e-9)
    widths = [np.subtract(ends[1:], ends[0]) for ends in (found, tuple(expected))]
    np.testing.assert_allclose(*widths, rtol=0.05)


@pytest.mark.parametrize("num_tasks", [500, 9001])
def test_width_is_that_of_the_standard_error(num_tasks):
    """Skewness moves an end by less than 3 %."""
    recoveries = noisy(1, num_tasks, 0.5)
    intervals = recovery_intervals(recoveries)
    overlaps, strengths = recoveries.overlaps[0, :, 20], recoveries.strengths
    influence = (overlaps - intervals.estimate[20] * strengths) / strengths.mean(axis=0)
    expected = 2 * 1.96 * influence.std(axis=0) / num_tasks**0.5
    np.testing.assert_allclose((intervals.upper - intervals.lower)[20], expected, rtol=0.03)


def test_resamples_are_shared_and_fixed_by_the_seed():
    recoveries = noisy(3, 30, 0.3)
    resampled = resampled_curves_by_seed(recoveries, seed=0, num_resamples=50)
    curves = resampled_curves(recoveries, seed=0, num_resamples=50)
    np.testing.assert_allclose(resampled.seed_weights.sum(axis=1), 1.0)
    for row in range(50):
        expected = np.tensordot(resampled.seed_weights[row], resampled.by_seed[:, row], axes=1)
        np.testing.assert_allclose(curves[row], expected, rtol=1e-9)
    assert (curves != resampled_curves(recoveries, seed=7, num_resamples=50)).any()


def test_one_task_has_no_interval_and_bad_levels_are_refused():
    with pytest.raises(ValueError, match="at least 2 tasks; got 1"):
        resampled_curves(noisy(3, 1, 0.1), seed=0)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        recovery_intervals(noisy(1, 5, 0.1), level=95)


def test_half_times_of_exponentials():
    """ln 2 / rate, to the error of straight lines over steps h: at most h² rate / 4 by Taylor."""
    expected = np.log(2) / RATES
    assert (np.abs(half_times(EXPONENTIAL, TIMES) - expected) <= 0.25**2 * RATES / 4).all()
    assert staggering(half_times(EXPONENTIAL, TIMES)) == pytest.approx(4.0, rel=0.02)


def test_half_times_that_are_exact_censored_or_there_from_the_start():
    curves = np.array([[0.0, 0.6, 0.1, 0.0], [0.25, 0.2, 0.2, 0.5], [0.75, 0.9, 0.3, 0.4], [0.2, 1.0, 0.49, 0.9]])
    times = np.array([2.0, 4.0, 8.0, 9.0])
    np.testing.assert_array_equal(half_times(curves, times), [6.0, 2.0, np.inf, 4.0])
    np.testing.assert_array_equal(half_times(np.stack([curves, curves]), times)[1], [6.0, 2.0, np.inf, 4.0])
    np.testing.assert_allclose(half_times(curves, times, level=0.25), [4.0, 2.0, 6.0, 3.0])


def test_half_times_do_not_mind_repeated_records():
    index = np.array([0, 0, 1, 2, 2, 2, *range(3, 41), 40])
    np.testing.assert_array_equal(half_times(EXPONENTIAL[index], TIMES[index]), half_times(EXPONENTIAL, TIMES))


def test_staggering_of_censored_modes():
    assert staggering(np.array([2.0, 8.0, 4.0])) == 4.0
    assert staggering(np.array([2.0, np.inf])) == np.inf
    assert staggering(np.array([0.0, 3.0])) == np.inf
    assert np.isnan(staggering(np.array([np.inf, np.inf])))
    np.testing.assert_array_equal(staggering(np.array([[1.0, 2.0], [3.0, 3.0]])), [2.0, 1.0])


def test_spread_and_area_of_known_curves():
    """Lines t and t²/10 on [0, 10] scaled to end at 1: furthest 1/4 apart; mean gap over time 1/2 − 1/3."""
    times = np.linspace(0, 10, 1001)
    curves = np.stack([times / 10, times**2 / 100], axis=1)
    assert spread(curves) == pytest.approx(0.25)
    assert area_between(curves, curves[:, ::-1], times) == pytest.approx(1 / 6, rel=1e-5)
    assert area_between(curves, curves, times) == 0
    np.testing.assert_allclose(area_between(np.stack([curves, curves + 0.5]), curves, times), [0, 0.5])


def test_bad_times_are_refused():
    with pytest.raises(ValueError, match="times must not decrease and be 41"):
        half_times(EXPONENTIAL, TIMES[::-1])
    with pytest.raises(ValueError, match="times must not decrease and be 41"):
        area_between(EXPONENTIAL, EXPONENTIAL, TIMES[::-1])
    with pytest.raises(ValueError, match=r"times must span some time; all are 3\.0"):
        area_between(EXPONENTIAL, EXPONENTIAL, np.full(41, 3.0))


def exchangeable(times_learned, length=60):
    """Contexts that jump from 0 to 1 half a step before an integer time."""
    curves = (np.arange(length)[:, None] >= times_learned[:, None, :]).astype(float)
    return Recoveries(curves[None] * 0.8, np.full(times_learned.shape, 0.8))


def test_sorting_invents_stages_that_the_reference_shares():
    """Exchangeable contexts: the sorted half-times are far apart, the differences to Bayes are not (95 %, 5 ranks)."""
    generator = np.random.default_rng(5)
    times = np.arange(60.0)
    learner, reference = (
        task_half_times(exchangeable(generator.integers(1, 40, size=(400, 5))), times) for _ in range(2)
    )
    rows = compare_order_statistics(learner, reference, 59.0)
    assert rows[-1].learner.estimate / rows[0].learner.estimate > 4
    assert sum(row.difference.lower <= 0 <= row.difference.upper for row in rows) >= 4
    late = compare_order_statistics(np.minimum(learner + 5, 59.0), reference, 59.0)
    assert all(row.difference.lower > 2 for row in late)


def test_censored_half_times_are_counted_and_restricted():
    learned = np.array([[3, 99], [5, 99], [7, 9]])
    learner = task_half_times(exchangeable(learned, length=20), np.arange(20.0))
    rows = compare_order_statistics(learner, learner, 19.0)
    assert [row.num_censored for row in rows] == [0, 2]
    assert rows[0].learner.estimate == pytest.approx(np.mean([2.5, 4.5, 6.5]))
    assert rows[1].learner.estimate == pytest.approx(np.mean([19, 19, 8.5]))
    with pytest.raises(ValueError, match=r"infinite or at most the horizon, 3\.0"):
        compare_order_statistics(learner, learner, 3.0)


def test_ranking_by_initial_probability_reveals_stages_that_averaging_hides():
    """A learner that learns its initially best context first; which one that is differs from task to task."""
    generator = np.random.default_rng(2)
    order = generator.permuted(np.tile(np.arange(5), (300, 1)), axis=1)
    recoveries = exchangeable(10 + 10 * order)
    initial = -order[None] + 0.0
    times = np.arange(60.0)
    hidden = staggering(half_times(recovery_curves(recoveries), times))
    revealed = staggering(half_times(recovery_curves(ranked_by(recoveries, initial)), times))
    assert hidden < 1.02
    assert revealed == pytest.approx(49.5 / 9.5)


def test_modes_of_different_strength_or_without_it_are_not_exchangeable():
    with pytest.raises(ValueError, match="not exchangeable"):
        ranked_by(noisy(1, 4, 0.1), np.zeros((1, 4, 3)))
    with pytest.raises(ValueError, match="every task must have every mode; 2 have strength 0"):
        task_half_times(Recoveries(np.ones((1, 2, 3, 2)), np.array([[1.0, 0.0], [1.0, 0.0]])), np.arange(3.0))
