"""The best number of trials before committing, and where learning begins, against the numbers of the specification.

Numbers called printed are those of Lange & Sprekeler (2020); the others were found without this code.
"""

import numpy as np
import pytest
from scipy import integrate, stats

from bayesopt.planning.exploration import (
    commit_edge,
    commit_value,
    optimal_commit_trials,
    optimal_commit_value,
    printed_commit_edge,
    printed_optimal_commit_trials,
)
from tests.bayesopt.planning.commit_grid import GRID


def test_the_grid_of_the_paper():
    """The printed formula gives the printed maps; the correct one learns in more cells, by fewer trials."""
    printed, correct = printed_optimal_commit_trials(**GRID), optimal_commit_trials(**GRID)
    np.testing.assert_array_equal((printed > 0).sum((1, 2)), [260, 284, 295, 304])
    np.testing.assert_array_equal(printed.max((1, 2)), [7, 13, 19, 24])
    np.testing.assert_array_equal((correct > 0).sum((1, 2)), [292, 307, 314, 321])
    np.testing.assert_array_equal(correct.max((1, 2)), [5, 9, 12, 15])
    np.testing.assert_array_equal(((printed > 0) != (correct > 0)).sum((1, 2)), [32, 23, 19, 17])
    assert ((correct > 0) | (printed == 0)).all()


def test_what_the_best_number_of_trials_is_made_of():
    """It is the first maximum over all numbers of trials; a row of the paper's map, both ways."""
    noise = np.array([0.1, 2.19, 4.29, 6.38, 9.53, 12.67, 15.81, 20])
    columns = np.linspace(0.1, 20, 20)[[0, 2, 4, 6, 9, 12, 15, 19]]
    assert np.abs(noise - columns).max() < 0.01
    prior_scale = float(np.linspace(0.1, 10, 20)[10])
    rows = {"prior_scale": prior_scale, "reward_scale": columns}
    assert optimal_commit_trials(lifetime=25, **rows).tolist() == [1, 1, 2, 3, 4, 4, 4, 5]
    assert printed_optimal_commit_trials(lifetime=25, **rows).tolist() == [1, 1, 3, 4, 5, 6, 7, 0]
    assert optimal_commit_trials(lifetime=100, **rows).tolist() == [1, 3, 5, 7, 9, 11, 13, 15]
    assert printed_optimal_commit_trials(lifetime=100, **rows).tolist() == [1, 3, 5, 8, 11, 14, 17, 21]
    for column in columns:
        arm = {"lifetime": 100, "prior_scale": prior_scale, "reward_scale": float(column)}
        values = [float(commit_value(n, **arm)) for n in range(101)]
        assert optimal_commit_trials(**arm) == values.index(max(values))
        assert optimal_commit_value(**arm) == pytest.approx(max(values), rel=1e-14)


EDGES = [
    (25, 1.0, 1.093, 1, 1.222, 1),
    (25, 10.0, 2.774, 3, 3.607, 6),
    (25, 20.0, 3.823, 3, 5.393, 7),
    (50, 10.0, 2.369, 5, 2.982, 10),
    (75, 10.0, 2.166, 6, 2.677, 14),
    (100, 0.1, 0.589, 1, 0.590, 1),
    (100, 1.0, 0.868, 2, 0.931, 3),
    (100, 5.0, 1.528, 6, 1.771, 11),
    (100, 10.0, 2.035, 8, 2.484, 17),
    (100, 20.0, 2.767, 10, 3.607, 24),
]


def test_learning_edges_and_jumps():
    lifetime, reward_scale, correct, jump, printed, printed_jump = np.array(EDGES).T
    found = commit_edge(lifetime=lifetime, reward_scale=reward_scale)
    np.testing.assert_allclose(found.prior_scale, correct, atol=6e-4)
    np.testing.assert_array_equal(found.num_trials, jump)
    by_print = printed_commit_edge(lifetime=lifetime, reward_scale=reward_scale)
    np.testing.assert_allclose(by_print.prior_scale, printed, atol=6e-4)
    np.testing.assert_array_equal(by_print.num_trials, printed_jump)


