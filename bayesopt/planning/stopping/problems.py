"""Bayes-optimal policy for a known arm that pays 0 and an unknown Gaussian arm: an optimal stopping rule.

The unknown arm pays Normal(mean, reward_scale), mean ~ Normal(prior_loc, prior_scale). The known arm gives no
information, so a policy that turns to it stays there. The Bayes-optimal policy is therefore a stopping rule: pull the
unknown arm while its posterior mean exceeds a threshold, which rises to 0 at the last trial (a one-armed bandit; Bradt,
Johnson & Karlin 1956, Ann. Math. Stat. 27:1060). It is computed by backward induction on the posterior mean, as
described in `kernels`. Rewards at trial t are weighted by `discount**t`.
"""

import dataclasses
from typing import Any, NamedTuple, final

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import optimize

from bayesopt.described import described
from bayesopt.inputs import as_count, as_floats, as_number
from bayesopt.planning.exploration_inputs import require_arm
from bayesopt.planning.stopping.tables import (
    GaussianArm,
    SolvedTables,
    fine_rule,
    gaussian_arm,
    pull_probs,
    solved,
    walk_given,
    walk_under_prior,
    worth_of_pull,
)

EDGE_TOLERANCE = 1e-7
"""Relative error of `sequential_edge`, in addition to the error of the values."""


class UnknownArmBelief(NamedTuple):
    """Posterior of the unknown arm's mean: its location, and the number of pulls."""

    loc: Any
    num_pulls: Any


@final
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StoppingSolution:
    """Bayes-optimal policy for a known arm 0 and an unknown arm 1, made by `solve_stopping_problem`."""

    first_pull_value: float
    """Expected rewards of pulling arm 1 first, optimal or not, followed by the optimal policy."""
    error_bound: float
    """Bound on the numerical error of `value` and `first_pull_value`, in rewards.

    It is measured, not proved: the largest error of interpolation and quadrature of every table is doubled, and these
    are summed over the lifetime.
    """
    lifetime: int
    prior_loc: float
    prior_scale: float
    reward_scale: float
    discount: float
    _arm: GaussianArm
    _solved: SolvedTables
    _shorter: dict[int, SolvedTables]

    def __repr__(self) -> str:
        return described(
            self, lifetime=self.lifetime, discount=self.discount, value=self.value, error_bound=self.error_bound
        )

    @property
    def value(self) -> float:
        """Expected sum of rewards of the optimal policy from the prior on; never below 0."""
        return max(self.first_pull_value, 0.0)

    @property
    def thresholds(self) -> Float[np.ndarray, "pulls"]:
        """Entry k is for trial k after k pulls (0-based): pull if and only if the posterior mean exceeds it."""
        return self._solved.thresholds.copy()

    def pulls_under_prior(self) -> Float[np.ndarray, "_"]:
        """Return the probability of each total number of pulls (0 to lifetime), over the tasks of the prior."""
        return pull_probs(self._arm, self._solved.thresholds, fine_rule(), (walk_under_prior(self._arm),))[0]

    def pulls_given(self, mean: float = -1.0) -> Float[np.ndarray, "_"]:
        """Return the probability of each total number of pulls (0 to lifetime) if the arm's true mean is `mean`.

        The policy still assumes the prior. A mean of -1 gives the probe tasks of Lange & Sprekeler (2020).
        """
        return pull_probs(self._arm, self._solved.thresholds, fine_rule(), (walk_given(self._arm, mean),))[0]

    def action_values(self, belief: UnknownArmBelief, time: int) -> Float[np.ndarray, "task arm"]:
        """Return the expected rewards from trial `time` on of each arm followed by the optimal policy.

        The next reward has weight 1. The number of pulls so far may be anything from 0 to `time`. Raises `ValueError`
        for a trial outside the lifetime and for pulls that are not integers from 0 to `time`.
        """
        loc, pulls = self._checked(belief, time)
        waited = time - pulls
        values = np.zeros((len(loc), 2))
        for wait in np.unique(waited).tolist():
            rows = waited == wait
            values[rows, 1] = self._worth(self.lifetime - wait, pulls[rows], loc[rows])
            if time + 1 < self.lifetime:
                later = self._worth(self.lifetime - wait - 1, pulls[rows], loc[rows])
                values[rows, 0] = self.discount * np.maximum(later, 0.0)
        return values

    def optimal_actions(self, belief: UnknownArmBelief, time: int) -> Bool[np.ndarray, "task arm"]:
        """Return True for the optimal arms: all with values within twice `error_bound` of the best value.

        Raises as `action_values` does.
        """
        values = self.action_values(belief, time)
        return values >= values.max(axis=1, keepdims=True) - 2 * self.error_bound

    def _worth(self, lifetime: int, pulls: Int[np.ndarray, "task"], loc: Float[np.ndarray, "task"]) -> np.ndarray:
        """Return the value of a pull in a problem of `lifetime` trials, which excludes past pulls of the known arm."""
        arm = self._arm._replace(lifetime=lifetime)
        if lifetime == self.lifetime:
            tables = self._solved
        else:
            tables = self._shorter.get(int(lifetime)) or self._shorter.setdefault(
                int(lifetime), solved(arm, fine_rule())
            )
        return worth_of_pull(arm, tables.tables, fine_rule(), pulls=pulls, loc=loc)

    def _checked(self, belief: UnknownArmBelief, time: int) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= time < self.lifetime:
            raise ValueError(f"time must be from 0 to {self.lifetime - 1}; got {time}")
        loc, pulls = as_floats("loc", belief.loc), as_floats("num_pulls", belief.num_pulls)
        is_good = np.isfinite(loc) & (pulls >= 0) & (pulls <= time) & (pulls == np.rint(pulls))
        if not is_good.all():
            first = int(np.argmin(is_good))
            raise ValueError(
                f"a belief at trial {time} must have a finite mean and from 0 to {time} pulls; got mean {loc[first]} "
                f"and {pulls[first]:g} pulls in task {first}"
            )
        return loc, pulls.astype(np.int64)


