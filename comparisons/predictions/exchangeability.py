"""The order cost: the loss of a predictor that treats reorderings of the same observations differently.

For an exchangeable family the Bayes-optimal predictive p is the same after every ordering o of a history. With q_o
the network's predictive after ordering o, and q̄ = exp(mean_o log q_o) / Z their normalised geometric mean,

    mean_o KL(p‖q_o) = KL(p‖q̄) - log Z,

and -log Z >= 0 (Jensen) is what forgetting exchangeability costs, in nats: the part of the error that vanishes if
the orderings are pooled.
"""

import itertools
import math
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int, Shaped
from numpyro.distributions import Distribution

from bayesopt.distributions import outcome_log_probs
from bayesopt.family import AbstractPredictionFamily
from bayesopt.float64 import in_float64
from bayesopt.reference import predict_sequence
from comparisons.expected import require_family
from comparisons.seams.predictions import Network, as_predictor
from comparisons.statistics.count_sums import count_points, is_of_counts
from comparisons.statistics.tail_quadrature import log_prob_or_minus_inf, tail_points
from comparisons.user_code import reporting_user_code

MAX_ORDERS = 64


class OrderCost(NamedTuple):
    """The order cost per task, in nats, of the prediction after the whole history."""

    cost: Float[np.ndarray, "task"]
    """-log Z: what forgetting exchangeability costs."""
    mean_kl: Float[np.ndarray, "task"]
    """KL(Bayes‖network), averaged over orderings."""
    num_orders: int
    """Orderings averaged: all of them, or a random sample of 64."""


@reporting_user_code()
@in_float64
def order_cost(
    predictor: Network,
    family: AbstractPredictionFamily,
    observations: Shaped[np.ndarray, "task time"],
    *,
    position: int,
    seed: int,
) -> OrderCost:
    """Return the order cost of the prediction at index `position`, whose history is the observations before it.

    Over all orderings where there are at most 64, otherwise over 64 drawn at random with `seed` (the cost is then
    that of the sample, slightly below that of all). Raises `ValueError` for a family that is not exchangeable or a
    position outside the sequences, and `NotImplementedError` where the predictives are neither finite nor of a kind
    that can be integrated.
    """
    require_family(family, AbstractPredictionFamily, "order_cost")
    predictor = as_predictor(predictor, family)
    num_tasks, length = observations.shape
    if not family.is_exchangeable:
        raise ValueError(f"{type(family).__name__} is not exchangeable: it has no order cost")
    if not 0 <= position < length:
        raise ValueError(f"position must be from 0 to {length - 1}; got {position}")
    orders = _orders(position, seed)
    rest = np.broadcast_to(np.arange(position, length), (len(orders), length - position))
    reordered = observations[:, np.concatenate([orders, rest], axis=1)]
    network = predictor(reordered.reshape(-1, length))
    log_p, log_q, weights = _rows(predict_sequence(family, observations), network, position, len(orders))
    with np.errstate(invalid="ignore"):
        gap = np.where(np.isneginf(log_p), 0.0, log_p)[:, None] - log_q
    mean_kl = (weights * np.exp(log_p) * gap.mean(1)).sum(-1)
    cost = -np.log((weights * np.exp(log_q.mean(1))).sum(-1))
    assert len(cost) == num_tasks
    return OrderCost(cost=cost, mean_kl=mean_kl, num_orders=len(orders))


def _orders(past: int, seed: int) -> Int[np.ndarray, "order past"]:
    if math.factorial(past) <= MAX_ORDERS:
        return np.array(list(itertools.permutations(range(past))), dtype=int).reshape(math.factorial(past), past)
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(past) for _ in range(MAX_ORDERS)])


def _rows(
    reference: Distribution, network: Distribution, position: int, num_orders: int
) -> tuple[Float[np.ndarray, "task x"], Float[np.ndarray, "task order x"], Float[np.ndarray, "#task x"]]:
    """Return log densities of the prediction at a position on common points, and weights for integrals."""
    log_p, log_q = outcome_log_probs(reference), outcome_log_probs(network)
    if log_p is not None and log_q is not None:
        p_here, q_here = np.asarray(log_p)[:, position], np.asarray(log_q)[:, position]
        return p_here, q_here.reshape(-1, num_orders, q_here.shape[-1]), np.ones((1, p_here.shape[-1]))
    x, weights = count_points(reference) if is_of_counts(reference) else tail_points(reference)
    num_tasks = reference.batch_shape[0]
    log_p = np.asarray(reference.log_prob(x))[..., position].T
    log_q = np.empty((num_tasks * num_orders, len(x)))
    log_prob = jax.jit(log_prob_or_minus_inf)
    for index in range(len(x)):
        point = np.repeat(x[index, :, position, None], num_orders, axis=0)
        log_q[:, index] = np.asarray(log_prob(network, point))[:, position]
    return log_p, log_q.reshape(num_tasks, num_orders, -1), weights[..., position].T
