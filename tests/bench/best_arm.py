"""Probabilities of being the best arm, which Thompson sampling asks for at every trial: times with error bounds."""

from collections.abc import Callable

import numpy as np

from bayesopt.planning.best_arm import (
    CertifiedProbs,
    best_of_beta_arms,
    best_of_inverse_gamma_arms,
    best_of_normal_arms,
)
from tests.bench.table import report, times

NUM_TASKS = 500
TARGETS = {2: 50, 10: 500}
"""Milliseconds by number of arms, for different beliefs in every task."""


def bench() -> None:
    """Beliefs after up to 60 pulls per arm, and beliefs of tiny concentrations."""
    rng = np.random.default_rng(0)
    for num_arms, target in TARGETS.items():
        shape = (2, NUM_TASKS, num_arms)
        beliefs = rng.uniform(0.5, 60, shape)
        _timed(f"Beta beliefs, {num_arms} arms", lambda b=beliefs: best_of_beta_arms(*b), target)
        tiny = 10 ** rng.uniform(-3, 0, shape)
        _timed(f"Beta beliefs from 0.001 to 1, {num_arms} arms", lambda b=tiny: best_of_beta_arms(*b), target)
        _timed(f"Gamma beliefs, {num_arms} arms", lambda b=beliefs: best_of_inverse_gamma_arms(1 + b[0], b[1]), target)
        _timed(f"Gaussian beliefs, {num_arms} arms", lambda b=beliefs: best_of_normal_arms(b[0], b[1] ** -0.5), target)


def _timed(what: str, function: Callable[[], CertifiedProbs], target: int) -> None:
    walls = times(function, repeats=9)
    bound = float(function().error_bound.max())
    report(
        f"{what}, {NUM_TASKS} tasks",
        f"{1e3 * float(np.median(walls)):.3g} (best {1e3 * min(walls):.3g}) ms, ± {bound:.0e}",
        f"<= {target} ms",
    )
