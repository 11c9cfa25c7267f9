"""The order cost: what a predictor loses by treating reorderings of the same observations differently.

For an exchangeable family the Bayes-optimal predictive p is the same after every ordering o of a history. With q_o
the network's predictive after ordering o, and q̄ = exp(mean_o log q_o) / Z their normalised geometric mean,

    mean_o KL(p‖q_o) = KL(p‖q̄) - log Z,

and -log Z >= 0 (Jensen) is what forgetting exchangeability costs, in nats: the part of the error that vanishes if
the orderings are pooled.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
from bayesopt.distributions import outcome_log_probs
from bayesopt.family import AbstractPredictionFamily
from bayesopt.float64 import in_float64
from bayesopt.reference import predict_sequence
from jaxtyping import Float, Int, Shaped
from numpyro.distributions import Distribution

from comparisons.quadrature import log_prob_or_minus_inf, tail_points
from comparisons.seam import Predictor

MAX_ORDERS = 64


class OrderCost(NamedTuple):
    """Per task, in nats, for the prediction after the whole history."""

    cost: Float[np.ndarray, "task"]
    """-log Z: what forgetting exchangeability costs."""
    mean_kl: Float[np.ndarray, "task"]
    """KL(Bayes‖network), averaged over orderings."""
    num_orders: int
    """Orderings averaged: all of them, or a random sample of 64."""


@in_float64
def order_cost(
    predictor: Predictor,
    family: AbstractPredictionFamily,
    histories: Shaped[np.ndarray, "task past"],
    *,
    seed: int,
) -> OrderCost:
    """The order cost of the prediction that follows each history.

    Over all orderings where there are at most 64, otherwise over 64 drawn at random with `seed` (the cost is then
    that of the sample, slightly below that of all). Raises `ValueError` for a family that is not exchangeable, and
    `NotImplementedError` where the predictives are neither finite nor of a kind that can be integrated.
    """
    if not family.is_exchangeable:
        raise ValueError(f"{type(family).__name__} is not exchangeable: it has no order cost")
    num_tasks, past = histories.shape
    orders = _orders(past, seed)
    reordered = histories[:, orders]
    following = np.broadcast_to(histories[:, None, :1], (num_tasks, len(orders), 1))
    observations = np.concatenate([reordered, following], axis=2).reshape(-1, past + 1)
    network = predictor(observations)
    log_p, log_q, weights = _rows(
        predict_sequence(family, np.concatenate([histories, histories[:, :1]], axis=1)), network, len(orders)
    )
    with np.errstate(invalid="ignore"):
        gap = np.where(np.isneginf(log_p), 0.0, log_p)[:, None] - log_q
    mean_kl = (weights * np.exp(log_p) * gap.mean(1)).sum(-1)
    log_pooled = log_q.mean(1)
    cost = -np.log((weights * np.exp(log_pooled)).sum(-1))
    return OrderCost(cost=cost, mean_kl=mean_kl, num_orders=len(orders))


def _orders(past: int, seed: int) -> Int[np.ndarray, "order past"]:
    if math.factorial(past) <= MAX_ORDERS:
        return np.array(list(itertools.permutations(range(past))), dtype=int).reshape(-1, past)
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(past) for _ in range(MAX_ORDERS)])


def _rows(
    reference: Distribution, network: Distribution, num_orders: int
) -> tuple[Float[np.ndarray, "task x"], Float[np.ndarray, "task order x"], Float[np.ndarray, "#task x"]]:
    """Log densities of the last prediction on common points, and the weights that make sums into integrals."""
    log_p, log_q = outcome_log_probs(reference), outcome_log_probs(network)
    if log_p is not None and log_q is not None:
        last_p, last_q = np.asarray(log_p)[:, -1], np.asarray(log_q)[:, -1]
        return last_p, last_q.reshape(-1, num_orders, last_q.shape[-1]), np.ones((1, last_p.shape[-1]))
    x, weights = tail_points(reference)
    num_tasks = reference.batch_shape[0]
    log_p = np.asarray(reference.log_prob(x))[..., -1].T
    log_q = np.empty((num_tasks * num_orders, len(x)))
    for index in range(len(x)):
        point = np.repeat(x[index, :, -1:], num_orders, axis=0)
        log_q[:, index] = np.asarray(log_prob_or_minus_inf(network, point))[:, -1]
    return log_p, log_q.reshape(num_tasks, num_orders, -1), weights[..., -1].T
