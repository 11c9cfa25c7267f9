"""Policy-gradient learners on contextual bandits: their gradients, and when contexts interfere."""

import numpy as np
import pytest
import torch

from metalearners.learner_configs import (
    Coupled,
    Decoupled,
    ExpectedReward,
    LogLikelihood,
    PolicyGradientConfig,
    SampledEpisodes,
)
from metalearners.policy_gradient_learner import (
    initial_logits,
    learn_contextual_bandits,
    logit_velocity,
    objective_weights,
)

LAST_TIMES = {
    (Coupled, ExpectedReward): {
        0.5: {2: 7, 3: 12, 4: 16, 5: 24, 6: 30, 8: 47},
        1.0: {2: 9, 3: 20, 4: 27, 5: 96, 6: 108, 8: 174},
        2.0: {2: 22, 3: 242, 4: 340, 5: 3526, 6: 3335},
    },
    (Coupled, LogLikelihood): {0.5: {5: 10, 8: 12}, 1.0: {5: 11, 8: 12}, 2.0: {5: 12, 8: 13}},
    (Decoupled, ExpectedReward): {0.5: {5: 22, 8: 29}, 1.0: {5: 39, 8: 52}, 2.0: {5: 242, 8: 276}},
}
"""Learning rate × steps until every context's correct action has probability 0.9: medians of 20 runs made elsewhere,
in continuous time, by objective, initial scale and number of contexts and actions. Decoupled learners there have
weights only: half of our gradient, and half of our variance of initial logits."""


def different_actions(num_tasks, num_contexts):
    """Each context's correct action is another one."""
    return np.tile(np.arange(num_contexts), (num_tasks, 1))


def last_times(config, *, num_tasks, num_contexts, seed=0):
    """Learning rate × steps until all contexts are learned; inf where they never are."""
    learned = learn_contextual_bandits(different_actions(num_tasks, num_contexts), num_contexts, config, seed=seed)
    is_learned = (learned.correct_probs > 0.9).all(axis=2)
    times = config.learning_rate * learned.steps[is_learned.argmax(axis=1)]
    return np.where(is_learned.any(axis=1), times, np.inf)


def falls_of_the_last(config, *, num_tasks=100, num_contexts=5):
    """The lowest probability of the correct action in the context learned last, as a share of where it started."""
    correct = learn_contextual_bandits(different_actions(num_tasks, num_contexts), num_contexts, config, seed=0)
    is_learned = correct.correct_probs > 0.9
    firsts = np.where(is_learned.any(axis=1), is_learned.argmax(axis=1), len(correct.steps))
    lasts = correct.correct_probs[np.arange(num_tasks), :, firsts.argmax(axis=1)]
    return lasts.min(axis=1) / lasts[:, 0]


def agrees(times, published):
    """Whether a median of 20 runs, rounded, could be the published one: inside 99.9 % of those of resampled runs."""
    draws = np.random.default_rng(0).choice(times, (4000, 20))
    medians = np.quantile(draws, 0.5, axis=1, method="inverted_cdf"), np.quantile(draws, 0.5, axis=1, method="higher")
    return (
        np.quantile(medians[0], 0.0005, method="lower") - 0.5
        <= published
        <= (np.quantile(medians[1], 0.9995, method="higher") + 0.5)
    )


@pytest.mark.parametrize("coupling", [Coupled(), Decoupled()])
@pytest.mark.parametrize("objective", [ExpectedReward(), LogLikelihood()])
def test_gradients_are_those_of_automatic_differentiation(coupling, objective):
    """With the parameters spelt out: weights, and one bias for all contexts or one for each."""
    correct_actions = np.array([[0, 2, 2, 1], [1, 1, 0, 2]])
    one_hots = torch.from_numpy(np.eye(3)[correct_actions].swapaxes(1, 2).copy())
    weights = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    num_biases = 1 if isinstance(coupling, Coupled) else 4
    biases = torch.linspace(-1, 1, 6 * num_biases, dtype=torch.float64).view(2, 3, num_biases).requires_grad_()
    log_probs = ((weights + biases).log_softmax(dim=1) * one_hots).sum(dim=1)
    total = log_probs.exp().sum() if isinstance(objective, ExpectedReward) else log_probs.sum()
    weight_gradient, bias_gradient = torch.autograd.grad(total, [weights, biases])
    config = PolicyGradientConfig(coupling=coupling, objective=objective)
    with torch.no_grad():
        drives = objective_weights(log_probs.exp(), config, seed=(0,))[:, None] * (
            one_hots - (weights + biases).softmax(dim=1)
        )
        torch.testing.assert_close(logit_velocity(drives, config), weight_gradient + bias_gradient)


@pytest.mark.parametrize("objective", [ExpectedReward(), LogLikelihood()])
def test_sampled_gradients_are_unbiased(objective):
    """Means over 20,000 batches of 3 episodes within 5 standard errors."""
    probs = torch.tensor([[0.1, 0.5, 0.9]], dtype=torch.float64).expand(20_000, 3)
    config = PolicyGradientConfig(objective=objective, gradients=SampledEpisodes(3))
    estimates = objective_weights(probs, config, seed=(7,))
    expected = objective_weights(probs[:1], PolicyGradientConfig(objective=objective), seed=(7,))[0]
    errors = estimates.std(dim=0) / 20_000**0.5
    assert torch.all((estimates.mean(dim=0) - expected).abs() < 5 * errors)
    assert torch.all(errors > 0)


