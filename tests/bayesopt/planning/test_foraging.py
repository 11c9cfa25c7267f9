"""Foraging over a lifetime: exact values against the table, brute force over histories, and simulation."""

import functools
from collections import deque
from dataclasses import replace
from fractions import Fraction

import jax
import numpy as np
import pytest

import bayesopt
from bayesopt import memory
from bayesopt.families import BernoulliBandit, ForagingGrid
from bayesopt.foraging import ForagingBelief, goal_counts, prior_belief
from bayesopt.planning.foraging import (
    required_memory,
    small_goal_agent,
    small_goal_values,
    solve_foraging,
)
from bayesopt.planning.tabular import full_information_values, oracle_values, tabular_oracle_agent

FAMILY = ForagingGrid()
LONGEST = 100

# Worked out independently of this code: lifetime, Bayes-optimal value, value if the goals are known.
TABLE = [
    (8, 4.00, 6.04),
    (10, 5.20, 8.00),
    (12, 6.80, 9.80),
    (13, 6.91, 10.09),
    (15, 9.36, 12.15),
    (20, 14.35, 16.95),
    (30, 22.87, 25.89),
    (50, 40.60, 43.42),
    (100, 84.40, 87.35),
]


@pytest.fixture(scope="module")
def solved():
    """The plan for the grid of the paper, of 118 MB, so it goes when the module is done."""
    return solve_foraging(FAMILY, lifetime=LONGEST)


@functools.cache
def all_drawn():
    return bayesopt.sample_tabular_tasks(FAMILY, jax.random.key(0), num_tasks=3000)


def drawn(num_tasks=3000):
    return jax.tree.map(lambda leaf: leaf[:num_tasks], all_drawn())


@pytest.mark.parametrize(("lifetime", "optimal", "known"), TABLE)
def test_values_are_those_of_the_table(lifetime, optimal, known, solved):
    assert round(float(solved.values[lifetime - 1]), 2) == optimal
    assert round(float(full_information_values(FAMILY, lifetime=lifetime)[-1]), 2) == known


