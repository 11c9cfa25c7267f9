"""Baselines: what is subtracted from returns before they weight the policy's gradient.

A baseline may depend on all that came before a trial and on the task's table, for none of that depends on the arm
pulled at the trial; the expected gradient is then the same and only its variance falls.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from metalearners.advantages import discounted_sums, remaining_weights
from metalearners.configs import HindsightBaseline, ReinforcementConfig
from metalearners.policy import RollOut
from metalearners.trials import TrialEncoding
from metalearners.worlds import RewardTables


class Baselines(NamedTuple):
    """The baselines of a roll-out, and how to better them."""

    baselines: Float[Tensor, "batch time"]
    """What is subtracted from the return of every trial, in rewards; carries no gradient."""
    loss: Float[Tensor, ""]
    """What the baseline's own weights descend."""


class OwnValueBaseline(nn.Module):
    """The policy's own value output, scaled to be a return. It is trained with the policy: there is no loss here."""

    def __init__(self, encoding: TrialEncoding, config: ReinforcementConfig) -> None:
        super().__init__()
        self.encoding = encoding
        self.weights = remaining_weights(config.horizon, config.discount)

    def forward(self, tables: RewardTables, rolled: RollOut) -> Baselines:
        """The baseline of every trial."""
        return Baselines(value_in_rewards(rolled.values, self.encoding, self.weights), torch.zeros(()))


class HindsightCritic(nn.Module):
    """What the policy will collect, given what it did so far and what the arms will pay on average.

    A perceptron says how the pulls that remain will be shared out among the arms, by log loss on how they were; the
    baseline is the shares' mean of what the arms pay. So it needs no scale, and heavy tails do it no harm.
    """

    def __init__(self, encoding: TrialEncoding, config: ReinforcementConfig, *, hidden_size: int) -> None:
        super().__init__()
        self.encoding = encoding
        self.discount = config.discount
        self.weights = remaining_weights(config.horizon, config.discount)
        self.layers = nn.Sequential(
            nn.Linear(4 * encoding.num_arms + 1, hidden_size),
            nn.Tanh(),
            nn.Linear(hidden_size, hidden_size),
            nn.Tanh(),
            nn.Linear(hidden_size, encoding.num_arms),
        )

    def forward(self, tables: RewardTables, rolled: RollOut) -> Baselines:
        """The baseline of every trial."""
        pulls = functional.one_hot(rolled.actions, self.encoding.num_arms).float()
        prospects = discounted_sums(tables.expected_rewards, self.discount)
        features = self._features(rolled, pulls, prospects / self.weights[:, None])
        log_shares = torch.log_softmax(self.layers(features), dim=-1)
        shares = discounted_sums(pulls, self.discount) / self.weights[:, None]
        return Baselines(
            baselines=(log_shares.detach().exp() * prospects).sum(dim=-1),
            loss=-(shares * log_shares).sum(dim=-1).mean(),
        )

    def _features(
        self, rolled: RollOut, pulls: Float[Tensor, "batch time arm"], prospects: Float[Tensor, "batch time arm"]
    ) -> Float[Tensor, "batch time feature"]:
        """Pulls and gains so far, what the arms will pay per trial, the policy, and the time."""
        num_tasks, horizon = rolled.actions.shape
        gains = pulls * self.encoding.channels(rolled.collected_rewards)[..., None]
        progress = (torch.arange(horizon) / horizon).expand(num_tasks, horizon)
        features = [
            _sums_before(pulls) / horizon,
            _sums_before(gains) / horizon,
            self.encoding.channels(prospects),
            rolled.action_probs.float(),
            progress[..., None],
        ]
        return torch.cat(features, dim=-1)


def build_baseline(encoding: TrialEncoding, config: ReinforcementConfig) -> OwnValueBaseline | HindsightCritic:
    """The baseline that a configuration asks for."""
    if isinstance(config.baseline, HindsightBaseline):
        return HindsightCritic(encoding, config, hidden_size=config.baseline.hidden_size)
    return OwnValueBaseline(encoding, config)


def value_in_rewards(
    values: Float[Tensor, "batch time"], encoding: TrialEncoding, weights: Float[Tensor, "time"]
) -> Float[Tensor, "batch time"]:
    """A value output, which speaks of the mean reward per remaining trial in the encoding's units, as a return."""
    return weights * (encoding.loc + encoding.scale * values)


def _sums_before(values: Float[Tensor, "batch time arm"]) -> Float[Tensor, "batch time arm"]:
    """Sums over the trials before each."""
    return values.cumsum(dim=1) - values
