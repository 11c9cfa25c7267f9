"""Deep linear learners: their gradients, their closed form, and what does and does not stagger."""

import itertools

import numpy as np
import pytest
import torch

from metalearners.deep_linear_learner import (
    end_to_end,
    initial_layers,
    learn_linear_maps,
    sample_batch,
    whole_batch,
    write_gradients,
)
from metalearners.learner_configs import (
    SGD,
    AdamOptimizer,
    BalancedInitialisation,
    DeepLinearConfig,
    FullBatch,
    Momentum,
    Online,
    RandomInitialisation,
)
from metalearners.linear_network_dynamics import (
    effective_initial_strength,
    half_time,
    mode_strength,
    time_to_reach_at_depth,
)

SINGULAR_VALUES = np.array([1.6, 1.2, 0.8, 0.4, 0.2])
WHITENED = np.ones(5)


def drawn_tasks(num_tasks, seed=0):
    """Random left and right singular vectors, and maps that have the singular values above."""
    generator = np.random.default_rng(seed)
    left = np.linalg.qr(generator.normal(size=(num_tasks, 5, 5))).Q
    right = np.linalg.qr(generator.normal(size=(num_tasks, 5, 5))).Q
    return left, right, np.einsum("tik,k,tjk->tij", left, SINGULAR_VALUES, right)


def recoveries(config, *, num_tasks, seed=1):
    """Steps, and the share of each mode's strength that each map expresses."""
    left, right, weights = drawn_tasks(num_tasks)
    learned = learn_linear_maps(weights, config, seed=seed, input_scales=WHITENED)
    return learned.steps, np.einsum("tik,tsij,tjk->tsk", left, learned.maps, right) / SINGULAR_VALUES


