"""Surrogates: functions of a policy's log probabilities whose gradient is, or stays close to, that of its return."""

import torch
from jaxtyping import Float
from torch import Tensor

from metalearners.configs import ClippedSurrogate, PolicyGradient

PerTrial = Float[Tensor, "batch time"]


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


def surrogate_of(
    config: PolicyGradient | ClippedSurrogate, log_probs: PerTrial, old_log_probs: PerTrial, advantages: PerTrial
) -> PerTrial:
    """The surrogate that a configuration asks for."""
    if isinstance(config, ClippedSurrogate):
        return clipped_surrogate(log_probs, old_log_probs, advantages, config.clip)
    return policy_gradient_surrogate(log_probs, advantages)
