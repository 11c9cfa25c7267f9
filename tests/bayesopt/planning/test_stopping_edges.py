"""Edges and maps of optimal stopping: where a first pull begins to pay, with and without discounting."""

import numpy as np
import pytest

from bayesopt.planning.exploration import (
    commit_edge,
    full_information_value,
    optimal_commit_trials,
    optimal_commit_value,
)
from bayesopt.planning.stopping import sequential_edge, solve_stopping_problem
from bayesopt.planning.stopping.maps import solve_stopping_map
from tests.bayesopt.planning.stopping_bounds import proved_bounds

EDGES = [
    (25, 1.0, 0.949),
    (25, 10.0, 2.10),
    (25, 20.0, 2.88),
    (50, 10.0, 1.73),
    (75, 10.0, 1.56),
    (100, 0.1, 0.584),
    (100, 1.0, 0.689),
    (100, 5.0, 1.10),
    (100, 10.0, 1.45),
    (100, 20.0, 1.96),
]


@pytest.mark.parametrize(("lifetime", "reward_scale", "edge"), EDGES)
def test_edges(lifetime, reward_scale, edge):
    found = sequential_edge(lifetime=lifetime, reward_scale=reward_scale)
    assert found == pytest.approx(edge, abs=0.006)
    assert found < commit_edge(lifetime=lifetime, reward_scale=reward_scale).prior_scale


def test_an_edge_is_where_a_pull_is_worth_nothing():
    edge = sequential_edge(lifetime=20, reward_scale=4.0)
    lower, upper = proved_bounds(20, prior_scale=edge, reward_scale=4.0, num_nodes=500)
    assert lower < 1e-6 and upper > -1e-6 and upper - lower < 1e-3
    assert sequential_edge(lifetime=1, reward_scale=4.0) == np.inf


@pytest.mark.parametrize(
    ("prior_scale", "reward_scale", "values"),
    [
        (3.0, 19.5, [-0.96, -0.76, 0.23, 11.1, 22.1, 23.9]),
        (3.75, 9.53, [0.32, 2.87, 9.28, 44.4, 72.2, 76.5]),
        (1.0, 1.0, [-0.85, -0.60, -0.02, 2.94, 5.28, 5.63]),
    ],
)
def test_discounted_value_of_a_first_pull(prior_scale, reward_scale, values):
    discounts = [0.8, 0.9, 0.95, 0.99, 0.999, 1.0]
    found = [
        solve_stopping_problem(
            lifetime=100, prior_scale=prior_scale, reward_scale=reward_scale, discount=discount
        ).first_pull_value
        for discount in discounts
    ]
    np.testing.assert_allclose(found, values, rtol=5e-3, atol=0.0151)


def test_discounting_moves_the_edge():
    """The commit policy explores above discount 0.99 only, the optimum from about 0.94 on."""
    arm = {"lifetime": 100, "prior_scale": 3.0, "reward_scale": 19.5}
    assert optimal_commit_trials(discount=0.99, **arm) == 0 < optimal_commit_trials(discount=0.995, **arm)
    assert solve_stopping_problem(discount=0.935, **arm).value == 0 < solve_stopping_problem(discount=0.95, **arm).value


def test_map_agrees_with_single_solutions_and_beats_committing():
    lifetimes, prior_scales = np.array([25, 100])[:, None, None], np.linspace(0.1, 10, 5)[:, None]
    reward_scales = np.linspace(0.1, 20, 5)
    found = solve_stopping_map(lifetimes=lifetimes, prior_scales=prior_scales, reward_scales=reward_scales)
    assert found.values.shape == (2, 5, 5)
    assert found.error_bounds.max() < 0.02
    arms = {"lifetime": lifetimes, "prior_scale": prior_scales}
    commit = optimal_commit_value(reward_scale=reward_scales, **arms)
    assert (commit <= found.values + found.error_bounds).all() and (found.values < full_information_value(**arms)).all()
    total = np.arange(101)
    for i, j in [(0, 0), (1, 2), (2, 4), (4, 0), (4, 3)]:
        arm = {"prior_scale": float(prior_scales[i, 0]), "reward_scale": float(reward_scales[j])}
        solution = solve_stopping_problem(lifetime=100, **arm)
        assert found.values[1, i, j] == pytest.approx(solution.value, abs=float(found.error_bounds[1, i, j]))
        assert found.mean_pulls[1, i, j] == pytest.approx(solution.pulls_under_prior() @ total, abs=1e-3)
        probed = solution.pulls_given()
        assert found.probe_mean_pulls[1, i, j] == pytest.approx(probed @ total, abs=1e-3)
        assert found.probe_median_pulls[1, i, j] == np.searchsorted(probed.cumsum(), 0.5)


def test_committing_may_fall_far_short():
    arm = {"lifetime": 100, "prior_scale": 3.0, "reward_scale": 19.5}
    assert optimal_commit_value(**arm) / solve_stopping_problem(**arm).value == pytest.approx(0.23, abs=0.005)


def test_there_is_no_edge_for_an_arm_that_is_worth_pulling_anyway():
    with pytest.raises(ValueError, match="prior_loc must be below 0 .*; got 0.0"):
        sequential_edge(lifetime=10, reward_scale=1.0, prior_loc=0.0)
