"""Indices of a Bernoulli arm when trials are counted: the Gittins index of a finite horizon.

With m trials left it is the largest ratio, over stopping times from 1 to m, of the expected discounted rewards until
stopping to the expected discounted number of trials; equally, the sure reward per trial for which one would just pull
the arm at least once more (Bradt, Johnson and Karlin 1956, Ann. Math. Stat. 27:1060; Kaufmann 2018, Ann. Stat. 46:842).

For a sure reward c the gain of continuing, `D(c) = mean - c + discount E[max(D, 0) of the next state]`, is convex,
falling and piecewise linear in c, so Newton's method from below ends at its root after a few sweeps, exactly but for
rounding.
"""

import numpy as np
from jaxtyping import Float

from bayesopt.planning.bandit_inputs import Numbers, require_concentrations, require_horizon
from bayesopt.planning.compiled import compiled

MOST_STEPS = 100


def finite_horizon_index(
    concentration1: Numbers,
    concentration0: Numbers,
    horizon: int,
    *,
    discount: float = 1.0,
) -> Float[np.ndarray, "..."]:
    """The index, in rewards per trial, of arms with these beliefs (which broadcast) when `horizon` trials are left.

    Raises `ValueError` if a concentration is not positive and finite, `horizon` is below 1 or `discount` not in (0, 1].
    """
    require_horizon(horizon, discount)
    one, zero = np.broadcast_arrays(concentration1, concentration0)
    beliefs = np.stack([one.reshape(-1), zero.reshape(-1)], axis=1)
    result = np.empty(len(beliefs))
    if len(beliefs):
        _fill(require_concentrations(beliefs), horizon, float(discount), result)
    return result.reshape(one.shape)


def finite_horizon_index_table(
    concentration1: float, concentration0: float, horizon: int, *, discount: float = 1.0
) -> Float[np.ndarray, "remaining success failure"]:
    """Indices of one arm by trials left (0 to `horizon`) and by its successes and failures since the prior.

    An entry is NaN where no trial is left or where trials left and pulls exceed the horizon together. Raises
    `ValueError` as `finite_horizon_index` does.
    """
    require_horizon(horizon, discount)
    prior = require_concentrations([[concentration1, concentration0]])
    table = np.full((horizon + 1, horizon, horizon), np.nan)
    _fill_table(prior[0], horizon, float(discount), table)
    return table


@compiled
def _root(one, zero, remaining, discount, start, gains, durations):
    """The root of D by Newton's method from `start`, where D must not be negative.

    For each state of the next time `gains` is max(D, 0), and `durations` the expected discounted number of trials until
    stopping, which is the slope of D with its sign changed.
    """
    charge = start
    for _ in range(MOST_STEPS):
        gains[: remaining + 1] = 0.0
        durations[: remaining + 1] = 0.0
        gain, duration = 0.0, 1.0
        for pulls in range(remaining - 1, -1, -1):
            share = 1 / (one + zero + pulls)
            for s in range(pulls + 1):
                mean = (one + s) * share
                gain = mean - charge + discount * (gains[s] + mean * (gains[s + 1] - gains[s]))
                duration = 1 + discount * (durations[s] + mean * (durations[s + 1] - durations[s]))
                gains[s] = gain if gain > 0 else 0.0
                durations[s] = duration if gain > 0 else 0.0
        step = gain / duration
        charge += step
        if step <= 1e-16:
            break
    return charge


@compiled
def _fill(beliefs, horizon, discount, result):
    gains, durations = np.empty(horizon + 1), np.empty(horizon + 1)
    for i in range(len(beliefs)):
        one, zero = beliefs[i]
        result[i] = _root(one, zero, horizon, discount, one / (one + zero), gains, durations)


@compiled
def _fill_table(prior, horizon, discount, table):
    """An index grows with the trials left, so that with one trial less left it is a start from below."""
    gains, durations = np.empty(horizon + 1), np.empty(horizon + 1)
    for s in range(horizon):
        for f in range(horizon - s):
            one, zero = prior[0] + s, prior[1] + f
            index = one / (one + zero)
            for remaining in range(1, horizon - s - f + 1):
                index = _root(one, zero, remaining, discount, index, gains, durations)
                table[remaining, s, f] = index
