"""What tests of reinforcement share: small settings, fresh policies and tables of rewards."""

import torch
from torch import nn

from metalearners import (
    ClippedSurrogate,
    GRUConfig,
    HindsightBaseline,
    PolicyGradient,
    RealTrialEncoding,
    RecurrentPolicy,
    ReinforcementConfig,
    RewardTables,
    ValueBaseline,
)
from metalearners.network import build_network

SMALL = ReinforcementConfig(num_steps=12, batch_size=16, horizon=5, num_checkpoints=3)
BASELINES = [ValueBaseline(), HindsightBaseline(hidden_size=8)]
SURROGATES = [PolicyGradient(), ClippedSurrogate(num_epochs=2)]


class WithDropout(nn.Module):
    def __init__(self, encoding):
        super().__init__()
        self.core = nn.GRU(encoding.size, 8, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.readout = nn.Linear(8, encoding.num_arms + 1)

    def forward(self, inputs, state=None):
        hidden, last = self.core(inputs, state)
        return self.readout(self.dropout(hidden)), last


def fresh_policy(encoding, *, hidden_size=16, seed=0):
    config = GRUConfig(hidden_size=hidden_size)
    network = build_network(config, input_size=encoding.size, output_size=encoding.num_arms + 1, seed=seed)
    return RecurrentPolicy(network, encoding)


def policy_with_dropout():
    torch.manual_seed(0)
    encoding = RealTrialEncoding(2, SMALL.horizon)
    return RecurrentPolicy(WithDropout(encoding), encoding)


def plain_tables(rewards, expected_rewards):
    return RewardTables(torch.zeros(rewards.shape[:2], dtype=torch.int64), rewards, expected_rewards)


def bernoulli_stream(config, num_arms=2):
    def stream(step):
        generator = torch.Generator().manual_seed(step)
        means = torch.rand(config.batch_size, 1, num_arms, generator=generator).expand(-1, config.horizon, -1)
        return plain_tables((torch.rand(means.shape, generator=generator) < means).float(), means)

    return stream
