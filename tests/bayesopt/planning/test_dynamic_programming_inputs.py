"""What the Bernoulli dynamic program accepts, refuses, and asks of memory."""

import math

import numpy as np
import pytest

from bayesopt.planning.dynamic_programming import (
    required_memory,
    solve_bernoulli_bandit,
    value_of_policy,
)

UNIFORM = [1.0, 1.0]


def test_float32_is_computed_in_float64():
    prior = np.array([[0.1, 1.0], [1.3, 0.7]], dtype=np.float32)
    solution = solve_bernoulli_bandit(prior, 30)
    assert solution.value == solve_bernoulli_bandit(prior.astype(float), 30).value
    gained = np.array([[9, 3], [0, 11]])
    belief = prior + gained.astype(np.float32)
    values = solution.action_values(*belief.T)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, solution.action_values(*(prior.astype(float) + gained).T))


@pytest.mark.parametrize(
    ("concentrations", "horizon", "discount", "message"),
    [
        ([UNIFORM], 0, 1.0, "horizon must be an integer of at least 1; got 0"),
        ([UNIFORM], 3, 0.0, r"discount must be in \(0, 1\]; got 0.0"),
        ([UNIFORM], 3, 1.01, "discount"),
        ([UNIFORM], 3, np.nan, "discount"),
        ([[1.0, 0.0]], 3, 1.0, r"positive and finite, from 1e-100 to 1e\+100; got \[\[1.0, 0.0\]\]"),
        ([[1.0, np.nan]], 3, 1.0, "positive"),
        ([[1.0, np.inf]], 3, 1.0, "positive"),
        ([1.0, 1.0], 3, 1.0, r"shape \(arm, 2\)"),
        (np.ones((2, 3)), 3, 1.0, r"shape \(arm, 2\)"),
        (np.ones((0, 2)), 3, 1.0, "at least one arm"),
        (np.ones((5, 2)) + np.arange(5)[:, None], 60, 1.0, r"5 arms over 60 trials need [\d,]+\.\d GB of memory"),
        (np.ones((2, 2)), 100_000, 1.0, "GB"),
    ],
)
def test_inputs_that_make_no_sense(concentrations, horizon, discount, message):
    for solve in (solve_bernoulli_bandit, lambda c, t, discount: value_of_policy(c, t, np.multiply, discount=discount)):
        if "GB" in message and solve is not solve_bernoulli_bandit:
            continue
        with pytest.raises(ValueError, match=message):
            solve(concentrations, horizon, discount=discount)


@pytest.mark.parametrize(
    ("one", "zero", "message"),
    [
        ([[1.0, 1.0], [0.0, 1.0]], [1.0, 1.0], r"got concentration1 \[0.0, 1.0\] .* at \(1,\)"),
        ([1.0, 1.5], [1.0, 1.0], "must follow from the prior by fewer than 4 pulls"),
        ([1.0, np.nan], [1.0, 1.0], "must follow from the prior"),
        ([3.0, 2.0], [2.0, 1.0], "fewer than 4 pulls"),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], r"last axis of 2 arms; got shape \(3,\)"),
        (1.0, 1.0, "last axis"),
    ],
)
def test_beliefs_that_cannot_be_reached(one, zero, message):
    solution = solve_bernoulli_bandit([UNIFORM] * 2, 4)
    for read in (solution.action_values, solution.optimal_actions):
        with pytest.raises(ValueError, match=message):
            read(np.array(one), np.array(zero))


@pytest.mark.parametrize("probs", [[0.5], [0.5, 1.1], [-0.1, 0.5], [0.5, np.nan]])
def test_probabilities_that_make_no_sense(probs):
    with pytest.raises(ValueError, match=r"probs must be 2 numbers in \[0, 1\]"):
        solve_bernoulli_bandit([UNIFORM] * 2, 4).evaluate(np.array(probs))


def test_a_policy_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"action_probs_fn must return shape \(4, 2\); got \(4,\)"):
        value_of_policy([UNIFORM] * 2, 2, lambda one, zero, time: np.ones(len(one)))


@pytest.mark.parametrize("prior", [[UNIFORM] * 3, [UNIFORM, [1, 2], [1, 3]], [UNIFORM, [1, 2], UNIFORM], [UNIFORM]])
def test_required_memory_is_what_is_held(prior):
    """The policy to the byte; and values of at least one state per set of exchanged arms, at most eight per state."""
    for horizon in (1, 2, 9, 16):
        policy = solve_bernoulli_bandit(prior, horizon).policy.nbytes
        states = math.comb(horizon + 2 * len(prior) - 1, 2 * len(prior) - 1)
        copies = math.factorial(len(prior)) / math.factorial(len({tuple(arm) for arm in prior}))
        assert states / copies <= (required_memory(prior, horizon) - policy) / 8 <= 8 * states
