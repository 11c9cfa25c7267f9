"""Adapter between JAX and PyTorch for predictions: heads become NumPyro distributions, families give sequences.

A network becomes a `Predictor`, a function from observations to a NumPyro distribution, which is also what exact
Bayes, the floors and a user's own callable are; nothing else in `comparisons` knows which side a prediction came from.
Arrays cross by copy, through NumPy.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import torch
from jaxtyping import Array, Shaped
from numpyro.distributions import Distribution, constraints
from torch import nn

from bayesopt.agent import Agent
from bayesopt.distributions import Histogram, Lomax, outcome_log_probs
from bayesopt.episodes import sample_sequences
from bayesopt.family import AbstractPredictionFamily
from bayesopt.float64 import as_float64, in_float64
from bayesopt.observations import observation_space
from comparisons.expected import require_family, require_instance, with_article
from comparisons.seams.streams import BlockStream
from comparisons.seeding import key_for
from comparisons.user_code import GUIDE
from metalearners.encoding import Encoding, OneHotEncoding, PositiveEncoding, RealEncoding
from metalearners.heads import (
    AnyHead,
    BernoulliHead,
    CategoricalHead,
    Head,
    HistogramHead,
    LomaxHead,
    NegativeBinomialHead,
    NormalHead,
    NormalMixtureHead,
)
from metalearners.network import SequencePredictor
from metalearners.policy import RecurrentPolicy
from metalearners.regression import RegressionPredictor
from metalearners.unroll import unroll

Predictor = Callable[[Shaped[Any, "task time"]], Distribution]
"""Observations in; out, a distribution of batch shape `task time` whose index t conditions on what came before t."""


Module = TypeVar("Module", bound=nn.Module)


Network = nn.Module | Predictor
"""What can be compared with Bayes: a torch module, or any function from observations to a NumPyro distribution."""


def as_predictor(network: Network, family: AbstractPredictionFamily) -> Predictor:
    """Return a module as the function that it computes, and any other callable as it is."""
    contestant = as_contestant(network, family)
    return predictor_of(contestant) if isinstance(contestant, SequencePredictor) else contestant


def as_contestant(network: Network, family: AbstractPredictionFamily) -> SequencePredictor | Predictor:
    """Return a module as a `SequencePredictor`, and a callable as it is. Raises `TypeError` for anything else."""
    if isinstance(network, Agent | Distribution) or not callable(network):
        raise TypeError(
            f"network must be a torch module, or a callable from observations to a NumPyro distribution, for "
            f"{type(family).__name__}; got {with_article(type(network).__name__)} ({GUIDE})"
        )
    return as_sequence_predictor(network, family) if isinstance(network, nn.Module) else network


def as_sequence_predictor(network: nn.Module, family: AbstractPredictionFamily) -> SequencePredictor:
    """Return a network with the family's natural encoding and head; one that has its own is returned as it is."""
    if isinstance(network, SequencePredictor):
        return network
    if not isinstance(network, nn.Module):
        raise TypeError(f"network must be a torch module; got {type(network).__name__} ({GUIDE})")
    if isinstance(network, RecurrentPolicy | RegressionPredictor):
        raise TypeError(
            f"network must be a SequencePredictor for {type(family).__name__}, which has sequences; got a "
            f"{type(network).__name__}"
        )
    return SequencePredictor(network, natural_encoding(family), natural_head(family))


def predictor_of(network: SequencePredictor) -> Predictor:
    """Return the function that a network computes, from observations to predictive distributions in float64.

    Raises `TypeError` for anything but a `SequencePredictor`.
    """
    require_instance(network, SequencePredictor, "network", "meta_train makes one of a family of sequences")

    def predict(observations: Shaped[Any, "task time"]) -> Distribution:
        return distribution_of(network.head, unroll(network, observations))

    return predict


@in_float64
def distribution_of(head: Head, outputs: np.ndarray) -> Distribution:
    """Return the NumPyro distribution whose parameters are a network's outputs, in float64."""
    tensors = head.parameters(torch.from_numpy(np.array(outputs, dtype=np.float64)))
    parameters: dict[str, Any] = {name: jnp.asarray(tensor.numpy()) for name, tensor in tensors.items()}
    return as_float64(_distribution(getattr(head, "base", head), parameters))


def _distribution(head: Head, parameters: dict[str, Any]) -> Distribution:
    """Return the NumPyro distribution that a head describes."""
    match head:
        case BernoulliHead():
            return dist.BernoulliLogits(**parameters)
        case CategoricalHead():
            return dist.CategoricalLogits(**parameters)
        case NormalHead():
            return dist.Normal(**parameters)
        case NormalMixtureHead():
            weights = dist.CategoricalLogits(parameters["logits"])
            return dist.MixtureSameFamily(weights, dist.Normal(parameters["loc"], parameters["scale"]))
        case LomaxHead():
            return Lomax(**parameters)
        case NegativeBinomialHead():
            return dist.NegativeBinomialLogits(**parameters)
        case HistogramHead():
            return Histogram(jnp.asarray(head.edges), parameters["logits"], jnp.asarray(head.tail_scale))
        case _:
            raise TypeError(f"no NumPyro distribution is known for the head {type(head).__name__}")


def natural_head(family: AbstractPredictionFamily) -> AnyHead:
    """Return the head that can represent the family's posterior predictive, in the family's own units."""
    return scaled_head(family, loc=0.0, scale=1.0)


def natural_encoding(family: AbstractPredictionFamily) -> Encoding:
    """Return the encoding that fits the support of the family's observations, in the family's own units."""
    return scaled_encoding(family, loc=0.0, scale=1.0)


