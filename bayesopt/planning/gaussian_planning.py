"""Bayes-optimal policy of two Gaussian arms of known variance over a finite horizon, with a measured error bound.

The belief about an arm's mean is Normal(loc, precision ** -0.5). The dynamic program (DeGroot 1970, *Optimal
Statistical Decisions*, ch. 12 and 14) has one continuous state variable, the difference of posterior means;
`gaussian_planning_kernels` describes its solution.
"""

import dataclasses
from typing import Any, NamedTuple, final

import numpy as np
from jaxtyping import Bool, Float, Int

from bayesopt.described import described
from bayesopt.hyperparameters import LARGEST, SMALLEST
from bayesopt.inputs import Numbers, as_floats, as_number
from bayesopt.planning.bandit_inputs import require_horizon, require_plan_memory
from bayesopt.planning.gaussian_planning_kernels import FIRST_PANEL, GROWTH, REACH, read, solve

NUM_NODES = 12


class _Problem(NamedTuple):
    discount: float
    annuities: Float[np.ndarray, "remaining"]
    """Sums of the discounts of 0, 1, ..., horizon trials."""
    deviations: Float[np.ndarray, "arm time"]
    """Standard deviation of the change of an arm's posterior mean by its next reward, by number of pulls."""


class _Tables(NamedTuple):
    """Piecewise polynomials, one per state (see the kernels)."""

    edges: Float[np.ndarray, "state edge"]
    num_panels: Int[np.ndarray, "state"]
    kinks: Int[np.ndarray, "state"]
    values: Float[np.ndarray, "state arm panel node"]


class _Rule(NamedTuple):
    """Gauss-Legendre nodes and weights, Lagrange interpolation weights, and work space."""

    nodes: Float[np.ndarray, "node"]
    weights: Float[np.ndarray, "node"]
    lagrange: Float[np.ndarray, "node"]
    products: Float[np.ndarray, "node"]


@final
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class GaussianSolution:
    """Bayes-optimal policy of two Gaussian arms over a finite horizon, made by `solve_gaussian_bandit`."""

    value: float
    """Expected sum of rewards over the horizon, discounted by `discount ** time`."""
    error_bound: float
    """Bound on the numerical error of `value` and of all action values, in rewards.

    It is measured, not proved: the largest interpolation and quadrature error of every state is doubled, and these are
    summed along the worst path.
    """
    horizon: int
    discount: float
    loc: Float[np.ndarray, "2"]
    scale: Float[np.ndarray, "2"]
    """Prior standard deviations of the arms' means."""
    observation_scale: float
    _problem: _Problem
    _tables: _Tables
    _rule: _Rule

    def __repr__(self) -> str:
        return described(
            self, horizon=self.horizon, discount=self.discount, value=self.value, error_bound=self.error_bound
        )

    def action_values(self, loc: Numbers, precision: Numbers) -> Float[np.ndarray, "..."]:
        """Return the expected sum of rewards, from each belief (..., 2) on, of each arm followed by the optimal policy.

        The next reward has weight 1; the time is the number of pulls that lead from the prior to these precisions.
        Raises `ValueError` if there are not two arms, for means that are not finite, and for precisions that fewer
        pulls than the horizon cannot lead to (the first such belief is named).
        """
        batch, loc, pulls = self._pulls(loc, precision)
        times = pulls.sum(1)
        result = np.empty(loc.shape)
        read(loc[:, 0] - loc[:, 1], times, pulls[:, 0].copy(), self._problem, self._tables, self._rule, result)
        result += self._problem.annuities[self.horizon - times, None] * loc.mean(1, keepdims=True)
        return result.reshape(batch)

    def optimal_actions(self, loc: Numbers, precision: Numbers) -> Bool[np.ndarray, "..."]:
        """Return True for the optimal arms at each belief (..., 2): values within twice `error_bound` of the best.

        Raises `ValueError` as `action_values` does.
        """
        values = self.action_values(loc, precision)
        return values >= values.max(-1, keepdims=True) - 2 * self.error_bound

    def _pulls(
        self, loc: Numbers, precision: Numbers
    ) -> tuple[tuple[int, ...], Float[np.ndarray, "belief 2"], Int[np.ndarray, "belief 2"]]:
        """Return the batch's shape, the posterior means, and the pulls that lead to these precisions."""
        loc, precision = np.broadcast_arrays(as_floats("loc", loc), as_floats("precision", precision))
        if loc.ndim == 0 or loc.shape[-1] != 2:
            raise ValueError(f"beliefs must have a last axis of 2 arms; got shape {loc.shape}")
        flat_loc, flat_precision = loc.reshape(-1, 2), precision.reshape(-1, 2)
        with np.errstate(invalid="ignore"):
            gained = (flat_precision - self.scale**-2.0) * self.observation_scale**2
            pulls = np.rint(gained)
            slack = 1e-3 + 1e-6 * flat_precision * self.observation_scale**2
            is_reachable = ((np.abs(gained - pulls) < slack) & (pulls >= 0) & np.isfinite(flat_loc)).all(1)
            is_reachable &= pulls.sum(1) < self.horizon
        if not is_reachable.all():
            first = np.unravel_index(int(np.argmin(is_reachable)), loc.shape[:-1])
            raise ValueError(
                f"beliefs must follow from the prior by fewer than {self.horizon} pulls; got loc "
                f"{loc[first].tolist()} and precision {precision[first].tolist()} at {tuple(map(int, first))}"
            )
        return loc.shape, flat_loc, pulls.astype(np.int64)


