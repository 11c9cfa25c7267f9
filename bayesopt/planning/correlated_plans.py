"""Bayes-optimal plan of the correlated bandit: all arms depend on one probability; one may be highly informative."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from bayesopt.agent import TIE_TOLERANCE
from bayesopt.conjugate import BetaBelief
from bayesopt.described import described
from bayesopt.inputs import as_count, as_floats
from bayesopt.planning.bandit_inputs import require_horizon, require_plan_memory

ArmValues = Float[np.ndarray, "task arm"]


@dataclass(frozen=True, repr=False)
class CorrelatedPlan:
    """Bayes-optimal plan of `bayesopt.families.correlated_bandit`, exact up to rounding error."""

    horizon: int
    discount: float
    prior: tuple[float, float]
    """Concentrations of heads and tails."""
    probe_flips: int
    probe_reward: float
    values: tuple[Float[np.ndarray, "_ _"], ...]
    """For each trial, the value by number of probes (pulls of arm 2) and of heads so far; zeros at the horizon."""

    def __repr__(self) -> str:
        return described(self, horizon=self.horizon, value=self.value, error_bound=self.error_bound)

    @property
    def value(self) -> float:
        return float(self.values[0][0, 0])

    @property
    def error_bound(self) -> float:
        return float(4 * self.horizon * np.finfo(float).eps * self.value)

    def action_values(self, belief: BetaBelief, time: int) -> ArmValues:
        """Raises `ValueError` for a trial outside the horizon, and for beliefs that pulls before it cannot lead to."""
        time = as_count("time", time, most=self.horizon - 1)
        gained = [
            as_floats(name, value) - prior
            for name, value, prior in zip(belief._fields, belief, self.prior, strict=True)
        ]
        heads, tails = (np.rint(counts).astype(int) for counts in gained)
        num_probes = self._num_probes(heads + tails, time)
        is_reachable = (np.abs(gained[0] - heads) < 1e-3) & (np.abs(gained[1] - tails) < 1e-3)
        is_reachable &= (heads >= 0) & (tails >= 0) & (num_probes >= 0) & (num_probes <= time)
        is_reachable &= _num_flips(self, num_probes, time) == heads + tails
        if not is_reachable.all():
            first = int(np.argmin(is_reachable))
            raise ValueError(
                f"beliefs must follow from the prior by {time} pulls; got concentration1 "
                f"{belief.concentration1[first]} and concentration0 {belief.concentration0[first]} in task {first}"
            )
        return _action_values(self, self.values[time + 1], num_probes, heads, time)

    def optimal_actions(self, belief: BetaBelief, time: int) -> Bool[np.ndarray, "task arm"]:
        values = self.action_values(belief, time)
        return values >= values.max(axis=1, keepdims=True) * (1 - TIE_TOLERANCE)

    def _num_probes(self, flips: Int[np.ndarray, "task"], time: int) -> Int[np.ndarray, "task"]:
        return (flips - time) // (self.probe_flips - 1) if self.probe_flips else np.zeros_like(flips)


def correlated_plan(
    concentration1: float,
    concentration0: float,
    *,
    probe_flips: int,
    probe_reward: float,
    horizon: int,
    discount: float,
) -> CorrelatedPlan:
    """Solve by backward induction over the numbers of probes and heads at every trial.

    Together with the trial, the number of probes gives the number of flips. Raises `ValueError` for a
    horizon below 1, a discount outside (0, 1], or a plan that does not fit in memory.
    """
    horizon, discount = require_horizon(horizon, discount)
    needed = 8.0 * horizon**3 * max(probe_flips, 1) / (3 if probe_flips else 2 * horizon)
    require_plan_memory(needed, 3 if probe_flips else 2, horizon)
    prior = (concentration1, concentration0)
    unsolved = CorrelatedPlan(horizon, discount, prior, probe_flips, probe_reward, ())
    values = [np.zeros(_shape(unsolved, horizon))]
    for time in reversed(range(horizon)):
        shape = _shape(unsolved, time)
        probes, heads = (grid.ravel() for grid in np.indices(shape))
        heads = np.minimum(heads, _num_flips(unsolved, probes, time))
        best = _action_values(unsolved, values[-1], probes, heads, time).max(axis=1)
        values.append(best.reshape(shape))
    return CorrelatedPlan(horizon, discount, prior, probe_flips, probe_reward, tuple(reversed(values)))


def _shape(plan: CorrelatedPlan, time: int) -> tuple[int, int]:
    """Return how many different numbers of probes, and of heads, are possible before a trial."""
    most_probes = time if plan.probe_flips else 0
    return most_probes + 1, time * max(plan.probe_flips, 1) + 1


def _num_flips(plan: CorrelatedPlan, probes: Int[np.ndarray, "task"], time: int) -> Int[np.ndarray, "task"]:
    return time + (plan.probe_flips - 1) * probes if plan.probe_flips else np.full_like(probes, time)


def _action_values(
    plan: CorrelatedPlan,
    after: Float[np.ndarray, "probes heads"],
    probes: Int[np.ndarray, "task"],
    heads: Int[np.ndarray, "task"],
    time: int,
) -> ArmValues:
    a = plan.prior[0] + heads
    b = plan.prior[1] + (_num_flips(plan, probes, time) - heads)
    mean = a / (a + b)
    later = plan.discount * (mean * after[probes, heads + 1] + (1 - mean) * after[probes, heads])
    values = [mean + later, 1 - mean + later]
    if plan.probe_flips:
        probe = plan.probe_reward * plan.probe_flips * mean
        for k in range(plan.probe_flips + 1):
            probability = stats.betabinom.pmf(k, plan.probe_flips, a, b)
            probe = probe + plan.discount * probability * after[probes + 1, heads + k]
        values.append(probe)
    return np.stack(values, axis=1)
