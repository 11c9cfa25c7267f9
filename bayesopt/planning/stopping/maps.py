"""Stopping problems on grids of lifetimes, prior scales and reward scales: less accurate, and much faster."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bayesopt.inputs import Numbers, as_number
from bayesopt.planning.exploration_inputs import require_arm, require_lifetime
from bayesopt.planning.stopping.tables import (
    coarse_rule,
    gaussian_arm,
    pull_probs,
    solved,
    walk_given,
    walk_under_prior,
    worth_of_pull,
)


class StoppingMap(NamedTuple):
    """Values of the Bayes-optimal policy on a grid of problems, and its pulls of the unknown arm."""

    values: Float[np.ndarray, "..."]
    """Expected rewards of the Bayes-optimal policy."""
    mean_pulls: Float[np.ndarray, "..."]
    """Mean pulls over the tasks of the prior."""
    probe_mean_pulls: Float[np.ndarray, "..."]
    """Mean pulls on probe tasks, in which the arm's true mean is `probe_mean`."""
    probe_median_pulls: Int[np.ndarray, "..."]
    """Median pulls on probe tasks: the smallest number with cumulative probability of at least 1/2."""
    error_bounds: Float[np.ndarray, "..."]
    """Bounds on the error of `values`, measured as in `solve_stopping_problem`, in rewards."""


def solve_stopping_map(
    *,
    lifetimes: Numbers,
    prior_scales: Numbers,
    reward_scales: Numbers,
    prior_loc: float = -1.0,
    discount: float = 1.0,
    probe_mean: float = -1.0,
) -> StoppingMap:
    """Solve every problem of the grid to which lifetimes, prior scales and reward scales broadcast.

    Raises `ValueError` as `solve_stopping_problem` does.
    """
    lifetimes = require_lifetime(lifetimes)
    priors, rewards, _, _ = require_arm(prior_scales, reward_scales, prior_loc, discount)
    require_arm(1.0, 1.0, probe_mean, 1.0)
    prior_loc, discount = as_number("prior_loc", prior_loc), as_number("discount", discount)
    probe_mean = as_number("probe_mean", probe_mean)
    grid = np.broadcast_arrays(lifetimes, priors, rewards)
    shape = grid[0].shape
    cells = [
        _cell(int(lifetime), float(prior), float(reward), prior_loc, discount, probe_mean)
        for lifetime, prior, reward in zip(*(part.ravel() for part in grid), strict=True)
    ]
    columns = [np.array(column).reshape(shape) for column in zip(*cells, strict=True)]
    return StoppingMap(*columns)


def _cell(
    lifetime: int, prior_scale: float, reward_scale: float, prior_loc: float, discount: float, probe_mean: float
) -> tuple[float, float, float, int, float]:
    """Return the entries of the map for one problem."""
    rule = coarse_rule()
    arm = gaussian_arm(
        lifetime=lifetime, prior_scale=prior_scale, reward_scale=reward_scale, prior_loc=prior_loc, discount=discount
    )
    found = solved(arm, rule)
    first = worth_of_pull(arm, found.tables, rule, pulls=np.zeros(1, np.int64), loc=np.array([arm.prior_loc]))[0]
    if first <= 0:
        return 0.0, 0.0, 0.0, 0, found.error_bound
    walks = (walk_under_prior(arm), walk_given(arm, probe_mean))
    under_prior, probed = pull_probs(arm, found.thresholds, rule, walks)
    pulls = np.arange(lifetime + 1)
    median = int(np.searchsorted(np.cumsum(probed), 0.5))
    return float(first), float(under_prior @ pulls), float(probed @ pulls), median, found.error_bound