def test_the_edge_is_where_the_best_number_jumps():
    edge = commit_edge(lifetime=100, reward_scale=10.0)
    arm = {"lifetime": 100, "reward_scale": 10.0}
    assert optimal_commit_trials(prior_scale=edge.prior_scale * (1 - 1e-9), **arm) == 0
    assert optimal_commit_trials(prior_scale=edge.prior_scale * (1 + 1e-9), **arm) == edge.num_trials
    assert commit_edge(lifetime=1, reward_scale=1.0).prior_scale == np.inf


def test_edge_without_noise():
    """One pull tells all: learn iff (lifetime - 1) E[max(mean, 0)] exceeds the 1 that it costs."""
    edge = commit_edge(lifetime=30, reward_scale=1e-9)
    scale = float(edge.prior_scale)
    gain = integrate.quad(lambda mean: mean * stats.norm.pdf(mean, -1, scale), 0, 20, epsabs=1e-14)[0]
    assert 29 * gain == pytest.approx(1, abs=1e-9)
    assert edge.num_trials == 1


DISCOUNTS = np.array([0.4, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0])


@pytest.mark.parametrize(
    ("prior_scale", "reward_scale", "best"),
    [
        (3.75, 9.53, [0, 0, 2, 3, 8, 10, 11]),
        (8.0, 9.53, [1, 1, 2, 3, 5, 7, 7]),
        (3.0, 19.5, [0, 0, 0, 0, 0, 12, 13]),
        (1.0, 1.0, [0, 0, 0, 0, 2, 2, 2]),
    ],
)
def test_discounting_shrinks_exploration(prior_scale, reward_scale, best):
    found = optimal_commit_trials(lifetime=100, prior_scale=prior_scale, reward_scale=reward_scale, discount=DISCOUNTS)
    np.testing.assert_array_equal(found, best)


def test_learning_region_grows_with_lifetime_and_prior_and_shrinks_with_noise():
    for find in (optimal_commit_trials, printed_optimal_commit_trials):
        learns = (find(**GRID) > 0).astype(int)
        assert (np.diff(learns, axis=0) >= 0).all() and (np.diff(learns, axis=1) >= 0).all()
        assert (np.diff(learns, axis=2) <= 0).all()


def test_two_reasons_not_to_learn():
    """Tasks that hardly differ, however easy; and tasks that take too long to tell apart."""
    assert optimal_commit_trials(lifetime=100, prior_scale=0.25, reward_scale=0.1) == 0
    assert optimal_commit_trials(lifetime=25, prior_scale=2.5, reward_scale=[5.0, 10.0]).tolist()[1] == 0
    assert optimal_commit_trials(lifetime=25, prior_scale=2.5, reward_scale=5.0) > 0


def test_scaling():
    """Only scales relative to the prior mean matter; with lifetime and noise variance together the share stays."""
    arm = {"lifetime": 40, "prior_scale": 2.0, "reward_scale": 5.0}
    scaled = {"lifetime": 40, "prior_scale": 6.0, "reward_scale": 15.0, "prior_loc": -3.0}
    np.testing.assert_allclose(
        commit_value(np.arange(41), **scaled), 3 * commit_value(np.arange(41), **arm), rtol=1e-12
    )
    lifetimes = np.array([50, 100, 200, 400, 800])
    shares = optimal_commit_trials(lifetime=lifetimes, prior_scale=2.0, reward_scale=5 * np.sqrt(lifetimes / 50))
    assert np.ptp(shares / lifetimes) < 0.02


def test_policies_tuned_to_another_lifetime():
    """Tuned for short lives they earn little in long ones; tuned for long lives they lose in short ones."""
    arm = {"prior_scale": 3.0, "reward_scale": 10.0}
    tuned = optimal_commit_trials(lifetime=[10, 25, 100, 200], **arm)
    assert tuned.tolist() == [0, 3, 12, 19]
    values = commit_value(tuned[:, None], lifetime=[25, 50, 100, 200], **arm)
    expected = [[0, 0, 0, 0], [1.2, 5.9, 15.4, 34.4], [-6.1, 5.2, 27.9, 73.2], [-15.8, -2.5, 24.2, 77.5]]
    np.testing.assert_allclose(values, expected, atol=0.051)
