"""Tests against the poles: their size, their power, and orders of learners."""

import numpy as np
import pytest
from scipy import stats

from comparisons.order.concurrency import concurrency, concurrency_by_seed, verdict
from comparisons.order.concurrency_tests import (
    pole_tests_over_networks,
    pole_tests_over_tasks,
    rank_agreement,
    separation,
)
from comparisons.order.trajectories import Recoveries, recovery_curves
from tests.comparisons.order.poles import BAYES, NUM_MODES, POLES, STAGED, STRENGTHS, recoveries_about, score


@pytest.mark.parametrize("pole", [BAYES, STAGED])
def test_standard_errors_agree_with_the_jackknife_and_the_bootstrap(pole):
    """The jackknife leaves out one task at a time and shares only the score; 200 tasks estimate to a few per cent."""
    recoveries = recoveries_about(pole, num_tasks=200, noise=0.3, generator=np.random.default_rng(3))
    found = pole_tests_over_tasks(recoveries, POLES)
    without = np.array(
        [
            score(recovery_curves(Recoveries(*(np.delete(part, task, axis=-a) for part, a in parts))))
            for task in range(200)
            for parts in [((recoveries.overlaps, 3), (recoveries.strengths, 2))]
        ]
    )
    jackknife = (199 / 200 * ((without - without.mean()) ** 2).sum()) ** 0.5
    error = found.standard_error_bayes if pole is BAYES else found.standard_error_sequential
    assert error == pytest.approx(jackknife, rel=0.08)
    interval = concurrency(recoveries, POLES, seed=0, num_resamples=1000).score
    assert interval.estimate == found.score == pytest.approx(score(recovery_curves(recoveries)))
    assert interval.upper - interval.lower == pytest.approx(2 * 1.645 * error, rel=0.12)
    p_value = 2 * stats.t.sf(abs(found.score / found.standard_error_bayes), 199)
    assert found.p_bayes == pytest.approx(p_value)


def test_intervals_use_their_seed_and_know_both_poles():
    generator = np.random.default_rng(1)
    for pole, expected in ((BAYES, "concurrent"), (STAGED, "strongest first"), (STAGED[:, ::-1], "weakest first")):
        recoveries = recoveries_about(pole, num_tasks=200, noise=0.3, generator=generator)
        found = concurrency(recoveries, POLES, seed=0, num_resamples=200)
        assert verdict(found) == expected
    assert found == concurrency(recoveries, POLES, seed=0, num_resamples=200)
    assert found.score != concurrency(recoveries, POLES, seed=1, num_resamples=200).score


def test_tests_say_what_they_need():
    recoveries = Recoveries(np.repeat(STAGED[None, None], 3, axis=1), np.ones((3, NUM_MODES)))
    found = pole_tests_over_tasks(recoveries, POLES)
    assert found.score == pytest.approx(1)
    assert np.isnan([found.p_bayes, found.p_sequential]).all()  # tasks do not differ
    two = Recoveries(np.repeat(recoveries.overlaps, 2, axis=0), recoveries.strengths)
    with pytest.raises(ValueError, match="one network and at least 3 tasks; got 2 and 3"):
        pole_tests_over_tasks(two, POLES)
    with pytest.raises(ValueError, match="at least 3 networks; got 2"):
        pole_tests_over_networks(np.array([0.1, 0.2]))


def test_the_test_over_networks_is_students():
    scores = np.array([0.05, -0.02, 0.11, 0.04])
    found = pole_tests_over_networks(scores)
    assert found.p_bayes == pytest.approx(stats.ttest_1samp(scores, 0.0).pvalue)
    assert found.p_sequential == pytest.approx(stats.ttest_1samp(scores, 1.0).pvalue)


def simulated(pole, num_sets, *, seed, num_tasks=200):
    generator = np.random.default_rng(seed)
    return [
        pole_tests_over_tasks(recoveries_about(pole, num_tasks=num_tasks, noise=0.3, generator=generator), POLES)
        for _ in range(num_sets)
    ]


