"""Explore, then commit: closed forms against simulation and quadrature, and the numbers of the specification.

Numbers called printed are those of Lange & Sprekeler (2020); the others were found without this code.
"""

import jax
import numpy as np
import pytest
from scipy import integrate, special, stats

from bayesopt.agent import Agent
from bayesopt.episodes import RewardTables
from bayesopt.planning.exploration import (
    commit_edge,
    commit_value,
    full_information_value,
    optimal_commit_trials,
    optimal_commit_value,
    printed_commit_edge,
    printed_commit_value,
    printed_optimal_commit_trials,
    sample_mean_commit_value,
)
from bayesopt.planning.exploration_agents import commit_agent
from bayesopt.rollout import play

LIFETIMES = np.array([25, 50, 75, 100])[:, None, None]
PRIOR_SCALES = np.linspace(0.1, 10, 20)[:, None]
REWARD_SCALES = np.linspace(0.1, 20, 20)
GRID = {"lifetime": LIFETIMES, "prior_scale": PRIOR_SCALES, "reward_scale": REWARD_SCALES}


def simulated(num_trials, *, lifetime, prior_scale, reward_scale, rng, num_tasks, by_sample_mean=False):
    """Rewards of every lifetime, from the definition: draw the mean, draw the rewards, decide."""
    means = rng.normal(-1, prior_scale, num_tasks)
    sample_means = means + rng.normal(0, reward_scale / np.sqrt(num_trials), num_tasks)
    precision, gained = prior_scale**-2, num_trials * reward_scale**-2
    decides = sample_means if by_sample_mean else (-precision + gained * sample_means) / (precision + gained)
    return num_trials * means + (lifetime - num_trials) * means * (decides > 0)


@pytest.mark.parametrize(
    ("value", "by_sample_mean"), [(commit_value, False), (sample_mean_commit_value, True)], ids=["posterior", "sample"]
)
def test_values_are_those_of_simulated_lifetimes(value, by_sample_mean):
    """160 settings; all within 4 standard errors (failure rate 1 %), and their mean square near 1 (5 sigma)."""
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(160):
        lifetime = int(rng.choice(LIFETIMES.ravel()))
        num_trials = int(rng.integers(1, lifetime))
        arm = {
            "lifetime": lifetime,
            "prior_scale": float(rng.choice(PRIOR_SCALES.ravel())),
            "reward_scale": float(rng.choice(REWARD_SCALES)),
        }
        rewards = simulated(num_trials, rng=rng, num_tasks=10_000, by_sample_mean=by_sample_mean, **arm)
        scores.append((rewards.mean() - value(num_trials, **arm)) / (rewards.std() / 100))
    assert np.abs(scores).max() < 4
    assert abs(np.mean(np.square(scores)) - 1) < 5 * np.sqrt(2 / 160)


def test_discounted_value_is_that_of_simulated_trials():
    rng, weights = np.random.default_rng(1), 0.9 ** np.arange(12)
    means = rng.normal(-1, 2, 200_000)
    rewards = means[:, None] + rng.normal(0, 3, (200_000, 12))
    posterior = (-1 / 4 + rewards[:, :4].sum(1) / 9) / (1 / 4 + 4 / 9)
    rewards[:, 4:] *= (posterior > 0)[:, None]
    earned = rewards @ weights
    stated = commit_value(4, lifetime=12, prior_scale=2.0, reward_scale=3.0, discount=0.9)
    assert abs(earned.mean() - stated) < 4 * earned.std() / np.sqrt(200_000)


@pytest.mark.parametrize("num_trials", [1, 2, 10, 24])
@pytest.mark.parametrize(("prior_scale", "reward_scale", "prior_loc"), [(1.0, 3.0, -1.0), (4.0, 0.5, 0.7)])
def test_printed_formula_by_quadrature(num_trials, prior_scale, reward_scale, prior_loc):
    precision, gained = prior_scale**-2, num_trials * reward_scale**-2

    def integrand(z):
        mean = prior_loc + prior_scale * z
        estimate = (precision * prior_loc + gained * mean) / (precision + gained)
        return mean * special.ndtr(estimate * np.sqrt(precision + gained)) * stats.norm.pdf(z)

    switch = -prior_loc * (1 + precision / gained) / prior_scale
    by_quadrature = integrate.quad(integrand, -12, 12, points=[np.clip(switch, -11, 11)], epsabs=1e-12, limit=400)[0]
    found = printed_commit_value(
        num_trials, lifetime=25, prior_scale=prior_scale, reward_scale=reward_scale, prior_loc=prior_loc
    )
    assert found == pytest.approx(num_trials * prior_loc + (25 - num_trials) * by_quadrature, abs=1e-8)


def test_full_information_is_the_integral_of_the_better_arm():
    by_quadrature = integrate.quad(lambda mean: mean * stats.norm.pdf(mean, -1, 3), 0, 40, epsabs=1e-13)[0]
    assert full_information_value(lifetime=10, prior_scale=3.0) == pytest.approx(10 * by_quadrature, abs=1e-9)
    assert full_information_value(lifetime=3, prior_scale=3.0, discount=0.5) == pytest.approx(1.75 * by_quadrature)


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


