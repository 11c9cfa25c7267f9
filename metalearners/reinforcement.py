"""Meta-training by reinforcement learning: RL², a recurrent actor-critic on fresh bandit tasks at every step.

The network plays whole tasks (Duan et al. 2016, arXiv 1611.02779; Wang et al. 2016, arXiv 1611.05763); then one pass
over all their trials gives the gradients. The network always receives the drawn rewards. Training returns use the
expected rewards given the task's latents, which have the same expectation and less variance.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from metalearners.advantages import lambda_returns, remaining_weights
from metalearners.baselines import build_baseline, value_in_rewards
from metalearners.configs import AllActions, ClippedSurrogate, ReinforcementConfig
from metalearners.network import seeded
from metalearners.own_settings import own_settings
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.runs import TrainingRun
from metalearners.surrogates import PerTrial, all_actions_surrogate, clipped_surrogate, policy_gradient_surrogate
from metalearners.worlds import RewardTables

RewardStream = Callable[[int], RewardTables]
"""The reward tables of every training step, as a pure function of the step."""

ACTION_LUCK = 0x6C75636B
"""Label that keeps the uniforms of actions apart from other draws of a stream with the same seed and step."""


class ReinforcementRecord(NamedTuple):
    """Losses, rewards and entropies at every training step."""

    losses: Float[np.ndarray, "step"]
    """The minimised sum of surrogate, entropy bonus, value error and the baseline's loss."""
    mean_rewards: Float[np.ndarray, "step"]
    """Mean expected reward per trial of the arms pulled, undiscounted."""
    entropies: Float[np.ndarray, "step"]
    """Mean entropy of the distribution over arms, in nats."""


class Returns(NamedTuple):
    """Returns and advantages of a roll-out; index t conditions on what came before trial t."""

    returns: Float[Tensor, "batch time"]
    """Discounted returns from every trial on, in expected rewards given the latents."""
    advantages: Float[Tensor, "batch time"]
    """Returns minus baselines, discounted to trial 0."""
    old_log_probs: Float[Tensor, "batch time"]
    """Log probabilities of the pulled arms in the roll-out."""
    expected_rewards: Float[Tensor, "batch time arm"]
    """Expected reward of every arm given the latents."""


def train_policy(
    policy: RecurrentPolicy,
    stream: RewardStream,
    config: ReinforcementConfig,
    *,
    seed: int,
    directory: Path | None = None,
    label: str = "training",
) -> ReinforcementRecord:
    """Train a policy in place for `config.num_steps` steps, resuming from `directory` if it holds a resume file.

    Files are those of supervised training. `seed` determines the actions (as a pure function of the step), the
    baseline's initial weights, and any randomness of the network in the gradient pass; roll-outs are in evaluation
    mode. Raises `FloatingPointError` if the loss stops being finite.
    """
    with own_settings(policy), seeded(seed):
        baseline = build_baseline(policy.encoding, config)
        trained = nn.ModuleDict({"policy": policy, "baseline": baseline})
        run = TrainingRun(policy, trained, config, measures=ReinforcementRecord._fields)
    num_epochs = config.surrogate.num_epochs if isinstance(config.surrogate, ClippedSurrogate) else 1

    def advance(step: int) -> tuple[float, ...]:
        tables = stream(step)
        uniforms = action_uniforms(seed, step, *tables.rewards.shape[:2])
        rolled = roll_out(policy, tables, uniforms)
        baselines, baseline_loss = baseline(tables, rolled)
        returns = returns_of(tables, rolled, baselines, config)
        weight = entropy_weight(step, config)
        loss = run.descend(policy_loss(policy, rolled, returns, config, entropy_weight=weight) + baseline_loss)
        for _ in range(num_epochs - 1):
            run.descend(policy_loss(policy, rolled, returns, config, entropy_weight=weight))
        entropy = torch.special.entr(rolled.action_probs).sum(dim=-1).mean()
        return loss, expected_collected(tables, rolled).mean().item(), entropy.item()

    measures = run.complete(advance, stream, seed=seed, directory=directory, label=label)
    return ReinforcementRecord(**{name: measure.numpy() for name, measure in measures.items()})


