"""Scores of foragers: of agents whose values are known exactly, and of walks that were counted by hand."""

import jax
import numpy as np
import pytest
import torch
from torch import nn

from bayesopt.episodes import sample_tabular_tasks
from bayesopt.families import ForagingGrid
from bayesopt.foraging import goal_counts
from bayesopt.planning.foraging import small_goal_agent, solve_foraging
from bayesopt.rollout import TabularTrajectories, play_tabular
from comparisons.foraging.scores import entropy_by_step, foraging_scores
from comparisons.seams.foraging import forage, foraging_encoding
from metalearners.policy import RecurrentPolicy

LIFETIME = 14
FAMILY = ForagingGrid()
UP, DOWN, LEFT, RIGHT = range(4)


@pytest.fixture(scope="module")
def plan():
    return solve_foraging(FAMILY, lifetime=LIFETIME)


@pytest.fixture(scope="module")
def tasks():
    return sample_tabular_tasks(FAMILY, jax.random.key(3), num_tasks=1500)


def in_standard_errors(values):
    return values.mean() / (values.std(ddof=1) / len(values) ** 0.5)


def test_optimal_and_small_goal_agents_score_what_is_known_exactly(plan, tasks):
    agents = (plan.optimal_agent(lifetime=LIFETIME), small_goal_agent(FAMILY))
    played = [play_tabular(agent, tasks, jax.random.key(4), lifetime=LIFETIME) for agent in agents]
    optimal, small = foraging_scores(played, plan)
    assert abs(in_standard_errors(optimal.rewards - plan.value)) < 4
    np.testing.assert_allclose(optimal.optimal_probs, 1.0)
    assert np.abs(optimal.action_gap).max() < 1e-9
    np.testing.assert_array_equal(small.rewards, LIFETIME // 2)
    np.testing.assert_array_equal(small.small_goals, LIFETIME // 2)
    np.testing.assert_array_equal(small.idle_steps, 0)
    assert small.medium_goals.max() == small.high_goals.max() == small.high_trips.max() == 0
    assert (small.action_gap >= 0).all() and small.optimal_probs.max() < 1
    np.testing.assert_allclose(small.action_gap, plan.value - LIFETIME // 2, atol=1e-9)  # it never learns anything
    counts = goal_counts(plan.layout, played[0].observations, played[0].actions, played[0].rewards)
    np.testing.assert_array_equal(optimal.high_goals, counts.high)
    paid = plan.layout.rewards @ np.stack([optimal.small_goals, optimal.medium_goals, optimal.high_goals])
    np.testing.assert_allclose(paid, optimal.rewards)


def test_a_shorter_lifetime_is_scored_by_the_plan_of_a_longer_one(plan, tasks):
    played = play_tabular(plan.optimal_agent(lifetime=9), tasks, jax.random.key(5), lifetime=9)
    (scores,) = foraging_scores([played], plan)
    assert np.abs(scores.action_gap).max() < 1e-9
    assert abs(in_standard_errors(scores.rewards - plan.values[8])) < 4


def walk(actions, high=0):
    """What a sure walk collects where the high goal is candidate `high`, the medium one far from the way."""
    layout = ForagingGrid(side=4).layout
    goals = {layout.small_cell: 1.0, int(layout.medium_cells[-1]): 3.0, int(layout.high_cells[high]): 6.0}
    cell, cells, rewards = layout.start, [], []
    for action in actions:
        cells.append(cell)
        entered = int(layout.next_cell[cell, action])
        rewards.append(goals.get(entered, 0.0))
        cell = layout.start if entered in goals else entered
    probs = np.eye(4)[actions][None]
    return TabularTrajectories(np.array(cells)[None], np.array(actions)[None], np.array(rewards)[None], probs)


def test_trips_are_counted_as_by_hand():
    small = [UP, RIGHT]
    high = [UP, UP, UP]
    detour = [LEFT, LEFT, UP, UP, UP]
    lived = [*small, *high, *small, *high, *detour, *small, *small, DOWN]
    plan = solve_foraging(ForagingGrid(side=4), lifetime=len(lived))
    (scores,) = foraging_scores([walk(lived)], plan)
    found = {name: float(values[0]) for name, values in scores._asdict().items()}
    assert found["rewards"] == 4 * 1 + 3 * 6
    assert (found["small_goals"], found["medium_goals"], found["high_goals"]) == (4, 0, 3)
    assert (found["high_trips"], found["shortest_trips"]) == (2, 1)
    assert (found["known_small_goals"], found["late_small_goals"]) == (3, 2)
    assert found["idle_steps"] == 1
    (never,) = foraging_scores([walk([DOWN] * 5)], plan)
    assert never.idle_steps[0] == 5 and never.rewards[0] == 0


def test_probabilities_that_are_no_numbers_give_no_scores(plan, tasks):
    played = play_tabular(small_goal_agent(FAMILY), tasks, jax.random.key(4), lifetime=4)
    lost = played._replace(action_probs=np.full_like(played.action_probs, np.nan))
    scores, undefined = foraging_scores([played, lost], plan)
    assert np.isfinite(np.array(scores)).all()
    assert np.isnan(np.array(undefined)).all()
    assert np.isnan(entropy_by_step(lost)).all()
    np.testing.assert_allclose(entropy_by_step(played), np.log([2, 1, 2, 1]), atol=1e-12)


class _SmallGoal(nn.Module):
    """Up from the start, then right, as sure as can be; fed columns, then rows, one-hot."""

    def forward(self, inputs):
        is_at_start = inputs[..., FAMILY.side] > 0
        logits = torch.zeros(*inputs.shape[:2], 5)
        logits[..., UP] = torch.where(is_at_start, 60.0, 0.0)
        logits[..., RIGHT] = torch.where(is_at_start, 0.0, 60.0)
        return logits


@pytest.mark.parametrize("lifetime", [7, 14])
def test_a_network_that_only_knows_the_small_goal_earns_half_its_lifetime(lifetime, tasks, plan):
    policy = RecurrentPolicy(_SmallGoal(), foraging_encoding(FAMILY, 1))
    goals = np.stack([tasks.latents["medium_goal"], tasks.latents["high_goal"]], axis=1)[:50]
    luck = np.random.default_rng(0).random((50, lifetime), dtype=np.float32)
    played = forage(policy, FAMILY, goals, luck, time_unit=lifetime)
    (scores,) = foraging_scores([played], plan)
    np.testing.assert_array_equal(scores.rewards, lifetime // 2)
    np.testing.assert_allclose(scores.action_gap, plan.values[lifetime - 1] - lifetime // 2, atol=1e-9)