@pytest.mark.parametrize(
    ("prior_scale", "reward_scale", "best", "value", "first", "printed_best", "printed_value", "printed_first"),
    [
        (3.0, 19.5, 13, 5.48, -0.8, 22, -15.7, -34.8),
        (3.75, 9.53, 11, 56.10, 17.5, 14, 48.2, -19.0),
        (8.0, 9.53, 7, 219.68, None, 8, 215.6, None),
    ],
)
def test_value_of_exploring_over_the_number_of_trials(
    prior_scale, reward_scale, best, value, first, printed_best, printed_value, printed_first
):
    """Figure 2 of the paper: one panel is a case for learning, though the printed formula says it is not."""
    arm = {"lifetime": 100, "prior_scale": prior_scale, "reward_scale": reward_scale}
    trials = np.arange(1, 101)
    correct, printed = commit_value(trials, **arm), printed_commit_value(trials, **arm)
    assert (trials[correct.argmax()], trials[printed.argmax()]) == (best, printed_best)
    assert correct.max() == pytest.approx(value, abs=0.005)
    assert printed.max() == pytest.approx(printed_value, abs=0.05)
    if first is not None:
        assert correct[0] == pytest.approx(first, abs=0.05)
        assert printed[0] == pytest.approx(printed_first, abs=0.5)


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


def test_order_of_the_rules():
    """The posterior mean decides better than the sample mean, and nothing beats knowing."""
    trials = np.arange(1, 26)
    arm = {"lifetime": 25, "prior_scale": PRIOR_SCALES, "reward_scale": 7.0}
    by_posterior, by_sample = commit_value(trials, **arm), sample_mean_commit_value(trials, **arm)
    assert (by_sample <= by_posterior + 1e-12).all() and (by_sample < by_posterior - 1e-3).any()
    assert (by_posterior < full_information_value(lifetime=25, prior_scale=PRIOR_SCALES)).all()


def test_nothing_to_learn():
    scales = np.array([0.0, 1e-300, 1e-160, 1e-8])
    for value in (commit_value, printed_commit_value):
        found = value([[0], [3]], lifetime=10, prior_scale=scales, reward_scale=1.0)
        np.testing.assert_allclose(found, [[0.0] * 4, [-3.0] * 4], atol=1e-12)
        assert value(4, lifetime=10, prior_scale=0.0, reward_scale=1.0, prior_loc=0.5) == pytest.approx(5.0)
    misled = 7 * special.ndtr(-np.sqrt(3))  # the mean of three rewards may be positive by chance
    found = sample_mean_commit_value(3, lifetime=10, prior_scale=scales, reward_scale=1.0)
    np.testing.assert_allclose(found, -3 - misled, atol=1e-12)
    assert (optimal_commit_trials(lifetime=10, prior_scale=scales, reward_scale=1.0) == 0).all()
    assert optimal_commit_trials(lifetime=10, prior_scale=0.0, reward_scale=1.0, prior_loc=0.1) == 0
    assert commit_value(0, lifetime=10, prior_scale=2.0, reward_scale=1.0, prior_loc=0.5) == 5.0


def played(agent: Agent, *, lifetime, prior_scale, reward_scale, num_tasks, seed):
    rng = np.random.default_rng(seed)
    means = rng.normal(-1, prior_scale, num_tasks)
    rewards = np.zeros((num_tasks, lifetime, 2))
    rewards[:, :, 1] = means[:, None] + rng.normal(0, reward_scale, (num_tasks, lifetime))
    return play(agent, RewardTables({"mean": means}, rewards), jax.random.key(0))


def test_commit_agent_earns_the_closed_form():
    arm = {"prior_scale": 3.0, "reward_scale": 4.0}
    trajectories = played(commit_agent(5, **arm), lifetime=20, num_tasks=20_000, seed=2, **arm)
    assert (trajectories.actions[:, :5] == 1).all()
    assert (np.diff(trajectories.actions[:, 5:], axis=1) == 0).all()
    earned = trajectories.rewards.sum(1)
    assert abs(earned.mean() - commit_value(5, lifetime=20, **arm)) < 4 * earned.std() / np.sqrt(20_000)
    assert 0.1 < trajectories.actions[:, 5].mean() < 0.9


def test_commit_agent_that_never_explores_goes_by_the_prior():
    for prior_loc, arm in ((-1.0, 0), (0.0, 0), (1.0, 1)):
        agent = commit_agent(0, prior_scale=0.0, reward_scale=1.0, prior_loc=prior_loc)
        probs = agent.action_probs(agent.initial_state(2), (), 0)
        np.testing.assert_array_equal(probs, np.tile(np.eye(2)[arm], (2, 1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prior_scale": -1.0}, "prior_scale must be finite and >= 0; got -1"),
        ({"prior_scale": np.nan}, "prior_scale must be finite and >= 0; got nan"),
        ({"reward_scale": [1.0, 0.0]}, "reward_scale must be finite and > 0; got 0"),
        ({"prior_loc": np.inf}, "prior_loc must be finite; got inf"),
        ({"lifetime": 0}, "lifetime must be an integer >= 1; got 0"),
        ({"lifetime": 2.5}, "lifetime must be an integer >= 1; got 2.5"),
        ({"num_trials": 11}, "num_trials must be an integer from 0 to the lifetime, 10; got 11"),
        ({"num_trials": -1}, "num_trials must be an integer from 0 to the lifetime, 10; got -1"),
        ({"discount": 0.0}, r"discount must be in \(0, 1\]; got 0"),
    ],
)
def test_refusals(change, message):
    good = {"num_trials": 3, "lifetime": 10, "prior_scale": 1.0, "reward_scale": 1.0}
    with pytest.raises(ValueError, match=message):
        commit_value(**(good | change))


def test_refusals_of_edges_and_agents():
    with pytest.raises(ValueError, match="prior_loc must be below 0 .*; got 0"):
        commit_edge(lifetime=10, reward_scale=1.0, prior_loc=0.0)
    with pytest.raises(ValueError, match="num_trials must be .* got -1"):
        commit_agent(-1, prior_scale=1.0, reward_scale=1.0)
    with pytest.raises(ValueError, match="reward_scale must be finite and > 0; got 0"):
        commit_agent(1, prior_scale=1.0, reward_scale=0.0)