def solve_gaussian_bandit(
    loc: Any, scale: Any, horizon: int, *, observation_scale: float = 1.0, discount: float = 1.0
) -> GaussianSolution:
    """Return the Bayes-optimal value and action values of two Gaussian arms of known variance with normal priors.

    `loc` (2,) and `scale` (2,) are the priors' means and standard deviations, `observation_scale` is the rewards'
    standard deviation. Raises `ValueError` if a scale is not positive and finite, `loc` is not finite, a shape is
    wrong, `horizon` is below 1, `discount` is not in (0, 1], or more memory is needed than is available.
    """
    loc, scale = as_floats("loc", loc).copy(), as_floats("scale", scale).copy()
    observation_scale = as_number("observation_scale", observation_scale)
    if loc.shape != (2,) or scale.shape != (2,):
        raise ValueError(f"loc and scale must have shape (2,); got {loc.shape} and {scale.shape}")
    scales = np.append(scale, observation_scale)
    if not ((scales >= SMALLEST) & (scales <= LARGEST)).all() or not (np.abs(loc) <= LARGEST).all():
        raise ValueError(
            f"loc must be finite, scales positive and finite (from {SMALLEST:g} to {LARGEST:g} in absolute value); "
            f"got {loc.tolist()}, {scale.tolist()}, {observation_scale}"
        )
    horizon, discount = require_horizon(horizon, discount)
    require_plan_memory(8.0 * horizon * (horizon + 1) * NUM_NODES, 2, horizon)

    variances = 1 / (scale[:, None] ** -2 + np.arange(horizon + 1) * observation_scale**-2.0)
    deviations = np.sqrt(variances[:, :-1] * variances[:, 1:]) / observation_scale
    annuities = np.concatenate([[0.0], np.cumsum(discount ** np.arange(horizon))])
    problem = _Problem(float(discount), annuities, deviations)

    widest, narrowest = REACH * np.sqrt(variances[:, 0].sum()), FIRST_PANEL * deviations[:, -1].min()
    most_panels = 4 * int(np.ceil(np.log1p(2 * widest / narrowest * (GROWTH - 1)) / np.log(GROWTH)))
    require_plan_memory(8.0 * horizon * (horizon + 1) * most_panels * (NUM_NODES + 1), 2, horizon)
    times = np.repeat(np.arange(horizon), np.arange(1, horizon + 1))
    first = np.arange(len(times)) - times * (times + 1) // 2
    second, remaining = times - first, horizon - times
    learnable = (variances[0, first] - variances[0, first + remaining]) + (
        variances[1, second] - variances[1, second + remaining]
    )
    reaches = REACH * np.sqrt(learnable)
    tables = _Tables(
        edges=np.zeros((len(times), most_panels + 1)),
        num_panels=np.zeros(len(times), dtype=np.int64),
        kinks=np.zeros(len(times), dtype=np.int64),
        values=np.zeros((len(times), 2, most_panels, NUM_NODES)),
    )
    nodes, weights = np.polynomial.legendre.leggauss(NUM_NODES)
    gaps = nodes[:, None] - nodes + np.eye(NUM_NODES)
    rule = _Rule(nodes, weights, 1 / gaps.prod(1), np.zeros(NUM_NODES))
    errors = np.zeros(len(times))
    solve(problem, reaches, tables, rule, errors)
    solution = GaussianSolution(
        np.nan,
        float(errors.max()),
        horizon,
        float(discount),
        loc,
        scale,
        float(observation_scale),
        problem,
        tables,
        rule,
    )
    return dataclasses.replace(solution, value=float(solution.action_values(loc, scale**-2.0).max()))
