"""Values of explore-then-commit (ETC) policies for a known arm that pays 0 and an unknown Gaussian arm.

The unknown arm pays Normal(mean, reward_scale), mean ~ Normal(prior_loc, prior_scale), over `lifetime` trials. An ETC
policy pulls it `num_trials` times, and then always the arm that its posterior mean favours (Lange & Sprekeler 2020,
arXiv 2010.04466, section 2). The closed forms here are our own. They use that the posterior mean after n pulls is
distributed as Normal(prior_loc, s) with `s = prior_scale^2 / sqrt(prior_scale^2 + reward_scale^2 / n)`. The paper's
printed formula uses the variance of the posterior instead of the sampling variance of its mean; the functions
`printed_*` implement it. Values are in rewards, in float64, and broadcast. `bayesopt.planning.stopping` has the
Bayes-optimal policy, which is better still.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from bayesopt.agent import TIE_TOLERANCE
from bayesopt.inputs import Numbers
from bayesopt.memory import require_memory
from bayesopt.planning.exploration_inputs import require_arm, require_lifetime, require_num_trials

Values = Float[np.ndarray, "..."]

_ARRAYS_PER_TRIAL = 8
"""Arrays, with an entry for every number of trials, that exist at once while values are computed."""


def commit_value(
    num_trials: Numbers,
    *,
    lifetime: Numbers,
    prior_scale: Numbers,
    reward_scale: Numbers,
    prior_loc: Numbers = -1.0,
    discount: Numbers = 1.0,
) -> Values:
    """Return the expected rewards of an ETC policy that explores for `num_trials` trials.

    Without a pull the prior mean decides: 0 trials are worth 0 if `prior_loc` is negative. Rewards at trial t are
    weighted by `discount**t`. Raises `ValueError` for a lifetime below 1, `num_trials` outside
    0 ... lifetime, a prior scale that is not finite and at least 0, a reward scale that is not finite and above 0, a
    prior mean that is not finite, and a discount outside (0, 1].
    """
    lifetime = require_lifetime(lifetime)
    num_trials = require_num_trials(num_trials, lifetime)
    prior_scale, reward_scale, prior_loc, discount = require_arm(prior_scale, reward_scale, prior_loc, discount)
    exploited = _positive_part(prior_loc, _scale_of_mean(num_trials, prior_scale, reward_scale))
    return _commit(num_trials, lifetime, prior_loc, exploited, discount)


def sample_mean_commit_value(
    num_trials: Numbers,
    *,
    lifetime: Numbers,
    prior_scale: Numbers,
    reward_scale: Numbers,
    prior_loc: Numbers = -1.0,
    discount: Numbers = 1.0,
) -> Values:
    """Return the value of an ETC policy that decides by the mean of the observed rewards, not the posterior mean.

    It is never better than `commit_value`. With 0 trials the prior mean decides. Raises as `commit_value` does.
    """
    lifetime = require_lifetime(lifetime)
    num_trials = require_num_trials(num_trials, lifetime)
    prior_scale, reward_scale, prior_loc, discount = require_arm(prior_scale, reward_scale, prior_loc, discount)
    noise = reward_scale / np.sqrt(np.maximum(num_trials, 1))
    spread = np.hypot(prior_scale, noise)
    z = prior_loc / spread
    by_sample = prior_loc * special.ndtr(z) + prior_scale * (prior_scale / spread) * _density(z)
    exploited = np.where(num_trials == 0, np.maximum(prior_loc, 0.0), by_sample)
    return _commit(num_trials, lifetime, prior_loc, exploited, discount)


def printed_commit_value(
    num_trials: Numbers, *, lifetime: Numbers, prior_scale: Numbers, reward_scale: Numbers, prior_loc: Numbers = -1.0
) -> Values:
    """Return the paper's printed value of exploring. It underestimates `commit_value`, most where learning is hard.

    Its integral over the arm's mean is solved in closed form. As in the paper's figures, 0 trials are worth 0 if the
    prior mean is negative; taken literally, the formula gives less. Raises as `commit_value` does.
    """
    lifetime = require_lifetime(lifetime)
    num_trials = require_num_trials(num_trials, lifetime)
    prior_scale, reward_scale, prior_loc, discount = require_arm(prior_scale, reward_scale, prior_loc, 1.0)
    by_print = _printed_exploited(num_trials, prior_scale, reward_scale, prior_loc)
    exploited = np.where(num_trials == 0, np.maximum(prior_loc, 0.0), by_print)
    return _commit(num_trials, lifetime, prior_loc, exploited, discount)


def full_information_value(
    *, lifetime: Numbers, prior_scale: Numbers, prior_loc: Numbers = -1.0, discount: Numbers = 1.0
) -> Values:
    """Return the expected rewards of an oracle that knows the unknown arm's mean, an upper bound for every policy.

    Raises as `commit_value` does.
    """
    lifetime = require_lifetime(lifetime)
    prior_scale, _, prior_loc, discount = require_arm(prior_scale, 1.0, prior_loc, discount)
    return np.asarray(_annuity(lifetime, discount) * _positive_part(prior_loc, prior_scale))


def optimal_commit_trials(
    *,
    lifetime: Numbers,
    prior_scale: Numbers,
    reward_scale: Numbers,
    prior_loc: Numbers = -1.0,
    discount: Numbers = 1.0,
) -> Int[np.ndarray, "..."]:
    """Return the number of trials of the best ETC policy; if several are equally good, the smallest.

    0 means that learning does not pay. Raises as `commit_value` does.
    """
    lifetime = require_lifetime(lifetime)
    prior_scale, reward_scale, prior_loc, discount = require_arm(prior_scale, reward_scale, prior_loc, discount)
    trials, is_possible = _all_trials(lifetime, prior_scale, reward_scale, prior_loc, discount)
    exploited = _positive_part(prior_loc, _scale_of_mean(trials, prior_scale, reward_scale))
    return _first_best(_commit(trials, np.maximum(lifetime, trials), prior_loc, exploited, discount), is_possible)


def optimal_commit_value(
    *,
    lifetime: Numbers,
    prior_scale: Numbers,
    reward_scale: Numbers,
    prior_loc: Numbers = -1.0,
    discount: Numbers = 1.0,
) -> Values:
    """Return the value of the best ETC policy. Raises as `commit_value` does."""
    arm: Any = {"lifetime": lifetime, "prior_scale": prior_scale, "reward_scale": reward_scale}
    arm |= {"prior_loc": prior_loc, "discount": discount}
    return commit_value(optimal_commit_trials(**arm), **arm)


def printed_optimal_commit_trials(
    *, lifetime: Numbers, prior_scale: Numbers, reward_scale: Numbers, prior_loc: Numbers = -1.0
) -> Int[np.ndarray, "..."]:
    """Return the best number of trials by the paper's printed formula, as in its figures.

    Raises as `commit_value` does.
    """
    lifetime = require_lifetime(lifetime)
    prior_scale, reward_scale, prior_loc, discount = require_arm(prior_scale, reward_scale, prior_loc, 1.0)
    trials, is_possible = _all_trials(lifetime, prior_scale, reward_scale, prior_loc, discount)
    by_print = _printed_exploited(trials, prior_scale, reward_scale, prior_loc)
    exploited = np.where(trials == 0, np.maximum(prior_loc, 0.0), by_print)
    return _first_best(_commit(trials, np.maximum(lifetime, trials), prior_loc, exploited, discount), is_possible)


class CommitEdge(NamedTuple):
    """Learning threshold of ETC policies: the smallest prior scale at which exploring pays."""

    prior_scale: Values
    """Smallest prior scale at which some number of trials is worth more than 0 trials."""
    num_trials: Int[np.ndarray, "..."]
    """Best number of trials just above the threshold: the jump from 0."""


def commit_edge(
    *, lifetime: Numbers, reward_scale: Numbers, prior_loc: Numbers = -1.0, discount: Numbers = 1.0
) -> CommitEdge:
    """Return the learning threshold of ETC policies, by bisection to a relative 1e-12.

    For a lifetime of 1 the threshold is infinite and the jump is 0. Raises `ValueError` for a `prior_loc` of 0 or more,
    where exploring costs nothing, and as `commit_value` does.
    """
    lifetime = require_lifetime(lifetime)
    _, reward_scale, prior_loc, discount = require_arm(1.0, reward_scale, prior_loc, discount)

    def exploited(trials: Numbers, prior_scale: Numbers) -> Numbers:
        return _positive_part(prior_loc, _scale_of_mean(trials, prior_scale, reward_scale))

    return _edge(exploited, lifetime, reward_scale, prior_loc, discount)


def printed_commit_edge(*, lifetime: Numbers, reward_scale: Numbers, prior_loc: Numbers = -1.0) -> CommitEdge:
    """Return the learning threshold by the paper's printed formula, as in its figures. Raises as `commit_edge` does."""
    lifetime = require_lifetime(lifetime)
    _, reward_scale, prior_loc, discount = require_arm(1.0, reward_scale, prior_loc, 1.0)

    def exploited(trials: Numbers, prior_scale: Numbers) -> Numbers:
        return _printed_exploited(trials, prior_scale, reward_scale, prior_loc)

    return _edge(exploited, lifetime, reward_scale, prior_loc, discount)


