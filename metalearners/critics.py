"""Critics for actor-critic training of stacks: value estimates that are subtracted from returns.

A critic may depend on everything before a trial and on the parameters of the task, because neither depends on the
action of the trial. The expected policy gradient is then unchanged and its variance falls.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from metalearners.actor_critic_configs import ActorCriticConfig, InformedCritic, OwnCritic
from metalearners.advantages import discounted_sums, remaining_weights
from metalearners.policy import RecurrentPolicy, RollOut
from metalearners.trials import TrialEncoding
from metalearners.worlds import RewardTables, TabularTasks

Tasks = RewardTables | TabularTasks


class Criticism(NamedTuple):
    """Value estimates of a roll-out."""

    returns: Float[Tensor, "batch time"]
    """Estimated return from every trial on, in rewards. It carries no gradient."""
    logits: Float[Tensor, "batch time output"]
    """Outputs of the critic from which the estimates are computed. The gradient of its loss flows through them."""


class StackedLinear(nn.Module):
    """Linear layers side by side, one per network."""

    def __init__(self, num_inputs: int, num_outputs: int, num_networks: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_networks, num_inputs, num_outputs))
        self.bias = nn.Parameter(torch.empty(num_networks, 1, num_outputs))
        bound = 1 / math.sqrt(num_inputs)
        with torch.no_grad():
            self.weight.uniform_(-bound, bound)
            self.bias.uniform_(-bound, bound)

    def forward(self, inputs: Float[Tensor, "network row input"]) -> Float[Tensor, "network row output"]:
        """Apply each network's layer to its own rows."""
        return torch.baddbmm(self.bias, inputs, self.weight)


class Perceptrons(nn.Module):
    """Perceptrons with two hidden layers side by side, one per network.

    The rows of a batch form equal blocks, one per network, in the order of the networks.
    """

    def __init__(self, num_inputs: int, num_outputs: int, *, hidden_size: int, num_networks: int) -> None:
        super().__init__()
        self.num_networks = num_networks
        self.layers = nn.Sequential(
            StackedLinear(num_inputs, hidden_size, num_networks),
            nn.ReLU(),
            StackedLinear(hidden_size, hidden_size, num_networks),
            nn.ReLU(),
            StackedLinear(hidden_size, num_outputs, num_networks),
        )

    def forward(self, features: Float[Tensor, "batch time input"]) -> Float[Tensor, "batch time output"]:
        """Apply each network's perceptron to its own block of rows."""
        blocks = features.reshape(self.num_networks, -1, features.shape[-1])
        return self.layers(blocks).reshape(*features.shape[:2], -1)


class ValueOutput(nn.Module):
    """The policy's own value output as critic. It is trained with the policy and has no weights here."""

    def forward(self, tasks: Tasks, rolled: RollOut, encoding: TrialEncoding, discount: float) -> Criticism:
        """Return the value output of every trial, as computed in the roll-out."""
        return Criticism(rolled.values, rolled.values[..., None])


class ShareCritic(nn.Module):
    """A privileged critic for bandits: it predicts how the remaining pulls are divided among the arms.

    Its inputs include the expected rewards of all arms. The estimate is the expected return of each arm, if pulled to
    the end, averaged over the predicted shares. Shares have no scale, so a critic of one bandit can serve any other.
    """

    def __init__(self, policy: RecurrentPolicy, config: ActorCriticConfig, *, hidden_size: int) -> None:
        super().__init__()
        self.num_arms, num_shown = policy.encoding.num_arms, policy.encoding.contexts.shape[1]
        self.perceptrons = Perceptrons(
            4 * self.num_arms + 1 + num_shown, self.num_arms, hidden_size=hidden_size, num_networks=policy.num_networks
        )

    def forward(self, tasks: RewardTables, rolled: RollOut, encoding: TrialEncoding, discount: float) -> Criticism:
        """Return the expected returns of the arms, averaged over the predicted shares."""
        num_tasks, lifetime = rolled.actions.shape
        weights = remaining_weights(lifetime, discount)
        pulls = functional.one_hot(rolled.actions, self.num_arms).float()
        gains = pulls * encoding.channels(rolled.collected_rewards)[..., None]
        prospects = discounted_sums(tasks.expected_rewards, discount)
        features = [
            _sums_before(pulls) / lifetime,
            _sums_before(gains) / lifetime,
            encoding.channels(prospects / weights[:, None]),
            rolled.action_probs.float(),
            (torch.arange(lifetime) / lifetime).expand(num_tasks, lifetime)[..., None],
            encoding.contexts[rolled.contexts],
        ]
        logits = self.perceptrons(torch.cat(features, dim=-1))
        return Criticism((logits.detach().softmax(dim=-1) * prospects).sum(dim=-1), logits)

    def loss(self, said: Criticism, rolled: RollOut, returns: Tensor, discount: float) -> Float[Tensor, "batch time"]:
        """Return the log loss of the predicted shares."""
        pulls = functional.one_hot(rolled.actions, self.num_arms).float()
        shares = discounted_sums(pulls, discount) / remaining_weights(pulls.shape[1], discount)[:, None]
        return -(shares * torch.log_softmax(said.logits, dim=-1)).sum(dim=-1)


