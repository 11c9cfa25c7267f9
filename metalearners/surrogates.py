"""Surrogate objectives of a policy: their gradient equals, or stays close to, the gradient of the policy's return."""

import torch
from jaxtyping import Float
from torch import Tensor

PerTrial = Float[Tensor, "batch time"]
PerArm = Float[Tensor, "batch time arm"]


def policy_gradient_surrogate(log_probs: PerTrial, advantages: PerTrial) -> PerTrial:
    """Return log_prob × advantage: in expectation, its gradient summed over trials is that of the expected return.

    `log_probs` are those of the arms pulled (Sutton et al. 2000; Mnih et al. 2016, arXiv 1602.01783, section 4).
    """
    return log_probs * advantages


def clipped_surrogate(log_probs: PerTrial, old_log_probs: PerTrial, advantages: PerTrial, clip: float) -> PerTrial:
    """Return min(ratio × advantage, ratio clipped to [1 - clip, 1 + clip] × advantage).

    The ratio is the new probability of the pulled arm over the old one, from which the arm was drawn. Schulman et al.
    2017 (arXiv 1707.06347, equation 7).
    """
    ratios = torch.exp(log_probs - old_log_probs)
    return torch.minimum(ratios * advantages, ratios.clamp(1 - clip, 1 + clip) * advantages)


def all_actions_surrogate(log_probs: PerArm, rewards: PerArm) -> PerTrial:
    """Return probability × reward, summed over arms: its gradient is that of the trial's expected reward.

    The gradient does not depend on the arm pulled. Histories are taken as given, so information that an arm reveals for
    later trials is not counted. This is the policy gradient surrogate of the trial's own reward, averaged over the arm
    (Sutton et al. 2001, *Comparing policy-gradient algorithms*; Allen et al. 2017, arXiv 1709.00503).
    """
    return (log_probs.exp() * rewards).sum(dim=-1)
