"""Bootstrap intervals: their coverage, their width, and that seeds are used; Student's intervals: their two rules."""

import numpy as np
import pytest
from scipy import stats

from comparisons.statistics.intervals import bootstrap_mean, bootstrap_median, bootstrap_ratio, t_interval


def coverage(draw, truth, *, num_replicates=400):
    generator = np.random.default_rng(0)
    hits = 0
    for replicate in range(num_replicates):
        interval = bootstrap_mean(draw(generator), seed=replicate, num_resamples=400)
        hits += interval.lower <= truth <= interval.upper
    return hits / num_replicates


def test_coverage_over_tasks_of_a_skewed_score():
    """Binomial error of the coverage is 1.1 points; the band is 95 % -3/+2 points, over 2.5 errors."""
    assert 0.92 <= coverage(lambda g: g.exponential(size=(1, 300)), 1.0) <= 0.98


def test_coverage_over_few_seeds_and_many_tasks():
    """With 5 seeds a percentile interval cannot reach its level (Student's t needs 28 % more width): about 88 %."""

    def draw(generator):
        return generator.normal(size=(5, 1)) + 0.1 * generator.normal(size=(5, 100))

    assert 0.82 <= coverage(draw, 0.0) <= 0.96


def test_width_is_that_of_the_standard_error():
    values = np.random.default_rng(1).normal(size=(1, 4000))
    interval = bootstrap_mean(values, seed=0)
    expected = 2 * 1.96 * values.std(ddof=1) / 4000**0.5
    assert interval.upper - interval.lower == pytest.approx(expected, rel=0.06)
    assert interval.estimate == values.mean()


def test_the_seed_is_used_and_fixes_the_answer():
    values = np.random.default_rng(1).normal(size=(2, 50))
    assert bootstrap_mean(values, seed=0) == bootstrap_mean(values, seed=0)
    assert bootstrap_mean(values, seed=0) != bootstrap_mean(values, seed=1)


def test_a_ratio_of_proportional_scores_has_no_width():
    values = np.random.default_rng(1).uniform(1, 2, size=(1, 50))
    assert bootstrap_ratio(values, 4 * values, seed=0) == pytest.approx((0.25, 0.25, 0.25))


def test_an_infinite_score_stays_infinite():
    values = np.ones((1, 10))
    values[0, 3] = np.inf
    assert bootstrap_mean(values, seed=0) == (np.inf, np.inf, np.inf)


def test_too_few_tasks_and_bad_levels_are_refused():
    with pytest.raises(ValueError, match="at least 2 tasks; got 1"):
        bootstrap_mean(np.ones((3, 1)), seed=0)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        bootstrap_mean(np.ones((1, 3)), seed=0, level=95)


def test_the_median_survives_what_was_never_reached():
    values = np.array([1.0, 2.0, 3.0, 4.0, np.inf, np.inf, 2.5])
    interval = bootstrap_median(values, seed=0)
    assert interval.estimate == 3.0
    assert 1.0 <= interval.lower <= 3.0 <= interval.upper
    assert bootstrap_median(np.full(5, np.inf), seed=0) == (np.inf, np.inf, np.inf)
    with pytest.raises(ValueError, match="at least 2 tasks, none of them NaN"):
        bootstrap_median(np.array([1.0, np.nan]), seed=0)


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
