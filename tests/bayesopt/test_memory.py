"""What does not fit in memory is refused before it is allocated, with what it needs, what there is and a remedy."""

import jax
import numpy as np
import pytest

import bayesopt
from bayesopt import memory
from bayesopt.families import (
    BernoulliBandit,
    BetaBernoulli,
    ContextualBandit,
    CorrelatedBandit,
    FixedArmBandit,
    ForagingGrid,
    GaussianBandit,
    LinearRegression,
    NormalNormal,
)
from bayesopt.inference.calibration import posterior_draws
from bayesopt.inference.mcmc import sample_posterior
from bayesopt.planning.contextual import agent_value
from bayesopt.planning.dynamic_programming import value_of_policy
from bayesopt.planning.exploration import optimal_commit_value
from bayesopt.planning.foraging import small_goal_values
from bayesopt.planning.heuristics import uniform_agent
from bayesopt.planning.optimal import optimal_agent
from bayesopt.planning.stopping import solve_stopping_problem
from bayesopt.spectral_maps import sample_rotated_maps

KEY = jax.random.key(0)
MANY = 10**9
HUGE = {
    "sequences": lambda: bayesopt.sample_sequences(BetaBernoulli(), KEY, num_tasks=10**7, length=10**6),
    "long sequence": lambda: bayesopt.sample_sequences(NormalNormal(), KEY, num_tasks=1, length=10**13),
    "many sequences": lambda: bayesopt.sample_sequences(NormalNormal(), KEY, num_tasks=10**13, length=1),
    "regressions": lambda: bayesopt.sample_regressions(LinearRegression(), KEY, num_tasks=MANY, length=100),
    "given regressions": lambda: bayesopt.sample_regressions_given(
        LinearRegression(), {"weights": np.zeros((2, 5, 5))}, KEY, length=10**12
    ),
    "rewards": lambda: bayesopt.sample_reward_tables(BernoulliBandit(), KEY, num_tasks=MANY, length=100),
    "contexts": lambda: bayesopt.sample_contextual_tables(ContextualBandit(), KEY, num_tasks=MANY, length=100),
    "MDPs": lambda: bayesopt.sample_tabular_tasks(ForagingGrid(), KEY, num_tasks=MANY),
    "maps": lambda: sample_rotated_maps(KEY, (1.0,), num_tasks=MANY, num_outputs=50, num_inputs=50),
    "Bernoulli plan": lambda: optimal_agent(BernoulliBandit(), horizon=10**6),
    "plan of one arm": lambda: optimal_agent(BernoulliBandit((1.0,), (1.0,)), horizon=10**12),
    "Gaussian plan": lambda: optimal_agent(GaussianBandit(), horizon=10**6),
    "long Gaussian plan": lambda: optimal_agent(GaussianBandit(), horizon=10**12),
    "contexts and arms": lambda: ContextualBandit(10**6, 10**6),
    "cells": lambda: ForagingGrid(side=10**6).layout,
    "correlated plan": lambda: optimal_agent(CorrelatedBandit(), horizon=10**6),
    "stopping plan": lambda: optimal_agent(FixedArmBandit(), horizon=MANY),
    "stopping problem": lambda: solve_stopping_problem(lifetime=10**10, prior_scale=1.0, reward_scale=1.0),
    "foraging plan": lambda: bayesopt.solve_foraging(ForagingGrid(side=10), lifetime=10**6),
    "foraging values": lambda: small_goal_values(ForagingGrid(), lifetime=10**12),
    "policy": lambda: value_of_policy(np.ones((3, 2)), 1000, lambda one, zero, time: one * 0),
    "commitment": lambda: optimal_commit_value(lifetime=10**12, prior_scale=1.0, reward_scale=1.0),
    "draws": lambda: posterior_draws(BetaBernoulli(), [[0, 1]], KEY, num_draws=10**12),
    "NUTS": lambda: sample_posterior(BetaBernoulli(), [[0, 1]], KEY, num_samples=10**12),
}


@pytest.mark.parametrize("compute", HUGE.values(), ids=HUGE)
def test_huge_sizes_are_refused_with_an_estimate_and_a_remedy(compute):
    with pytest.raises(
        ValueError, match=r"need [\d,]+\.\d GB of memory; [\d,]+\.\d GB are available\. \w+ .*"
    ) as error:
        compute()
    assert "\n" not in str(error.value)


def test_results_are_refused_where_their_inputs_just_fit(monkeypatch):
    """Beliefs and roll-outs need more than the tables that they are computed from."""
    monkeypatch.setattr(memory, "available_memory", lambda: 4e7)
    observations, pairs = np.zeros((400, 2500)), np.zeros((200, 200, 5))
    tables = bayesopt.RewardTables({}, np.zeros((1000, 1000, 2)))
    for compute in (
        lambda: bayesopt.predict_sequence(NormalNormal(), observations),
        lambda: bayesopt.filter_beliefs(NormalNormal(), observations),
        lambda: bayesopt.predict_regression(LinearRegression(), pairs, pairs),
        lambda: bayesopt.filter_pairs(LinearRegression(), pairs, pairs),
        lambda: bayesopt.play(uniform_agent(2), tables, KEY),
        lambda: agent_value(uniform_agent(5), ContextualBandit(), horizon=20),
    ):
        with pytest.raises(ValueError, match="GB of memory; 0.0 GB are available"):
            compute()


def test_small_requests_are_not_checked(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 0.0)
    assert bayesopt.sample_sequences(NormalNormal(), KEY, num_tasks=2, length=3).observations.shape == (2, 3)


def test_the_smallest_limit_counts(tmp_path, monkeypatch):
    """Free memory, the limits of control groups of either version, and of a group's parents."""
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n")
    (proc / "self" / "cgroup").write_text("0::/job/step\n4:memory:/old\n")
    monkeypatch.setattr(memory, "_PROC", proc)
    monkeypatch.setattr(memory, "_GROUPS", groups)
    assert memory.available_memory() == pytest.approx(8.192e9)
    _write_group(groups / "job" / "step", "memory.max", "max", "memory.current", "inactive_file")
    assert memory.available_memory() == pytest.approx(8.192e9)
    _write_group(groups / "job", "memory.max", "6000000000", "memory.current", "inactive_file")
    assert memory.available_memory() == 6e9 - 2e9 + 5e8
    old = ("memory.limit_in_bytes", "3000000000", "memory.usage_in_bytes", "total_inactive_file")
    _write_group(groups / "memory" / "old", *old)
    assert memory.available_memory() == 3e9 - 2e9 + 5e8


def _write_group(folder, limit, most, usage, cache):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / limit).write_text(f"{most}\n")
    (folder / usage).write_text("2000000000\n")
    (folder / "memory.stat").write_text(f"anon 1\n{cache} 500000000\n")


def test_without_proc_the_total_memory_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_PROC", tmp_path / "none")
    assert 1e8 < memory.available_memory() < np.inf
