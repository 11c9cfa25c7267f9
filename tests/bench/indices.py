"""Gittins indices: absolute times with their proved bounds, and beside a plain bisection of the whole triangle."""

from collections.abc import Callable

import numpy as np

from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.gittins import (
    bernoulli_gittins_index,
    bernoulli_gittins_table,
    exponential_gittins_index,
    normal_gittins_index,
    normal_unknown_variance_gittins_index,
)
from tests.bench.table import in_turn, report, spread, times

PLAIN_DEPTH = 700
"""Trials that the plain computation looks ahead: off by 3e-9 at discount 0.99, and it does not know by how much."""


def bench() -> None:
    """One index, a table, other arms, and the ratio to the textbook's way."""
    _timed(
        "Bernoulli index, Beta(1, 1), discount 0.99",
        lambda: bernoulli_gittins_index(1.0, 1.0, 0.99, tolerance=1e-6),
        "<= 0.5 ms (goal 0.3), 1e-6",
        repeats=200,
    )
    _timed("  the same to 1e-9", lambda: bernoulli_gittins_index(1.0, 1.0, 0.99), "1e-9", repeats=100)
    _timed(
        "Bernoulli table, totals to 200, discount 0.99",
        lambda: bernoulli_gittins_table(200, 0.99, tolerance=1e-7),
        "<= 2 s, 1e-7",
        repeats=3,
    )
    _timed("normal index, n = 1, discount 0.99", lambda: normal_gittins_index(1, 0.99), "1e-6")
    _timed("exponential index, (2, 1), discount 0.95", lambda: exponential_gittins_index(2, 1, 0.95), "1e-5")
    _timed(
        "unknown variance index, n = 10, discount 0.95",
        lambda: normal_unknown_variance_gittins_index(10, 9, 0.95),
        "1e-5",
    )
    ratios, _ = in_turn(
        lambda: bernoulli_gittins_index(1.0, 1.0, 0.99, tolerance=1e-6), lambda: _plain_index(1.0, 1.0, 0.99, 1e-6)
    )
    report("  plain bisection in NumPy, as a multiple of one index", spread(ratios, 0))
    gap = abs(_plain_index(1.0, 1.0, 0.99, 1e-6) - float(bernoulli_gittins_index(1.0, 1.0, 0.99).index))
    report("  and their difference", f"{gap:.1e}", "<= 1e-6")


def _timed(what: str, function: Callable[[], CertifiedIndex], target: str, *, repeats: int = 7) -> None:
    walls = times(function, repeats=repeats)
    bound = float(np.nanmax(function().error_bound))
    milliseconds = f"{1e3 * float(np.median(walls)):.3g} (best {1e3 * min(walls):.3g}) ms"
    report(what, f"{milliseconds}, ± {bound:.0e}", target)


def _plain_index(concentration1: float, concentration0: float, discount: float, tolerance: float) -> float:
    """Bisection on the sure reward, a full triangle of values at every step, the mean or the reward at its end."""
    low, high = concentration1 / (concentration1 + concentration0), 1.0
    while high - low > 2 * tolerance:
        reward = (low + high) / 2
        successes = np.arange(PLAIN_DEPTH + 1)
        means = (concentration1 + successes) / (concentration1 + concentration0 + PLAIN_DEPTH)
        values = np.maximum(means, reward)
        for pulls in range(PLAIN_DEPTH - 1, -1, -1):
            means = (concentration1 + successes[: pulls + 1]) / (concentration1 + concentration0 + pulls)
            later = means * values[1 : pulls + 2] + (1 - means) * values[: pulls + 1]
            playing = (1 - discount) * means + discount * later
            values[: pulls + 1] = np.maximum(playing, reward)
        low, high = (reward, high) if playing[0] > reward else (low, reward)
    return (low + high) / 2
