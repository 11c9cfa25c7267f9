"""Bayes-optimal policy of a Bernoulli bandit over a finite horizon, by exact dynamic programming over belief states.

The belief about an arm is Beta(concentration1, concentration0); arms are independent. With V = 0 at the horizon,
`Q_k = p_k (1 + discount V(success of k)) + (1 - p_k) discount V(failure of k)` and V = max_k Q_k, where p_k is the mean
of arm k's belief (Bellman 1956, Sankhya 16:221; Berry and Fristedt 1985, *Bandit Problems*, ch. 2).

For arms with equal priors, only states with ascending numbers of pulls are stored, and no more arms than there are
trials. Memory holds the values of one time, and the whole policy with one bit per arm and state.
"""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy import integrate, special

from bayesopt.described import described
from bayesopt.inputs import Numbers, as_floats
from bayesopt.planning.bandit_inputs import require_concentrations, require_horizon, require_plan_memory
from bayesopt.planning.bernoulli.layout import LANES, Layout, compositions, make_layout, num_bytes
from bayesopt.planning.bernoulli.lookup import play, read_action_values, read_policy
from bayesopt.planning.bernoulli.sweep import make_workspace, sweep
from bayesopt.planning.gaussian_planning import solve_gaussian_bandit as solve_gaussian_bandit

Concentrations = Float[np.ndarray, "arm 2"]


class PolicyEvaluation(NamedTuple):
    """Rewards and pulls of a policy over the horizon."""

    value: float
    """Expected discounted sum of rewards."""
    mean: float
    """Expected total reward, not discounted."""
    variance: float
    """Variance of the total reward."""
    expected_pulls: Float[np.ndarray, "arm"]
    pull_probs: Float[np.ndarray, "time arm"]
    """Probability of pulling each arm at each time."""
    regret: float
    """Expected total reward of always pulling the best arm, minus `mean`."""


class _Parts(NamedTuple):
    """Stored arms ("parts"), and their assignment to the caller's arms."""

    concentrations: tuple[tuple[float, float], ...]
    is_tied: Bool[np.ndarray, "others"]
    groups: Int[np.ndarray, "arm"]
    """Group of each arm; exchangeable arms are in the same group."""
    roles: Int[np.ndarray, "arm"]
    """Part of the i-th arm in the order of (group, pulls)."""


