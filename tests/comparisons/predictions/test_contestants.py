"""What is wrong with a network is said in one line; what is right is let through."""

import jax
import pytest
from torch import nn

import bayesopt
from bayesopt.families import BetaBernoulli
from comparisons.seams.checks import NUM_PROBES
from comparisons.seams.contestants import check_predictor, reason_not_to_run
from comparisons.seams.predictions import as_sequence_predictor
from comparisons.user_code import NetworkContractError
from metalearners import GRUMetaLearner, LSTMMetaLearner
from tests.comparisons.predictions.networks import (
    CountingNetwork,
    IsRandom,
    LooksAhead,
    MixesTasks,
    PutsOutNan,
    TransformerStyle,
    WrongWidth,
)

COIN = BetaBernoulli()


def probes(length):
    return bayesopt.sample_sequences(COIN, jax.random.key(0), num_tasks=NUM_PROBES, length=length).observations


def check(module, length=8):
    check_predictor(as_sequence_predictor(module, COIN), COIN, probes(length=length))


@pytest.mark.parametrize(
    "module", [CountingNetwork(), LSTMMetaLearner(2, 1), GRUMetaLearner(2, 1), TransformerStyle(2, 1), nn.Linear(2, 1)]
)
def test_causal_networks_pass(module):
    check(module)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (LooksAhead(), "LooksAhead is not causal: changing observations from index 0 on"),
        (MixesTasks(), "MixesTasks leaks between tasks"),
        (WrongWidth(), r"shape \(1, 8, 3\) .* BernoulliHead needs \(1, 8, 1\)"),
        (PutsOutNan(), r"not finite, first at \(task, time\) = \(0, 0\)"),
        (IsRandom(), "two runs on the same observations differ"),
        (nn.Linear(5, 1), r"Linear fails on inputs of shape \(batch, time, input\) = \(1, 8, 2\)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_wrong_is_said_in_one_line(module, reason):
    with pytest.raises(NetworkContractError, match=reason) as caught:
        check(module)
    assert "\n" not in str(caught.value)


def test_one_look_ahead_step_is_enough_to_be_caught():
    class SeesItsOwnTarget(nn.Module):
        """Undoes the delay: its output at t sees observation t."""

        def forward(self, inputs):
            return inputs[..., 1:].roll(-1, dims=1) * 1e-2

    with pytest.raises(NetworkContractError, match="not causal"):
        check(SeesItsOwnTarget())


def test_a_length_at_which_it_does_not_run():
    predictor = as_sequence_predictor(TransformerStyle(2, 1, max_length=10), COIN)
    assert reason_not_to_run(predictor, COIN, probes(length=10)) is None
    assert "fails on inputs of shape" in (reason_not_to_run(predictor, COIN, probes(length=11)) or "")
