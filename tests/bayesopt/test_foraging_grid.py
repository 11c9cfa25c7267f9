"""The foraging grid: its cells and tasks, what visits rule out, and playing on tables."""

import functools
from dataclasses import replace

import jax
import numpy as np
import pytest

import bayesopt
from bayesopt import families
from bayesopt.agent import Agent
from bayesopt.families import ForagingGrid
from bayesopt.foraging import ForagingBelief, cell_at, goal_counts, occupancy, prior_belief, update_belief
from bayesopt.planning.heuristics import uniform_agent

FAMILY = ForagingGrid()
UP, DOWN, LEFT, RIGHT = range(4)


@functools.cache
def all_drawn():
    return bayesopt.sample_tabular_tasks(FAMILY, jax.random.key(0), num_tasks=20_000)


def drawn(num_tasks):
    return jax.tree.map(lambda leaf: leaf[:num_tasks], all_drawn())


def cells(pairs):
    return [6 * y + x for x, y in pairs]


def test_it_is_found_and_its_cells_are_those_of_the_paper():
    assert families.load("foraging_grid") is ForagingGrid
    assert (FAMILY.num_states, FAMILY.num_actions, FAMILY.initial_state) == (36, 4, 0)
    layout = FAMILY.layout
    assert layout.small_cell == cell_at(6, 1, 1) == 7
    assert layout.medium_cells.tolist() == cells([(1, 3), (2, 3), (3, 3), (3, 2), (3, 1)])
    top = [(x, 5) for x in range(6)]
    assert layout.high_cells.tolist() == cells([*top, *((5, y) for y in range(4, -1, -1))])
    smallest = replace(FAMILY, side=4).layout
    assert smallest.medium_cells.tolist() == [9, 10, 6]
    assert smallest.high_cells.tolist() == [12, 13, 14, 15, 11, 7, 3]


def test_tables_are_what_the_goals_say():
    """The medium goal at (3, 3), the high one at (5, 5)."""
    tasks = bayesopt.tabular_tasks_given(FAMILY, {"medium_goal": np.array([2]), "high_goal": np.array([5])})
    next_state, reward = tasks.next_state[0], tasks.reward[0]
    assert tasks.initial_state.tolist() == [0] and reward.dtype == np.float64
    pays = {(1, 1): 1.0, (3, 3): 3.0, (5, 5): 6.0}
    for x in range(6):
        for y in range(6):
            for action, (dx, dy) in enumerate(((0, 1), (0, -1), (-1, 0), (1, 0))):
                there = min(max(x + dx, 0), 5), min(max(y + dy, 0), 5)
                expected = pays.get(there, 0.0)
                state = 6 * y + x
                assert reward[state, action] == expected
                assert next_state[state, action] == (0 if expected else 6 * there[1] + there[0])


def test_goals_are_uniform():
    """Every one of the 55 tasks equally often, within five standard errors."""
    tasks = drawn(20_000)
    assert set(tasks.latents) == {"medium_goal", "high_goal"}
    counts = np.bincount(11 * tasks.latents["medium_goal"] + tasks.latents["high_goal"], minlength=55)
    assert len(counts) == 55
    assert np.abs(counts / 20_000 - 1 / 55).max() < 5 * np.sqrt(54 / 55**2 / 20_000)
    given = bayesopt.tabular_tasks_given(FAMILY, tasks.latents)
    np.testing.assert_array_equal(tasks.reward, given.reward)


def test_elimination_is_bayes_rule():
    """Against counting which of the 55 tasks agree with everything that a random walk met."""
    every = bayesopt.tabular_tasks_given(FAMILY, FAMILY.possible_latents())
    assert len(every.reward) == 55
    tasks = drawn(40)
    played = bayesopt.play_tabular(uniform_agent(4), tasks, jax.random.key(1), lifetime=120)
    belief, agrees = prior_belief(FAMILY.layout, 40), np.ones((40, 55), bool)
    medium, high = every.latents["medium_goal"], every.latents["high_goal"]
    for time in range(120):
        met = played.observations[:, time], played.actions[:, time], played.rewards[:, time]
        agrees &= (every.reward[:, met[0], met[1]] == met[2]).T
        belief = update_belief(FAMILY.layout, belief, *met)
        is_left = (belief.medium_candidates[:, None] >> medium) & (belief.high_candidates[:, None] >> high) & 1
        np.testing.assert_array_equal(is_left.astype(bool), agrees)
    assert (agrees.sum(axis=1) < 20).mean() > 0.5


