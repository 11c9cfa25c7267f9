"""Surrogates: functions of a policy's log probabilities whose gradient is, or stays close to, that of its return."""

import torch
from jaxtyping import Float
from torch import Tensor

PerTrial = Float[Tensor, "batch time"]
PerArm = Float[Tensor, "batch time arm"]


def policy_gradient_surrogate(log_probs: PerTrial, advantages: PerTrial) -> PerTrial:
    """log_prob × advantage: its gradient, summed over trials, is in expectation that of the expected return.

    `log_probs` are those of the arms pulled (Sutton et al. 2000; Mnih et al. 2016, arXiv 1602.01783, section 4).
    """
    return log_probs * advantages


def clipped_surrogate(log_probs: PerTrial, old_log_probs: PerTrial, advantages: PerTrial, clip: float) -> PerTrial:
    """min(ratio × advantage, ratio limited to [1 - clip, 1 + clip] × advantage), ratio = probability now / then.

    Schulman et al. 2017 (arXiv 1707.06347, equation 7). `old_log_probs` are those under which the arms were pulled.
    """
    ratios = torch.exp(log_probs - old_log_probs)
    return torch.minimum(ratios * advantages, ratios.clamp(1 - clip, 1 + clip) * advantages)


def all_actions_surrogate(log_probs: PerArm, rewards: PerArm) -> PerTrial:
    """Probability × reward, summed over arms: its gradient is that of the trial's expected reward, whatever was pulled.

    The histories are taken as they came: what an arm reveals for later trials is not counted. It is the policy
    gradient surrogate of the trial's own reward, averaged over the arm (Sutton et al. 2001, *Comparing
    policy-gradient algorithms*; Allen et al. 2017, arXiv 1709.00503).
    """
    return (log_probs.exp() * rewards).sum(dim=-1)
