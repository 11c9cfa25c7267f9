"""Nonlinear learners of functions: their gradients, and that low frequencies come first."""

import numpy as np
import pytest
import torch
from torch import nn

from metalearners.learner_configs import SGD, AdamOptimizer, MLPConfig, Momentum, ReLU, Tanh
from metalearners.mlp_learner import initial_layers, learn_functions, write_gradients, write_signals

POINTS = np.arange(64) / 64
FREQUENCIES = np.arange(1, 6)


def random_phases(num_tasks, seed=0):
    """Sums of sines of unit amplitude, frequencies 1 to 5."""
    phases = 2 * np.pi * np.random.default_rng(seed).random((num_tasks, 5, 1))
    return np.sin(2 * np.pi * FREQUENCIES[:, None] * POINTS + phases).sum(axis=1)


def half_steps(config, *, num_tasks):
    """Records at which each frequency's signed share, normalised by the mean power of the targets, passes one half."""
    targets = random_phases(num_tasks)
    learned = learn_functions(POINTS, targets, config, seed=1)
    goals, found = np.fft.rfft(targets)[:, None, FREQUENCIES], np.fft.rfft(learned.outputs)[..., FREQUENCIES]
    shares = (goals.conj() * found).real.mean(axis=0) / (abs(goals) ** 2).mean(axis=(0, 1))
    assert np.all(shares.max(axis=0) > 0.5)
    return learned.steps[(shares >= 0.5).argmax(axis=0)]


@pytest.mark.parametrize("activation", [ReLU(), Tanh()])
def test_gradients_are_those_of_automatic_differentiation(activation):
    layers = [torch.from_numpy(layer).requires_grad_() for layer in initial_layers(3, (6, 4), seed=(0,))]
    inputs = torch.linspace(-1, 1, 7, dtype=torch.float64).expand(3, 7)[..., None].contiguous()
    targets = torch.sin(3 * inputs)
    function = torch.relu if isinstance(activation, ReLU) else torch.tanh
    hidden = function(inputs @ layers[0] + layers[1])
    hidden = function(hidden @ layers[2] + layers[3])
    outputs = hidden @ layers[4] + layers[5]
    expected = torch.autograd.grad(((outputs - targets) ** 2).sum() / 2, layers)
    with torch.no_grad():
        signals = [inputs, *(torch.empty(3, 7, size, dtype=torch.float64) for size in (6, 4, 1))]
        write_signals(layers, signals, activation)
        torch.testing.assert_close(signals[-1], outputs)
        gradients = [torch.empty_like(layer) for layer in layers]
        errors = [*map(torch.empty_like, signals[1:-1]), signals[-1] - targets]
        write_gradients(layers, gradients, signals, errors, activation)
    for ours, theirs in zip(gradients, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("optimizer", [SGD(0.05), Momentum(0.01, 0.8), AdamOptimizer(0.01)])
def test_networks_side_by_side_learn_as_each_would_alone(optimizer):
    """Against one `nn.Sequential` at a time, trained by an optimiser of its own; single precision on both sides."""
    targets = random_phases(2)
    config = MLPConfig(hidden_sizes=(8, 5), activation=Tanh(), optimizer=optimizer, num_steps=30, num_records=5)
    learned = learn_functions(POINTS, targets, config, seed=5)
    inputs = torch.from_numpy((POINTS - POINTS.mean()) / POINTS.std()).float()[:, None]
    starts = initial_layers(2, (8, 5), seed=(5, 0))
    for task in range(2):
        network = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 1))
        with torch.no_grad():
            for parameter, start in zip(network.parameters(), starts, strict=True):
                parameter.copy_(torch.from_numpy(start[task].T).view_as(parameter))
        if isinstance(optimizer, AdamOptimizer):
            alone = torch.optim.Adam(network.parameters(), lr=0.01)
        elif isinstance(optimizer, Momentum):
            alone = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.8)
        else:
            alone = torch.optim.SGD(network.parameters(), lr=0.05)
        goals = torch.from_numpy(targets[task]).float()[:, None]
        for step in range(31):
            outputs = network(inputs)
            for record in np.flatnonzero(learned.steps == step):
                np.testing.assert_allclose(learned.outputs[task, record], outputs[:, 0].detach(), rtol=1e-3, atol=1e-4)
            alone.zero_grad()
            nn.functional.mse_loss(outputs, goals).backward()
            alone.step()


@pytest.mark.parametrize("activation", [ReLU(), Tanh()])
def test_low_frequencies_come_first(activation):
    half_times = half_steps(MLPConfig(activation=activation, num_steps=600), num_tasks=32)
    assert np.all(np.diff(half_times) > 0)
    assert half_times[-1] >= 5 * half_times[0]


@pytest.mark.slow
@pytest.mark.parametrize("activation", [ReLU(), Tanh()])
@pytest.mark.parametrize("optimizer", [SGD(0.05), Momentum(0.005)])
def test_low_frequencies_come_first_under_gradient_descent(activation, optimizer):
    config = MLPConfig(hidden_sizes=(64, 64), activation=activation, optimizer=optimizer, num_steps=3000)
    half_times = half_steps(config, num_tasks=32)
    assert np.all(np.diff(half_times) > 0)
    assert half_times[-1] >= 5 * half_times[0]


def test_tasks_do_not_depend_on_how_many_come_after_them():
    config = MLPConfig(hidden_sizes=(4,), num_steps=3, num_records=3)
    targets = random_phases(70)
    many = learn_functions(POINTS, targets, config, seed=2)
    few = learn_functions(POINTS, targets[:66], config, seed=2)
    np.testing.assert_allclose(many.outputs[:66], few.outputs, rtol=1e-4, atol=1e-5)  # single precision
    assert np.all(many.steps == [0, 1, 3])
    assert len(np.unique(many.outputs[:, 0, 0])) == 70
    other = learn_functions(POINTS, targets[:2], config, seed=3)
    assert np.all(other.outputs[:, 0, 0] != many.outputs[:2, 0, 0])


def test_initial_weights_and_biases_are_uniform_as_torch_draws_them():
    """Extremes of 20,000 draws within 0.1 % of the bound; a miss has probability exp(-10)."""
    layers = initial_layers(1000, (20, 20), seed=(0,))
    for num_inputs, weights, biases in zip([1, 20, 20], layers[::2], layers[1::2], strict=True):
        bound = 1 / np.sqrt(num_inputs)
        draws = np.concatenate([weights.ravel(), biases.ravel()])
        assert 0.999 * bound < draws.max() <= bound
        assert -bound <= draws.min() < -0.999 * bound


def test_a_diverging_network_names_its_learning_rate():
    with pytest.raises(FloatingPointError, match=r"outputs are not finite; lower learning_rate \(now 100\)"):
        learn_functions(POINTS, random_phases(2), MLPConfig(optimizer=SGD(100.0), num_steps=200), seed=0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MLPConfig(hidden_sizes=()), "hidden_sizes must be at least one integer"),
        (lambda: MLPConfig(hidden_sizes=(8, 0)), "hidden_sizes must be a tuple of integers of at least 1"),
        (lambda: MLPConfig(num_points=0), "num_points must be an integer of at least 1"),
        (lambda: AdamOptimizer(0.0), "learning_rate must be in"),
    ],
)
def test_settings_out_of_range_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
