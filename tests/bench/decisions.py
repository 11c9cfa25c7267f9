"""Decisions: playing, meta-training by reinforcement, a whole comparison of agents and its certificate."""

import time

import jax

import bayesopt
from bayesopt.families import BernoulliBandit
from bayesopt.planning.heuristics import thompson_agent
from comparisons import DecisionEvaluationConfig, agent_of, certify_decisions, compare, meta_train
from metalearners import ReinforcementConfig
from tests.bench.table import peak_memory, report, seconds, times

NUM_STEPS = 60
NUM_TASKS = 20_000


def bench() -> None:
    """Playing, training, comparing."""
    family = BernoulliBandit()
    tables = bayesopt.sample_reward_tables(family, jax.random.key(0), num_tasks=NUM_TASKS, length=20)
    players = {
        "the optimum": bayesopt.optimal_agent(family, horizon=20),
        "Gittins": bayesopt.gittins_agent(family, discount=0.95),
        "Thompson": thompson_agent(family),
    }
    training = ReinforcementConfig(num_steps=NUM_STEPS)
    walls = times(lambda: meta_train(family, training=training), repeats=3)
    report("RL² training, 512 x 20 trials a step, 1 thread", f"{NUM_STEPS / sorted(walls)[1]:.0f} steps/s")
    network = meta_train(family, training=training)
    players["the network"] = agent_of(network)
    for name, agent in players.items():
        wall = seconds(lambda a=agent: bayesopt.play(a, tables, jax.random.key(1)), repeats=3)
        report(f"{name} plays {NUM_TASKS:,} tasks x 20", f"{wall:.2f} s")
    evaluation = DecisionEvaluationConfig(num_tasks=NUM_TASKS)
    start = time.perf_counter()
    compare(network, family, evaluation=evaluation)
    report(f"compare, {NUM_TASKS:,} tasks x 20", f"{time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    certify_decisions(agent_of(network), family, family.plan(horizon=20), length=10)
    report("certificate, two arms, first 10 trials", f"{time.perf_counter() - start:.1f} s")
    report("peak memory of this process so far", f"{peak_memory() / 1e3:.2f} GB")