def scaled_head(family: AbstractPredictionFamily, *, loc: float, scale: float) -> AnyHead:
    """Return the natural head with outputs of order 1 for observations of order `scale` around `loc`."""
    if observation_space(family).event_shape:
        raise NotImplementedError(_no_network(family))
    match observation_space(family).support:
        case constraints.boolean:
            return BernoulliHead()
        case support if hasattr(support, "upper_bound"):
            return CategoricalHead(num_outcomes(family))
        case constraints.positive | constraints.nonnegative:
            return LomaxHead(scale=scale)
        case constraints.real:
            return NormalHead(loc=loc, scale=scale)
        case constraints.nonnegative_integer:
            return NegativeBinomialHead()
        case _:
            raise NotImplementedError(_no_network(family))


def scaled_encoding(family: AbstractPredictionFamily, *, loc: float, scale: float) -> Encoding:
    """Return the natural encoding with inputs of order 1 for observations of order `scale` around `loc`."""
    if observation_space(family).event_shape:
        raise NotImplementedError(_no_network(family))
    match natural := observation_space(family).support:
        case constraints.positive | constraints.nonnegative | constraints.nonnegative_integer:
            return PositiveEncoding(scale=scale)
        case constraints.real:
            return RealEncoding(loc=loc, scale=scale)
        case _ if natural == constraints.boolean or hasattr(natural, "upper_bound"):
            return OneHotEncoding(num_outcomes(family))
        case _:
            raise NotImplementedError(_no_network(family))


def _no_network(family: AbstractPredictionFamily) -> str:
    space = observation_space(family)
    shape = f" of shape {space.event_shape}" if space.event_shape else ""
    return (
        f"observations of {type(family).__name__} must be 0 or 1, categories or counts from 0, or real or positive "
        f"numbers; got {space.support}{shape}. From Python, pass a SequencePredictor with its own encoding and head"
    )


def histogram_head(family: AbstractPredictionFamily, *, num_bins: int = 64) -> HistogramHead:
    """Return a head for predictives of any shape: bins of equal mass under the family's prior predictive.

    For real or positive observations, in the family's own units. Raises `ValueError` for finite outcomes or fewer
    than 2 bins.
    """
    require_family(family, AbstractPredictionFamily, "histogram_head")
    observations = sample_sequences(family, key_for(0, "units"), num_tasks=2**16, length=1).observations
    if num_bins < 2 or not np.issubdtype(observations.dtype, np.floating):
        raise ValueError(f"a histogram needs at least 2 bins and real observations; got {num_bins} bins for {family!r}")
    is_bounded_below = observation_space(family).support in (constraints.positive, constraints.nonnegative)
    low = 0.0 if is_bounded_below else 0.5 / num_bins
    edges = np.quantile(observations, np.linspace(low, 1 - 0.5 / num_bins, num_bins + 1))
    edges[0] = 0.0 if is_bounded_below else edges[0]
    tail_scale = float(np.quantile(observations, 0.75) - np.quantile(observations, 0.25))
    return HistogramHead(tuple(edges.tolist()), tail_scale=tail_scale, has_lower_tail=not is_bounded_below)


def num_outcomes(family: AbstractPredictionFamily) -> int:
    """Return how many values an observation can take. Raises `ValueError` unless they are finitely many, from 0."""
    support = observation_space(family).support
    if support == constraints.boolean:
        return 2
    if getattr(support, "lower_bound", None) == 0 and hasattr(support, "upper_bound"):
        return int(support.upper_bound) + 1
    raise ValueError(
        f"outcomes of {type(family).__name__} must be finitely many, numbered from 0; got {support}"
        f"{' from ' + str(support.lower_bound) if hasattr(support, 'lower_bound') else ''}"
    )


def typical_units(family: AbstractPredictionFamily) -> tuple[float, float]:
    """Return median and half the interquartile range of observations under the prior: the units of training."""
    observations = sample_sequences(family, key_for(0, "units"), num_tasks=4096, length=1).observations
    if not np.issubdtype(observations.dtype, np.floating):
        return 0.0, 1.0
    low, median, high = np.quantile(observations, [0.25, 0.5, 0.75])
    return float(median), float(high - low) / 2


class TrainingStream(BlockStream):
    """Fresh sequences of a family for every training step, as a pure function of seed and step."""

    def __init__(self, family: AbstractPredictionFamily, *, seed: int, batch_size: int, length: int) -> None:
        super().__init__(key_for(seed, "training sequences"))
        self._family = family
        self._batch_size = batch_size
        self._length = length

    def __call__(self, step: int) -> torch.Tensor:
        """Return the observations of a step (`batch time`)."""
        return self.block_row(step)

    def draw(self, key: Array, num_steps: int) -> Sequence[torch.Tensor]:
        num_tasks = num_steps * self._batch_size
        observations = sample_sequences(self._family, key, num_tasks=num_tasks, length=self._length).observations
        tensor = torch.from_numpy(np.array(observations))
        if tensor.is_floating_point():
            tensor = tensor.to(torch.float32)
        return tensor.split(self._batch_size)


@in_float64
def centre_of(distribution: Distribution) -> np.ndarray:
    """Return one number per prediction for plots: the probability of the last outcome, the median, or the mean."""
    log_probs = outcome_log_probs(distribution)
    if log_probs is not None:
        return np.exp(np.asarray(log_probs, float))[..., -1]
    try:
        return np.asarray(distribution.icdf(np.asarray(0.5)), float)
    except NotImplementedError:
        return np.asarray(distribution.mean, float)
