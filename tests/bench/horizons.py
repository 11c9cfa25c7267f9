"""Finite horizons: solving, memory, evaluating, action values; and beside the textbook's triple loop."""

import os

import numba
import numpy as np

from bayesopt.planning.dynamic_programming import required_memory, solve_bernoulli_bandit, solve_gaussian_bandit
from bayesopt.planning.finite_horizon_indices import finite_horizon_index
from tests.bench.table import fresh_process, in_turn, report, seconds, spread, times

TARGETS = {(2, 100): 3, (2, 200): 40, (2, 400): 1200, (3, 40): 30, (3, 60): 800}
"""Milliseconds by number of arms and horizon."""

MEMORY_TARGETS = {0.0: 300, 0.25: 400}
"""MB by how unequal the priors are, for two arms over 400 trials."""

MEMORY = """
import numpy as np
from bayesopt.planning.dynamic_programming import solve_bernoulli_bandit
from tests.bench.table import peak_memory

solve_bernoulli_bandit(np.ones((2, 2)), 5)
solve_bernoulli_bandit([[1, 1], [2, 2]], 5)
before = peak_memory()
solve_bernoulli_bandit(np.ones((2, 2)) + {spread} * np.arange(4).reshape(2, 2), 400)
print(peak_memory() - before)
"""


def bench() -> None:
    """Times, memory, reading, and ratios."""
    _bench_solving()
    for spread_, target in MEMORY_TARGETS.items():
        peak = float(fresh_process(MEMORY.format(spread=spread_), environment=os.environ))
        stated = required_memory(_prior(2, spread_), 400) / 1e6
        report(f"peak memory, 2 arms x 400, {_priors(spread_)}", f"{peak:.0f} MB ({stated:.0f})", f"<= {target} MB")
    _bench_reading()
    for horizon in (100, 200):
        ratios, _ = in_turn(
            lambda t=horizon: solve_bernoulli_bandit(np.ones((2, 2)), t),
            lambda t=horizon: _numba_value(t),
            repeats=9,
        )
        report(f"numba triple loop, value only, T = {horizon}, as a multiple", spread(ratios, 1))
    ratios, _ = in_turn(lambda: solve_bernoulli_bandit(np.ones((2, 2)), 100), lambda: _numpy_value(100), repeats=9)
    report("NumPy blocks, value only, T = 100, as a multiple", spread(ratios, 0))
    value = solve_bernoulli_bandit(np.ones((2, 2)), 100).value
    report("  their values differ by", f"{max(abs(_numba_value(100) - value), abs(_numpy_value(100) - value)):.0e}")


def _prior(num_arms: int, spread_: float) -> np.ndarray:
    return np.ones((num_arms, 2)) + spread_ * np.arange(2 * num_arms).reshape(num_arms, 2)


def _priors(spread_: float) -> str:
    return "unequal priors" if spread_ else "equal priors"


def _bench_solving() -> None:
    for (num_arms, horizon), target in TARGETS.items():
        for spread_ in MEMORY_TARGETS:
            prior = _prior(num_arms, spread_)
            walls = times(lambda p=prior, t=horizon: solve_bernoulli_bandit(p, t), repeats=3 if target > 500 else 9)
            measured = f"{1e3 * float(np.median(walls)):.3g} (best {1e3 * min(walls):.3g}) ms"
            report(f"value and policy, {num_arms} arms x {horizon}, {_priors(spread_)}", measured, f"<= {target} ms")


def _bench_reading() -> None:
    solution = solve_bernoulli_bandit(np.ones((2, 2)), 60)
    report("policy evaluated at (.3, .5), T = 60", f"{1e3 * seconds(lambda: solution.evaluate([0.3, 0.5])):.2f} ms")
    short = solve_bernoulli_bandit(np.ones((2, 2)), 20)
    beliefs = _played_beliefs(100_000, 20)

    def read() -> None:
        for time in range(20):
            short.action_values(*beliefs[time])

    report("action values, 100,000 tasks x 20 trials", f"{seconds(read, repeats=3):.2f} s")
    gaussian = seconds(lambda: solve_gaussian_bandit([0, 0], [1, 1], 20), repeats=3)
    bound = solve_gaussian_bandit([0, 0], [1, 1], 20).error_bound
    report("Gaussian arms, T = 20", f"{1e3 * gaussian:.0f} ms, ± {bound:.0e} (measured)")
    index = seconds(lambda: finite_horizon_index(1, 1, 1000), repeats=3)
    report("finite-horizon index, T = 1,000", f"{1e3 * index:.1f} ms")


def _played_beliefs(num_tasks: int, horizon: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Beliefs along uniform play of Beta(1, 1) arms."""
    rng = np.random.default_rng(0)
    counts, beliefs = np.ones((2, num_tasks, 2)), []
    for _ in range(horizon):
        beliefs.append((counts[0].copy(), counts[1].copy()))
        arm, pays = rng.integers(2, size=num_tasks), rng.random((num_tasks, 2)) < counts[0] / counts.sum(0)
        pulled = np.arange(2) == arm[:, None]
        counts += np.stack([pulled & pays, pulled & ~pays])
    return beliefs


@numba.njit
def _triple_loop(horizon: int) -> float:
    """By pulls of arm 0, its successes and those of arm 1, over the trials backward, in place; Beta(1, 1) arms."""
    values = np.zeros((horizon + 1, horizon + 1, horizon + 1))
    for t in range(horizon - 1, -1, -1):
        for n1 in range(t + 1):
            n2 = t - n1
            for s1 in range(n1 + 1):
                p1 = (1 + s1) / (2 + n1)
                for s2 in range(n2 + 1):
                    p2 = (1 + s2) / (2 + n2)
                    q1 = p1 * (1 + values[n1 + 1, s1 + 1, s2]) + (1 - p1) * values[n1 + 1, s1, s2]
                    q2 = p2 * (1 + values[n1, s1, s2 + 1]) + (1 - p2) * values[n1, s1, s2]
                    values[n1, s1, s2] = max(q1, q2)
    return values[0, 0, 0]


def _numba_value(horizon: int) -> float:
    return float(_triple_loop(horizon))


def _numpy_value(horizon: int) -> float:
    """The same recursion, a matrix over both arms' successes at a time."""
    values = np.zeros((horizon + 1, horizon + 1, horizon + 1))
    for t in range(horizon - 1, -1, -1):
        for n1 in range(t + 1):
            n2 = t - n1
            p1 = ((1 + np.arange(n1 + 1)) / (2 + n1))[:, None]
            p2 = (1 + np.arange(n2 + 1)) / (2 + n2)
            after1, after2 = values[n1 + 1, :, : n2 + 1], values[n1, : n1 + 1]
            q1 = p1 * (1 + after1[1 : n1 + 2]) + (1 - p1) * after1[: n1 + 1]
            q2 = p2 * (1 + after2[:, 1 : n2 + 2]) + (1 - p2) * after2[:, : n2 + 1]
            values[n1, : n1 + 1, : n2 + 1] = np.maximum(q1, q2)
    return float(values[0, 0, 0])
