"""Adapter between JAX and PyTorch for regressions: families give pairs, and networks return predictions."""

import functools
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import torch
from jaxtyping import Array, Float
from numpyro.distributions import Distribution

from bayesopt.episodes import sample_regressions
from bayesopt.families import FunctionRegression
from bayesopt.family import AbstractRegressionFamily
from bayesopt.float64 import as_float64, in_float64
from comparisons.seams.checks import Numbers
from comparisons.seams.contestants import check_module
from comparisons.seams.streams import BlockStream
from comparisons.seeding import key_for
from comparisons.user_code import GUIDE, NetworkContractError, calling
from metalearners.heads import IndependentNormalHead
from metalearners.modules import evaluated
from metalearners.own_settings import own_settings
from metalearners.pairs import CirclePairEncoding, PairEncoding, Pairs, RealPairEncoding
from metalearners.regression import RegressionPredictor

TASKS_PER_PASS = 2048


@functools.cache
def pair_encoding(family: AbstractRegressionFamily) -> PairEncoding:
    """Return the inputs of a network: inputs and targets of order 1; positions on a circle as cosine and sine."""
    drawn = sample_regressions(family, key_for(0, "units"), num_tasks=4096, length=4)
    target_scale = float(np.sqrt((drawn.targets**2).mean()))
    num_outputs = drawn.targets.shape[-1]
    if isinstance(family, FunctionRegression):
        return CirclePairEncoding(num_outputs, target_scale)
    input_scale = float(np.sqrt((drawn.inputs**2).mean()))
    return RealPairEncoding(drawn.inputs.shape[-1], num_outputs, input_scale, target_scale)


def regression_head(family: AbstractRegressionFamily) -> IndependentNormalHead:
    """Return a head with outputs of order 1 for targets of the family's scale.

    Raises `NotImplementedError` for targets that are whole numbers, which have no density.
    """
    drawn = sample_regressions(family, key_for(0, "units"), num_tasks=4096, length=4)
    if (drawn.targets == np.round(drawn.targets)).all():
        raise NotImplementedError(
            f"targets of {type(family).__name__} are whole numbers, such as {drawn.targets.flat[0]:g}; networks for "
            "regressions predict real targets, with a normal distribution each"
        )
    return IndependentNormalHead(drawn.targets.shape[-1], float(np.sqrt((drawn.targets**2).mean())))


def as_regression_predictor(network: torch.nn.Module, family: AbstractRegressionFamily) -> RegressionPredictor:
    """Return a network with the encoding and the head that fit the family; one that has its own as it is."""
    if isinstance(network, RegressionPredictor):
        return network
    if not isinstance(network, torch.nn.Module):
        raise TypeError(f"network must be a torch module; got {type(network).__name__} ({GUIDE})")
    encoding, head = pair_encoding(family), regression_head(family)
    with calling(f"{type(network).__name__} cannot predict regressions", NetworkContractError):
        return RegressionPredictor(network, encoding, head)


def check_regression_predictor(
    predictor: RegressionPredictor, family: AbstractRegressionFamily, *, length: int
) -> None:
    """Raise `NetworkContractError` unless a predictor's output at t depends on input t and on the pairs before it."""
    drawn = sample_regressions(family, key_for(0, "histories"), num_tasks=64, length=length)
    name = type(predictor.network).__name__
    pairs = np.asarray(drawn.inputs, np.float32), np.asarray(drawn.targets, np.float32)
    check_module(predictor, name, lambda tasks: _outputs_of(predictor, *tasks), pairs, delays=(1, 0))


def _outputs_of(predictor: RegressionPredictor, inputs: np.ndarray, targets: np.ndarray) -> Numbers:
    name = type(predictor.network).__name__
    with (
        calling(
            f"{name} fails on inputs and targets of shape {inputs.shape} and {targets.shape}", NetworkContractError
        ),
        own_settings(predictor),
        evaluated(predictor),
    ):
        outputs = predictor(Pairs(_float32(inputs), _float32(targets))).cpu().double().numpy()
    expected = (*targets.shape[:2], predictor.head.num_outputs)
    if outputs.shape != expected:
        raise NetworkContractError(f"{name} must give outputs of shape {expected}; got {outputs.shape} ({GUIDE})")
    return outputs


@in_float64
def predict_pairs(
    predictor: RegressionPredictor,
    inputs: Float[np.ndarray, "task time input"],
    targets: Float[np.ndarray, "task time output"],
) -> Distribution:
    """Return the predictions of every target (batch shape `task time`, event `output`), in float64."""
    passes: list[dict[str, torch.Tensor]] = []
    with own_settings(predictor), evaluated(predictor):
        for start in range(0, len(inputs), TASKS_PER_PASS):
            rows = slice(start, start + TASKS_PER_PASS)
            pairs = Pairs(_float32(inputs[rows]), _float32(targets[rows]))
            passes.append(predictor.head.parameters(predictor(pairs).cpu().double()))
    loc, scale = (jnp.asarray(torch.cat([part[name] for part in passes]).numpy()) for name in ("loc", "scale"))
    return as_float64(dist.Normal(loc, scale).to_event(1))


class PairStream(BlockStream):
    """Fresh pairs of a family for every training step, as a pure function of seed and step."""

    def __init__(self, family: AbstractRegressionFamily, *, seed: int, batch_size: int, length: int) -> None:
        super().__init__(key_for(seed, "training pairs"))
        self._family = family
        self._batch_size = batch_size
        self._length = length

    def __call__(self, step: int) -> Pairs:
        """Return the pairs of a step."""
        return self.block_row(step)

    def draw(self, key: Array, num_steps: int) -> Sequence[Pairs]:
        drawn = sample_regressions(self._family, key, num_tasks=num_steps * self._batch_size, length=self._length)
        split = (_float32(part).split(self._batch_size) for part in (drawn.inputs, drawn.targets))
        return [Pairs(*both) for both in zip(*split, strict=True)]


def _float32(array: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32))
