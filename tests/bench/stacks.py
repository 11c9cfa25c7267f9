"""Stacks of LSTMs beside torch's own, network after network: one pass with gradient, and one trial at a time."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from metalearners.configs import StackedLSTMConfig
from metalearners.own_settings import own_settings
from metalearners.stacked_lstm import build_stack
from tests.bench.table import in_turn, report, spread

INPUTS, HIDDEN, OUTPUTS, TRIALS = 5, 48, 3, 100
SIZES = ((20, 64), (90, 2), (1, 64))
"""Networks, and lifetimes for each: of the maps, of the paper's settings, and one alone."""


def bench() -> None:
    """Lifetimes of 100 trials, 48 hidden units."""
    with own_settings():
        for num_networks, num_tasks in SIZES:
            config = StackedLSTMConfig(hidden_size=HIDDEN)
            stack = build_stack(config, input_size=INPUTS, output_size=OUTPUTS, num_networks=num_networks, seed=0)
            alone = [nn.LSTM(INPUTS, HIDDEN, batch_first=True) for _ in range(num_networks)]
            inputs = torch.randn(num_networks * num_tasks, TRIALS, INPUTS, generator=torch.Generator().manual_seed(0))
            for what, passed in (("a pass with gradient", learn), ("a trial at a time", act)):
                ratios, walls = in_turn(
                    lambda stack=stack, passed=passed, inputs=inputs: passed([stack], inputs),
                    lambda alone=alone, passed=passed, inputs=inputs: passed(alone, inputs),
                )
                measured = f"{spread([1e3 * wall / num_networks for wall in walls])} ms each"
                report(f"{num_networks} LSTMs x {num_tasks} lifetimes x {TRIALS}, {what}", measured)
                report("  torch's own LSTM, network after network, takes", f"{spread(ratios)} times as long")


def learn(networks: Sequence[nn.Module], inputs: Tensor) -> None:
    """Forward and back through all trials at once."""
    for network, block in zip(networks, inputs.chunk(len(networks)), strict=True):
        outputs, _ = network(block)
        outputs.backward(torch.ones_like(outputs))


def act(networks: Sequence[nn.Module], inputs: Tensor) -> None:
    """Forward, trial by trial."""
    with torch.no_grad():
        for network, block in zip(networks, inputs.chunk(len(networks)), strict=True):
            state = None
            for trial in block.split(1, dim=1):
                _, state = network(trial) if state is None else network(trial, state)
