"""Training: it lowers the loss, and a run that is broken off anywhere resumes to bit for bit the same weights."""

import dataclasses
import math
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from metalearners import (
    BernoulliHead,
    LSTMMetaLearner,
    OneHotEncoding,
    SequencePredictor,
    TrainingConfig,
    runs,
    train,
)
from metalearners.checkpoint_files import RESUME_FILE, checkpoint_path, is_trained
from metalearners.divergence import diverged
from metalearners.sealed_files import stamped

CONFIG = TrainingConfig(num_steps=30, batch_size=16, length=6, num_checkpoints=4)


class WithDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.core = LSTMMetaLearner(2, 8, hidden_size=8)
        self.dropout = nn.Dropout(0.3)
        self.readout = nn.Linear(8, 1)

    def forward(self, inputs):
        return self.readout(self.dropout(self.core(inputs)[0]))


def stream(step):
    generator = torch.Generator().manual_seed(step)
    bias = torch.rand(CONFIG.batch_size, 1, generator=generator)
    return (torch.rand(CONFIG.batch_size, CONFIG.length, generator=generator) < bias).long()


def fresh_predictor():
    torch.manual_seed(0)
    return SequencePredictor(WithDropout(), OneHotEncoding(2), BernoulliHead())


class Killed(BaseException):
    pass


def killed_at(moment):
    def broken_stream(step):
        if step == moment:
            raise Killed
        return stream(step)

    return broken_stream


def test_training_lowers_the_loss():
    config = TrainingConfig(num_steps=200, batch_size=16, length=6)
    losses = train(fresh_predictor(), stream, config, seed=0).losses
    assert len(losses) == 200
    assert losses[-50:].mean() < losses[:10].mean()


@pytest.mark.parametrize("moment", [1, 13, 29])
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, monkeypatch, moment):
    undisturbed = fresh_predictor()
    expected = train(undisturbed, stream, CONFIG, seed=5)
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_SAVES", 0.0)
    with pytest.raises(Killed):
        train(fresh_predictor(), killed_at(moment), CONFIG, seed=5, directory=tmp_path)
    assert not is_trained(tmp_path, CONFIG)
    resumed = fresh_predictor()
    record = train(resumed, stream, CONFIG, seed=5, directory=tmp_path)
    np.testing.assert_array_equal(record.losses, expected.losses)
    for a, b in zip(undisturbed.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert is_trained(tmp_path, CONFIG)


def test_ctrl_c_keeps_what_is_done(tmp_path):
    def interrupted(step):
        if step == 7:
            raise KeyboardInterrupt
        return stream(step)

    with pytest.raises(KeyboardInterrupt):
        train(fresh_predictor(), interrupted, CONFIG, seed=5, directory=tmp_path)
    seen = []
    train(fresh_predictor(), lambda step: seen.append(step) or stream(step), CONFIG, seed=5, directory=tmp_path)
    assert seen[0] == 7


def test_a_foreign_resume_file_is_refused(tmp_path):
    train(fresh_predictor(), stream, CONFIG, seed=5, directory=tmp_path)
    checkpoint_path(tmp_path, 30).rename(tmp_path / RESUME_FILE)
    with pytest.raises(ValueError, match="not the resume file of this run"):
        train(fresh_predictor(), stream, CONFIG, seed=5, directory=tmp_path)


def test_divergence_is_said_with_the_step():
    def poisoned(step):
        return torch.full((4, 6), math.nan) if step == 3 else stream(step)

    with pytest.raises(
        FloatingPointError,
        match="the loss at step 4 is nan; .* the tasks themselves .observations.: .* Check the family",
    ):
        train(fresh_predictor(), poisoned, CONFIG, seed=0)


def test_a_checkpoint_that_is_missing_is_made_again_with_the_same_bytes(tmp_path):
    """The resume file is that of the last step, so training starts from scratch."""
    train(fresh_predictor(), stream, CONFIG, seed=0, directory=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    checkpoint_path(tmp_path, CONFIG.checkpoint_steps()[0]).unlink()
    train(fresh_predictor(), stream, CONFIG, seed=0, directory=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_resume_file_of_another_unit_is_refused(tmp_path):
    for unit in ("one", "other"):
        with stamped(f"run/{unit}"):
            train(fresh_predictor(), stream, CONFIG, seed=0, directory=tmp_path / unit)
    shutil.copy(tmp_path / "one" / RESUME_FILE, tmp_path / "other" / RESUME_FILE)
    with (
        stamped("run/other"),
        pytest.raises(ValueError, match="is not the resume file of this run; delete it"),
    ):
        train(fresh_predictor(), stream, CONFIG, seed=0, directory=tmp_path / "other")
    with stamped("run/one"):
        train(fresh_predictor(), stream, CONFIG, seed=0, directory=tmp_path / "one")


def test_the_message_of_a_divergence_says_what_was_not_finite_first():
    """A learning rate without bounds loses the weights; huge tasks lose the loss, and no learning rate is blamed."""
    fast = dataclasses.replace(CONFIG, learning_rate=1e38, max_gradient_norm=1e38)
    with pytest.raises(FloatingPointError, match="weights had grown to .*: lower learning_rate .now 1e.38"):
        train(fresh_predictor(), stream, fast, seed=0)
    huge = diverged(7, math.inf, torch.full((4, 6), 3e38), largest_weight=1.0, settings=CONFIG)
    assert "the loss at step 7 is inf; the tasks hold numbers up to 3e+38" in str(huge)
    ordinary = diverged(7, math.nan, {"a": 1}, largest_weight=1.0, settings=CONFIG)
    assert "the network's outputs or their log probabilities are not" in str(ordinary)


def test_training_leaves_torch_as_it_was():
    torch.manual_seed(3)
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    train(fresh_predictor(), stream, TrainingConfig(num_steps=2, batch_size=4, length=3), seed=0)
    torch.manual_seed(3)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_learning_rate_rises_and_falls_to_zero():
    config = TrainingConfig(num_steps=100, learning_rate=0.5, warmup_fraction=0.2)
    rates = [config.learning_rate_at(step) for step in range(100)]
    assert max(rates) == pytest.approx(0.5)
    assert np.argmax(rates) == 20
    assert rates[0] < 0.05
    assert rates[-1] < 1e-3


@pytest.mark.parametrize(
    "field", ["num_steps", "batch_size", "length", "num_checkpoints", "learning_rate", "max_gradient_norm"]
)
def test_bad_settings_are_refused_with_their_value(field):
    with pytest.raises(ValueError, match=rf"{field} must be .*; got 0"):
        TrainingConfig(**{field: 0})


def test_units_start_with_time_scales_up_to_the_longest_memory():
    torch.manual_seed(0)
    network = LSTMMetaLearner(2, 1, hidden_size=64, longest_memory=50)
    forget = network.core.bias_ih_l0[64:128]
    assert forget.exp().min() >= 1
    assert 30 < forget.exp().max() <= 49
    assert torch.equal(network.core.bias_ih_l0[:64], -forget)
    assert not network.core.bias_hh_l0.any()
