"""Reinforcement: exact resume, refused settings, and bandits learned."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from metalearners import (
    AllActions,
    ClippedSurrogate,
    ContextualTrialEncoding,
    HindsightBaseline,
    PositiveTrialEncoding,
    RealTrialEncoding,
    ReinforcementConfig,
    RewardTables,
    ValueBaseline,
    play,
    runs,
    train_policy,
)
from metalearners.checkpoint_files import RESUME_FILE, checkpoint_path, is_trained
from metalearners.policy import roll_out
from metalearners.reinforcement import action_uniforms, entropy_weight
from tests.metalearners.policies import (
    BASELINES,
    SMALL,
    SURROGATES,
    bernoulli_stream,
    fresh_policy,
    plain_tables,
    policy_with_dropout,
)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("surrogate", SURROGATES, ids=["a2c", "ppo"])
@pytest.mark.parametrize("baseline", BASELINES, ids=["value", "hindsight"])
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, monkeypatch, surrogate, baseline):
    config = ReinforcementConfig(
        num_steps=12, batch_size=16, horizon=5, num_checkpoints=3, surrogate=surrogate, baseline=baseline
    )
    stream = bernoulli_stream(config)

    def broken(step):
        if step == 7:
            raise Killed
        return stream(step)

    undisturbed, resumed = policy_with_dropout(), policy_with_dropout()
    expected = train_policy(undisturbed, stream, config, seed=5)
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_SAVES", 0.0)
    with pytest.raises(Killed):
        train_policy(policy_with_dropout(), broken, config, seed=5, directory=tmp_path)
    assert not is_trained(tmp_path, config)
    record = train_policy(resumed, stream, config, seed=5, directory=tmp_path)
    for ours, theirs in zip(record, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for a, b in zip(undisturbed.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert is_trained(tmp_path, config)
    runs.load_checkpoint(policy_with_dropout(), tmp_path, 12)


def test_the_resume_file_of_supervised_training_is_refused(tmp_path):
    train_policy(policy_with_dropout(), bernoulli_stream(SMALL), SMALL, seed=5, directory=tmp_path)
    checkpoint_path(tmp_path, 12).rename(tmp_path / RESUME_FILE)
    with pytest.raises(ValueError, match="not the resume file of this run"):
        train_policy(policy_with_dropout(), bernoulli_stream(SMALL), SMALL, seed=5, directory=tmp_path)


def test_seeds_draw_other_actions():
    weights = []
    for seed in (1, 2):
        policy = policy_with_dropout()
        train_policy(policy, bernoulli_stream(SMALL), SMALL, seed=seed)
        weights.append(policy.network.readout.weight)
    assert not torch.equal(*weights)


def test_unknown_means_stop_training_and_not_the_network():
    def poisoned(step):
        tables = bernoulli_stream(SMALL)(step)
        return tables._replace(expected_rewards=tables.expected_rewards * (math.nan if step == 3 else 1))

    policy = policy_with_dropout()
    with pytest.raises(
        FloatingPointError,
        match="the loss at step 4 is nan; .* the tasks themselves .expected_rewards.: .* Check the family",
    ):
        train_policy(policy, poisoned, SMALL, seed=0)
    fed, clean = (
        roll_out(policy_with_dropout(), tables, action_uniforms(0, 3, 16, 5)).inputs
        for tables in (poisoned(3), bernoulli_stream(SMALL)(3))
    )
    assert torch.isfinite(fed).all()
    assert torch.equal(fed, clean)


def test_entropy_weight_falls_to_zero():
    config = ReinforcementConfig(num_steps=10, entropy_weight=0.4, entropy_fraction=0.5)
    weights = [entropy_weight(step, config) for step in range(10)]
    assert weights == pytest.approx([0.4, 0.256, 0.144, 0.064, 0.016, 0, 0, 0, 0, 0])
    assert entropy_weight(0, ReinforcementConfig(entropy_fraction=0.0)) == 0.0


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("num_steps", 0, "at least 1; got 0"),
        ("batch_size", -3, "at least 1; got -3"),
        ("horizon", 0, "at least 1; got 0"),
        ("discount", 0.0, r"in \(0, 1\]; got 0.0"),
        ("discount", 1.1, r"in \(0, 1\]; got 1.1"),
        ("trace_decay", -0.1, r"in \[0, 1\]; got -0.1"),
        ("entropy_weight", math.nan, r"in \[0, inf\); got nan"),
        ("entropy_fraction", 2, r"in \[0, 1\]; got 2"),
        ("value_weight", -1, r"in \[0, inf\); got -1"),
        ("learning_rate", 0, r"in \(0, inf\); got 0"),
        ("warmup_fraction", 1, r"in \[0, 1\); got 1"),
    ],
)
def test_bad_settings_are_refused_with_their_value(field, value, reason):
    with pytest.raises(ValueError, match=rf"ReinforcementConfig: {field} must be .*{reason}"):
        ReinforcementConfig(**{field: value})


def test_bad_settings_of_the_parts_are_refused():
    with pytest.raises(ValueError, match=r"ClippedSurrogate: clip must be in \(0, inf\]; got 0"):
        ClippedSurrogate(clip=0)
    with pytest.raises(ValueError, match=r"ClippedSurrogate: num_epochs .* got 0"):
        ClippedSurrogate(num_epochs=0)
    with pytest.raises(ValueError, match=r"HindsightBaseline: hidden_size .* got 0"):
        HindsightBaseline(hidden_size=0)
    with pytest.raises(ValueError, match=r"baseline must be ValueBaseline\(\) .*AllActions.*; got HindsightBaseline"):
        ReinforcementConfig(surrogate=AllActions())


@pytest.mark.parametrize("surrogate", SURROGATES, ids=["a2c", "ppo"])
@pytest.mark.parametrize("baseline", BASELINES, ids=["value", "hindsight"])
def test_a_bandit_with_one_good_arm_is_learned(surrogate, baseline):
    """One of two arms always pays 7, the other 3. Nothing beats losing 4 once in half of the tasks: 40 of 42."""
    config = ReinforcementConfig(
        num_steps=150, batch_size=64, horizon=6, learning_rate=0.02, surrogate=surrogate, baseline=baseline
    )

    def tables_of(step):
        good = torch.randint(2, (64, 1, 1), generator=torch.Generator().manual_seed(step))
        rewards = torch.where(torch.arange(2) == good, 7.0, 3.0).expand(-1, 6, -1)
        return plain_tables(rewards, rewards)

    policy = fresh_policy(RealTrialEncoding(2, 6, loc=5.0, scale=2.0))
    train_policy(policy, tables_of, config, seed=0)
    contexts, rewards, _ = (table.numpy() for table in tables_of(10_000))
    collected = play(policy, contexts, rewards, np.random.default_rng(0).random((64, 6))).collected_rewards
    # The loss of 0 or 4 per task has standard deviation 2: four standard errors of 64 tasks.
    assert collected.sum(axis=1).mean() > 40 - 4 * 2 / 8
    assert collected[:, 1:].mean() > 6.9


@pytest.mark.parametrize("num_arms", [2, 5])
def test_positive_rewards_with_heavy_tails_are_survived(num_arms):
    config = ReinforcementConfig(num_steps=60, batch_size=64, horizon=10)

    def stream(step):
        generator = np.random.default_rng(step)
        means = 1 / generator.gamma(2.0, size=(64, 1, num_arms)).repeat(10, axis=1)
        return plain_tables(torch.from_numpy(generator.exponential(means)).float(), torch.from_numpy(means).float())

    policy = fresh_policy(PositiveTrialEncoding(num_arms, 10))
    record = train_policy(policy, stream, config, seed=0)
    assert np.isfinite(record.losses).all()
    assert (record.entropies <= math.log(num_arms) + 1e-6).all()


def contextual_tables(seed, num_tasks):
    """In two contexts, the one correct arm of two pays 1."""
    generator = torch.Generator().manual_seed(seed)
    targets, contexts = torch.randint(2, (2, num_tasks, 8), generator=generator)
    rewards = functional.one_hot(targets[:, :2].gather(1, contexts), 2).float()
    return RewardTables(contexts, rewards, rewards)


@pytest.mark.parametrize(
    ("num_steps", "surrogate", "baseline"),
    [
        pytest.param(400, AllActions(), ValueBaseline(), id="all actions"),
        pytest.param(200, ClippedSurrogate(), HindsightBaseline(), id="ppo", marks=pytest.mark.slow),
    ],
)
def test_a_contextual_bandit_is_learned(num_steps, surrogate, baseline):
    """An arm tried in a context says which is correct there, and nothing of the other context.

    Whoever is blind to contexts is right in 3 of 4 trials at most: always in the half of tasks where one arm is
    correct in both contexts, and else in every other trial.
    """
    config = ReinforcementConfig(
        num_steps=num_steps, batch_size=64, horizon=8, learning_rate=0.03, surrogate=surrogate, baseline=baseline
    )
    policy = fresh_policy(ContextualTrialEncoding(2, 2, 8), hidden_size=32)
    train_policy(policy, lambda step: contextual_tables(step, 64), config, seed=0)
    contexts, rewards, _ = (table.numpy() for table in contextual_tables(10_000, 500))
    played = play(policy, contexts, rewards, np.random.default_rng(0).random((500, 8)))
    is_new = np.array([[context not in row[:time] for time, context in enumerate(row)] for row in contexts])
    accuracy = (played.action_probs * rewards).sum(axis=2)
    assert accuracy[~is_new].mean() > 0.9
    assert abs(accuracy[is_new].mean() - 0.5) < 4 * 0.5 / np.sqrt(is_new.sum())  # nothing leaks
