"""Meta-training of stacks of networks by advantage actor-critic: RL² on bandits and on tabular MDPs.

Lange & Sprekeler (2020, arXiv 2010.04466) train one small LSTM per setting of the task, with two lifetimes per update.
Here all networks of a stack are trained at once, each on its own tasks, with its own random numbers and its own
gradients.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from metalearners.actor_critic_configs import ActorCriticConfig, InformedCritic, OwnCritic
from metalearners.advantages import lambda_returns, remaining_weights
from metalearners.critics import Critic, Tasks, ValueOutput, build_critic
from metalearners.network import seeded
from metalearners.own_settings import own_settings
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.reinforcement import action_uniforms
from metalearners.runs import TrainingRun
from metalearners.schedules import scheduled
from metalearners.surrogates import policy_gradient_surrogate
from metalearners.trials import TrialEncoding
from metalearners.worlds import RewardTables


class TaskBatch(NamedTuple):
    """The tasks of one update: the same number for each network of the stack, in the order of the networks."""

    tasks: Tasks
    """Bandits or tabular MDPs to play."""
    encoding: TrialEncoding
    """Encoding of the network inputs, of the same size at every update."""
    num_trials: int | None = None
    """Trials of every lifetime of this update; `None` means the lifetime of the configuration."""


TaskBatchStream = Callable[[int], TaskBatch]
"""The tasks of every update, as a pure function of the step."""


class TrialLosses(NamedTuple):
    """Losses of one roll-out per lifetime and trial, before averaging."""

    losses: Float[Tensor, "batch time"]
    """The quantity that gradient steps minimise."""
    collected: Float[Tensor, "batch time"]
    """Rewards of the chosen actions from which returns are computed: expected or drawn ones."""
    entropies: Float[Tensor, "batch time"]
    """Entropy of the distribution over actions, in nats."""


class ActorCriticRecord(NamedTuple):
    """Losses, rewards and entropies at every training step, averaged over networks that did not diverge."""

    losses: Float[np.ndarray, "step"]
    """The quantity that gradient steps minimise."""
    mean_rewards: Float[np.ndarray, "step"]
    """Mean reward per trial, undiscounted."""
    entropies: Float[np.ndarray, "step"]
    """Mean entropy of the distribution over actions, in nats."""


def train_stack(
    policy: RecurrentPolicy,
    stream: TaskBatchStream,
    config: ActorCriticConfig,
    *,
    seed: int,
    directory: Path | None = None,
    label: str = "training",
) -> ActorCriticRecord:
    """Train a stack in place for `config.num_steps` steps, resuming from `directory` if it holds a resume file.

    If the loss of one network stops being finite, its weights become NaN and the other networks are not affected.
    Raises `FloatingPointError` when no network is left.
    """
    with own_settings(policy), seeded(seed):
        critic = build_critic(policy, stream(0).tasks, config)
        trained = nn.ModuleDict({"policy": policy, "baseline": critic})
        run = TrainingRun(policy, trained, config, measures=ActorCriticRecord._fields, num_networks=policy.num_networks)

    def advance(step: int) -> tuple[float, ...]:
        tasks, policy.encoding, num_trials = stream(step)
        uniforms = action_uniforms(seed, step, tasks.num_tasks, num_trials or config.lifetime)
        rolled = roll_out(policy, tasks, uniforms)
        found = trial_losses(policy, critic, tasks, rolled, config, step=step)
        losses, *others = (per_network(values, policy.num_networks) for values in found)
        is_finite = torch.isfinite(losses.detach())
        return run.descend(losses), *(values.detach()[is_finite].mean().item() for values in others)

    measures = run.complete(advance, stream, seed=seed, directory=directory, label=label)
    return ActorCriticRecord(**{name: measure.numpy() for name, measure in measures.items()})


def trial_losses(
    policy: RecurrentPolicy, critic: Critic, tasks: Tasks, rolled: RollOut, config: ActorCriticConfig, *, step: int
) -> TrialLosses:
    """Return the training loss of every lifetime and trial of a roll-out at 0-based step `step`.

    The return of every trial counts in full, however late the trial begins, as is usual (Mnih et al. 2016; the paper).
    With a discount below 1 this is not quite the gradient of the return from trial 0.
    """
    discount = scheduled(config.discount, step, config.num_steps)
    said = critic(tasks, rolled, policy.encoding, discount)
    collected = rolled.collected_rewards
    if config.are_returns_expected and isinstance(tasks, RewardTables):
        collected = tasks.expected_rewards.gather(2, rolled.actions[..., None])[..., 0]
    returns = lambda_returns(collected, said.returns, discount=discount, trace_decay=config.trace_decay)
    log_probs, values = policy(rolled.inputs)
    chosen = log_probs.gather(2, rolled.actions[..., None])[..., 0]
    surrogate = policy_gradient_surrogate(chosen, (returns - said.returns) / config.reward_unit)
    entropies = -(log_probs.exp() * log_probs).sum(dim=-1)
    if isinstance(critic, ValueOutput):
        assert isinstance(config.critic, OwnCritic)
        criticism = config.critic.weight * (values - returns) ** 2
    else:
        assert isinstance(config.critic, InformedCritic)
        criticism = critic.loss(said, rolled, returns, discount)
        criticism = criticism + config.critic.auxiliary_weight * _value_error(values, returns, config, discount)
    entropy_weight, uniform_weight = (
        scheduled(weight, step, config.num_steps) for weight in (config.entropy_weight, config.uniform_weight)
    )
    from_uniform = -log_probs.mean(dim=-1) - math.log(log_probs.shape[-1])
    regularised = uniform_weight * from_uniform - entropy_weight * entropies
    return TrialLosses(criticism - surrogate + regularised, collected, entropies)


def per_network(values: Float[Tensor, "batch time"], num_networks: int) -> Float[Tensor, "network"]:
    """Return the mean over each network's lifetimes and trials."""
    return values.reshape(num_networks, -1).mean(dim=1)


def _value_error(
    values: Float[Tensor, "batch time"],
    returns: Float[Tensor, "batch time"],
    config: ActorCriticConfig,
    discount: float,
) -> Float[Tensor, "batch time"]:
    """Return the squared error of the value output, which estimates the mean reward per remaining trial.

    The unit of the error is the return of a reward of `reward_unit` at every trial of a lifetime. Beyond one unit
    errors count linearly (Huber's loss).
    """
    weights = remaining_weights(returns.shape[1], discount)
    errors = (weights * values - returns / config.reward_unit) / weights[0]
    return 2 * functional.huber_loss(errors, torch.zeros_like(errors), reduction="none")