def _scale_of_mean(num_trials: Numbers, prior_scale: Numbers, reward_scale: Numbers) -> Numbers:
    """Return the standard deviation of the posterior mean after `num_trials` pulls."""
    known = prior_scale * np.sqrt(num_trials)
    return prior_scale * (known / np.hypot(known, reward_scale))


def _positive_part(loc: Numbers, scale: Numbers) -> Numbers:
    """Return E[max(X, 0)] for X ~ Normal(loc, scale); the scale may be 0."""
    with np.errstate(divide="ignore", over="ignore"):
        z = loc / np.where(scale > 0, scale, 1.0)
    expected = loc * special.ndtr(z) + scale * _density(z)
    return np.where(scale > 0, np.maximum(expected, 0.0), np.maximum(loc, 0.0))


def _density(z: Numbers) -> Numbers:
    return np.exp(-0.5 * np.minimum(np.abs(z), 1e3) ** 2) / np.sqrt(2 * np.pi)


def _printed_exploited(num_trials: Numbers, prior_scale: Numbers, reward_scale: Numbers, prior_loc: Numbers) -> Numbers:
    """Return the paper's E[mean * Phi(a + b Z)], with mean = prior_loc + prior_scale Z, by Stein's identity."""
    known = prior_scale * np.sqrt(num_trials)
    spread = np.hypot(known, reward_scale)
    b = known * (known / reward_scale) / spread
    with np.errstate(divide="ignore", over="ignore"):
        a = prior_loc / np.where(prior_scale > 0, prior_scale * (reward_scale / spread), 1.0)
        z = a / np.hypot(1.0, b)
    expected = prior_loc * special.ndtr(z) + prior_scale * (b / np.hypot(1.0, b)) * _density(z)
    return np.where(prior_scale > 0, expected, np.maximum(prior_loc, 0.0))


