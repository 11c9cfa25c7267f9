"""Resamples: what they vary by, that seeds are used, and intervals of distances from them."""

import numpy as np
import pytest
from scipy import stats

from comparisons.statistics.resampling import (
    distance_interval,
    resampled_means,
    resampled_weights,
    summed_in_blocks,
    weights_of_seeds,
)


def test_means_over_tasks_vary_as_their_standard_error_says():
    """Of 2,000 resamples a standard deviation has an error of 1.6 %."""
    values = np.random.default_rng(0).normal(size=(2, 1, 300))
    spread = resampled_means(values, seed=0).std(axis=1)
    np.testing.assert_allclose(spread, values[:, 0].std(axis=1, ddof=1) / 300**0.5, rtol=0.06)


@pytest.mark.parametrize("num_seeds", [2, 3, 10])
def test_means_over_networks_vary_as_students_t(num_seeds):
    """Quantiles at 2.5, 50 and 97.5 %: shares of 20,000 within 4 binomial errors, for any values of the networks."""
    values = np.random.default_rng(1).exponential(size=num_seeds)
    weights = weights_of_seeds(num_seeds, seed=0, num_resamples=20_000)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    statistic = (weights @ values - values.mean()) / (values.std(ddof=1) / num_seeds**0.5)
    for prob in (0.025, 0.5, 0.975):
        share = (statistic <= stats.t.ppf(prob, num_seeds - 1)).mean()
        assert abs(share - prob) < 4 * (prob * (1 - prob) / 20_000) ** 0.5
    assert (weights_of_seeds(1, seed=0, num_resamples=3) == 1).all()


def test_the_seed_is_used_and_fixes_the_resamples():
    values = np.random.default_rng(1).normal(size=(1, 2, 50))
    assert (resampled_means(values, seed=0) == resampled_means(values, seed=0)).all()
    assert (resampled_means(values, seed=0) != resampled_means(values, seed=1)).any()
    assert (resampled_weights(9, seed=0) == resampled_weights(9, seed=0)).all()


def test_measures_are_resampled_alike_and_one_that_is_infinite_stays_so():
    values = np.random.default_rng(2).normal(size=(1, 3, 40))
    both = resampled_means(np.concatenate([values, 2 * values + 1, values * np.inf]), seed=3)
    np.testing.assert_allclose(both[1], 2 * both[0] + 1, rtol=1e-9)
    assert (both[2] == np.inf).all()
    with pytest.raises(ValueError, match="at least 2 tasks; got 1"):
        resampled_means(values[..., :1], seed=0)


def test_many_tasks_are_summed_in_blocks():
    values = np.arange(9000.0)
    blocks = summed_in_blocks(values)
    assert blocks.shape == (4000,) and blocks.sum() == values.sum()
    assert summed_in_blocks(values[:4000]) is not None and len(summed_in_blocks(values[:4000])) == 4000


def test_a_distance_reaches_as_far_as_resamples_deviate():
    deviations = np.arange(1.0, 101.0)
    assert distance_interval(300.0, deviations) == (300.0, 205.0, 395.0)
    assert distance_interval(30.0, deviations, least=0, most=50) == (30.0, 0, 50)
    assert distance_interval(30.0, deviations, level=0.5) == (30.0, -20.0, 80.0)


def test_a_distance_that_is_undefined_or_infinite():
    assert np.isnan(distance_interval(np.nan, np.zeros(3))).all()
    assert np.isnan(distance_interval(1.0, np.array([1.0, np.nan]))[1:]).all()
    assert distance_interval(1.0, np.array([1.0, np.inf]), least=0) == (1.0, 0.0, np.inf)
    assert distance_interval(np.inf, np.zeros(3)) == (np.inf, np.inf, np.inf)
    assert distance_interval(np.inf, np.ones(3), least=0) == (np.inf, 0.0, np.inf)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        distance_interval(1.0, np.zeros(3), level=95)
