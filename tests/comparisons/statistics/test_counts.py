"""Intervals from counts, against other code and the binomial distribution itself."""

import numpy as np
import pytest
from scipy import stats

from comparisons.statistics.counts import median_interval, share_interval, share_of_events_interval


@pytest.mark.parametrize(("count", "number"), [(0, 5), (1, 5), (7, 9), (30, 30), (1, 1), (50, 400)])
def test_a_share_has_the_exact_interval(count, number):
    expected = stats.binomtest(count, number).proportion_ci(method="exact")
    assert share_interval(count, number) == pytest.approx((count / number, expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("number", [1, 4, 30])
def test_it_covers_every_share(number):
    """The exact coverage, summed over counts, at 99 shares."""
    intervals = [share_interval(count, number) for count in range(number + 1)]
    for share in np.arange(0.01, 1.0, 0.01):
        covers = [interval.lower <= share <= interval.upper for interval in intervals]
        assert stats.binom.pmf(np.arange(number + 1), number, share)[covers].sum() >= 0.95


@pytest.mark.parametrize(("count", "number"), [(-1, 5), (6, 5), (0, 0)])
def test_bad_counts_are_refused(count, number):
    with pytest.raises(ValueError, match="a share needs a count from 0 to a number above 0"):
        share_interval(count, number)


def test_events_of_one_sort_leave_room_by_the_number_of_tasks():
    wholes = np.array([[2.0, 3.0, 0.0, 1.0, 4.0]])
    assert share_of_events_interval(wholes, wholes) == pytest.approx(share_interval(4, 4))
    assert share_of_events_interval(0 * wholes, wholes) == pytest.approx(share_interval(0, 4))


def test_one_event_per_task_is_a_share_of_tasks():
    """The variance of a ratio is a little above a binomial share's: n − 1, Student's quantile and the skewness."""
    parts = np.repeat([1.0, 0.0], [60, 40])[None]
    found, expected = share_of_events_interval(parts, np.ones((1, 100))), share_interval(60, 100)
    assert tuple(found) == pytest.approx(tuple(expected), abs=0.01)
    assert found.lower <= expected.lower and found.upper >= expected.upper


def test_no_events_no_share():
    none = np.zeros((1, 5))
    assert np.isnan(share_of_events_interval(none, none)).all()
    assert np.isnan(share_of_events_interval(none * np.nan, none)).all()


def test_a_median_lies_between_order_statistics_that_cover_it():
    """The exact coverage of the order statistics, which no wider pair inside them would reach."""
    for number in (6, 7, 30, 101):
        estimate, lower, upper = median_interval(np.arange(1.0, number + 1))
        first, last = int(lower) - 1, int(upper) - 1
        assert stats.binom.cdf(last, number, 0.5) - stats.binom.cdf(first, number, 0.5) >= 0.95
        assert stats.binom.cdf(last - 1, number, 0.5) - stats.binom.cdf(first + 1, number, 0.5) < 0.95
        assert estimate == np.quantile(np.arange(1.0, number + 1), 0.5, method="inverted_cdf")


def test_the_median_survives_what_was_never_reached():
    values = np.array([1.0, 2.0, 3.0, 4.0, np.inf, np.inf, 2.5])
    assert median_interval(values) == (3.0, 1.0, np.inf)
    assert median_interval(np.full(9, np.inf)) == (np.inf, np.inf, np.inf)
    assert np.isnan(median_interval(values[:5])[1:]).all()
    with pytest.raises(ValueError, match="at least 2 tasks, none of them NaN"):
        median_interval(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 1"):
        median_interval(values, level=1.0)