class ReturnCritic(nn.Module):
    """A privileged critic for tabular MDPs: it estimates the mean reward of the remaining steps.

    Its inputs are the parameters of the task, the state, the rewards collected so far and the time.
    """

    def __init__(self, policy: RecurrentPolicy, tasks: TabularTasks, config: ActorCriticConfig, *, hidden_size: int):
        super().__init__()
        self.unit = config.reward_unit
        self.amounts = tasks.rewards.unique()
        num_states, num_clues = tasks.rewards.shape[1], tasks.clues.shape[1]
        num_inputs = num_states + num_clues + 2 * len(self.amounts) + 1
        self.perceptrons = Perceptrons(num_inputs, 1, hidden_size=hidden_size, num_networks=policy.num_networks)

    def forward(self, tasks: TabularTasks, rolled: RollOut, encoding: TrialEncoding, discount: float) -> Criticism:
        """Return the estimated mean reward, scaled to a return by the remaining time."""
        num_tasks, lifetime = rolled.actions.shape
        counts = _sums_before((rolled.collected_rewards[..., None] == self.amounts).float())
        features = [
            functional.one_hot(rolled.contexts, tasks.rewards.shape[1]).float(),
            tasks.clues[:, None].expand(-1, lifetime, -1),
            counts / lifetime,
            (counts > 0).float(),
            (torch.arange(lifetime) / lifetime).expand(num_tasks, lifetime)[..., None],
        ]
        means = self.perceptrons(torch.cat(features, dim=-1))
        weights = remaining_weights(lifetime, discount) * self.unit
        return Criticism(weights * means.detach()[..., 0], means)

    def loss(self, said: Criticism, rolled: RollOut, returns: Tensor, discount: float) -> Float[Tensor, "batch time"]:
        """Return the squared error of the return, in units of the return of `reward_unit` at every step."""
        weights = remaining_weights(returns.shape[1], discount)
        return ((weights * said.logits[..., 0] - returns / self.unit) / weights[0]) ** 2


Critic = ValueOutput | ShareCritic | ReturnCritic


def build_critic(policy: RecurrentPolicy, tasks: Tasks, config: ActorCriticConfig) -> Critic:
    """Build the critic that a configuration asks for, for tasks of this kind."""
    if isinstance(config.critic, OwnCritic):
        return ValueOutput()
    assert isinstance(config.critic, InformedCritic)
    if isinstance(tasks, RewardTables):
        return ShareCritic(policy, config, hidden_size=config.critic.hidden_size)
    return ReturnCritic(policy, tasks, config, hidden_size=config.critic.hidden_size)


def _sums_before(values: Float[Tensor, "batch time channel"]) -> Float[Tensor, "batch time channel"]:
    """Return the sums over the trials before each trial."""
    return values.cumsum(dim=1) - values


def one_hot_clues(indices: Int[Tensor, "batch site"], sizes: tuple[int, ...]) -> Float[Tensor, "batch clue"]:
    """Return categorical latents side by side, each one-hot, as privileged inputs of a critic."""
    columns = [functional.one_hot(indices[:, site], size) for site, size in enumerate(sizes)]
    return torch.cat(columns, dim=1).float()
