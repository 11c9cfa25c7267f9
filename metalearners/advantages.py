"""Returns: what a policy collects from every trial on, discounted, and the baselines that advantages are taken from.

Index t of returns and baselines conditions on what came before trial t and speaks of the rewards from trial t on.
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
    """G_t = r_t + discount ((1 - lambda) b_{t+1} + lambda G_{t+1}), with nothing after the last trial.

    With `trace_decay` (lambda) 1 these are plain sums of discounted rewards. G_t - b_t are the generalised
    advantages of Schulman et al. 2016 (arXiv 1506.02438, equation 16).
    """
    returns = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[:, 0])
    for time in reversed(range(rewards.shape[1])):
        returns[:, time] = rewards[:, time] + discount * following
        following = (1 - trace_decay) * baselines[:, time] + trace_decay * returns[:, time]
    return returns


def discounted_sums(values: Float[Tensor, "batch time *rest"], discount: float) -> Float[Tensor, "batch time *rest"]:
    """Sums from every time on, each term discounted by the time until then."""
    sums = torch.zeros_like(values)
    following = torch.zeros_like(values[:, 0])
    for time in reversed(range(values.shape[1])):
        following = values[:, time] + discount * following
        sums[:, time] = following
    return sums


def remaining_weights(horizon: int, discount: float) -> Float[Tensor, "time"]:
    """What a reward of 1 at every trial would return from every trial on: the number of trials left if undiscounted."""
    return discounted_sums(torch.ones(1, horizon), discount)[0]
