"""Softmax policies on contextual bandits, trained by policy gradient (Schaul et al. 2019).

In each context one action is correct and has reward 1; the others have reward 0. The policy is linear in a one-hot
context: its logits are a weight per action and context plus a bias per action. The bias is the only parameter that
contexts share (arXiv 1904.11455).
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from metalearners.learner_configs import Coupled, ExactGradient, ExpectedReward, PolicyGradientConfig
from metalearners.optimizers import record_steps
from metalearners.own_settings import own_settings

INITIAL_WEIGHTS, EPISODES = 0x57, 0x58
"""Labels that keep the draws of initial weights and of episodes apart, although both use the same seed."""


class LearnedPolicies(NamedTuple):
    """Probabilities of correct actions during training."""

    steps: Int[np.ndarray, " time"]
    """Gradient steps taken before each record; the first is 0."""
    correct_probs: Float[np.ndarray, "task time context"]
    """Probability of the correct action in every context."""


@own_settings()
def learn_contextual_bandits(
    correct_actions: Int[np.ndarray, "task context"], num_actions: int, config: PolicyGradientConfig, *, seed: int
) -> LearnedPolicies:
    """Train one policy per task, from scratch.

    Coupled and decoupled learners start from the same policies. A task's initial weights and episodes depend on the
    seed, its position and the sizes, not on how many tasks follow it.
    """
    if np.any(correct_actions < 0) or np.any(correct_actions >= num_actions):
        raise ValueError(f"correct_actions must be in [0, {num_actions - 1}]; got {correct_actions!r}")
    num_tasks, num_contexts = correct_actions.shape
    steps = record_steps(config.num_steps, config.num_records)
    one_hots = torch.from_numpy(np.eye(num_actions)[correct_actions].swapaxes(1, 2).copy())
    logits = initial_logits(num_tasks, num_actions, num_contexts, config.initial_scale, seed=seed)
    records = np.empty((num_tasks, len(steps), num_contexts))
    record = 0
    for step in range(config.num_steps + 1):
        probs = torch.softmax(logits, dim=1)
        correct = (probs * one_hots).sum(dim=1)
        if step == steps[record]:
            records[:, record] = correct.numpy()
            record += 1
        if step < config.num_steps:
            drives = objective_weights(correct, config, seed=(seed, EPISODES, step))[:, None] * (one_hots - probs)
            logits = logits + config.learning_rate * logit_velocity(drives, config)
    return LearnedPolicies(steps, records)


def initial_logits(
    num_tasks: int, num_actions: int, num_contexts: int, scale: float, *, seed: int
) -> Float[Tensor, "task action context"]:
    """Draw logits: normal weights plus a normal bias that all contexts share, with a total variance of 2 scale²."""
    draws = np.random.default_rng((seed, INITIAL_WEIGHTS)).standard_normal((num_tasks, num_actions, num_contexts + 1))
    return torch.from_numpy(scale * (draws[..., :-1] + draws[..., -1:]))


def objective_weights(
    correct_probs: Float[Tensor, "task context"], config: PolicyGradientConfig, *, seed: tuple[int, ...]
) -> Float[Tensor, "task context"]:
    """Return the gradient of the objective with respect to log π(correct), for every context.

    For the expected reward it is the probability of the correct action, which makes learning on-policy; for the log
    likelihood it is 1. Episodes give unbiased estimates of these values: num_contexts times the fraction of episodes in
    the context, counting for the expected reward only episodes in which the correct action was drawn. (Episodes without
    reward contribute nothing, because the gradient has no baseline.)
    """
    is_rewarded = isinstance(config.objective, ExpectedReward)
    if isinstance(config.gradients, ExactGradient):
        return correct_probs if is_rewarded else torch.ones_like(correct_probs)
    num_tasks, num_contexts = correct_probs.shape
    batch_size = config.gradients.batch_size
    uniforms = torch.from_numpy(np.random.default_rng(seed).random((num_tasks, batch_size, 2)))
    contexts = (num_contexts * uniforms[..., 0]).long()
    is_counted = uniforms[..., 1] < correct_probs.gather(1, contexts) if is_rewarded else uniforms[..., 1] < 1
    counts = torch.zeros_like(correct_probs).scatter_add_(1, contexts, is_counted.to(correct_probs.dtype))
    return num_contexts / batch_size * counts


def logit_velocity(
    drives: Float[Tensor, "task action context"], config: PolicyGradientConfig
) -> Float[Tensor, "task action context"]:
    """Return the change of the logits when weights and biases follow the gradients of the logits.

    A context's weights move by its own gradient, and so does a bias of its own. A shared bias moves by the sum over
    contexts.
    """
    if isinstance(config.coupling, Coupled):
        return drives + drives.sum(dim=2, keepdim=True)
    return 2 * drives
