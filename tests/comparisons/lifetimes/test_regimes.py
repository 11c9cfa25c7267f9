"""Learn or hard-code: probabilities of single networks, and the posterior of the share that learns."""

import itertools

import numpy as np
import pytest
from scipy import stats

from comparisons.lifetimes.regimes import learning_probs, learning_share, num_learning_probs


def share_by_quadrature(seed_probs, num_nodes=20001):
    """Jeffreys' prior is even in θ where the share is sin² θ: density and distribution function on a fine grid."""
    angles = (np.arange(num_nodes) + 0.5) / num_nodes * np.pi / 2
    shares = np.sin(angles) ** 2
    weights = np.prod([shares * q + (1 - shares) * (1 - q) for q in seed_probs], axis=0)
    return shares, weights / weights.sum()


def pulls_of(means, num_tasks, generator):
    return generator.poisson(np.array(means)[:, None], size=(len(means), num_tasks)).astype(float)


def test_a_network_s_probability_is_that_of_a_t_test():
    pulls = pulls_of([0.4, 0.9, 1.0, 1.3, 6.0], 20, np.random.default_rng(0))
    expected = 1 - stats.ttest_1samp(pulls, 1.0, axis=1, alternative="greater").pvalue
    np.testing.assert_allclose(learning_probs(pulls), expected, rtol=1e-9)
    assert (learning_probs(pulls, threshold=0.2) > learning_probs(pulls)).all()


def test_networks_whose_tasks_agree_are_certain():
    pulls = np.repeat([[0.0], [1.0], [2.0]], 5, axis=1)
    np.testing.assert_array_equal(learning_probs(pulls), [0, 0, 1])


def test_the_number_that_learn_is_the_sum_over_all_regimes():
    probs = np.array([0.1, 0.7, 0.4, 1.0])
    expected = np.zeros(5)
    for regimes in itertools.product([0, 1], repeat=4):
        expected[sum(regimes)] += np.prod(np.where(regimes, probs, 1 - probs))
    np.testing.assert_allclose(num_learning_probs(probs), expected, atol=1e-15)


def test_the_posterior_of_the_share_is_that_of_quadrature():
    """The grid's mean and distribution function have errors of the order of its spacing, 5e-5."""
    found = learning_share(pulls_of([0.5, 0.9, 1.2, 4.0, 1.0, 0.2], 12, np.random.default_rng(1)), level=0.9)
    assert ((found.seed_probs > 0.05) & (found.seed_probs < 0.95)).sum() >= 2  # some are uncertain
    shares, weights = share_by_quadrature(found.seed_probs)
    assert found.share.estimate == pytest.approx(weights @ shares, abs=2e-4)
    assert weights[shares < found.share.lower].sum() < 0.05 and weights[shares > found.share.upper].sum() < 0.05
    assert found.cell_prob == pytest.approx(weights[shares > 0.5].sum(), abs=2e-4)


def test_certain_networks_give_the_beta_posterior_and_the_exact_interval_of_their_number():
    found = learning_share(np.repeat([[0.0], [0.0], [9.0], [9.0], [9.0]], 4, axis=1))
    posterior = stats.beta(3.5, 2.5)
    exact = stats.binomtest(3, 5).proportion_ci(method="exact")
    assert found.share == pytest.approx((posterior.mean(), exact.low, exact.high))
    none = learning_share(np.zeros((5, 4))).share
    assert none[1:] == pytest.approx(tuple(stats.binomtest(0, 5).proportion_ci(method="exact"))) and none.lower == 0
    assert found.cell_prob == pytest.approx(posterior.sf(0.5))


def test_a_network_of_which_nothing_is_known_does_not_change_the_estimate():
    pulls = np.array([[0.0, 0.0, 1.0, 0.0], [5.0, 7.0, 6.0, 4.0]])
    more = np.concatenate([pulls, [[0.0, 2.0, 0.0, 2.0]]])
    assert learning_share(more).seed_probs[2] == 0.5
    assert learning_share(more).share.estimate == pytest.approx(learning_share(pulls).share.estimate)


def test_intervals_hold_the_share_as_often_as_they_say():
    """Shares drawn from the prior: 95 % of intervals hold them, with an error of 1.4 points, 2.5 of them allowed."""
    generator = np.random.default_rng(2)
    hits = 0
    for share in generator.beta(0.5, 0.5, size=250):
        pulls = pulls_of(np.where(generator.random(8) < share, 15.0, 0.2), 30, generator)
        interval = learning_share(pulls).share
        hits += interval.lower <= share <= interval.upper
    assert hits / 250 == pytest.approx(0.95, abs=0.035)


def test_pulls_and_levels_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match=r"1 training seed and 2 tasks; got the shape \(3, 1\)"):
        learning_share(np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"at least 0; got values from -1.0 to 2.0"):
        learning_share(np.array([[-1.0, 2.0]]))
    with pytest.raises(ValueError, match="threshold must be at least 0; got -1"):
        learning_share(np.ones((2, 2)), threshold=-1.0)
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        learning_share(np.ones((2, 2)), level=95.0)
