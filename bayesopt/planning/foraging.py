"""Bayes-optimal foraging over a lifetime, by exact dynamic programming over cells, candidate sets and remaining steps.

V is 0 when no step remains. V' is the value with one remaining step less. Entering a candidate cell of a goal with n
remaining candidates has the value `(reward + V'(known, start) + (n - 1) V'(ruled out, cell)) / n`; entering an empty
cell has the value V' there. V is the largest value over the four neighbours. One sweep over remaining steps solves all
shorter lifetimes too. Memory holds the values of two times, and the whole policy with four bits per state.
"""

import dataclasses
from functools import partial
from typing import Any, SupportsIndex, final

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from bayesopt.agent import TIE_TOLERANCE, Agent, Observation, no_memory, shared_among, unchanged
from bayesopt.described import described
from bayesopt.foraging import (
    ACTIONS,
    ForagingBelief,
    ForagingLayout,
    HasForagingLayout,
    prior_belief,
    update_belief,
)
from bayesopt.inputs import as_count
from bayesopt.memory import require_memory
from bayesopt.planning.foraging_kernels import read_action_values, sweep

SetsAndCells = tuple[int, int, int]


@final
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ForagingPlan:
    """Bayes-optimal policy of a foraging grid for every lifetime up to `lifetime`, made by `solve_foraging`."""

    lifetime: int
    values: Float[np.ndarray, "lifetime"]
    """Expected summed reward of the optimal policy over 1, 2, ... `lifetime` steps, undiscounted."""
    layout: ForagingLayout
    policy: UInt8[np.ndarray, "lifetime medium high pair"]
    """Bits of the optimal actions with 1, 2, ... remaining steps: four for each of two neighbouring cells."""

    def __repr__(self) -> str:
        return described(self, lifetime=self.lifetime, value=self.value)

    @property
    def value(self) -> float:
        """Expected summed reward of the optimal policy over the whole lifetime."""
        return float(self.values[-1])

    def optimal_actions(
        self, belief: ForagingBelief, cell: Int[np.ndarray, "task"], remaining: int
    ) -> Bool[np.ndarray, "task action"]:
        """Return True for every optimal action with `remaining` steps left, the next one included.

        Values within a relative `TIE_TOLERANCE` of the best are tied. Raises `ValueError` for `remaining` outside
        1 ... lifetime.
        """
        if not 1 <= remaining <= self.lifetime:
            raise ValueError(f"remaining must be from 1 to {self.lifetime}; got {remaining}")
        pairs = self.policy[remaining - 1, belief.medium_candidates, belief.high_candidates, cell // 2]
        bits = pairs >> (4 * (cell % 2)).astype(np.uint8)
        return (bits[:, None] >> np.arange(len(ACTIONS), dtype=np.uint8) & 1).astype(bool)

    def action_values(
        self, belief: ForagingBelief, cell: Int[np.ndarray, "task"], remaining: Int[np.ndarray, "task"]
    ) -> Float[np.ndarray, "task action"]:
        """Return the expected sum of rewards of each action followed by the optimal policy.

        Each entry has its own number of remaining steps, the next one included. Values are not stored: each call
        repeats the backward sweep, so pass many states at once. Raises `ValueError` for `remaining` outside
        1 ... lifetime.
        """
        if not 1 <= remaining.min() <= remaining.max() <= self.lifetime:
            raise ValueError(f"remaining must be from 1 to {self.lifetime}; got {remaining.min()} to {remaining.max()}")
        result = np.empty((len(cell), len(ACTIONS)))
        worth, scratch = np.empty(len(self.layout.next_cell)), np.empty(self.policy.shape[1:], np.uint8)
        later, values = np.zeros((2, *_values_shape(self.layout)))
        for steps in range(1, int(remaining.max()) + 1):
            rows = np.flatnonzero(remaining == steps)
            read_action_values(result, rows, *belief, cell, later, self.layout, worth)
            if steps < remaining.max():
                sweep(values, scratch, later, self.layout, TIE_TOLERANCE, worth)
                later, values = values, later
        return result

    def optimal_agent(self, *, lifetime: SupportsIndex) -> Agent:
        """Return the Bayes-optimal agent for `lifetime` steps, which may be fewer than were planned.

        Its observation is the cell; it breaks ties uniformly at random. Raises `ValueError` for a lifetime outside
        1 ... that of the plan. The agent raises it too if it acts for more than `lifetime` steps.
        """
        lifetime = as_count("lifetime", lifetime, least=1, most=self.lifetime)
        return Agent(
            num_arms=len(ACTIONS),
            initial_state=partial(prior_belief, self.layout),
            action_probs=partial(_plan_probs, self, lifetime),
            update=partial(_updated_belief, self.layout),
        )


def solve_foraging(family: HasForagingLayout, *, lifetime: SupportsIndex) -> ForagingPlan:
    """Return the Bayes-optimal policy of a foraging grid, for all lifetimes up to `lifetime` steps.

    Raises `ValueError` for a lifetime below 1, and if more memory is needed than is available.
    """
    lifetime = as_count("lifetime", lifetime, least=1)
    require_plan_memory(family, lifetime=lifetime)
    layout = family.layout
    num_medium, num_high, num_cells = _values_shape(layout)
    policy = np.zeros((lifetime, num_medium, num_high, (num_cells + 1) // 2), np.uint8)
    later, values = np.zeros((2, num_medium, num_high, num_cells))
    from_prior, worth = np.empty(lifetime), np.empty(num_cells)
    for time in range(lifetime):
        sweep(values, policy[time], later, layout, TIE_TOLERANCE, worth)
        from_prior[time] = values[-1, -1, layout.start]
        later, values = values, later
    return ForagingPlan(lifetime, from_prior, layout, policy)


def require_plan_memory(family: HasForagingLayout, *, lifetime: int) -> None:
    """Raise `ValueError` if the plan of so many steps does not fit in memory."""
    what = f"side {family.layout.side} and {lifetime} steps"
    require_memory(required_memory(family, lifetime=lifetime), what, remedy="Lower side or lifetime")


def required_memory(family: HasForagingLayout, *, lifetime: int) -> int:
    """Return the bytes of values and policy that `solve_foraging` holds."""
    num_medium, num_high, num_cells = _values_shape(family.layout)
    return num_medium * num_high * (2 * 8 * num_cells + lifetime * ((num_cells + 1) // 2))


def small_goal_values(family: HasForagingLayout, *, lifetime: SupportsIndex) -> Float[np.ndarray, "lifetime"]:
    """Return the rewards over 1, 2, ... `lifetime` steps without exploration: the small goal every two steps."""
    lifetime = as_count("lifetime", lifetime, least=1)
    require_memory(24.0 * lifetime, f"{lifetime:,} steps", remedy="Lower lifetime")
    return np.arange(1, lifetime + 1) // 2 * family.layout.rewards[0]


def small_goal_agent(family: HasForagingLayout) -> Agent:
    """Return the agent that always steps closer to the small goal, with ties broken uniformly at random."""
    layout = family.layout
    y, x = np.divmod(np.arange(layout.side**2), layout.side)
    distance = np.abs(x - x[layout.small_cell]) + np.abs(y - y[layout.small_cell])
    after = distance[layout.next_cell]
    probs = shared_among(after == after.min(axis=1, keepdims=True))
    return Agent(
        num_arms=len(ACTIONS),
        initial_state=no_memory,
        action_probs=partial(_probs_of_cell, probs),
        update=unchanged,
    )


def _plan_probs(
    plan: ForagingPlan, lifetime: int, belief: ForagingBelief, cell: Observation, time: int
) -> Float[np.ndarray, "task action"]:
    return shared_among(plan.optimal_actions(belief, cell, lifetime - time))


def _updated_belief(
    layout: ForagingLayout, belief: ForagingBelief, cell: Observation, action: Any, reward: Any, time: int
) -> ForagingBelief:
    return update_belief(layout, belief, cell, action, reward)


def _probs_of_cell(
    probs: Float[np.ndarray, "cell action"], state: object, cell: Observation, time: int
) -> Float[np.ndarray, "task action"]:
    return probs[cell]


def _values_shape(layout: ForagingLayout) -> SetsAndCells:
    return 1 << len(layout.medium_cells), 1 << len(layout.high_cells), layout.side**2
