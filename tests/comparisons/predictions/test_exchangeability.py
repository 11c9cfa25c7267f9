"""The order cost: zero for Bayes, equal to its definition by hand, and part of the mean KL."""

import itertools

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

import bayesopt
from bayesopt.families import BetaBernoulli, GammaExponential, NormalNormal
from comparisons.predictions.exchangeability import order_cost


def recency_weighted(observations):
    """A predictor that forgets: the logit leans on the latest flips."""
    signs = 2.0 * observations - 1
    logits = np.zeros(observations.shape)
    for time in range(1, observations.shape[1]):
        logits[:, time] = 0.6 * logits[:, time - 1] + signs[:, time - 1]
    return dist.Bernoulli(logits=logits)


@pytest.mark.parametrize("family", [BetaBernoulli(), NormalNormal(), GammaExponential()])
def test_bayes_pays_nothing(family):
    histories = bayesopt.sample_sequences(family, jax.random.key(0), num_tasks=3, length=6).observations
    result = order_cost(lambda x: bayesopt.predict_sequence(family, x), family, histories, position=5, seed=0)
    np.testing.assert_allclose(result.cost, 0, atol=1e-9)
    np.testing.assert_allclose(result.mean_kl, 0, atol=1e-9)


def test_is_its_definition():
    history = np.array([[1, 0, 0, 1, 1]])
    result = order_cost(recency_weighted, BetaBernoulli(), history, position=4, seed=0)
    assert result.num_orders == 24
    p = np.array([0.5, 0.5])
    log_q = []
    for order in itertools.permutations(range(4)):
        logit = 0.0
        for flip in history[0, :4][list(order)]:
            logit = 0.6 * logit + (1 if flip else -1)
        log_q.append([-np.log1p(np.exp(logit)), -np.log1p(np.exp(-logit))])
    log_q = np.array(log_q)
    log_z = np.log(np.exp(log_q.mean(0)).sum())
    mean_kl = np.mean([(p * (np.log(p) - row)).sum() for row in log_q])
    pooled_kl = (p * (np.log(p) - (log_q.mean(0) - log_z))).sum()
    assert result.cost[0] == pytest.approx(-log_z, rel=1e-12)
    assert result.mean_kl[0] == pytest.approx(mean_kl, rel=1e-12)
    assert mean_kl == pytest.approx(pooled_kl - log_z, rel=1e-12)
    assert result.cost[0] > 1e-3


def test_continuous_predictives_match_the_closed_form():
    """Normals of equal scale: the geometric mean is normal; -log Z is half the variance of the standardised locs."""

    def last_only(observations):
        locs = np.concatenate([np.zeros((len(observations), 1)), observations], axis=1)
        return dist.Normal(locs[:, : observations.shape[1]], 2.0)

    history = np.array([[0.3, -1.2, 2.0, 0.4], [0.1, 0.1, 0.1, 0.9]])
    result = order_cost(last_only, NormalNormal(), history, position=3, seed=0)
    expected = history[:, :3].var(axis=1) / (2 * 2.0**2)
    np.testing.assert_allclose(result.cost, expected, rtol=1e-7, atol=1e-9)


def test_random_orders_depend_on_the_seed_only():
    histories = bayesopt.sample_sequences(BetaBernoulli(), jax.random.key(0), num_tasks=4, length=10).observations
    first, again, other = (
        order_cost(recency_weighted, BetaBernoulli(), histories, position=9, seed=s) for s in (0, 0, 1)
    )
    assert first.num_orders == 64
    np.testing.assert_array_equal(first.cost, again.cost)
    assert not np.array_equal(first.cost, other.cost)
    assert (first.cost >= -1e-12).all()


def test_positions_outside_the_sequence_are_refused():
    with pytest.raises(ValueError, match="position must be from 0 to 3; got 4"):
        order_cost(recency_weighted, BetaBernoulli(), np.zeros((2, 4), int), position=4, seed=0)
