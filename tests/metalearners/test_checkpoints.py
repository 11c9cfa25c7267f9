"""Weights on disk: whole or absent, and refused in one line when they are not what they should be."""

import os

import pytest
import torch

from metalearners.atomic import write_atomically
from metalearners.checkpoints import load_tensors, load_weights, save_tensors
from metalearners.configs import log_spaced_steps
from metalearners.network import LSTMMetaLearner


@pytest.mark.parametrize("num_steps", [1, 2, 7, 100, 10_000])
@pytest.mark.parametrize("num_checkpoints", [1, 2, 12])
def test_log_spaced_steps_increase_to_the_last(num_steps, num_checkpoints):
    steps = log_spaced_steps(num_steps, num_checkpoints)
    assert steps[-1] == num_steps
    assert 1 <= len(steps) <= num_checkpoints
    assert list(steps) == sorted(set(steps))
    assert steps[0] >= 1


def test_weights_survive_the_disk(tmp_path):
    network = LSTMMetaLearner(2, 1, hidden_size=4)
    save_tensors(tmp_path / "w.safetensors", network.state_dict(), {"step": 3})
    other = LSTMMetaLearner(2, 1, hidden_size=4)
    assert load_weights(other, tmp_path / "w.safetensors") == {"step": 3}
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_tensors(path, LSTMMetaLearner(2, 1).state_dict(), {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="truncated or not a safetensors file"):
        load_tensors(path)


def test_a_pickle_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="not a safetensors file"):
        load_tensors(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("hidden_size", "input_size", "reason"), [(8, 2, "has shape"), (4, 3, "has shape")], ids=["width", "inputs"]
)
def test_the_weights_of_another_network_are_refused(tmp_path, hidden_size, input_size, reason):
    save_tensors(tmp_path / "w.safetensors", LSTMMetaLearner(input_size, 1, hidden_size=hidden_size).state_dict(), {})
    with pytest.raises(ValueError, match=reason):
        load_weights(LSTMMetaLearner(2, 1, hidden_size=4), tmp_path / "w.safetensors")


def test_other_names_and_nan_weights_are_refused(tmp_path):
    save_tensors(tmp_path / "a.safetensors", {"x": torch.zeros(2)}, {})
    with pytest.raises(ValueError, match="lacks"):
        load_weights(LSTMMetaLearner(2, 1), tmp_path / "a.safetensors")
    weights = LSTMMetaLearner(2, 1).state_dict()
    weights["readout.bias"] = torch.tensor([float("nan")])
    save_tensors(tmp_path / "b.safetensors", weights, {})
    with pytest.raises(ValueError, match="weights must be finite; got NaN or infinity in"):
        load_weights(LSTMMetaLearner(2, 1), tmp_path / "b.safetensors")
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        load_weights(LSTMMetaLearner(2, 1), tmp_path / "c.safetensors")


def test_a_failed_write_leaves_what_was_there_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "result.bin"
    write_atomically(path, b"old")

    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match=r"could not write 3 bytes: No space left on device.*result\.bin"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["result.bin"]
