"""Plans of bandit families: solved finite-horizon problems that take the families' own beliefs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from bayesopt.conjugate import BetaBelief, NormalBelief
from bayesopt.described import described
from bayesopt.planning.dynamic_programming import solve_bernoulli_bandit, solve_gaussian_bandit

ArmValues = Float[np.ndarray, "task arm"]


@dataclass(frozen=True, repr=False)
class BernoulliPlan:
    """Bayes-optimal plan of Bernoulli arms with Beta priors, exact up to rounding error."""

    solution: Any

    def __repr__(self) -> str:
        return described(self, horizon=self.solution.horizon, value=self.value, error_bound=self.error_bound)

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


@dataclass(frozen=True, repr=False)
class GaussianPlan:
    """Bayes-optimal plan of two Gaussian arms with normal priors, with a measured bound on its numerical error."""

    solution: Any

    def __repr__(self) -> str:
        return described(self, horizon=self.solution.horizon, value=self.value, error_bound=self.error_bound)

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
    """Solve a bandit of two Gaussian arms with normal priors.

    Raises `NotImplementedError` for another number of arms, and as `solve_gaussian_bandit` does.
    """
    if len(loc) != 2:
        raise NotImplementedError(f"the finite-horizon planner of Gaussian arms needs 2 arms; got {len(loc)}")
    solution = solve_gaussian_bandit(
        np.array(loc), np.array(scale), horizon, observation_scale=observation_scale, discount=discount
    )
    return GaussianPlan(solution)
