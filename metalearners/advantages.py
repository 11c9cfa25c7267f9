"""Discounted returns, from which advantages are computed.

Index t of returns and baselines conditions on what came before trial t and refers to the rewards from trial t on.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def lambda_returns(
    rewards: Float[Tensor, "batch time"],
    baselines: Float[Tensor, "batch time"],
    *,
    discount: float,
    trace_decay: float,
) -> Float[Tensor, "batch time"]:
    """Return G_t = r_t + discount ((1 - lambda) b_{t+1} + lambda G_{t+1}), with nothing after the last trial.

    With `trace_decay` (lambda) 1 these are plain sums of discounted rewards. G_t - b_t are the generalised advantages
    of Schulman et al. 2016 (arXiv 1506.02438, equation 16).
    """
    returns = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[:, 0])
    for time in reversed(range(rewards.shape[1])):
        returns[:, time] = rewards[:, time] + discount * following
        following = (1 - trace_decay) * baselines[:, time] + trace_decay * returns[:, time]
    return returns


def discounted_sums(values: Float[Tensor, "batch time *rest"], discount: float) -> Float[Tensor, "batch time *rest"]:
    """Return the sums from every time to the end, each term discounted by its distance from that time."""
    sums = torch.zeros_like(values)
    following = torch.zeros_like(values[:, 0])
    for time in reversed(range(values.shape[1])):
        following = values[:, time] + discount * following
        sums[:, time] = following
    return sums


def remaining_weights(horizon: int, discount: float) -> Float[Tensor, "time"]:
    """Return the discounted sum from every trial to the end for a reward of 1 at every trial.

    Without discounting this is the number of remaining trials.
    """
    return discounted_sums(torch.ones(1, horizon), discount)[0]
