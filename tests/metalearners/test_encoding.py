"""Encodings: what the network sees at t is the observation before t, and nothing at 0."""

import torch

from metalearners.encoding import OneHotEncoding, PositiveEncoding, RealEncoding


def test_one_hot_shows_the_previous_outcome():
    inputs = OneHotEncoding(3)(torch.tensor([[2, 0, 1]]))
    assert inputs.tolist() == [[[0, 0, 0], [0, 0, 1], [1, 0, 0]]]


def test_real_values_are_scaled_and_flagged():
    inputs = RealEncoding(loc=1.0, scale=2.0)(torch.tensor([[5.0, 9.0]]))
    assert inputs.tolist() == [[[0, 0], [2, 1]]]


def test_positive_values_enter_through_log1p():
    inputs = PositiveEncoding(scale=2.0)(torch.tensor([[6.0, 1.0]], dtype=torch.float64))
    assert torch.allclose(inputs, torch.tensor([[[0.0, 0.0], [torch.tensor(4.0).log().item(), 1.0]]]))
