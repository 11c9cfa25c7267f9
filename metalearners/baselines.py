"""Baselines for training policies on reward tables: values that are subtracted from returns.

A baseline may depend on everything before a trial and on the task's table, because neither depends on the arm pulled at
the trial. The expected policy gradient is then unchanged and its variance falls.
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
    """Baselines of a roll-out, and the loss that trains them."""

    baselines: Float[Tensor, "batch time"]
    """Value subtracted from the return of every trial, in rewards. It carries no gradient."""
    loss: Float[Tensor, ""]
    """Loss of the baseline's own weights."""


class OwnValueBaseline(nn.Module):
    """The policy's own value output, scaled to a return. It is trained with the policy, so its loss here is zero."""

    def __init__(self, encoding: TrialEncoding, config: ReinforcementConfig) -> None:
        super().__init__()
        self.encoding = encoding
        self.weights = remaining_weights(config.horizon, config.discount)

    def forward(self, tables: RewardTables, rolled: RollOut) -> Baselines:
        """Return the baseline of every trial, and a loss of zero."""
        return Baselines(value_in_rewards(rolled.values, self.encoding, self.weights), torch.zeros(()))


class HindsightCritic(nn.Module):
    """A privileged critic: the expected return given the past trials and the expected rewards of all arms.

    A perceptron predicts how the remaining pulls will be divided among the arms. It is trained by log loss on the
    actual shares. The baseline is the expected return of each arm, if pulled to the end, averaged over the predicted
    shares. Rewards do not enter the loss, so it has no scale and heavy tails do no harm.
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
        """Return the baseline of every trial, and the log loss of the predicted shares."""
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
        """Return the pulls and rewards so far, the expected rewards per remaining trial, the policy and the time."""
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
    """Build the baseline that a configuration asks for."""
    if isinstance(config.baseline, HindsightBaseline):
        return HindsightCritic(encoding, config, hidden_size=config.baseline.hidden_size)
    return OwnValueBaseline(encoding, config)


def value_in_rewards(
    values: Float[Tensor, "batch time"], encoding: TrialEncoding, weights: Float[Tensor, "time"]
) -> Float[Tensor, "batch time"]:
    """Convert value outputs to returns in rewards.

    A value output estimates the mean reward per remaining trial, in the encoding's units.
    """
    return weights * (encoding.loc + encoding.scale * values)


def _sums_before(values: Float[Tensor, "batch time arm"]) -> Float[Tensor, "batch time arm"]:
    """Return the sums over the trials before each trial."""
    return values.cumsum(dim=1) - values
