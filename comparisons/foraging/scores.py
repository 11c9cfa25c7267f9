"""Scores of players in every task: goals, trips, and the quality of choices under the exact plan.

A trip begins at the start of a lifetime or where a goal was entered, and ends where the next one is.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.foraging import ForagingBelief, ForagingLayout, goal_counts, prior_belief, update_belief
from bayesopt.planning.foraging import ForagingPlan
from bayesopt.rollout import TabularTrajectories
from comparisons.statistics.state_geometry import policy_entropy


class ForagingScores(NamedTuple):
    """Scores of one player in every task; NaN where its action probabilities are NaN, because its network diverged."""

    rewards: Float[np.ndarray, "task"]
    """Their sum over the lifetime."""
    small_goals: Float[np.ndarray, "task"]
    medium_goals: Float[np.ndarray, "task"]
    high_goals: Float[np.ndarray, "task"]
    """Entries of each goal."""
    optimal_probs: Float[np.ndarray, "task"]
    """Probability given to optimal actions, ties included, in the player's own situations; mean over steps."""
    action_gap: Float[np.ndarray, "task"]
    """Expected rewards lost by the player's choices, each followed by optimal play; sum over steps."""
    high_trips: Float[np.ndarray, "task"]
    """Trips to the high goal after it was first entered."""
    shortest_trips: Float[np.ndarray, "task"]
    """Those of them that take a shortest path."""
    known_small_goals: Float[np.ndarray, "task"]
    """Entries of the small goal after the high one was first entered."""
    late_small_goals: Float[np.ndarray, "task"]
    """Those of them after which no better goal is entered: the switch near the end."""
    idle_steps: Float[np.ndarray, "task"]
    """Steps after the last goal, which earn nothing."""


class _Goals(NamedTuple):
    """The goal that each step enters, if any."""

    is_goal: Bool[np.ndarray, "task time"]
    is_small: Bool[np.ndarray, "task time"]
    is_high: Bool[np.ndarray, "task time"]


def foraging_scores(players: Sequence[TabularTrajectories], plan: ForagingPlan) -> list[ForagingScores]:
    """Return the scores of players whose lifetimes have the same length.

    Many players at once are faster, because the plan's values are swept through once. Raises `ValueError` for
    lifetimes longer than the plan's.
    """
    together = TabularTrajectories(*(np.concatenate(parts) for parts in zip(*players, strict=True)))
    scores = _scores(together, plan)
    is_defined = np.isfinite(together.action_probs).all(axis=(1, 2))
    columns = [np.where(is_defined, np.asarray(column, float), np.nan) for column in scores]
    ends = np.cumsum([len(player.actions) for player in players])[:-1]
    return [ForagingScores(*parts) for parts in zip(*(np.split(column, ends) for column in columns), strict=True)]


def entropy_by_step(player: TabularTrajectories) -> Float[np.ndarray, "time"]:
    """Return the mean entropy of the distribution over actions at every step, in nats; NaN if the network diverged."""
    if not np.isfinite(player.action_probs).all():
        return np.full(player.actions.shape[1], np.nan)
    return policy_entropy(player.action_probs).mean(axis=0)


def _scores(played: TabularTrajectories, plan: ForagingPlan) -> ForagingScores:
    layout = plan.layout
    counts = goal_counts(layout, played.observations, played.actions, played.rewards)
    goals = _goals(layout, played)
    is_known = np.cumsum(goals.is_high, axis=1) - goals.is_high > 0
    is_later_trip = goals.is_high & is_known
    is_known_small = goals.is_small & is_known
    better = goals.is_goal & ~goals.is_small
    num_better_after = better.sum(axis=1, keepdims=True) - np.cumsum(better, axis=1)
    lengths, distances = _trip_lengths(goals.is_goal), _distances(layout)[layout.next_cell]
    is_shortest = lengths == distances[played.observations, played.actions]
    optimal_probs, action_gap = _beside_plan(played, plan)
    return ForagingScores(
        played.rewards.sum(axis=1),
        *counts,
        optimal_probs=optimal_probs,
        action_gap=action_gap,
        high_trips=is_later_trip.sum(axis=1),
        shortest_trips=(is_later_trip & is_shortest).sum(axis=1),
        known_small_goals=is_known_small.sum(axis=1),
        late_small_goals=(is_known_small & (num_better_after == 0)).sum(axis=1),
        idle_steps=(np.cumsum(goals.is_goal[:, ::-1], axis=1) == 0).sum(axis=1),
    )


def _goals(layout: ForagingLayout, played: TabularTrajectories) -> _Goals:
    entered = layout.next_cell[played.observations, played.actions]
    is_goal = played.rewards > 0
    return _Goals(is_goal, is_goal & (entered == layout.small_cell), is_goal & np.isin(entered, layout.high_cells))


def _trip_lengths(is_goal: Bool[np.ndarray, "task time"]) -> Int[np.ndarray, "task time"]:
    """Return the steps since the last goal before this step, or since the beginning, with this step included."""
    times = np.arange(is_goal.shape[1])
    last = np.maximum.accumulate(np.where(is_goal, times, -1), axis=1)
    before = np.concatenate([np.full((len(last), 1), -1), last[:, :-1]], axis=1)
    return times - before


def _distances(layout: ForagingLayout) -> Int[np.ndarray, "cell"]:
    """Return the steps from the start to each cell.

    Every possible cell of the high goal can be reached along the edges without entering another goal.
    """
    y, x = np.divmod(np.arange(layout.side**2), layout.side)
    return y + x


def _beside_plan(
    played: TabularTrajectories, plan: ForagingPlan
) -> tuple[Float[np.ndarray, "task"], Float[np.ndarray, "task"]]:
    """Return the mean probability of optimal actions, and the summed action gap."""
    num_tasks, lifetime = played.actions.shape
    belief = prior_belief(plan.layout, num_tasks)
    beliefs, on_optimal = [], np.empty((num_tasks, lifetime))
    for time in range(lifetime):
        cell, probs = played.observations[:, time], played.action_probs[:, time]
        beliefs.append(belief)
        on_optimal[:, time] = (probs * plan.optimal_actions(belief, cell, lifetime - time)).sum(axis=1)
        belief = update_belief(plan.layout, belief, cell, played.actions[:, time], played.rewards[:, time])
    visited = ForagingBelief(*(np.stack(parts, axis=1).ravel() for parts in zip(*beliefs, strict=True)))
    remaining = np.tile(lifetime - np.arange(lifetime), num_tasks)
    values = plan.action_values(visited, played.observations.ravel(), remaining)
    losses = values.max(axis=1, keepdims=True) - values
    gaps = (losses.reshape(played.action_probs.shape) * played.action_probs).sum(axis=(1, 2))
    return on_optimal.mean(axis=1), gaps