@pytest.mark.parametrize("initial_scale", [1.0, 2.0])
def test_of_five_coupled_contexts_the_last_one_falls_first(initial_scale):
    """In the median of 100 tasks to about two thirds, or a third, of where it started."""
    config = PolicyGradientConfig(initial_scale=initial_scale, learning_rate=0.5, num_steps=6000, num_records=200)
    assert 0.14 <= np.median(falls_of_the_last(config)) <= 0.8


@pytest.mark.parametrize(
    "config",
    [
        PolicyGradientConfig(coupling=Decoupled(), initial_scale=2.0, learning_rate=0.5, num_steps=4000),
        PolicyGradientConfig(objective=LogLikelihood(), initial_scale=2.0, learning_rate=0.1, num_steps=1000),
        PolicyGradientConfig(initial_scale=0.1, learning_rate=0.1, num_steps=1000),
    ],
    ids=["without a shared bias", "off-policy", "from a small symmetric start"],
)
def test_without_one_of_its_causes_there_is_no_fall(config):
    falls = falls_of_the_last(config)
    assert np.median(falls) == 1
    if isinstance(config.coupling, Decoupled):
        assert np.all(falls == 1)


def test_a_small_symmetric_start_raises_all_contexts_together():
    config = PolicyGradientConfig(initial_scale=0.01, num_steps=400)
    correct = learn_contextual_bandits(different_actions(50, 5), 5, config, seed=0).correct_probs
    assert np.ptp(correct, axis=2).max() < 0.05
    assert correct[:, -1].min() > 0.9


def test_coupled_and_decoupled_learners_start_from_the_same_policies():
    starts = [
        learn_contextual_bandits(
            different_actions(20, 4), 4, PolicyGradientConfig(coupling=coupling, num_steps=1, num_records=2), seed=5
        ).correct_probs[:, 0]
        for coupling in (Coupled(), Decoupled())
    ]
    np.testing.assert_array_equal(starts[0], starts[1])


def test_initial_logits_share_a_bias():
    """Variance 2 scale², covariance scale² between contexts, each within 5 standard errors of 40,000 draws."""
    logits = initial_logits(10_000, 4, 2, 3.0, seed=0).numpy() / 3
    covariance = np.cov(logits.swapaxes(1, 2).reshape(10_000, 2, 4).swapaxes(0, 1).reshape(2, -1))
    np.testing.assert_allclose(covariance, [[2, 1], [1, 2]], atol=5 * np.sqrt(8 / 40_000))


def test_learning_from_episodes_succeeds_and_repeats_itself():
    config = PolicyGradientConfig(initial_scale=0.1, gradients=SampledEpisodes(8), num_steps=1500)
    first = learn_contextual_bandits(different_actions(20, 3), 3, config, seed=1)
    fewer = learn_contextual_bandits(different_actions(8, 3), 3, config, seed=1)
    np.testing.assert_allclose(first.correct_probs[:8], fewer.correct_probs, rtol=1e-12)
    assert first.correct_probs[:, -1].min() > 0.9
    other = learn_contextual_bandits(different_actions(8, 3), 3, config, seed=2)
    assert np.all(other.correct_probs[:, 0] != fewer.correct_probs[:, 0])


def test_actions_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match=r"correct_actions must be in \[0, 2\]"):
        learn_contextual_bandits(np.array([[0, 3]]), 3, PolicyGradientConfig(), seed=0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: PolicyGradientConfig(initial_scale=0.0), "initial_scale must be in"),
        (lambda: PolicyGradientConfig(learning_rate=-0.1), "learning_rate must be in"),
        (lambda: PolicyGradientConfig(num_steps=0), "num_steps must be an integer of at least 1"),
        (lambda: SampledEpisodes(0), "batch_size must be an integer of at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("num_contexts", [2, 5])
def test_times_to_the_last_context_are_those_found_elsewhere(num_contexts):
    config = PolicyGradientConfig(initial_scale=0.5, num_steps=1500, num_records=500)
    times = last_times(config, num_tasks=200, num_contexts=num_contexts)
    assert agrees(times, LAST_TIMES[Coupled, ExpectedReward][0.5][num_contexts])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("coupling", "objective", "initial_scale", "num_contexts"),
    [
        (coupling, objective, initial_scale, num_contexts)
        for (coupling, objective), by_scale in LAST_TIMES.items()
        for initial_scale, by_number in by_scale.items()
        for num_contexts in by_number
    ],
)
def test_the_whole_table_of_times_is_that_found_elsewhere(coupling, objective, initial_scale, num_contexts):
    is_decoupled = coupling is Decoupled
    config = PolicyGradientConfig(
        coupling=coupling(),
        objective=objective(),
        initial_scale=initial_scale / (2**0.5 if is_decoupled else 1),
        learning_rate=0.5 if initial_scale == 2 and objective is ExpectedReward else 0.1,
        num_steps={0.5: 2000, 1.0: 20_000, 2.0: 40_000}[initial_scale] if objective is ExpectedReward else 1000,
        num_records=500,
    )
    times = last_times(config, num_tasks=200, num_contexts=num_contexts) * (2 if is_decoupled else 1)
    assert agrees(times, LAST_TIMES[coupling, objective][initial_scale][num_contexts])