def solve_stopping_problem(
    *, lifetime: int, prior_scale: float, reward_scale: float, prior_loc: float = -1.0, discount: float = 1.0
) -> StoppingSolution:
    """Return the Bayes-optimal policy for a known arm that pays 0 and an unknown Gaussian arm.

    Raises `ValueError` for a lifetime below 1, a prior scale that is not finite and at least 0, a reward scale that is
    not finite and above 0, a prior mean that is not finite, and a discount outside (0, 1].
    """
    arm = _required_arm(lifetime, prior_scale, reward_scale, prior_loc, discount)
    found = solved(arm, fine_rule())
    return StoppingSolution(
        _first_pull_value(arm, found),
        found.error_bound,
        arm.lifetime,
        arm.prior_loc,
        float(prior_scale),
        arm.reward_scale,
        arm.discount,
        arm,
        found,
        {},
    )


def sequential_edge(*, lifetime: int, reward_scale: float, prior_loc: float = -1.0, discount: float = 1.0) -> float:
    """Return the learning threshold: the prior scale above which the Bayes-optimal policy pulls the unknown arm.

    At the threshold the value of the first pull is 0. For a lifetime of 1 it is infinite. Raises `ValueError` for a
    `prior_loc` of 0 or more, where the unknown arm is always worth pulling, and as `solve_stopping_problem` does.
    """
    checked = _required_arm(lifetime, 1.0, reward_scale, prior_loc, discount)
    if checked.prior_loc >= 0:
        raise ValueError(f"prior_loc must be below 0 (else there is no learning threshold); got {prior_loc!r}")
    if checked.lifetime == 1:
        return np.inf

    def first_pull_value(prior_scale: float) -> float:
        arm = _required_arm(lifetime, prior_scale, reward_scale, prior_loc, discount)
        return _first_pull_value(arm, solved(arm, fine_rule()))

    high = abs(checked.prior_loc)
    while first_pull_value(high) < 0:
        high *= 2
    low = high / 2
    while first_pull_value(low) > 0:
        low /= 2
    found: Any = optimize.brentq(first_pull_value, low, high, rtol=EDGE_TOLERANCE, xtol=EDGE_TOLERANCE * low)
    return float(found)


def _required_arm(
    lifetime: int, prior_scale: float, reward_scale: float, prior_loc: float, discount: float
) -> GaussianArm:
    require_arm(prior_scale, reward_scale, prior_loc, discount)
    return gaussian_arm(
        lifetime=as_count("lifetime", lifetime, least=1),
        prior_scale=as_number("prior_scale", prior_scale),
        reward_scale=as_number("reward_scale", reward_scale),
        prior_loc=as_number("prior_loc", prior_loc),
        discount=as_number("discount", discount),
    )


def _first_pull_value(arm: GaussianArm, found: SolvedTables) -> float:
    zero, loc = np.zeros(1, np.int64), np.array([arm.prior_loc])
    return float(worth_of_pull(arm, found.tables, fine_rule(), pulls=zero, loc=loc)[0])