def test_rewards_that_no_task_pays_are_refused():
    prior, start = ForagingBelief(np.array([1]), np.array([1])), np.array([cell_at(6, 0, 4)])
    with pytest.raises(ValueError, match="for the high goal; got rewards that rule out every cell in 1 of 1 tasks"):
        update_belief(FAMILY.layout, prior, start, np.array([UP]), np.array([0.0]))
    beside = np.array([cell_at(6, 2, 2)])
    with pytest.raises(ValueError, match="for the medium goal; got rewards that rule out every cell in 1 of 1 tasks"):
        update_belief(FAMILY.layout, prior, beside, np.array([UP]), np.array([3.0]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"side": 3}, "side must be an integer of at least 4; got 3"),
        ({"side": 0}, "side must be an integer of at least 4; got 0"),
        ({"small_reward": 0.0}, "small_reward must be a finite number > 0; got 0.0"),
        ({"medium_reward": -3.0}, "medium_reward must be a finite number > 0; got -3.0"),
        ({"high_reward": float("nan")}, "high_reward must be a finite number > 0; got nan"),
    ],
)
def test_what_is_no_grid_is_refused(changes, message):
    with pytest.raises(ValueError, match=f"ForagingGrid: {message}"):
        replace(FAMILY, **changes)


# --- playing ----------------------------------------------------------------------------------------------------------


def walker(route):
    """Follows a route, whatever happens."""
    return Agent(
        num_arms=4,
        initial_state=lambda num_tasks: np.zeros((num_tasks, 0)),
        action_probs=lambda state, observation, time: np.tile(np.eye(4)[route[time]], (len(state), 1)),
        update=lambda state, observation, action, reward, time: state,
    )


def test_a_walk_along_the_left_edge():
    """The high goal at (0, 5) pays at the fifth step and leads back; a wall costs its step."""
    tasks = bayesopt.tabular_tasks_given(FAMILY, {"medium_goal": np.array([0, 0]), "high_goal": np.array([0, 10])})
    route = [UP] * 6 + [LEFT, RIGHT]
    played = bayesopt.play_tabular(walker(route), tasks, jax.random.key(0), lifetime=8)
    np.testing.assert_array_equal(played.rewards, [[0, 0, 0, 0, 6, 0, 0, 1], [0] * 8])
    np.testing.assert_array_equal(played.observations[0], [0, 6, 12, 18, 24, 0, 6, 6])
    np.testing.assert_array_equal(played.observations[1], [0, 6, 12, 18, 24, 30, 30, 30])
    np.testing.assert_array_equal(played.actions, [route] * 2)
    counts = goal_counts(FAMILY.layout, played.observations, played.actions, played.rewards)
    assert [count.tolist() for count in counts] == [[1, 0], [0, 0], [1, 0]]
    shares = occupancy(played.observations, side=6)
    np.testing.assert_array_equal(shares[:, 0] * 16, [3, 4, 2, 2, 2, 3])
    assert shares[:, 1:].sum() == 0


def test_trajectories_follow_the_tables_and_agents_are_told_what_happened():
    told = []
    tasks = drawn(100)
    agent = uniform_agent(4)._replace(
        update=lambda state, observation, action, reward, time: told.append((observation, action, reward)) or state
    )
    played = bayesopt.play_tabular(agent, tasks, jax.random.key(1), lifetime=30)
    rows = np.arange(100)[:, None]
    np.testing.assert_array_equal(played.rewards, tasks.reward[rows, played.observations, played.actions])
    following = tasks.next_state[rows, played.observations, played.actions]
    np.testing.assert_array_equal(played.observations[:, 1:], following[:, :-1])
    for seen, stored in zip(zip(*told, strict=True), played[:3], strict=True):
        np.testing.assert_array_equal(np.stack(seen, axis=1), stored)
    assert np.abs(np.bincount(played.actions.ravel()) / 3000 - 0.25).max() < 5 * np.sqrt(0.1875 / 3000)


def test_play_that_cannot_be_is_refused():
    tasks = drawn(3)
    with pytest.raises(ValueError, match="tasks must have 3 actions, like the agent; got 4"):
        bayesopt.play_tabular(uniform_agent(3), tasks, jax.random.key(0), lifetime=2)
    with pytest.raises(ValueError, match="lifetime must be an integer of at least 1; got 0"):
        bayesopt.play_tabular(uniform_agent(4), tasks, jax.random.key(0), lifetime=0)
    unsure = uniform_agent(4)._replace(action_probs=lambda state, observation, time: np.full((3, 4), 0.2))
    with pytest.raises(ValueError, match=r"must add up to 1; got a sum of 0\.8 at trial 0"):
        bayesopt.play_tabular(unsure, tasks, jax.random.key(0), lifetime=2)
    with pytest.raises(ValueError, match="num_tasks must be an integer of at least 1; got 0"):
        bayesopt.sample_tabular_tasks(FAMILY, jax.random.key(0), num_tasks=0)
    with pytest.raises(ValueError, match="cells must be from 0 to 35; got 0 to 36"):
        occupancy(np.array([[0, 36]]), side=6)
    with pytest.raises(ValueError, match=r"x and y must be from 0 to 5; got \(6, 0\)"):
        cell_at(6, 6, 0)
