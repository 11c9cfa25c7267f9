"""Intervals of means, ratios and smooth functions: their closed forms, their limits, and what they refuse."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from comparisons.statistics.intervals import (
    correlation_interval,
    jackknife_interval,
    mean_bounds,
    mean_interval,
    ratio_interval,
    smooth_interval,
    t_interval,
)

SKEWED = np.random.default_rng(0).lognormal(size=(1, 200))
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=24).map(np.array)


def test_an_even_sample_has_students_interval():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    expected = stats.t.interval(0.95, 3, loc=3, scale=stats.sem(values))
    assert mean_interval(values[None]) == pytest.approx((3, *expected), rel=1e-12)


def test_the_long_tail_of_a_skewed_sample_reaches_further_and_the_other_does_not_come_closer():
    """The end is where Hall's cubic, written out, is Student's quantile."""
    estimate, lower, upper = mean_interval(SKEWED)
    student = stats.t.ppf(0.975, 199)
    error, skewness = SKEWED.std(ddof=1) / 200**0.5, ((SKEWED - estimate) ** 3).mean() / SKEWED.std(ddof=1) ** 3
    assert estimate - lower == pytest.approx(student * error, rel=1e-12)
    statistic, h = (estimate - upper) / error, skewness / 200**0.5
    transformed = statistic + h * statistic**2 / 3 + h**2 * statistic**3 / 27 + h / 6
    assert transformed == pytest.approx(-student, rel=1e-9)
    assert mean_interval(10 - SKEWED) == pytest.approx((10 - estimate, 10 - upper, 10 - lower), rel=1e-9)


def test_reaches_over_seeds_and_tasks_add_in_squares():
    seeds, tasks = np.array([[0.1], [0.3], [0.5]]), np.random.default_rng(1).normal(size=(1, 100))
    estimate, lower, upper = mean_interval(seeds + tasks)
    of_tasks, of_seeds = mean_interval(tasks), t_interval(seeds[:, 0], 0.0)
    below, above = (np.hypot(of_tasks[end] - of_tasks[0], of_seeds[end] - of_seeds[0]) for end in (1, 2))
    assert (estimate - lower, upper - estimate) == pytest.approx((below, above), rel=1e-9)


def test_many_intervals_at_once_are_those_one_by_one():
    values = np.random.default_rng(2).exponential(size=(3, 2, 2, 30))
    bounds = mean_bounds(values)
    for index in np.ndindex(3, 2):
        assert tuple(float(part[index]) for part in bounds) == pytest.approx(mean_interval(values[index]), rel=1e-12)


def test_no_end_leaves_the_range_of_the_values():
    rare = np.zeros((1, 50))
    rare[0, 0] = 1.0
    assert mean_interval(rare).lower == 0.0 and mean_interval(-rare).lower < -0.02
    assert mean_interval(1 - rare, most=1.0).upper == 1.0 < mean_interval(1 - rare).upper


def test_a_ratio_has_fiellers_interval():
    """Where tasks are even, the closed form: roots of a quadratic in the ratio."""
    rng = np.random.default_rng(3)
    half = rng.normal(size=(2, 40))
    above, below = (np.concatenate([3 + one, 3 - one]) for one in half)
    estimate, lower, upper = ratio_interval(above[None], below[None])
    square = stats.t.ppf(0.975, 79) ** 2 / 80
    covariance = np.cov(above, below)
    quadratic = [
        below.mean() ** 2 - square * covariance[1, 1],
        -2 * (above.mean() * below.mean() - square * covariance[0, 1]),
        above.mean() ** 2 - square * covariance[0, 0],
    ]
    assert (lower, upper) == pytest.approx(sorted(np.roots(quadratic)), rel=1e-9)
    assert estimate == above.mean() / below.mean()
    assert ratio_interval(-above[None], -below[None]) == pytest.approx((estimate, lower, upper), rel=1e-9)
    assert ratio_interval(above[None], -below[None]) == pytest.approx((-estimate, -upper, -lower), rel=1e-9)


def test_a_ratio_of_proportional_scores_has_no_width():
    assert ratio_interval(SKEWED, 4 * SKEWED) == pytest.approx((0.25, 0.25, 0.25), rel=1e-12)
    assert ratio_interval(0 * SKEWED, SKEWED) == (0, 0, 0)


def test_a_denominator_that_may_be_zero_leaves_no_interval_and_no_warning():
    noise = np.random.default_rng(4).normal(size=(1, 30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(ratio_interval(noise + 1, noise)[1:]).all()
        assert np.isnan(ratio_interval(noise, 0 * noise)).all()
        assert np.isnan(ratio_interval(noise, np.full((1, 30), np.inf))).all()


def test_an_infinite_score_stays_infinite_and_an_undefined_one_undefined():
    values = np.ones((1, 10))
    values[0, 3] = np.inf
    assert mean_interval(values) == ratio_interval(values, np.ones((1, 10))) == (np.inf, np.inf, np.inf)
    assert mean_bounds(np.stack([values, 0 * np.ones((1, 10))]))[2].tolist() == [np.inf, 0.0]
    values[0, 4] = np.nan
    assert np.isnan(mean_interval(values)).all() and np.isnan(ratio_interval(values, np.ones((1, 10)))).all()


def test_too_few_tasks_and_bad_levels_are_refused():
    with pytest.raises(ValueError, match="at least 2 tasks; got 1"):
        mean_interval(np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        mean_interval(np.ones((1, 3)), level=95)


@given(values=VALUES, num_seeds=st.sampled_from([1, 2]))
@settings(max_examples=60, deadline=None)
def test_an_estimate_lies_inside_its_own_interval(values, num_seeds):
    values = values[: len(values) // 2 * 2].reshape(num_seeds, -1)
    found = [mean_interval(values), smooth_interval(3.0, values - values.mean())]
    found += [ratio_interval(values, np.abs(values) + 1.0), correlation_interval(values[0], values[-1] ** 2)]
    for estimate, lower, upper in found:
        assert np.isnan(lower) or lower <= estimate <= upper


def test_the_jackknife_of_a_mean_is_the_mean():
    values = SKEWED[0]
    left_out = (values.sum() - values) / (len(values) - 1)
    assert jackknife_interval(values.mean(), left_out) == pytest.approx(mean_interval(SKEWED), rel=1e-9)


def test_a_correlation_has_at_least_the_width_of_fishers():
    rng = np.random.default_rng(5)
    first = rng.normal(size=50)
    second = first + rng.normal(size=50)
    estimate, lower, upper = correlation_interval(first, second)
    fisher = stats.pearsonr(first, second).confidence_interval()
    assert lower <= fisher.low + 1e-12 and fisher.high - 1e-12 <= upper and estimate == np.corrcoef(first, second)[0, 1]
    assert correlation_interval(first, 2 * first).upper == pytest.approx(1.0)
    for few in (first[:3], np.ones(50), np.append(np.ones(49), 2.0)):
        assert np.isnan(correlation_interval(few, first[: len(few)])[1:]).all()


def test_an_interval_over_seeds_is_students():
    values = np.array([0.2, 0.5, 0.3, 0.9])
    interval = t_interval(values, 0.01)
    assert interval.estimate == values.mean()
    expected = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert interval[1:] == pytest.approx(expected, rel=1e-12)


def test_an_interval_of_one_seed_is_over_tasks():
    assert t_interval(np.array([2.0]), 0.1) == pytest.approx((2.0, 2 - 0.1959964, 2 + 0.1959964), abs=1e-7)
    assert np.isnan(t_interval(np.array([2.0]), np.nan)[1:]).all()


@pytest.mark.parametrize("error", [0.05, 3.0, np.nan])
def test_an_interval_over_seeds_gives_way_to_a_wider_one_over_tasks_where_asked(error):
    values = np.array([2.0, 2.2, 2.1])
    over_seeds = t_interval(values, error)
    assert over_seeds == t_interval(values, 0.0)
    wider = t_interval(values, error, is_over_tasks_if_wider=True)
    expected = t_interval(np.array([values.mean()]), error) if error == 3.0 else over_seeds
    assert wider == pytest.approx(expected, rel=1e-12)


def test_seeds_that_agree_by_chance_still_have_an_interval_over_tasks():
    alike = np.array([2.0, 2.0])
    assert t_interval(alike, 0.1)[1:] == (2.0, 2.0)
    assert t_interval(alike, 0.1, is_over_tasks_if_wider=True) == t_interval(alike[:1], 0.1)


def test_diverged_networks_do_not_count_and_no_end_leaves_the_range():
    values = np.array([0.9, np.nan, 1.0, np.inf])
    assert t_interval(values, 0.0) == t_interval(values[[0, 2]], 0.0)
    assert t_interval(values, 0.0, least=0, most=1)[1:] == (pytest.approx(0.95 - 12.7062047 * 0.05, abs=1e-7), 1.0)
    assert np.isnan(t_interval(values[[1]], 0.1)).all()


def test_a_ratio_of_what_is_never_negative_ends_at_0():
    above, below = np.array([[0.0, 0.0, 0.0, 3.0], [0.0, 0.0, 0.0, 0.1]]), np.array([[9.0, 10.0, 11.0, 10.0]] * 2)
    assert ratio_interval(above, below).lower == 0
    assert ratio_interval(above - 1, below).lower < ratio_interval(above - 1, below).estimate < 0