def half_steps(config, *, num_tasks):
    """Steps after which the mean share of each mode passes one half, between records by straight lines."""
    steps, shares = recoveries(config, num_tasks=num_tasks)
    means = shares.mean(axis=0)
    assert np.all(means[-1] > 0.5)
    later = (means >= 0.5).argmax(axis=0)
    modes = np.arange(means.shape[1])
    before, after = means[later - 1, modes], means[later, modes]
    return steps[later - 1] + (0.5 - before) / (after - before) * (steps[later] - steps[later - 1])


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("batches", [FullBatch(), Online(3, noise_scale=0.5)])
def test_gradients_are_those_of_automatic_differentiation(depth, batches):
    weights, scales = drawn_tasks(4)[2][:, :3], np.array([1.0, 0.5, 2.0, 1.5, 0.2])
    config = DeepLinearConfig(depth=depth, hidden_size=4, batches=batches, initialisation=RandomInitialisation(0.5))
    layers = [torch.from_numpy(layer).requires_grad_() for layer in initial_layers(weights, config, seed=(0,))]
    targets = torch.from_numpy(weights)
    if isinstance(batches, FullBatch):
        inputs, noise = whole_batch(4, scales), torch.zeros(4, 3, 5, dtype=torch.float64)
        errors = (end_to_end(layers) - targets) * torch.from_numpy(scales)  # expected squares of inputs: scales²
    else:
        inputs, noise = sample_batch(4, scales, 3, batches, seed=(1,))
        errors = end_to_end(layers) @ inputs - targets @ inputs - noise
    expected = torch.autograd.grad((errors**2).sum() / 2, layers)
    gradients = [torch.empty_like(layer) for layer in layers]
    write_gradients([layer.detach() for layer in layers], gradients, inputs, targets @ inputs + noise)
    for ours, theirs in zip(gradients, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("optimizer", [SGD(0.05), Momentum(0.01, 0.8), AdamOptimizer(0.01)])
def test_networks_side_by_side_learn_as_each_would_alone(optimizer):
    """Against one network at a time, by automatic differentiation and an optimiser of its own."""
    weights = drawn_tasks(3)[2]
    config = DeepLinearConfig(
        optimizer=optimizer, hidden_size=6, batches=FullBatch(), initialisation=RandomInitialisation(0.3), num_steps=40
    )
    learned = learn_linear_maps(weights, config, seed=5, input_scales=WHITENED)
    starts = initial_layers(weights, config, seed=(5, 0, 0x57))
    for task in range(3):
        layers = [torch.from_numpy(layer[task].copy()).requires_grad_() for layer in starts]
        alone = {
            SGD: lambda: torch.optim.SGD(layers, lr=0.05),  # noqa: B023
            Momentum: lambda: torch.optim.SGD(layers, lr=0.01, momentum=0.8),  # noqa: B023
            AdamOptimizer: lambda: torch.optim.Adam(layers, lr=0.01),  # noqa: B023
        }[type(optimizer)]()
        for step in range(41):
            product = layers[1] @ layers[0]
            for record in np.flatnonzero(learned.steps == step):
                np.testing.assert_allclose(learned.maps[task, record], product.detach(), rtol=1e-8, atol=1e-10)
            alone.zero_grad()
            ((product - torch.from_numpy(weights[task])) ** 2).sum().div(2).backward()
            alone.step()


def test_a_small_random_start_follows_the_closed_form():
    """Every mode's half-time within 10 %; Monte-Carlo error of 64 tasks is below 2 %."""
    config = DeepLinearConfig(batches=FullBatch(), num_records=300)
    expected = half_time(SINGULAR_VALUES, initial=effective_initial_strength(32, 0.01), time_constant=100.0)
    half_times = half_steps(config, num_tasks=64)
    np.testing.assert_allclose(half_times, expected, rtol=0.1)
    np.testing.assert_allclose(half_times, [211, 279, 395, 705, 1205], rtol=0.05)  # simulated elsewhere


def test_a_balanced_start_follows_the_closed_form_task_by_task():
    """Nothing is random here but how hidden units are rotated; the error is that of steps of finite length."""
    config = DeepLinearConfig(
        batches=FullBatch(), initialisation=BalancedInitialisation(0.04), optimizer=SGD(0.002), num_steps=7000
    )
    steps, shares = recoveries(config, num_tasks=2)
    strengths = mode_strength(steps[:, None], SINGULAR_VALUES, initial=0.04**2, time_constant=500.0)
    np.testing.assert_allclose(shares, np.stack(2 * [strengths / SINGULAR_VALUES]), atol=0.01)


def test_a_balanced_start_of_three_layers_follows_the_quadrature():
    config = DeepLinearConfig(
        depth=3, batches=FullBatch(), initialisation=BalancedInitialisation(0.3), num_steps=1200, num_records=400
    )
    expected = [
        time_to_reach_at_depth(0.5, strength, initial=0.3**3, time_constant=100.0, depth=3)
        for strength in SINGULAR_VALUES
    ]
    np.testing.assert_allclose(half_steps(config, num_tasks=2), expected, rtol=0.02)


def test_layers_of_a_balanced_start_are_balanced_and_hold_only_the_modes():
    left, right, weights = drawn_tasks(3)
    config = DeepLinearConfig(depth=3, hidden_size=7, initialisation=BalancedInitialisation(0.2))
    layers = initial_layers(weights, config, seed=(0,))
    for earlier, later in itertools.pairwise(layers):
        np.testing.assert_allclose(later.swapaxes(1, 2) @ later, earlier @ earlier.swapaxes(1, 2), atol=1e-15)
    product = layers[2] @ layers[1] @ layers[0]
    np.testing.assert_allclose(product, 0.2**3 * left @ right.swapaxes(1, 2), atol=1e-15)


@pytest.mark.parametrize(
    ("optimizer", "least_staggering"), [(SGD(0.01), 4.0), (Momentum(0.001), 4.0), (AdamOptimizer(0.001), 2.4)]
)
def test_strong_modes_come_first_under_every_optimiser(optimizer, least_staggering):
    half_times = half_steps(DeepLinearConfig(optimizer=optimizer, num_records=200), num_tasks=64)
    assert np.all(np.diff(half_times) > 0)
    assert half_times[-1] / half_times[0] >= least_staggering


def test_one_layer_does_not_stagger():
    """Its shares are 1 - (1 - learning rate)^steps for every mode, up to 4.5 standard errors over tasks.

    Failure rate for right code: below 0.2 %, for 50 curve points of 5 modes, all but a few of them dependent.
    """
    steps, shares = recoveries(DeepLinearConfig(depth=1, num_steps=300, num_records=50), num_tasks=256)
    expected = 1 - (1 - 0.01) ** steps
    errors = shares.std(axis=0, ddof=1) / np.sqrt(256)
    assert np.all(abs(shares.mean(axis=0) - expected[:, None]) < 4.5 * errors)


def test_a_large_start_hardly_staggers():
    """Overlaps of the start with the weak modes are as large as these are."""
    config = DeepLinearConfig(batches=FullBatch(), initialisation=RandomInitialisation(0.1), num_steps=400)
    half_times = half_steps(config, num_tasks=128)
    assert half_times.max() / half_times.min() < 2


@pytest.mark.parametrize("noise_scale", [0.0, 0.1])
def test_tasks_do_not_depend_on_how_many_come_after_them(noise_scale):
    weights = drawn_tasks(300)[2]
    config = DeepLinearConfig(num_steps=20, batches=Online(2, noise_scale), initialisation=RandomInitialisation(0.3))
    many = learn_linear_maps(weights, config, seed=3, input_scales=WHITENED)
    few = learn_linear_maps(weights[:260], config, seed=3, input_scales=WHITENED)
    np.testing.assert_allclose(many.maps[:260], few.maps, rtol=1e-12)
    assert np.all(np.ptp(many.maps[:, 0, 0, 0]) > 0)
    other = learn_linear_maps(weights[:2], config, seed=4, input_scales=WHITENED)
    assert np.all(other.maps != few.maps[:2])


def test_losses_are_the_expected_ones_of_the_recorded_maps():
    """Against 40,000 sampled inputs, within 4 standard errors."""
    weights, scales = drawn_tasks(1)[2], np.array([1.0, 0.5, 2.0, 1.5, 0.2])
    config = DeepLinearConfig(num_steps=50, num_records=3, batches=Online(1, noise_scale=0.3))
    learned = learn_linear_maps(weights, config, seed=0, input_scales=scales)
    inputs = scales * np.random.default_rng(2).normal(size=(40_000, 5))
    for record in range(3):
        sampled = ((inputs @ (learned.maps[0, record] - weights[0]).T) ** 2).sum(axis=1) / 2
        assert abs(sampled.mean() - learned.losses[0, record]) < 4 * sampled.std() / 200


def test_samples_have_the_scales_asked_for():
    """Variances of 20,000 draws within 5 standard errors of sqrt(2 / 20,000)."""
    scales = np.array([0.5, 2.0])
    inputs, noise = sample_batch(5000, scales, 3, Online(4, noise_scale=0.3), seed=(0,))
    relative = torch.cat([inputs / torch.from_numpy(scales)[:, None], noise / 0.3], dim=1) * 2  # a sum over 4 samples
    variances = relative.var(dim=(0, 2)).numpy()
    np.testing.assert_allclose(variances, 1, atol=5 * np.sqrt(2 / 20_000))


def test_a_diverging_network_names_its_learning_rate():
    with pytest.raises(FloatingPointError, match=r"outputs are not finite; lower learning_rate \(now 10\)"):
        learn_linear_maps(drawn_tasks(2)[2], DeepLinearConfig(optimizer=SGD(10.0)), seed=0, input_scales=WHITENED)


@pytest.mark.parametrize("scales", [(1.0, 1.0), (1.0, 1.0, 1.0, 1.0, 0.0)])
def test_input_scales_that_do_not_fit_are_refused(scales):
    with pytest.raises(ValueError, match="input_scales must be 5 positive numbers"):
        learn_linear_maps(drawn_tasks(1)[2], DeepLinearConfig(), seed=0, input_scales=scales)


def test_a_balanced_start_needs_as_many_hidden_units_as_modes():
    config = DeepLinearConfig(hidden_size=4, initialisation=BalancedInitialisation(0.1))
    with pytest.raises(ValueError, match="hidden_size must be at least 5 for a balanced start; got 4"):
        learn_linear_maps(drawn_tasks(1)[2], config, seed=0, input_scales=WHITENED)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SGD(0.0), "learning_rate must be in"),
        (lambda: Momentum(0.1, 1.0), "momentum must be in"),
        (lambda: RandomInitialisation(-1.0), "scale must be in"),
        (lambda: Online(0), "batch_size must be an integer of at least 1"),
        (lambda: DeepLinearConfig(depth=0), "depth must be an integer of at least 1"),
        (lambda: DeepLinearConfig(num_records=1), "num_records must be an integer of at least 2"),
    ],
)
def test_settings_out_of_range_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