@final
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class BernoulliSolution:
    """Bayes-optimal policy of a Bernoulli bandit over a finite horizon, made by `solve_bernoulli_bandit`."""

    value: float
    """Expected sum of rewards over the horizon, discounted by `discount ** time`."""
    horizon: int
    discount: float
    concentrations: Concentrations
    """Prior: (concentration1, concentration0) of each arm."""
    policy: UInt8[np.ndarray, "group part"]
    """Mask bits of the optimal arms: bit i of a byte belongs to the i-th state of a group of eight states.

    `bernoulli.layout` defines the position of a state's group. Exchangeable arms are parts in ascending order of their
    pulls.
    """
    _parts: _Parts
    _layout: Layout

    def __repr__(self) -> str:
        return described(self, arms=self.num_arms, horizon=self.horizon, discount=self.discount, value=self.value)

    @property
    def num_arms(self) -> int:
        return len(self.concentrations)

    def optimal_actions(self, concentration1: Numbers, concentration0: Numbers) -> Bool[np.ndarray, "*batch arm"]:
        """Return True for the optimal arms at each belief: all within a relative 1e-12 of the best value.

        The time is the number of pulls that lead from the prior to the belief. Raises `ValueError` for another number
        of arms, and for a belief that fewer pulls than the horizon cannot lead to (the first is named).
        """
        batch, successes, pulls = self._counts(concentration1, concentration0)
        is_optimal = np.zeros(pulls.shape, dtype=np.bool_)
        read_policy(self.policy, successes, pulls, self._parts.groups, self._parts.roles, self._layout, is_optimal)
        return is_optimal.reshape(batch)

    def action_values(self, concentration1: Numbers, concentration0: Numbers) -> Float[np.ndarray, "*batch arm"]:
        """Return the expected sum of rewards, from each belief on, of each arm followed by the optimal policy.

        The next reward has weight 1. Values are not stored: each call repeats the backward sweep down to the earliest
        of the beliefs, so pass many beliefs at once. Raises `ValueError` as `optimal_actions` does.
        """
        batch, successes, pulls = self._counts(concentration1, concentration0)
        result = np.zeros(pulls.shape)
        times = pulls.sum(1)
        by_time = np.argsort(times, kind="stable")
        starts = np.searchsorted(times[by_time], np.arange(self.horizon + 1))
        values, work = _no_values(self._layout), make_workspace(self._layout)
        parts, newest = self._parts, self.horizon - 1
        for t in range(self.horizon - 1, -1, -1):
            beliefs = by_time[starts[t] : starts[t + 1]]
            if len(beliefs):
                sweep(values, None, parts.concentrations, self.discount, self._layout, work, newest, t + 1)
                newest = t
                read_action_values(
                    values,
                    beliefs,
                    successes,
                    pulls,
                    self.concentrations,
                    parts.groups,
                    parts.roles,
                    self._layout,
                    result,
                )
        return result.reshape(batch)

    def evaluate(self, probs: Numbers) -> PolicyEvaluation:
        """Evaluate the policy exactly at these success probabilities of the arms, ties broken uniformly at random.

        Raises `ValueError` if `probs` are not one number in [0, 1] per arm or the computation needs too much memory.
        """
        probs = as_floats("probs", probs)
        if probs.shape != (self.num_arms,) or not ((probs >= 0) & (probs <= 1)).all():
            raise ValueError(f"probs must be {self.num_arms} numbers in [0, 1]; got {probs.tolist()}")
        shape = (self.num_arms, self.horizon, self.horizon)
        return self._play(np.ascontiguousarray(np.broadcast_to(probs[:, None, None], shape)), float(probs.max()))

    def evaluate_prior(self) -> PolicyEvaluation:
        """Evaluate the policy on average over the prior: an independent check of `value`, by forward summation.

        Raises `ValueError` if the computation needs too much memory.
        """
        one, zero = self.concentrations.T[:, :, None, None]
        pulls, successes = np.arange(self.horizon)[:, None], np.arange(self.horizon)
        success_probs = np.where(successes <= pulls, (one + successes) / (one + zero + pulls), 0.0)
        best = integrate.tanhsinh(lambda x: 1 - np.prod([special.betainc(*c, x) for c in self.concentrations], 0), 0, 1)
        return self._play(success_probs, float(best.integral))

    def _play(self, success_probs: Float[np.ndarray, "arm time time"], best: float) -> PolicyEvaluation:
        is_tied = np.zeros(self.num_arms - 1, dtype=bool)
        require_plan_memory(2 * num_bytes(self.horizon, is_tied)[0], self.num_arms, self.horizon)
        full = make_layout(self.horizon, is_tied)
        pull_probs, reward_probs, distribution = play(
            self.policy, success_probs, self._parts.groups, self._parts.roles, self._layout, full
        )
        totals = np.arange(self.horizon + 1)
        mean = float(totals @ distribution)
        return PolicyEvaluation(
            value=float(self.discount ** totals[:-1] @ reward_probs.sum(1)),
            mean=mean,
            variance=float((totals - mean) ** 2 @ distribution),
            expected_pulls=pull_probs.sum(0),
            pull_probs=pull_probs,
            regret=self.horizon * best - mean,
        )

    def _counts(
        self, concentration1: Numbers, concentration0: Numbers
    ) -> tuple[tuple[int, ...], Int[np.ndarray, "belief arm"], Int[np.ndarray, "belief arm"]]:
        """Return the batch's shape, and the successes and pulls that lead to each belief."""
        one, zero = np.broadcast_arrays(
            as_floats("concentration1", concentration1), as_floats("concentration0", concentration0)
        )
        if one.ndim == 0 or one.shape[-1] != self.num_arms:
            raise ValueError(f"beliefs must have a last axis of {self.num_arms} arms; got shape {one.shape}")
        gained = np.stack([one, zero], axis=-1).reshape(-1, self.num_arms, 2) - self.concentrations
        with np.errstate(invalid="ignore"):
            counts = np.rint(gained)
            is_reachable = ((np.abs(gained - counts) < 1e-3) & (counts >= 0)).all((1, 2))
            is_reachable &= counts.sum((1, 2)) < self.horizon
        if not is_reachable.all():
            first = np.unravel_index(int(np.argmin(is_reachable)), one.shape[:-1])
            raise ValueError(
                f"beliefs must follow from the prior by fewer than {self.horizon} pulls; got concentration1 "
                f"{one[first].tolist()} and concentration0 {zero[first].tolist()} at {tuple(map(int, first))}"
            )
        counts = counts.astype(np.int64)
        return one.shape, np.ascontiguousarray(counts[:, :, 0]), counts.sum(2)


