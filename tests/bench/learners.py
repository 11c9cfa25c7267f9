"""Ordinary learners: hundreds trained side by side, and how much faster that is than one after the other."""

import itertools
import time

import numpy as np
import torch
from torch import nn

from metalearners.deep_linear_learner import initial_layers, learn_linear_maps
from metalearners.learner_configs import DeepLinearConfig, MLPConfig, PolicyGradientConfig
from metalearners.mlp_learner import learn_functions
from metalearners.own_settings import own_settings
from metalearners.policy_gradient_learner import learn_contextual_bandits
from tests.bench.table import report

NUM_TASKS = 500
NUM_LOOP_STEPS = 200


def bench() -> None:
    """The default sweep of each learner; the loop is plain torch on one task, with automatic differentiation."""
    generator = np.random.default_rng(0)
    maps = generator.normal(size=(NUM_TASKS, 5, 5)) / 5**0.5
    points = np.arange(64) / 64
    functions = np.sin(2 * np.pi * (3 * points + generator.random((NUM_TASKS, 1))))
    actions = generator.integers(0, 5, (NUM_TASKS, 5))
    linear, mlp, bandit = DeepLinearConfig(), MLPConfig(), PolicyGradientConfig()
    with own_settings():
        line("deep linear, 5-32-5", linear.num_steps, linear_loop(maps[0], linear))(
            lambda: learn_linear_maps(maps, linear, seed=0, input_scales=np.ones(5))
        )
        line(f"MLP 1-{'-'.join(map(str, mlp.hidden_sizes))}-1, 64 points", mlp.num_steps, mlp_loop(functions[0], mlp))(
            lambda: learn_functions(points, functions, mlp, seed=0)
        )
        line("policy gradient, 5 x 5", bandit.num_steps, bandit_loop(actions[0], bandit))(
            lambda: learn_contextual_bandits(actions, 5, bandit, seed=0)
        )


def line(name, num_steps, loop_step):
    """What reports a sweep, once, given the seconds that a step of the loop takes."""

    def measure(sweep):
        before = loop_step()
        start = time.perf_counter()
        sweep()
        wall = time.perf_counter() - start
        pace = NUM_TASKS * num_steps / wall
        report(f"{name}: {NUM_TASKS} tasks x {num_steps:,} steps", f"{wall:.1f} s", "60 s")
        report(f"{name}: tasks x steps per second", f"{pace:,.0f}")
        report(f"{name}: against a loop over tasks", f"{(before + loop_step()) / 2 * pace:.0f} x", "20 x")

    return measure


def seconds_per_step(step):
    """Wall time of a step, after a few that are not counted."""

    def measure():
        for _ in range(10):
            step()
        start = time.perf_counter()
        for _ in range(NUM_LOOP_STEPS):
            step()
        return (time.perf_counter() - start) / NUM_LOOP_STEPS

    return measure


def linear_loop(weights, config):
    """One step of one network on one fresh sample."""
    layers = [torch.from_numpy(layer[0]).requires_grad_() for layer in initial_layers(weights[None], config, seed=(0,))]
    optimizer = torch.optim.SGD(layers, lr=config.optimizer.learning_rate)
    target = torch.from_numpy(weights)

    def step():
        inputs = torch.randn(5, 1, dtype=torch.float64)
        optimizer.zero_grad()
        ((layers[1] @ (layers[0] @ inputs) - target @ inputs) ** 2).sum().div(2).backward()
        optimizer.step()

    return seconds_per_step(step)


def mlp_loop(function, config):
    """One full-batch step of one network."""
    sizes = [1, *config.hidden_sizes]
    layers = [part for ours, next_ in itertools.pairwise(sizes) for part in (nn.Linear(ours, next_), nn.ReLU())]
    network = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=config.optimizer.learning_rate)
    inputs, goals = torch.linspace(-1.7, 1.7, 64)[:, None], torch.from_numpy(function).float()[:, None]

    def step():
        optimizer.zero_grad()
        nn.functional.mse_loss(network(inputs), goals).backward()
        optimizer.step()

    return seconds_per_step(step)


def bandit_loop(correct_actions, config):
    """One step of one policy along its exact gradient."""
    weights = torch.randn(5, 5, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(5, 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weights, bias], lr=config.learning_rate, maximize=True)
    actions = torch.from_numpy(correct_actions)[None]

    def step():
        optimizer.zero_grad()
        (weights + bias).softmax(dim=0).gather(0, actions).sum().backward()
        optimizer.step()

    return seconds_per_step(step)
