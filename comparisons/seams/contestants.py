"""Predictors of other people, modules and callables alike: what they return is checked at every call.

A module returns outputs that a head reads; a callable returns a NumPyro distribution. Both become a `Predictor` that
names what is wrong, and a `Learner` that `comparisons.seams.checks` can try.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import torch
from jaxtyping import Shaped
from numpyro.distributions import Distribution

from bayesopt.distributions import outcome_log_probs
from bayesopt.family import AbstractPredictionFamily
from bayesopt.float64 import in_float64
from bayesopt.observations import observation_space
from comparisons.seams.checks import Learner, Numbers, Tasks, check, require_finite
from comparisons.seams.global_settings import unchanged_settings
from comparisons.seams.heads import reading_of
from comparisons.seams.predictions import Predictor, distribution_of, num_outcomes
from comparisons.user_code import GUIDE, NetworkContractError, calling
from metalearners.network import SequencePredictor
from metalearners.unroll import unroll

Observations = Shaped[np.ndarray, "task time"]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the observations at which the densities of callables are compared."""


def checked_predictor(contestant: SequencePredictor | Predictor, family: AbstractPredictionFamily) -> Predictor:
    """Return a predictor that raises `NetworkContractError` where the contestant fails or its output does not fit."""
    if isinstance(contestant, SequencePredictor):
        return lambda observations: _read(contestant, module_outputs(contestant, observations))
    return lambda observations: callable_distribution(contestant, family, observations)


def _read(network: SequencePredictor, outputs: Numbers) -> Distribution:
    """Return the distribution that outputs stand for. Raises `NetworkContractError` where they stand for none."""
    name = name_of(network)
    numbers = torch.from_numpy(np.asarray(require_finite(name, outputs), np.float64))
    with calling(f"outputs of {name} cannot be read by {type(network.head).__name__}", NetworkContractError):
        parameters = network.head.parameters(numbers)
    if any(bool(part.isnan().any()) for part in parameters.values()):
        raise NetworkContractError(
            f"outputs of {name} are not all {reading_of(network.head) or type(network.head).__name__}; some are out of "
            f"range ({GUIDE})"
        )
    return distribution_of(network.head, outputs)


def check_predictor(
    contestant: SequencePredictor | Predictor, family: AbstractPredictionFamily, observations: Observations
) -> None:
    """Raise `NetworkContractError` unless a contestant predicts sequences like these causally, by task."""
    if not isinstance(contestant, SequencePredictor):
        points = np.quantile(observations, LEVELS, method="nearest")
        learner = Learner(
            name_of(contestant),
            lambda tasks: _features(callable_distribution(contestant, family, tasks[0]), points),
            may_rule_out=True,
        )
        check(learner, (observations,))
        return
    check_module(contestant, name_of(contestant), lambda tasks: module_outputs(contestant, tasks[0]), (observations,))
    _read(contestant, module_outputs(contestant, observations[:1]))


def check_module(
    network: torch.nn.Module, name: str, run: Callable[[Tasks], Numbers], tasks: Tasks, **learner: Any
) -> None:
    """Check a learner that is a module; raises `NetworkContractError` also where it changes its own parameters."""
    with unchanged_settings(name):
        run(tuple(part[:1] for part in tasks))  # lazy modules make their parameters at the first call
    kept = [(tensor, tensor.detach().clone()) for tensor in (*network.parameters(), *network.buffers())]
    rounding = max((torch.finfo(t.dtype).eps for t, _ in kept if t.is_floating_point()), default=0.0)
    check(Learner(name, run, rounding=rounding, **learner), tasks)
    if any(not torch.allclose(tensor, copy, rtol=0, atol=0, equal_nan=True) for tensor, copy in kept):
        raise NetworkContractError(
            f"{name} changes its own parameters or buffers when it is called in evaluation mode; leave them as they "
            f"are ({GUIDE})"
        )


def reason_not_to_run(
    contestant: SequencePredictor | Predictor, family: AbstractPredictionFamily, observations: Observations
) -> str | None:
    """Return why a contestant does not predict sequences of this length, or `None` if it does."""
    try:
        checked_predictor(contestant, family)(observations)
    except NetworkContractError as error:
        return str(error)
    return None


