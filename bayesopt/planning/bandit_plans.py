"""Solved finite-horizon problems in terms of the families' own beliefs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from bayesopt.agent import TIE_TOLERANCE
from bayesopt.conjugate import BetaBelief, NormalBelief
from bayesopt.planning.dynamic_programming import solve_bernoulli_bandit, solve_gaussian_bandit

ArmValues = Float[np.ndarray, "task arm"]


@dataclass(frozen=True)
class BernoulliPlan:
    """The optimum of Bernoulli arms with Beta priors, exact but for rounding."""

    solution: Any

    @property
    def value(self) -> float:
        return self.solution.value

    @property
    def error_bound(self) -> float:
        return 4 * self.solution.horizon * np.finfo(float).eps * self.value

    def action_values(self, belief: BetaBelief, time: int) -> ArmValues:
        return self.solution.action_values(belief.concentration1, belief.concentration0)

    def optimal_actions(self, belief: BetaBelief, time: int) -> Bool[np.ndarray, "task arm"]:
        return self.solution.optimal_actions(belief.concentration1, belief.concentration0)


def bernoulli_plan(
    concentration1: tuple[float, ...], concentration0: tuple[float, ...], *, horizon: int, discount: float
) -> BernoulliPlan:
    """Solve a bandit of Bernoulli arms with Beta priors. Raises as `solve_bernoulli_bandit` does."""
    concentrations = np.stack([concentration1, concentration0], axis=1)
    return BernoulliPlan(solve_bernoulli_bandit(concentrations, horizon, discount=discount))


@dataclass(frozen=True)
class GaussianPlan:
    """The optimum of two Gaussian arms with normal priors, with a bounded discretisation error."""

    solution: Any

    @property
    def value(self) -> float:
        return self.solution.value

    @property
    def error_bound(self) -> float:
        return self.solution.error_bound

    def action_values(self, belief: NormalBelief, time: int) -> ArmValues:
        return self.solution.action_values(belief.loc, belief.precision)

    def optimal_actions(self, belief: NormalBelief, time: int) -> Bool[np.ndarray, "task arm"]:
        return self.solution.optimal_actions(belief.loc, belief.precision)


def gaussian_plan(
    loc: tuple[float, ...], scale: tuple[float, ...], *, observation_scale: float, horizon: int, discount: float
) -> GaussianPlan:
    """Solve a bandit of two Gaussian arms with normal priors. Raises as `solve_gaussian_bandit` does."""
    solution = solve_gaussian_bandit(
        np.array(loc), np.array(scale), horizon, observation_scale=observation_scale, discount=discount
    )
    return GaussianPlan(solution)


@dataclass(frozen=True)
class CorrelatedPlan:
    """The optimum where all arms depend on one probability: values by trial, number of flips seen, and heads."""

    horizon: int
    discount: float
    prior: BetaBelief
    probe_flips: int
    probe_reward: float
    values: tuple[Float[np.ndarray, "flips heads"], ...]

    @property
    def value(self) -> float:
        return float(self.values[0][0, 0])

    @property
    def error_bound(self) -> float:
        return 4 * self.horizon * np.finfo(float).eps * self.value

    def action_values(self, belief: BetaBelief, time: int) -> ArmValues:
        heads = np.rint(belief.concentration1 - self.prior.concentration1).astype(int)
        tails = np.rint(belief.concentration0 - self.prior.concentration0).astype(int)
        return _correlated_action_values(self, self.values[time + 1], heads + tails, heads)

    def optimal_actions(self, belief: BetaBelief, time: int) -> Bool[np.ndarray, "task arm"]:
        values = self.action_values(belief, time)
        return values >= values.max(axis=1, keepdims=True) * (1 - TIE_TOLERANCE)


def correlated_plan(
    concentration1: float,
    concentration0: float,
    *,
    probe_flips: int,
    probe_reward: float,
    horizon: int,
    discount: float,
) -> CorrelatedPlan:
    """Solve the bandit of `bayesopt.families.correlated_bandit` by backward induction over (flips, heads).

    Raises `ValueError` for a horizon below 1 or a discount outside (0, 1].
    """
    if horizon < 1:
        raise ValueError(f"horizon must be an integer of at least 1; got {horizon!r}")
    if not 0 < discount <= 1:
        raise ValueError(f"discount must be in (0, 1]; got {discount!r}")
    most_per_pull = max(1, probe_flips)
    prior = BetaBelief(np.asarray(concentration1, float), np.asarray(concentration0, float))
    after = np.zeros((most_per_pull * horizon + 1,) * 2)
    values = [after]
    for time in reversed(range(horizon)):
        size = most_per_pull * time + 1
        partial = CorrelatedPlan(horizon, discount, prior, probe_flips, probe_reward, ())
        flips, heads = (grid.ravel() for grid in np.indices((size, size)))
        best = _correlated_action_values(partial, after, flips, np.minimum(heads, flips)).max(axis=1)
        after = best.reshape(size, size)
        values.append(after)
    return CorrelatedPlan(horizon, discount, prior, probe_flips, probe_reward, tuple(reversed(values)))


def _correlated_action_values(
    plan: CorrelatedPlan,
    after: Float[np.ndarray, "flips heads"],
    flips: np.ndarray,
    heads: np.ndarray,
) -> ArmValues:
    a = plan.prior.concentration1 + heads
    b = plan.prior.concentration0 + (flips - heads)
    mean = a / (a + b)
    later = plan.discount * (mean * after[flips + 1, heads + 1] + (1 - mean) * after[flips + 1, heads])
    values = [mean + later, 1 - mean + later]
    if plan.probe_flips:
        probe = plan.probe_reward * plan.probe_flips * mean
        for k in range(plan.probe_flips + 1):
            probability = stats.betabinom.pmf(k, plan.probe_flips, a, b)
            probe = probe + plan.discount * probability * after[flips + plan.probe_flips, heads + k]
        values.append(probe)
    return np.stack(values, axis=1)