def _commit(
    num_trials: Numbers, lifetime: Numbers, prior_loc: Numbers, exploited: Numbers, discount: Numbers
) -> Numbers:
    """Return the expected rewards of `num_trials` trials of exploration, and of `exploited` per trial thereafter."""
    later = discount**num_trials * _annuity(lifetime - num_trials, discount)
    return np.asarray(prior_loc * _annuity(num_trials, discount) + later * exploited)


def _annuity(num_trials: Numbers, discount: Numbers) -> Numbers:
    """Return the sum of the discounts of `num_trials` trials."""
    is_one = discount == 1
    rate = np.where(is_one, 0.5, discount)
    return np.where(is_one, num_trials, -np.expm1(num_trials * np.log(rate)) / (1 - rate))


def _all_trials(lifetime: Numbers, *parts: Numbers) -> tuple[Numbers, Numbers]:
    """Return 0, 1, ... up to the longest lifetime along a new first axis, and whether each lifetime has that trial."""
    batch = np.broadcast_shapes(np.shape(lifetime), *map(np.shape, parts))
    needed = 8.0 * _ARRAYS_PER_TRIAL * (float(np.max(lifetime)) + 1) * np.prod(batch)
    require_memory(needed, f"lifetimes of up to {np.max(lifetime):,} trials", remedy="Lower lifetime, or pass fewer")
    trials = np.arange(np.max(lifetime) + 1).reshape(-1, *[1] * len(batch))
    return trials, np.broadcast_to(trials <= lifetime, (len(trials), *batch))


def _first_best(values: Numbers, is_possible: Numbers) -> Int[np.ndarray, "..."]:
    values = np.where(is_possible, values, -np.inf)
    best = values.max(axis=0)
    return np.asarray((values >= best - TIE_TOLERANCE * np.abs(best)).argmax(axis=0))


def _edge(
    exploited: Callable[[Numbers, Numbers], Numbers],
    lifetime: Numbers,
    reward_scale: Numbers,
    prior_loc: Numbers,
    discount: Numbers,
) -> CommitEdge:
    """Find the prior scale at which the best of 1, 2, ... trials, with `exploited` per trial thereafter, is worth 0."""
    if not (prior_loc < 0).all():
        raise ValueError(f"prior_loc must be below 0 (else there is no learning threshold); got {prior_loc.max()}")
    trials, is_possible = _all_trials(lifetime, reward_scale, prior_loc, discount)

    def values(prior_scale: Numbers) -> Numbers:
        worth = _commit(
            trials[1:], np.maximum(lifetime, trials[1:]), prior_loc, exploited(trials[1:], prior_scale), discount
        )
        return np.where(is_possible[1:], worth, -np.inf)

    has_edge = np.broadcast_to(lifetime > 1, is_possible.shape[1:])
    high = np.broadcast_to(np.abs(prior_loc), is_possible.shape[1:])
    while (is_short := has_edge & (values(high).max(axis=0) <= 0)).any():
        high = np.where(is_short, 2 * high, high)
    low = np.zeros_like(high)
    while (high - low > 1e-12 * high).any():
        middle = (low + high) / 2
        is_above = values(middle).max(axis=0) > 0
        low, high = np.where(is_above, low, middle), np.where(is_above, middle, high)
    jump = 1 + values(high).argmax(axis=0)
    return CommitEdge(np.asarray(np.where(has_edge, high, np.inf)), np.asarray(np.where(has_edge, jump, 0)))