def returns_of(
    tables: RewardTables, rolled: RollOut, baselines: Float[Tensor, "batch time"], config: ReinforcementConfig
) -> Returns:
    """Return the returns and advantages of a roll-out.

    The advantage of trial t carries the factor discount^t, so that the gradient of the surrogate is that of the
    discounted return from trial 0.
    """
    returns = lambda_returns(
        expected_collected(tables, rolled), baselines, discount=config.discount, trace_decay=config.trace_decay
    )
    advantages = (returns - baselines) * config.discount ** torch.arange(returns.shape[1])
    old_probs = rolled.action_probs.gather(2, rolled.actions[..., None])[..., 0]
    return Returns(returns, advantages, old_probs.log().float(), tables.expected_rewards)


def policy_loss(
    policy: RecurrentPolicy, rolled: RollOut, returns: Returns, config: ReinforcementConfig, *, entropy_weight: float
) -> Float[Tensor, ""]:
    """Return the loss of the policy: value error minus surrogate minus entropy bonus, as means over trials.

    Rewards and advantages are in units of the encoding's scale. Value errors are in units of the return of that scale
    at every trial. Beyond one such unit they count linearly (Huber's loss), so that returns with heavy tails do not
    dominate the loss.
    """
    log_probs, values = policy(rolled.inputs)
    surrogate = _surrogate(log_probs, rolled, returns, config, scale=policy.encoding.scale).mean()
    entropy = -(log_probs.exp() * log_probs).sum(dim=-1).mean()
    weights = remaining_weights(config.horizon, config.discount)
    errors = value_in_rewards(values, policy.encoding, weights) - returns.returns
    relative_errors = errors / (policy.encoding.scale * weights[0])
    value_loss = 2 * functional.huber_loss(relative_errors, torch.zeros_like(relative_errors))
    return config.value_weight * value_loss - surrogate - entropy_weight * entropy


def _surrogate(
    log_probs: Float[Tensor, "batch time arm"],
    rolled: RollOut,
    returns: Returns,
    config: ReinforcementConfig,
    *,
    scale: float,
) -> PerTrial:
    """Return the surrogate that the configuration asks for, in units of `scale`."""
    if isinstance(config.surrogate, AllActions):
        return all_actions_surrogate(log_probs, returns.expected_rewards / scale)
    chosen, advantages = log_probs.gather(2, rolled.actions[..., None])[..., 0], returns.advantages / scale
    if isinstance(config.surrogate, ClippedSurrogate):
        return clipped_surrogate(chosen, returns.old_log_probs, advantages, config.surrogate.clip)
    return policy_gradient_surrogate(chosen, advantages)


def expected_collected(tables: RewardTables, rolled: RollOut) -> Float[Tensor, "batch time"]:
    """Return the expected rewards, given the latents, of the arms pulled."""
    return tables.expected_rewards.gather(2, rolled.actions[..., None])[..., 0]


def entropy_weight(step: int, config: ReinforcementConfig) -> float:
    """Return the weight of the entropy bonus: a parabola that falls to zero over `entropy_fraction` of the steps."""
    end = config.entropy_fraction * config.num_steps
    return config.entropy_weight * (1 - step / end) ** 2 if step < end else 0.0


def action_uniforms(seed: int, step: int, num_tasks: int, horizon: int) -> Float[Tensor, "task time"]:
    """Return the numbers in [0, 1) that draw the actions of a training step: a pure function of seed and step."""
    generator = np.random.default_rng((seed, step, ACTION_LUCK))
    return torch.from_numpy(generator.random((num_tasks, horizon), dtype=np.float32))
