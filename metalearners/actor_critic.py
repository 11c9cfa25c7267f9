"""Meta-training stacks of networks by advantage actor-critic: RL² on bandits and on small Markov tasks.

Lange & Sprekeler (2020, arXiv 2010.04466) train one small LSTM per setting of the task, two lifetimes an update;
here all networks of a stack learn at once, each from its own tasks, its own luck and its own gradients.
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
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.reinforcement import action_uniforms
from metalearners.runs import TrainingRun
from metalearners.schedules import scheduled
from metalearners.surrogates import policy_gradient_surrogate
from metalearners.trials import TrialEncoding
from metalearners.worlds import RewardTables


class TaskBatch(NamedTuple):
    """The tasks of one update: those of the first network of the stack, then those of the next, equally many."""

    tasks: Tasks
    """What is played."""
    encoding: TrialEncoding
    """What the networks are fed; the same size at every update."""
    num_trials: int | None = None
    """Trials of every lifetime of this update; `None` for those of the configuration."""


TaskBatchStream = Callable[[int], TaskBatch]
"""The tasks of every update, as a pure function of the step."""


class TrialLosses(NamedTuple):
    """What one roll-out teaches, before any mean is taken."""

    losses: Float[Tensor, "batch time"]
    """What gradient steps descend."""
    collected: Float[Tensor, "batch time"]
    """Rewards as returns are counted in them."""
    entropies: Float[Tensor, "batch time"]
    """Entropy of the distribution over actions, in nats."""


class ActorCriticRecord(NamedTuple):
    """What training did, at every step, averaged over the networks that did not diverge."""

    losses: Float[np.ndarray, "step"]
    """What gradient steps descend."""
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
    """Train a stack in place, `config.num_steps` steps from where `directory` says it is.

    A network of the stack whose loss stops being finite loses its weights to NaN and leaves the others as they are;
    raises `FloatingPointError` once none is left.
    """
    with seeded(seed):
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

    measures = run.complete(advance, seed=seed, directory=directory, label=label)
    return ActorCriticRecord(**{name: measure.numpy() for name, measure in measures.items()})


def trial_losses(
    policy: RecurrentPolicy, critic: Critic, tasks: Tasks, rolled: RollOut, config: ActorCriticConfig, *, step: int
) -> TrialLosses:
    """What a roll-out is worth to learn from at 0-based step `step`, lifetime by lifetime and trial by trial.

    Every trial's return counts in full, however late it begins, as is usual (Mnih et al. 2016; the paper): with a
    discount below 1 this is not quite the gradient of the return from trial 0 on.
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
    """The mean over every network's lifetimes and trials."""
    return values.reshape(num_networks, -1).mean(dim=1)


def _value_error(
    values: Float[Tensor, "batch time"],
    returns: Float[Tensor, "batch time"],
    config: ActorCriticConfig,
    discount: float,
) -> Float[Tensor, "batch time"]:
    """Squared error of a value output that speaks of the mean reward per remaining trial; linear beyond one unit.

    In units of what `reward_unit` at every trial of a lifetime would return.
    """
    weights = remaining_weights(returns.shape[1], discount)
    errors = (weights * values - returns / config.reward_unit) / weights[0]
    return 2 * functional.huber_loss(errors, torch.zeros_like(errors), reduction="none")
