"""Meta-training by reinforcement learning: RL², a recurrent actor-critic on fresh bandit tasks at every step.

The network plays whole tasks (Duan et al. 2016, arXiv 1611.02779; Wang et al. 2016, arXiv 1611.05763); then one pass
over all their trials gives the gradients. What it sees is always the drawn reward. What it is praised for is counted
in the means of rewards given the task's latents: the same in expectation, with less variance.
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
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.runs import TrainingRun
from metalearners.surrogates import PerTrial, all_actions_surrogate, clipped_surrogate, policy_gradient_surrogate
from metalearners.worlds import RewardTables

RewardStream = Callable[[int], RewardTables]
"""The reward tables of every training step, as a pure function of the step."""

ACTION_LUCK = 0x6C75636B
"""Sets the uniforms that draw actions apart from whatever a stream draws from the same seed and step."""


class ReinforcementRecord(NamedTuple):
    """What training did, at every step."""

    losses: Float[np.ndarray, "step"]
    """What gradient steps descend: the surrogate, entropy bonus, value error and baseline's loss together."""
    mean_rewards: Float[np.ndarray, "step"]
    """Mean expected reward per trial of the arms pulled, undiscounted."""
    entropies: Float[np.ndarray, "step"]
    """Mean entropy of the distribution over arms, in nats."""


class Returns(NamedTuple):
    """What a roll-out teaches; index t conditions on what came before trial t."""

    returns: Float[Tensor, "batch time"]
    """Discounted rewards from every trial on, in means given the latents."""
    advantages: Float[Tensor, "batch time"]
    """Returns minus baselines, discounted to trial 0."""
    old_log_probs: Float[Tensor, "batch time"]
    """Log probabilities under which the arms were pulled."""
    expected_rewards: Float[Tensor, "batch time arm"]
    """What every arm would have paid on average, given the latents."""


def train_policy(
    policy: RecurrentPolicy,
    stream: RewardStream,
    config: ReinforcementConfig,
    *,
    seed: int,
    directory: Path | None = None,
    label: str = "training",
) -> ReinforcementRecord:
    """Train a policy in place, `config.num_steps` steps from where `directory` says it is.

    Files are those of supervised training. `seed` draws the actions (as a pure function of the step), the baseline's
    initial weights, and whatever randomness the network has in the gradient pass; roll-outs are in evaluation mode.
    Raises `FloatingPointError` when the loss stops being finite.
    """
    with seeded(seed):
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

    measures = run.complete(advance, seed=seed, directory=directory, label=label)
    return ReinforcementRecord(**{name: measure.numpy() for name, measure in measures.items()})


def returns_of(
    tables: RewardTables, rolled: RollOut, baselines: Float[Tensor, "batch time"], config: ReinforcementConfig
) -> Returns:
    """Returns and advantages of a roll-out.

    The advantage of trial t carries the factor discount^t that makes the surrogate's gradient that of the discounted
    return from trial 0.
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
    """Minus the surrogate, minus the entropy bonus, plus the squared error of the value output; means over trials.

    Rewards and advantages are in units of the encoding's scale, value errors in what that scale at every trial would
    return. Beyond one such unit errors count linearly (Huber's loss), so that returns with heavy tails do not drown
    the rest.
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
    """What the configuration asks for, in units of `scale`."""
    if isinstance(config.surrogate, AllActions):
        return all_actions_surrogate(log_probs, returns.expected_rewards / scale)
    chosen, advantages = log_probs.gather(2, rolled.actions[..., None])[..., 0], returns.advantages / scale
    if isinstance(config.surrogate, ClippedSurrogate):
        return clipped_surrogate(chosen, returns.old_log_probs, advantages, config.surrogate.clip)
    return policy_gradient_surrogate(chosen, advantages)


def expected_collected(tables: RewardTables, rolled: RollOut) -> Float[Tensor, "batch time"]:
    """The means, given the latents, of the rewards of the arms pulled."""
    return tables.expected_rewards.gather(2, rolled.actions[..., None])[..., 0]


def entropy_weight(step: int, config: ReinforcementConfig) -> float:
    """Falls to zero as a parabola over `entropy_fraction` of the steps: what is to be told apart is learned first."""
    end = config.entropy_fraction * config.num_steps
    return config.entropy_weight * (1 - step / end) ** 2 if step < end else 0.0


def action_uniforms(seed: int, step: int, num_tasks: int, horizon: int) -> Float[Tensor, "task time"]:
    """The numbers in [0, 1) that draw the actions of a training step: a pure function of seed and step."""
    generator = np.random.default_rng((seed, step, ACTION_LUCK))
    return torch.from_numpy(generator.random((num_tasks, horizon), dtype=np.float32))
