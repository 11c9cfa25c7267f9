"""When learning pays: maps over the grid of Lange & Sprekeler (2020), 20 x 20 scales at four lifetimes."""

import numpy as np

from bayesopt.planning.exploration import commit_edge, optimal_commit_trials
from bayesopt.planning.stopping import sequential_edge, solve_stopping_problem
from bayesopt.planning.stopping.maps import solve_stopping_map
from tests.bench.table import report, seconds


def bench() -> None:
    """Closed forms, single optima with their error bounds, and the sequential map."""
    lifetimes, priors = np.array([25, 50, 75, 100])[:, None, None], np.linspace(0.1, 10, 20)[:, None]
    rewards = np.linspace(0.1, 20, 20)
    commit = seconds(lambda: optimal_commit_trials(lifetime=lifetimes, prior_scale=priors, reward_scale=rewards))
    report("best numbers of trials, 1,600 problems", f"{1e3 * commit:.3g} ms", "<= 100 ms")
    edge = seconds(lambda: commit_edge(lifetime=100, reward_scale=rewards))
    report("learning edges of 20 noises, lifetime 100", f"{1e3 * edge:.3g} ms")
    arm = {"lifetime": 100, "prior_scale": 3.75, "reward_scale": 9.53}
    single, bound = seconds(lambda: solve_stopping_problem(**arm)), solve_stopping_problem(**arm).error_bound
    report("one optimal stopping rule, lifetime 100", f"{1e3 * single:.3g} ms, ± {bound:.0e}", "1e-5")
    report("  its pulls under the prior", f"{1e3 * seconds(solve_stopping_problem(**arm).pulls_under_prior):.3g} ms")
    report("  its learning edge", f"{seconds(lambda: sequential_edge(lifetime=100, reward_scale=9.53)):.2g} s")
    found = []

    def solve_map() -> None:
        found[:] = [solve_stopping_map(lifetimes=lifetimes, prior_scales=priors, reward_scales=rewards)]

    whole = seconds(solve_map, repeats=1)
    report("1,600 optimal stopping rules", f"{whole:.3g} s, ± {found[0].error_bounds.max():.0e}", "<= 60 s (goal 10)")
