"""Finite-horizon Gittins indices of Bernoulli arms.

With m remaining trials the index is the largest ratio, over stopping times from 1 to m, of the expected discounted
rewards until stopping to the expected discounted number of trials. Equivalently, it is the known reward per trial at
which one more pull of the arm breaks even (Bradt, Johnson and Karlin 1956, Ann. Math. Stat. 27:1060; Kaufmann 2018,
Ann. Stat. 46:842).

For a known reward c the gain of continuing, `D(c) = mean - c + discount E[max(D, 0) of the next state]`, is convex,
decreasing and piecewise linear in c. Newton's method from below therefore reaches its root after a few sweeps, exact up
to rounding error.
"""

import numpy as np
from jaxtyping import Float

from bayesopt.inputs import Numbers, as_floats
from bayesopt.planning.bandit_inputs import require_concentrations, require_horizon
from bayesopt.planning.compiled import compiled

MOST_STEPS = 100

LARGEST_HORIZON = 20_000
"""Largest horizon: a few seconds for each belief. The time grows with its square."""


def finite_horizon_index(
    concentration1: Numbers,
    concentration0: Numbers,
    horizon: int,
    *,
    discount: float = 1.0,
) -> Float[np.ndarray, "..."]:
    """Return the index, in rewards per trial, of arms with these beliefs (which broadcast) for `horizon` trials.

    Raises `ValueError` if a concentration is not from 1e-100 to 1e100, `horizon` not from 1 to LARGEST_HORIZON, or
    `discount` not in (0, 1].
    """
    horizon, discount = require_horizon(horizon, discount)
    if horizon > LARGEST_HORIZON:
        raise ValueError(f"horizon must be at most {LARGEST_HORIZON} (larger values take minutes); got {horizon}")
    one, zero = np.broadcast_arrays(
        as_floats("concentration1", concentration1), as_floats("concentration0", concentration0)
    )
    beliefs = np.stack([one.reshape(-1), zero.reshape(-1)], axis=1)
    result = np.empty(len(beliefs))
    if len(beliefs):
        _fill(require_concentrations(beliefs), horizon, discount, result)
    return result.reshape(one.shape)


@compiled
def _root(one, zero, remaining, discount, start, gains, durations):
    """Return the root of D by Newton's method from `start`, where D must not be negative.

    For each state of the next time `gains` is max(D, 0), and `durations` is the expected discounted number of trials
    until stopping, the negative slope of D.
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