def simulated_networks(pole, num_sets, *, seed, num_seeds=8):
    """Networks that differ from the pole by normal deviations of 0.02 in ρ, autoregressive over records.

    Larger deviations round the corners of S, so that scores at S have a mean below 1 and the test rightly finds it:
    at 0.03 and 0.05 it rejects in 5.5 % and 6.8 % of 10,000 sets, and in 4.8 % against the scores' own mean.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(num_sets):
        recoveries = recoveries_about(pole, num_tasks=num_seeds, noise=0.02, generator=generator)
        rows.append(pole_tests_over_networks(concurrency_by_seed(recoveries.overlaps[0] / STRENGTHS, POLES)))
    return rows


def assert_size(p_values):
    """A test at level 5 % or 1 % rejects so much of what is true, within 3.2 binomial errors (0.15 % of alarms)."""
    for level in (0.05, 0.01):
        rate = np.mean(np.array(p_values) < level)
        assert rate == pytest.approx(level, abs=3.2 * (level * (1 - level) / len(p_values)) ** 0.5)


@pytest.mark.parametrize("num_sets", [300, pytest.param(1000, marks=pytest.mark.slow)])
def test_size_over_tasks_and_separation_of_the_poles(num_sets):
    bayes, staged = simulated(BAYES, num_sets, seed=20), simulated(STAGED, num_sets, seed=21)
    assert_size([found.p_bayes for found in bayes])
    assert_size([found.p_sequential for found in staged])
    assert max(found.p_sequential for found in bayes) < 1e-6 and max(found.p_bayes for found in staged) < 1e-6
    assert separation(*(np.array([found.score for found in sets]) for sets in (bayes, staged))) >= 0.99


@pytest.mark.parametrize("num_sets", [150, pytest.param(400, marks=pytest.mark.slow)])
def test_size_over_networks(num_sets):
    bayes, staged = simulated_networks(BAYES, num_sets, seed=22), simulated_networks(STAGED, num_sets, seed=23)
    assert_size([found.p_bayes for found in bayes])
    assert_size([found.p_sequential for found in staged])


@pytest.mark.slow
@pytest.mark.parametrize("simulate", [simulated, simulated_networks])
@pytest.mark.parametrize(("pole", "name"), [(BAYES, "p_bayes"), (STAGED, "p_sequential")])
def test_size_over_ten_thousand_data_sets(simulate, pole, name):
    assert_size([getattr(found, name) for found in simulate(pole, 10_000, seed=24)])


def test_eight_learners_keep_their_order_across_seeds():
    """Learners evenly along the axis, three seeds, 90 % intervals over 200 tasks."""
    lower, upper = np.empty((3, 8)), np.empty((3, 8))
    for seed, learner in np.ndindex(3, 8):
        curves = BAYES + learner / 7 * (STAGED - BAYES)
        generator = np.random.default_rng(100 * seed + learner)
        recoveries = recoveries_about(curves, num_tasks=200, noise=0.3, generator=generator)
        found = concurrency(recoveries, POLES, seed=seed, num_resamples=200).score
        lower[seed, learner], upper[seed, learner] = found.lower, found.upper
    assert rank_agreement(lower, upper) >= 0.9


def test_rank_agreement_is_kendalls_and_counts_overlap_as_ties():
    scores = np.random.default_rng(0).normal(size=(2, 9)).round(1)
    expected = stats.kendalltau(*scores).statistic
    assert rank_agreement(scores, scores) == pytest.approx(expected)
    lower, upper = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]), np.array([[0.5, 1.5, 2.5], [1.2, 1.5, 2.5]])
    assert rank_agreement(lower, upper) == pytest.approx(2 / 6**0.5)  # the first two are tied for one seed
    with pytest.raises(ValueError, match="at least 2 of them; got 1"):
        rank_agreement(lower[:1], upper[:1])
    with pytest.raises(ValueError, match="all learners are tied for 2 of 2 seeds"):
        rank_agreement(lower, lower + 10)


def test_separation_is_the_share_of_pairs_in_order():
    assert separation(np.array([0.0, 1.0]), np.array([1.0, 2.0])) == (0.5 + 3) / 4
