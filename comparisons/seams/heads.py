"""Conventions of outputs: how the numbers that a module puts out are read as a distribution, by name.

Each convention is the family's own head after a conversion of the outputs, in the family's own units. `better_reading`
says whether another convention than the declared one fits the observations far better.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from bayesopt.family import AbstractPredictionFamily
from comparisons.seams.predictions import Network, natural_encoding, natural_head
from comparisons.user_code import GUIDE
from metalearners.heads import AnyHead, BernoulliHead, CategoricalHead, Head, LomaxHead, NormalHead
from metalearners.network import SequencePredictor


class Convention(NamedTuple):
    """A convention: the head that it is for, what the outputs are, and their conversion to that head's outputs."""

    head: type[AnyHead]
    outputs: str
    convert: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class NamedHead:
    """A head that reads outputs by a convention."""

    name: str
    base: AnyHead

    @property
    def num_outputs(self) -> int:
        return self.base.num_outputs

    def parameters(self, outputs: Tensor) -> dict[str, Tensor]:
        return self.base.parameters(CONVENTIONS[self.name].convert(outputs))

    def log_prob(self, outputs: Tensor, observations: Tensor) -> Tensor:
        return self.base.log_prob(CONVENTIONS[self.name].convert(outputs), observations)


def _unchanged(outputs: Tensor) -> Tensor:
    return outputs


def _logit(outputs: Tensor) -> Tensor:
    return torch.logit(outputs)


def _logit_of_log(outputs: Tensor) -> Tensor:
    return outputs - torch.log(-torch.expm1(outputs))


def _with_scale(scale: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the conversion of a mean and a number of which `scale` makes the standard deviation."""

    def convert(outputs: Tensor) -> Tensor:
        sd = scale(outputs[..., 1])
        return torch.stack([outputs[..., 0], sd + torch.log(-torch.expm1(-sd))], dim=-1)  # the inverse of softplus

    return convert


CONVENTIONS: dict[str, Convention] = {
    "bernoulli_logit": Convention(BernoulliHead, "the logit of outcome 1", _unchanged),
    "bernoulli_prob": Convention(BernoulliHead, "the probability of outcome 1", _logit),
    "bernoulli_log_prob": Convention(BernoulliHead, "the log probability of outcome 1", _logit_of_log),
    "categorical_logits": Convention(
        CategoricalHead, "a logit or log probability, up to a constant, per outcome", _unchanged
    ),
    "categorical_probs": Convention(CategoricalHead, "a probability, up to a factor, per outcome", torch.log),
    "normal_softplus_scale": Convention(NormalHead, "the mean, and the standard deviation before softplus", _unchanged),
    "normal_scale": Convention(NormalHead, "the mean and the standard deviation", _with_scale(lambda x: x)),
    "normal_log_scale": Convention(NormalHead, "the mean and the log standard deviation", _with_scale(torch.exp)),
    "normal_variance": Convention(NormalHead, "the mean and the variance", _with_scale(torch.sqrt)),
    "normal_log_variance": Convention(
        NormalHead, "the mean and the log variance", _with_scale(lambda x: torch.exp(x / 2))
    ),
    "lomax_log": Convention(LomaxHead, "log concentration and log scale of a Lomax distribution", _unchanged),
    "lomax": Convention(LomaxHead, "concentration and scale of a Lomax distribution", torch.log),
}
"""All conventions by name; the first for each kind of head is its default."""

MARGIN = 0.01
"""Nats per step by which another convention must fit better for a warning."""

SHARE = 0.5
"""Part of what a network loses to Bayes that another convention must win back for a warning. A network that has learned
something under its own convention is misread by every other, so none of them wins back anything."""

STANDARD_ERRORS = 5.0
"""Standard errors by which it must be better too: a chance of 3e-7 that noise alone does it."""


def default_name(head: Head) -> str | None:
    """Return the name of the convention of a family's own head, or `None` for a head without named conventions."""
    if isinstance(head, NamedHead):
        return head.name
    return next((name for name, one in CONVENTIONS.items() if type(head) is one.head), None)


def names_for(family: AbstractPredictionFamily) -> list[str]:
    """Return the names of the conventions in which a module can predict a family."""
    kind = type(natural_head(family))
    return [name for name, one in CONVENTIONS.items() if one.head is kind]


def with_named_head(network: Network, family: AbstractPredictionFamily, head: str) -> SequencePredictor:
    """Return a module with a head by name.

    Raises `TypeError` for what is no plain module, and `ValueError` for a name that does not fit the family.
    """
    if not isinstance(network, torch.nn.Module) or isinstance(network, SequencePredictor):
        raise TypeError(f"head must be None for a {type(network).__name__}, which says itself what its outputs are")
    known = names_for(family)
    if head not in known:
        raise ValueError(f"head must be one of {', '.join(known)} for {type(family).__name__}; got {head!r} ({GUIDE})")
    base = natural_head(family)
    chosen = base if head == default_name(base) else NamedHead(head, base)
    return SequencePredictor(network, natural_encoding(family), chosen)


def reading_of(head: Head) -> str | None:
    """Return in words how a head reads outputs, as "normal_log_scale: the mean and the log standard deviation"."""
    name = default_name(head)
    return None if name is None else f"{name}: {CONVENTIONS[name].outputs}"


def better_reading(
    head: Head,
    outputs: Float[np.ndarray, "task time output"],
    observations: Shaped[np.ndarray, "task time"],
    bayes: Float[np.ndarray, "task time"],
) -> str | None:
    """Return a warning if another convention than the head's fits the observations far better, with the numbers.

    `bayes` is the log loss of exact Bayes, in nats.
    """
    declared = default_name(head)
    if declared is None:
        return None
    base = head.base if isinstance(head, NamedHead) else head
    numbers, observed = torch.from_numpy(np.asarray(outputs, float)), torch.from_numpy(np.array(observations))
    losses: dict[str, np.ndarray] = {}
    for name, convention in CONVENTIONS.items():
        if convention.head is type(base):
            reading = NamedHead(name, base)  # pyright: ignore[reportArgumentType]
            losses[name] = -reading.log_prob(numbers, observed).mean(1).numpy()
    own = losses.pop(declared)
    usable = {name: loss for name, loss in losses.items() if np.isfinite(loss).all()}
    if not usable or not np.isfinite(own).all():
        return None
    best = min(usable, key=lambda name: float(usable[name].mean()))
    gain = own - usable[best]
    error = float(gain.std(ddof=1)) / math.sqrt(len(gain)) if len(gain) > 1 else math.inf
    if not gain.mean() > max(MARGIN, SHARE * (own.mean() - bayes.mean()), STANDARD_ERRORS * error):
        return None
    return (
        f"outputs are read as {reading_of(head)}; read as {best} ({CONVENTIONS[best].outputs}) they fit far better: "
        f"log loss {usable[best].mean():.3g} instead of {own.mean():.3g} nats/step. If that is what they are, say "
        f"head={best!r}, or --head {best}"
    )
