"""Networks that learn a map within a task: what they are fed, how they are read, trained and probed."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from metalearners.configs import GRUConfig, LSTMConfig, TrainingConfig, VarianceWeightedLogLoss
from metalearners.encoding import RealEncoding
from metalearners.heads import IndependentNormalHead, NormalHead
from metalearners.network import LSTMMetaLearner, SequencePredictor, build_network
from metalearners.pairs import CirclePairEncoding, Pairs, RealPairEncoding, channels_of
from metalearners.probing import probe
from metalearners.regression import RegressionPredictor
from metalearners.supervised import train

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.standard_normal((3, 4, 2)), RNG.standard_normal((3, 4, 1))
ENCODING, HEAD = RealPairEncoding(2, 1), IndependentNormalHead(1)


def as_pairs(inputs, targets):
    return Pairs(torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32))


class Memoryless(nn.Module):
    """Sees the whole past through a running sum, and has no state."""

    def forward(self, steps):
        past = steps.cumsum(dim=1)
        return torch.cat([past.sum(-1, keepdim=True), past[..., :1]], dim=-1)


class Foreign(nn.Module):
    """A recurrent network of a user's own, with torch's own state."""

    def __init__(self):
        super().__init__()
        self.core, self.readout = nn.LSTM(3, 4, num_layers=2, batch_first=True), nn.Linear(4, 2)

    def forward(self, steps, state=None):
        hidden, last = self.core(steps, state)
        return self.readout(hidden), last


def predictor_of(network):
    return RegressionPredictor(network, ENCODING, HEAD)


def test_a_step_holds_the_input_now_and_the_target_before():
    steps = channels_of(RealPairEncoding(2, 1, input_scale=2.0, target_scale=4.0), as_pairs(INPUTS, TARGETS))
    np.testing.assert_allclose(steps[..., :2], INPUTS / 2, rtol=1e-6)
    np.testing.assert_allclose(steps[:, 1:, 2], TARGETS[:, :-1, 0] / 4, rtol=1e-6)
    assert (steps[:, 0, 2] == 0).all()


def test_the_circle_has_no_cut():
    encoding = CirclePairEncoding(1)
    ends = encoding(torch.tensor([[0.0], [1.0], [0.25]]), torch.zeros(3, 1))
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-6)
    np.testing.assert_allclose(ends[2, :2], [0, math.sqrt(2)], atol=1e-6)


def test_log_prob_is_the_density_of_independent_normals_per_number():
    encoding, head = RealPairEncoding(2, 3), IndependentNormalHead(3, scale=2.0)
    network = build_network(LSTMConfig(4), input_size=encoding.size, output_size=6, seed=0)
    predictor = RegressionPredictor(network, encoding, head)
    pairs = as_pairs(INPUTS, RNG.standard_normal((3, 4, 3)))
    with torch.no_grad():
        outputs = predictor(pairs)
        expected = torch.distributions.Normal(2 * outputs[..., :3], 2 * nn.functional.softplus(outputs[..., 3:]))
        torch.testing.assert_close(predictor.log_prob(pairs), expected.log_prob(pairs.targets).mean(-1))


def test_variance_weights_leave_means_the_gradient_of_the_squared_error():
    predictor = predictor_of(build_network(LSTMConfig(4), input_size=3, output_size=2, seed=0))
    pairs = as_pairs(INPUTS, TARGETS)
    outputs = predictor(pairs)
    outputs.retain_grad()
    predictor.forward = lambda _: outputs
    (-predictor.variance_weighted_log_prob(pairs, 1.0).mean()).backward()
    errors = (outputs[..., 0] - pairs.targets[..., 0]).detach()
    torch.testing.assert_close(outputs.grad[..., 0], errors / errors.numel())
    weighted, plain = predictor.variance_weighted_log_prob(pairs, 0.0), predictor.log_prob(pairs)
    torch.testing.assert_close(weighted, plain)


@pytest.mark.parametrize(
    "network",
    [
        build_network(LSTMConfig(4), input_size=3, output_size=2, seed=0),
        build_network(LSTMConfig(4, embedding_size=5), input_size=3, output_size=2, seed=0),
        build_network(GRUConfig(4), input_size=3, output_size=2, seed=0),
        Foreign(),
        Memoryless(),
    ],
    ids=["LSTM", "embedded LSTM", "GRU", "foreign", "stateless"],
)
def test_probes_are_answered_as_if_the_task_had_gone_on_with_them(network):
    """The slow way: a sequence of its own for every probe and time, in which the probe is the last input."""
    predictor, probes = predictor_of(network), RNG.standard_normal((5, 2))
    answers = probe(predictor, INPUTS, TARGETS, probes)
    assert answers.shape == (3, 4, 5, 1)
    for time in range(4):
        for index, asked in enumerate(probes):
            inputs = INPUTS[:, : time + 1].copy()
            inputs[:, time] = asked
            with torch.no_grad():
                outputs = predictor(as_pairs(inputs, TARGETS[:, : time + 1]))
            np.testing.assert_allclose(answers[:, time, index], outputs[:, time, :1], atol=1e-6)


def test_training_improves_predictions_and_resumes_exactly(tmp_path):
    def stream(step):
        generator = torch.Generator().manual_seed(step)
        inputs = torch.randn(32, 6, 2, generator=generator)
        weights = torch.randn(32, 2, 1, generator=generator)
        return Pairs(inputs, inputs @ weights)

    def fresh():
        return predictor_of(build_network(LSTMConfig(8), input_size=3, output_size=2, seed=1))

    def stopping(step):
        if step == 31:
            raise KeyboardInterrupt
        return stream(step)

    config = TrainingConfig(num_steps=60, batch_size=32, length=6, objective=VarianceWeightedLogLoss())
    whole, resumed = fresh(), fresh()
    train(whole, stream, config, seed=0)
    with torch.no_grad():
        assert whole.log_prob(stream(1000)).mean() > fresh().log_prob(stream(1000)).mean() + 0.2
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), stopping, config, seed=0, directory=tmp_path)
    train(resumed, stream, config, seed=0, directory=tmp_path)
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_mixed_precision_rounds_products_and_leaves_weights_in_single_precision():
    pairs = as_pairs(RNG.standard_normal((8, 6, 2)), RNG.standard_normal((8, 6, 1)))
    losses = []
    for is_mixed_precision in (False, True):
        predictor = predictor_of(build_network(LSTMConfig(8), input_size=3, output_size=2, seed=1))
        config = TrainingConfig(num_steps=2, batch_size=8, length=6, is_mixed_precision=is_mixed_precision)
        losses.append(train(predictor, lambda step: pairs, config, seed=0).losses)
        assert all(parameter.dtype == torch.float32 for parameter in predictor.parameters())
    assert 0 < np.abs(losses[0] - losses[1]).max() < 0.02


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"\(batch, time, 3\): the current input and the previous target"):
        predictor_of(nn.LSTM(4, 2, batch_first=True))
    with pytest.raises(ValueError, match=r"must have 2 outputs for targets of dimension 1 .*; got shape \(1, 1, 5\)"):
        predictor_of(nn.Linear(3, 5))
    sequence = SequencePredictor(LSTMMetaLearner(2, 2, hidden_size=4), RealEncoding(), NormalHead())
    config = TrainingConfig(num_steps=1, batch_size=2, length=3, objective=VarianceWeightedLogLoss())
    with pytest.raises(ValueError, match=r"needs a predictor of means and variances .*; got SequencePredictor\. Use"):
        train(sequence, lambda step: torch.zeros(2, 3), config, seed=0)
    with pytest.raises(ValueError, match=r"exponent must be in \[0, 1\]; got 2"):
        VarianceWeightedLogLoss(2.0)
    with pytest.raises(ValueError, match="embedding_size must be an integer of at least 0; got -1"):
        LSTMConfig(embedding_size=-1)