def solve_bernoulli_bandit(concentrations: Numbers, horizon: int, *, discount: float = 1.0) -> BernoulliSolution:
    """Return the Bayes-optimal value and policy of a bandit with Bernoulli arms and Beta priors.

    `concentrations` (arm, 2) holds concentration1 and concentration0 of each arm. Raises `ValueError` if one is not
    positive and finite, `horizon` is below 1, `discount` is not in (0, 1], or more memory is needed than is available.
    """
    prior = require_concentrations(concentrations)
    horizon, discount = require_horizon(horizon, discount)
    require_plan_memory(32.0 * horizon, len(prior), horizon)  # what the exact number of bytes takes to compute
    parts = _parts(prior, horizon)
    is_tied = tuple(parts.is_tied.tolist())
    require_plan_memory(_num_bytes(horizon, is_tied), len(prior), horizon)
    layout = _layout(horizon, is_tied)
    values = _no_values(layout)
    policy = np.zeros((layout.num_groups, len(parts.concentrations)), dtype=np.uint8)
    sweep(values, policy, parts.concentrations, discount, layout, make_workspace(layout), horizon - 1, 0)
    return BernoulliSolution(float(values[0]) / discount, horizon, discount, prior, policy, parts, layout)


def required_memory(concentrations: Numbers, horizon: int) -> int:
    """Return the bytes of values and policy in `solve_bernoulli_bandit`; equal priors need less than unequal ones."""
    prior = require_concentrations(concentrations)
    horizon, _ = require_horizon(horizon, 1.0)
    require_plan_memory(32.0 * horizon, len(prior), horizon)
    return int(_num_bytes(horizon, tuple(_parts(prior, horizon).is_tied.tolist())))


def value_of_policy(
    concentrations: Numbers,
    horizon: int,
    action_probs_fn: Callable[[np.ndarray, np.ndarray, int], np.ndarray],
    *,
    discount: float = 1.0,
) -> float:
    """Return the exact expected sum of rewards over the prior of any policy that depends on belief and time only.

    `action_probs_fn(concentration1, concentration0, time)` receives all beliefs of one time, (state, arm) each, and
    returns the probabilities of pulling each arm, (state, arm). Raises `ValueError` if they have another shape, and as
    `solve_bernoulli_bandit` does for the bandit.
    """
    prior = require_concentrations(concentrations)
    horizon, discount = require_horizon(horizon, discount)
    num_parts = 2 * len(prior)
    num_states = math.comb(horizon + num_parts - 2, num_parts - 1)
    require_plan_memory(8.0 * num_states * (8 * num_parts), len(prior), horizon)
    counts, successors = compositions(horizon - 1, num_parts - 1)
    totals = counts.sum(1)
    values = np.zeros(int(successors.max()) + 1)
    for t in range(horizon - 1, -1, -1):
        num_states = int(np.searchsorted(totals, t, side="right"))
        states = np.column_stack([counts[:num_states], t - totals[:num_states]])
        after = np.column_stack([successors[:num_states], np.arange(num_states)])
        one, zero = prior[:, 0] + states[:, 0::2], prior[:, 1] + states[:, 1::2]
        action_probs = as_floats("action probabilities", action_probs_fn(one, zero, t))
        if action_probs.shape != one.shape:
            raise ValueError(f"action_probs_fn must return shape {one.shape}; got {action_probs.shape}")
        worth = one * (1 + discount * values[after[:, 0::2]]) + zero * discount * values[after[:, 1::2]]
        values[:num_states] = (action_probs * worth / (one + zero)).sum(1)
    return float(values[0])


def _parts(prior: Concentrations, horizon: int) -> _Parts:
    """Return the stored arms: exchangeable ones side by side, at most `horizon` of each kind.

    The largest group is last, where rows are longest.
    """
    kinds, kind_of, sizes = np.unique(prior, axis=0, return_inverse=True, return_counts=True)
    ranks = np.argsort(np.argsort(sizes, kind="stable"))
    concentrations, is_tied, roles = [], [], []
    for kind in np.argsort(ranks):
        num_kept = min(int(sizes[kind]), horizon)
        roles += [len(concentrations) + max(i - int(sizes[kind]) + num_kept, 0) for i in range(sizes[kind])]
        concentrations += [tuple(kinds[kind].tolist())] * num_kept
        is_tied += [True] * (num_kept - 1) + [False]
    return _Parts(
        concentrations=tuple(concentrations),
        is_tied=np.array(is_tied[:-1], dtype=bool),
        groups=ranks[kind_of.reshape(-1)],
        roles=np.array(roles, dtype=np.int64),
    )


@functools.lru_cache(maxsize=64)
def _num_bytes(horizon: int, is_tied: tuple[bool, ...]) -> float:
    return sum(num_bytes(horizon, np.array(is_tied, dtype=bool)))


@functools.lru_cache(maxsize=8)
def _layout(horizon: int, is_tied: tuple[bool, ...]) -> Layout:
    return make_layout(horizon, np.array(is_tied, dtype=bool))


def _no_values(layout: Layout) -> Float[np.ndarray, "values"]:
    """Return the values at the horizon, all 0, in an array that is aligned to a cache line."""
    size = layout.num_values + layout.num_others * layout.scratch_size
    values = np.zeros(size + LANES)
    first = -(values.ctypes.data // values.itemsize) % LANES
    return values[first : first + size]
