"""Heads: interpretations of network outputs as a predictive distribution of the next observation.

The method `parameters` uses the parameter names of NumPyro (and torch), so that the comparison layer can rebuild the
same distribution in float64. Meta-training maximises `log_prob`, in nats.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional

Outputs = Float[Tensor, "*batch output"]
Observations = Shaped[Tensor, "*batch"]
LogProbs = Float[Tensor, "*batch"]


@runtime_checkable
class Head(Protocol):
    """Interpretation of the last axis of network outputs, `num_outputs` numbers, as a distribution."""

    @property
    def num_outputs(self) -> int:
        """Numbers per predictive distribution."""
        ...

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        """Return the parameters of the distribution under NumPyro's names."""
        ...

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        """Return the log probability (density) of each observation, in nats."""
        ...


@dataclass(frozen=True)
class BernoulliHead:
    """One output: the logit of outcome 1."""

    @property
    def num_outputs(self) -> int:
        return 1

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        return {"logits": outputs[..., 0]}

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        targets = observations.to(outputs.dtype)
        return -functional.binary_cross_entropy_with_logits(outputs[..., 0], targets, reduction="none")


@dataclass(frozen=True)
class CategoricalHead:
    """One output per category: its unnormalised log probability."""

    num_categories: int

    @property
    def num_outputs(self) -> int:
        return self.num_categories

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        return {"logits": outputs}

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        log_probs = functional.log_softmax(outputs, dim=-1)
        return log_probs.gather(-1, observations.long().unsqueeze(-1)).squeeze(-1)


@dataclass(frozen=True)
class NormalHead:
    """Two outputs: mean, and standard deviation through softplus; both in units of `scale`, the mean from `loc`."""

    loc: float = 0.0
    scale: float = 1.0

    @property
    def num_outputs(self) -> int:
        return 2

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        return {
            "loc": self.loc + self.scale * outputs[..., 0],
            "scale": self.scale * functional.softplus(outputs[..., 1]),
        }

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        return normal_log_prob(observations, **self.parameters(outputs))


@dataclass(frozen=True)
class IndependentNormalHead:
    """Outputs for vectors: all means, then all standard deviations through softplus; both in units of `scale`."""

    dimension: int
    scale: float = 1.0

    @property
    def num_outputs(self) -> int:
        return 2 * self.dimension

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        locs, scales = outputs.chunk(2, dim=-1)
        return {"loc": self.scale * locs, "scale": self.scale * functional.softplus(scales)}

    def log_prob(self, outputs: Outputs, observations: Float[Tensor, "*batch number"]) -> LogProbs:
        return normal_log_prob(observations, **self.parameters(outputs)).sum(dim=-1)


@dataclass(frozen=True)
class NormalMixtureHead:
    """Three outputs per component: mixing logit, mean, and standard deviation through softplus."""

    num_components: int
    loc: float = 0.0
    scale: float = 1.0

    @property
    def num_outputs(self) -> int:
        return 3 * self.num_components

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        logits, locs, scales = outputs.chunk(3, dim=-1)
        return {
            "logits": logits,
            "loc": self.loc + self.scale * locs,
            "scale": self.scale * functional.softplus(scales),
        }

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        parameters = self.parameters(outputs)
        log_weights = functional.log_softmax(parameters["logits"], dim=-1)
        components = normal_log_prob(observations.unsqueeze(-1), parameters["loc"], parameters["scale"])
        return torch.logsumexp(log_weights + components, dim=-1)


@dataclass(frozen=True)
class LomaxHead:
    """Two outputs for heavy-tailed positive values: log concentration, and log scale in units of `scale`."""

    scale: float = 1.0

    @property
    def num_outputs(self) -> int:
        return 2

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        return {"concentration": outputs[..., 0].exp(), "scale": self.scale * outputs[..., 1].exp()}

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        concentration = outputs[..., 0].exp()
        log_scale = outputs[..., 1] + math.log(self.scale)
        relative = observations.to(outputs.dtype) * torch.exp(-log_scale)
        return outputs[..., 0] - log_scale - (concentration + 1) * torch.log1p(relative)


@dataclass(frozen=True)
class NegativeBinomialHead:
    """Two outputs for counts 0, 1, 2, …: log of the total count (the smaller, the wider), and log of the mean."""

    @property
    def num_outputs(self) -> int:
        return 2

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        return {"total_count": outputs[..., 0].exp(), "logits": outputs[..., 1] - outputs[..., 0]}

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        parameters = self.parameters(outputs.to(torch.float64))  # differences of log-gammas need the digits
        total_count, logits = parameters["total_count"], parameters["logits"]
        counts = observations.to(torch.float64)
        log_choices = torch.lgamma(total_count + counts) - torch.lgamma(total_count) - torch.lgamma(counts + 1)
        log_prob = log_choices + total_count * functional.logsigmoid(-logits) + counts * functional.logsigmoid(logits)
        return log_prob.to(outputs.dtype)


@dataclass(frozen=True)
class HistogramHead:
    """One logit per bin and tail, for predictives of any one-dimensional shape.

    The density is uniform within the bins, which `edges` bound. Beyond the outer edges it falls as `(1 + distance /
    tail_scale) ** -2`, heavy enough that the tail alone never makes a KL divergence infinite. If the first edge is the
    lower bound of the support, `has_lower_tail` is False and the lower tail has probability zero.
    """

    edges: tuple[float, ...]
    tail_scale: float
    has_lower_tail: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", tuple(self.edges))
        if len(self.edges) < 2 or any(b <= a for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError(f"HistogramHead: edges must be at least 2 increasing numbers; got {self.edges!r}")
        if not self.tail_scale > 0:
            raise ValueError(f"HistogramHead: tail_scale must be > 0; got {self.tail_scale!r}")

    @property
    def num_outputs(self) -> int:
        return len(self.edges) + self.has_lower_tail

    def parameters(self, outputs: Outputs) -> dict[str, Tensor]:
        if self.has_lower_tail:
            return {"logits": outputs}
        return {"logits": functional.pad(outputs, (1, 0), value=-math.inf)}

    def log_prob(self, outputs: Outputs, observations: Observations) -> LogProbs:
        edges = torch.tensor(self.edges, dtype=torch.float64, device=outputs.device)
        values = observations.to(torch.float64)
        piece = torch.bucketize(values.contiguous(), edges, right=True)
        log_weights = functional.log_softmax(self.parameters(outputs)["logits"], dim=-1)
        log_weight = log_weights.gather(-1, piece.unsqueeze(-1)).squeeze(-1)
        distance = torch.maximum(edges[0] - values, values - edges[-1])
        log_tail_density = -math.log(self.tail_scale) - 2 * torch.log1p(distance.clamp(min=0) / self.tail_scale)
        inner = -torch.log(torch.diff(edges))[(piece - 1).clamp(0, len(self.edges) - 2)]
        return log_weight + torch.where(distance > 0, log_tail_density, inner).to(outputs.dtype)


AnyHead = (
    BernoulliHead | CategoricalHead | NormalHead | NormalMixtureHead | LomaxHead | NegativeBinomialHead | HistogramHead
)


def normal_log_prob(observations: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """Return the log density of a normal distribution, in nats."""
    standardised = (observations - loc) / scale
    return -0.5 * standardised**2 - torch.log(scale) - 0.5 * math.log(2 * math.pi)
