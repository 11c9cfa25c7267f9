"""Runs of stacks: resumed exactly, with schedules as configured; bad settings are refused."""

import math

import numpy as np
import pytest
import torch

from metalearners import runs
from metalearners.actor_critic import TaskBatch, train_stack
from metalearners.actor_critic_configs import ActorCriticConfig, InformedCritic, OwnCritic
from metalearners.checkpoint_files import RESUME_FILE, checkpoint_path, is_trained
from metalearners.runs import TrainingRun
from tests.metalearners.stacks import (
    BATCH,
    CRITIC_IDS,
    CRITICS,
    SMALL,
    Killed,
    bandits,
    fresh_policy,
    settings,
    weights_of,
)


@pytest.mark.parametrize("how", [Killed, KeyboardInterrupt])
@pytest.mark.parametrize("critic", CRITICS, ids=CRITIC_IDS)
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, monkeypatch, critic, how):
    config = settings(critic=critic)

    def broken(step):
        if step == 5:
            raise how
        return bandits(step)

    undisturbed, resumed = fresh_policy(bandits(0).encoding), fresh_policy(bandits(0).encoding)
    expected = train_stack(undisturbed, bandits, config, seed=5)
    if how is Killed:  # an interrupt is saved at once, a kill is not
        monkeypatch.setattr(runs, "SECONDS_BETWEEN_SAVES", 0.0)
    with pytest.raises(how):
        train_stack(fresh_policy(bandits(0).encoding), broken, config, seed=5, directory=tmp_path)
    assert (tmp_path / RESUME_FILE).exists()
    assert not is_trained(tmp_path, config)
    steps = []

    def watched(step):
        steps.append(step)
        return bandits(step)

    record = train_stack(resumed, watched, config, seed=5, directory=tmp_path)
    assert steps == [0, 5, 6, 7]  # the critic is built for the first batch
    for ours, theirs in zip(record, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for name, weights in weights_of(undisturbed).items():
        assert torch.equal(weights_of(resumed)[name], weights)
    assert is_trained(tmp_path, config)
    assert checkpoint_path(tmp_path, 4).exists()
    kept = fresh_policy(bandits(0).encoding)
    runs.load_checkpoint(kept, tmp_path, 8)
    assert torch.equal(weights_of(kept)["bias"], weights_of(undisturbed)["bias"])


def test_a_network_that_diverged_stays_so_when_a_run_is_resumed(tmp_path):
    def poisoned(step):
        tasks, encoding, _ = bandits(step)
        if step == 6:
            raise KeyboardInterrupt
        if step == 2:
            tasks.expected_rewards[:BATCH] = math.nan
        return TaskBatch(tasks, encoding)

    with pytest.raises(KeyboardInterrupt):
        train_stack(fresh_policy(bandits(0).encoding), poisoned, SMALL, seed=0, directory=tmp_path)
    resumed = fresh_policy(bandits(0).encoding)
    train_stack(resumed, bandits, SMALL, seed=0, directory=tmp_path)
    assert weights_of(resumed)["bias"][0].isnan().all()
    assert weights_of(resumed)["bias"][1:].isfinite().all()


def test_checkpoints_are_equally_spaced():
    assert settings(num_steps=30, num_checkpoints=5).checkpoint_steps() == (6, 12, 18, 24, 30)
    assert settings(num_steps=3, num_checkpoints=7).checkpoint_steps() == (1, 2, 3)
    assert settings(num_steps=9, num_checkpoints=1).checkpoint_steps() == (9,)


def test_learning_rates_are_a_cycle_or_constant():
    constant = settings(num_steps=100, is_one_cycle=False, learning_rate=0.3)
    assert {constant.learning_rate_at(step) for step in range(100)} == {0.3}
    rates = [settings(num_steps=100, learning_rate=0.3).learning_rate_at(step) for step in range(100)]
    assert np.argmax(rates) == 5
    assert rates[5] == 0.3
    assert rates[99] < 1e-3 * rates[5]


def test_adam_is_as_configured():
    policy = fresh_policy(bandits(0).encoding)
    run = TrainingRun(policy, policy, settings(second_moment_decay=0.999, weight_decay=3e-6))
    (group,) = run.optimizer.param_groups
    assert (group["betas"], group["weight_decay"], group["eps"]) == ((0.9, 0.999), 3e-6, 1e-8)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("num_steps", 0, "at least 1; got 0"),
        ("batch_size", 0, "at least 1; got 0"),
        ("lifetime", -1, "at least 1; got -1"),
        ("num_checkpoints", 0, "at least 1; got 0"),
        ("learning_rate", 0, r"in \(0, inf\); got 0"),
        ("max_gradient_norm", math.inf, r"in \(0, inf\); got inf"),
        ("reward_unit", -2.0, r"in \(0, inf\); got -2.0"),
        ("weight_decay", -1e-6, r"in \[0, inf\); got -1e-06"),
        ("trace_decay", 1.5, r"in \[0, 1\]; got 1.5"),
        ("second_moment_decay", 1.0, r"in \[0, 1\); got 1.0"),
    ],
)
def test_bad_settings_are_refused_with_their_value(field, value, reason):
    with pytest.raises(ValueError, match=rf"ActorCriticConfig: {field} must be .*{reason}"):
        ActorCriticConfig(**{field: value})


def test_bad_settings_of_critics_are_refused():
    with pytest.raises(ValueError, match=r"OwnCritic: weight must be in \[0, inf\); got -0.1"):
        OwnCritic(-0.1)
    with pytest.raises(ValueError, match=r"InformedCritic: hidden_size .* got 0"):
        InformedCritic(hidden_size=0)
    with pytest.raises(ValueError, match=r"InformedCritic: auxiliary_weight must be in \[0, inf\); got -1"):
        InformedCritic(auxiliary_weight=-1)