def test_not_learning_is_optimal_up_to_eight_steps_and_no_longer(solved):
    values, small = solved.values, small_goal_values(FAMILY, lifetime=LONGEST)
    np.testing.assert_array_equal(small, np.arange(1, LONGEST + 1) // 2)
    np.testing.assert_allclose(values[:8], small[:8], rtol=1e-12)
    assert (values[8:] - small[8:]).min() == pytest.approx(0.2)  # at ten steps, the smallest gain
    assert (values <= full_information_values(FAMILY, lifetime=LONGEST) + 1e-9).all()
    assert (np.diff(values) >= -1e-12).all() and solved.value == values[-1]


def test_a_shorter_plan_is_the_start_of_a_longer_one(solved):
    short = solve_foraging(FAMILY, lifetime=12)
    np.testing.assert_array_equal(short.values, solved.values[:12])
    np.testing.assert_array_equal(short.policy, solved.policy[:12])


def test_known_goals_are_approached_by_the_shortest_way(solved):
    """With the high goal known at (0, 5), straight up for ever, until the last walk can no longer reach it."""
    belief = ForagingBelief(np.array([31]), np.array([1]))
    for remaining, action in ((50, 0), (10, 0), (5, 0)):
        chosen = solved.optimal_actions(belief, np.array([0]), remaining)[0]
        assert chosen[action] and chosen.sum() == 1
    np.testing.assert_array_equal(solved.optimal_actions(belief, np.array([0]), 2)[0], [1, 0, 0, 1])
    np.testing.assert_array_equal(solved.optimal_actions(belief, np.array([0]), 1)[0], [1, 1, 1, 1])


# --- brute force: histories of a small grid, a dictionary of hypotheses, exact fractions ------------------------------

SMALL = ForagingGrid(side=4, small_reward=1.0, medium_reward=2.0, high_reward=5.0)
MEDIUM = [(1, 2), (2, 2), (2, 1)]
HIGH = [(0, 3), (1, 3), (2, 3), (3, 3), (3, 2), (3, 1), (3, 0)]
MOVES = [(0, 1), (0, -1), (-1, 0), (1, 0)]
BRUTE_LIFETIME = 12


class BruteForce:
    """Plays every action; keeps the probability of every pair of goals."""

    def __init__(self):
        self.found = {}

    def action_values(self, here, posterior, remaining):
        key = here, tuple(sorted(posterior.items())), remaining
        if key not in self.found:
            self.found[key] = [self.try_action(here, move, posterior, remaining) for move in MOVES]
        return self.found[key]

    def try_action(self, here, move, posterior, remaining):
        there = here[0] + move[0], here[1] + move[1]
        if not all(0 <= c < 4 for c in there):
            there = here
        outcomes = {}
        for (medium, high), prob in posterior.items():
            reward = {high: 5, medium: 2, (1, 1): 1}.get(there, 0)
            outcomes.setdefault((reward, (0, 0) if reward else there), {})[medium, high] = prob
        worth = Fraction(0)
        for (reward, after), joint in outcomes.items():
            total = sum(joint.values())
            later = Fraction(0)
            if remaining > 1:
                left = {pair: prob / total for pair, prob in joint.items()}
                later = max(self.action_values(after, left, remaining - 1))
            worth += total * (reward + later)
        return worth


@functools.cache
def brute_force():
    brute = BruteForce()
    prior = {(m, h): Fraction(1, len(MEDIUM) * len(HIGH)) for m in MEDIUM for h in HIGH}
    values = [max(brute.action_values((0, 0), prior, t)) for t in range(1, BRUTE_LIFETIME + 1)]
    return values, brute.found


def test_values_are_those_of_brute_force():
    values, _ = brute_force()
    planned = solve_foraging(SMALL, lifetime=BRUTE_LIFETIME).values
    np.testing.assert_allclose(planned, [float(value) for value in values], rtol=1e-13)
    assert values[-1] > BRUTE_LIFETIME // 2


def test_action_values_and_ties_are_those_of_brute_force_in_every_state():
    plan, (_, found) = solve_foraging(SMALL, lifetime=BRUTE_LIFETIME), brute_force()
    assert len(found) > 3000
    medium = [sum({1 << MEDIUM.index(m) for (m, _), _ in posterior}) for _, posterior, _ in found]
    high = [sum({1 << HIGH.index(h) for (_, h), _ in posterior}) for _, posterior, _ in found]
    belief = ForagingBelief(np.array(medium), np.array(high))
    cells = np.array([4 * y + x for (x, y), _, _ in found])
    remaining = np.array([steps for _, _, steps in found])
    expected = np.array([[float(value) for value in values] for values in found.values()])
    np.testing.assert_allclose(plan.action_values(belief, cells, remaining), expected, rtol=1e-13, atol=1e-15)
    is_best = np.array([[value == max(values) for value in values] for values in found.values()])
    for steps in range(1, BRUTE_LIFETIME + 1):
        rows = remaining == steps
        here = ForagingBelief(belief.medium_candidates[rows], belief.high_candidates[rows])
        np.testing.assert_array_equal(plan.optimal_actions(here, cells[rows], steps), is_best[rows])


def test_action_values_agree_with_the_stored_policy_and_values(solved):
    plan, layout = solved, FAMILY.layout
    rng, num_states = np.random.default_rng(0), 400
    belief = ForagingBelief(rng.integers(1, 32, num_states), rng.integers(1, 2048, num_states))
    cells, remaining = rng.integers(0, 36, num_states), rng.integers(1, 13, num_states)
    values = plan.action_values(belief, cells, remaining)
    for row in range(num_states):
        one = ForagingBelief(*(part[row : row + 1] for part in belief))
        is_optimal = plan.optimal_actions(one, cells[row : row + 1], int(remaining[row]))[0]
        np.testing.assert_array_equal(is_optimal, values[row] >= values[row].max() - 1e-9)
    times = np.array([1, 5, 9, 13])
    from_prior = plan.action_values(prior_belief(layout, 4), np.zeros(4, int), times).max(axis=1)
    np.testing.assert_array_equal(from_prior, plan.values[times - 1])


# --- play -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lifetime", [10, 20, 50, LONGEST])
def test_the_optimal_agent_earns_what_the_plan_says(lifetime, solved):
    """Within four standard errors of 3000 tasks."""
    tasks = drawn()
    played = bayesopt.play_tabular(solved.optimal_agent(lifetime=lifetime), tasks, jax.random.key(1), lifetime=lifetime)
    earned = played.rewards.sum(axis=1)
    error = earned.std(ddof=1) / len(earned) ** 0.5
    assert abs(earned.mean() - solved.values[lifetime - 1]) < 4 * error
    assert (earned <= oracle_values(tasks, lifetime=lifetime)[-1] + 1e-9).all()
    counts = goal_counts(FAMILY.layout, played.observations, played.actions, played.rewards)
    np.testing.assert_array_equal(counts.small + 3 * counts.medium + 6 * counts.high, earned)


def test_three_regimes_of_goals(solved):
    """Medium goals between 9 and 12 steps, high ones from 13 on; the counts per life are those of the table."""
    expected = {7: (3, 0, 0), 10: (1.0, 1.4, 0), 13: (0.9, 0, 1.0), 30: (0.6, 0.6, 3.4)}
    for lifetime, stated in expected.items():
        agent = solved.optimal_agent(lifetime=lifetime)
        played = bayesopt.play_tabular(agent, drawn(), jax.random.key(1), lifetime=lifetime)
        counts = goal_counts(FAMILY.layout, played.observations, played.actions, played.rewards)
        for found, mean in zip(counts, stated, strict=True):
            error = found.std(ddof=1) / len(found) ** 0.5
            assert abs(found.mean() - mean) <= 4 * error + 0.05  # the table has one digit


def test_the_small_goal_agent_never_leaves_the_way():
    played = bayesopt.play_tabular(small_goal_agent(FAMILY), drawn(200), jax.random.key(1), lifetime=25)
    np.testing.assert_array_equal(played.rewards.sum(axis=1), 12)
    assert set(np.unique(played.observations)) == {0, 1, 6}
    assert np.unique(played.action_probs).tolist() == [0, 0.5, 1]


def test_the_agent_that_knows_the_goals_earns_the_most_there_is():
    """Against shortest ways round other goals, and the best mix of goals that fits into the lifetime."""
    tasks, lifetime = drawn(60), 23
    values = oracle_values(tasks, lifetime=lifetime)
    for task in range(60):
        pays = {7: 1.0}
        pays[int(FAMILY.layout.medium_cells[tasks.latents["medium_goal"][task]])] = 3.0
        pays[int(FAMILY.layout.high_cells[tasks.latents["high_goal"][task]])] = 6.0
        lengths = shortest_ways(set(pays))
        best = [0.0]
        for steps in range(1, lifetime + 1):
            walks = [pays[cell] + best[steps - lengths[cell]] for cell in pays if lengths[cell] <= steps]
            best.append(max([*walks, best[-1]]))
        np.testing.assert_allclose(values[:, task], best[1:], rtol=1e-12)
    played = bayesopt.play_tabular(
        tabular_oracle_agent(tasks, lifetime=lifetime), tasks, jax.random.key(1), lifetime=lifetime
    )
    np.testing.assert_allclose(played.rewards.sum(axis=1), values[-1], rtol=1e-12)


def shortest_ways(goals):
    lengths, waiting = {0: 0}, deque([0])
    while waiting:
        cell = waiting.popleft()
        if cell in goals:
            continue
        x, y = cell % 6, cell // 6
        for dx, dy in MOVES:
            if 0 <= x + dx < 6 and 0 <= y + dy < 6 and (after := 6 * (y + dy) + x + dx) not in lengths:
                lengths[after] = lengths[cell] + 1
                waiting.append(after)
    return lengths


# --- what is refused --------------------------------------------------------------------------------------------------


def test_bad_lifetimes_are_refused():
    for bad in (0, -3):
        for call in (solve_foraging, small_goal_values, full_information_values):
            with pytest.raises(ValueError, match=f"lifetime must be an integer of at least 1; got {bad}"):
                call(FAMILY, lifetime=bad)
        for call in (oracle_values, tabular_oracle_agent):
            with pytest.raises(ValueError, match=f"lifetime must be an integer of at least 1; got {bad}"):
                call(drawn(60), lifetime=bad)
    plan = solve_foraging(SMALL, lifetime=3)
    belief, cell = prior_belief(SMALL.layout, 1), np.array([0])
    for bad in (0, 4):
        with pytest.raises(ValueError, match=f"lifetime must be an integer from 1 to 3; got {bad}"):
            plan.optimal_agent(lifetime=bad)
        with pytest.raises(ValueError, match=f"remaining must be from 1 to 3; got {bad}"):
            plan.optimal_actions(belief, cell, bad)
        with pytest.raises(ValueError, match=f"remaining must be from 1 to 3; got {bad} to {bad}"):
            plan.action_values(belief, cell, np.array([bad]))
    tasks = bayesopt.sample_tabular_tasks(SMALL, jax.random.key(0), num_tasks=2)
    with pytest.raises(ValueError, match="remaining must be from 1 to 3; got 0"):
        bayesopt.play_tabular(plan.optimal_agent(lifetime=3), tasks, jax.random.key(0), lifetime=4)
    oracle = tabular_oracle_agent(tasks, lifetime=3)
    with pytest.raises(ValueError, match="time must be from 0 to 2, .*; got 3"):
        bayesopt.play_tabular(oracle, tasks, jax.random.key(0), lifetime=4)
    with pytest.raises(ValueError, match="num_tasks must be 2, .*; got 3"):
        oracle.initial_state(3)


def test_too_much_memory_is_refused_with_the_number(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 200_000_000)
    assert 1e8 < required_memory(FAMILY, lifetime=LONGEST) < 2e8
    assert required_memory(replace(FAMILY, side=8), lifetime=LONGEST) > 5e9
    with pytest.raises(ValueError, match=r"side 7 and 100 steps need 0\.9 GB of memory; 0\.2 GB are available"):
        solve_foraging(replace(FAMILY, side=7), lifetime=LONGEST)


def test_full_information_is_for_families_that_list_their_tasks():
    class Unlisted(bayesopt.AbstractTabularFamily):
        num_states = num_actions = initial_state = property(lambda self: 1)

        def model(self):
            pass

        def tables(self, latents):
            raise NotImplementedError

    with pytest.raises(NotImplementedError, match="Unlisted does not list its tasks"):
        full_information_values(Unlisted(), lifetime=3)
    assert not isinstance(BernoulliBandit(), bayesopt.AbstractTabularFamily)