def module_outputs(network: SequencePredictor, observations: Observations) -> Numbers:
    """Return a module's outputs. Raises `NetworkContractError` where it fails or they have another shape."""
    name = name_of(network)
    inputs = f"(batch, time, input) = ({len(observations)}, {observations.shape[1]}, {network.encoding.size})"
    with calling(f"{name} fails on inputs of shape {inputs}", NetworkContractError):
        outputs = unroll(network, observations)
    expected = (*observations.shape, network.head.num_outputs)
    if outputs.shape != expected:
        raise NetworkContractError(
            f"{name} gives outputs of shape {outputs.shape} for inputs of shape {inputs}; "
            f"{type(network.head).__name__} needs {expected} ({GUIDE})"
        )
    return outputs


@in_float64
def callable_distribution(
    predictor: Predictor, family: AbstractPredictionFamily, observations: Observations
) -> Distribution:
    """Return what a callable predicts, with parameters as JAX arrays.

    Raises `NetworkContractError` where it fails or predicts another kind of outcome, `TypeError` where it returns no
    distribution, and `ValueError` for another batch shape.
    """
    name = name_of(predictor)
    shape = tuple(observations.shape[:2])
    with calling(f"{name} fails on observations of shape (task, time) = {shape}", NetworkContractError):
        returned = predictor(np.array(observations))
    if not isinstance(returned, Distribution):
        raise TypeError(
            f"a predictor must return a NumPyro distribution; got {type(returned).__name__} from {name}. Return e.g. "
            f"numpyro.distributions.Bernoulli(probs) of batch shape (task, time) ({GUIDE})"
        )
    if tuple(returned.batch_shape) != shape:
        raise ValueError(
            f"a predictor must return a distribution of batch shape (task, time) = {shape}; got "
            f"{tuple(returned.batch_shape)} from {name} ({GUIDE})"
        )
    with calling(f"the distribution that {name} returns cannot be used", NetworkContractError):
        returned = jax.tree.map(_as_jax, returned)
    return _of_the_familys_outcomes(returned, family, name)


def name_of(contestant: SequencePredictor | Callable[..., Any]) -> str:
    """Return what a contestant is called in messages."""
    if isinstance(contestant, SequencePredictor):
        return type(contestant.network).__name__
    return getattr(contestant, "__name__", type(contestant).__name__)


def _as_jax(leaf: Any) -> Any:
    if isinstance(leaf, torch.Tensor):
        leaf = leaf.detach().cpu()
        leaf = leaf.float() if leaf.dtype == torch.bfloat16 else leaf
        return jnp.asarray(leaf.numpy())
    return leaf


def _of_the_familys_outcomes(returned: Distribution, family: AbstractPredictionFamily, name: str) -> Distribution:
    """Return a prediction of finitely many outcomes as a Bernoulli or categorical one; any other as it is."""
    is_finite, known = _is_finite(family), outcome_log_probs(returned)
    if not is_finite:
        if known is not None or tuple(returned.event_shape) != tuple(observation_space(family).event_shape):
            raise NetworkContractError(
                f"{name} must predict observations in {observation_space(family).support}; got a "
                f"{type(returned).__name__} of event shape {tuple(returned.event_shape)} ({GUIDE})"
            )
        return returned
    count = num_outcomes(family)
    if known is None:
        with calling(f"{name} must predict one of {count} outcomes; {type(returned).__name__}", NetworkContractError):
            known = jnp.stack([returned.log_prob(jnp.full(returned.batch_shape, k)) for k in range(count)], axis=-1)
        returned = dist.CategoricalLogits(known)
    total = np.asarray(jnp.exp(known).sum(-1), float)
    worst = float(total.flat[np.abs(total - 1).argmax()])
    tolerance = max(1e-4, 16 * float(jnp.finfo(known.dtype).eps))
    if known.shape != (*returned.batch_shape, count) or not abs(worst - 1) <= tolerance:
        raise NetworkContractError(
            f"{name} must predict one of {count} outcomes with probabilities that add up to 1; got a "
            f"{type(returned).__name__} of {known.shape[-1]} outcomes with a sum of {worst:.4g} ({GUIDE})"
        )
    return returned


def _is_finite(family: AbstractPredictionFamily) -> bool:
    try:
        num_outcomes(family)
    except ValueError:
        return False
    return True


@in_float64
def _features(predictive: Distribution, points: Shaped[np.ndarray, "point"]) -> Numbers:
    """Return the log probability of every outcome, or the log density at some points, at every task and time."""
    log_probs = outcome_log_probs(predictive)
    if log_probs is None:
        log_probs = jnp.stack([predictive.log_prob(jnp.full(predictive.batch_shape, x)) for x in points], axis=-1)
    return np.asarray(log_probs, float)
