"""Whole lifetimes in the foraging grid: planning all of them, and playing the longest."""

import jax

import bayesopt
from bayesopt.families import ForagingGrid
from bayesopt.planning.foraging import required_memory, solve_foraging
from tests.bench.table import peak_memory, report, seconds

LIFETIME = 100
NUM_TASKS = 5000


def bench() -> None:
    """Planning and playing 100 steps."""
    family = ForagingGrid()
    wall = seconds(lambda: solve_foraging(family, lifetime=LIFETIME), repeats=3)
    report(f"solve_foraging, all lifetimes to {LIFETIME} steps", f"{wall:.1f} s", "< 20 s")
    plan = solve_foraging(family, lifetime=LIFETIME)
    report("values and policy of it", f"{required_memory(family, lifetime=LIFETIME) / 1e9:.2f} GB", "< 1 GB")
    tasks = bayesopt.sample_tabular_tasks(family, jax.random.key(0), num_tasks=NUM_TASKS)
    agent = plan.optimal_agent(lifetime=LIFETIME)
    wall = seconds(lambda: bayesopt.play_tabular(agent, tasks, jax.random.key(1), lifetime=LIFETIME), repeats=3)
    report(f"the optimum plays {NUM_TASKS:,} tasks x {LIFETIME}", f"{wall:.2f} s")
    report("peak memory of this process so far", f"{peak_memory() / 1e3:.2f} GB")
