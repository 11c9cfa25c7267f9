"""Certificates: against closed forms, brute force, and the coverage of the sampled estimate."""

import itertools

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

import bayesopt
from bayesopt.families import BetaBernoulli, DirichletCategorical, NormalNormal
from comparisons.predictions.certificates import certify, longest_certifiable
from comparisons.predictions.floors import predict_from_prior
from comparisons.seams.predictions import as_sequence_predictor, predictor_of
from comparisons.statistics.divergences import kl_divergence
from comparisons.statistics.intervals import mean_interval
from tests.comparisons.predictions.networks import CountingNetwork

COIN = BetaBernoulli()


def constant(observations):
    return dist.Bernoulli(probs=np.full(observations.shape, 0.3))


def test_agrees_with_brute_force_over_histories():
    family = BetaBernoulli(2.0, 0.5)
    certificate = certify(constant, family, length=5)
    for time in range(5):
        expected = 0.0
        for history in itertools.product((0, 1), repeat=time):
            a, b, evidence = 2.0, 0.5, 1.0
            for flip in history:
                evidence *= (a if flip else b) / (a + b)
                a, b = a + flip, b + 1 - flip
            p = a / (a + b)
            expected += evidence * (p * np.log(p / 0.3) + (1 - p) * np.log((1 - p) / 0.7))
        assert certificate.kl_by_time[time] == pytest.approx(expected, rel=1e-12)
    assert certificate.num_histories == 1 + 2 + 4 + 8 + 16


def test_prior_floor_is_the_known_value():
    certificate = certify(lambda x: predict_from_prior(COIN, x), COIN, length=20)
    assert certificate.mean_kl == pytest.approx(0.13579, abs=5e-6)


def test_the_worst_history_is_the_worst():
    certificate = certify(constant, COIN, length=6)
    assert certificate.worst_history.tolist() == [1, 1, 1, 1, 1]
    p = 6 / 7
    assert certificate.worst_kl == pytest.approx(p * np.log(p / 0.3) + (1 - p) * np.log((1 - p) / 0.7))
    assert certificate.worst_probability == pytest.approx(1 / 6)


def test_an_exact_predictor_is_certified_exact():
    family = DirichletCategorical((1.0, 2.0, 0.5))
    certificate = certify(lambda x: bayesopt.predict_sequence(family, x), family, length=6)
    assert certificate.mean_kl == 0
    assert len(certificate.worst_history) <= 5


def test_what_is_too_dear_is_refused_with_its_cost():
    assert longest_certifiable(COIN) == 20
    assert longest_certifiable(DirichletCategorical()) == 13
    with pytest.raises(ValueError, match=r"2\^20 = 1,048,576 histories; .* length <= 20 for 2 outcomes"):
        certify(constant, COIN, length=21)
    with pytest.raises(ValueError, match="no finite set of outcomes"):
        certify(constant, NormalNormal(), length=3)
    with pytest.raises(ValueError, match="at least 1; got 0"):
        certify(constant, COIN, length=0)


def coverage(num_replicates):
    predictor = predictor_of(as_sequence_predictor(CountingNetwork(0.05), COIN))
    truth = certify(predictor, COIN, length=16).mean_kl
    hits = 0
    for replicate in range(num_replicates):
        key = jax.random.fold_in(jax.random.key(9), replicate)
        observations = bayesopt.sample_sequences(COIN, key, num_tasks=2000, length=16).observations
        divergences = kl_divergence(bayesopt.predict_sequence(COIN, observations), predictor(observations))
        interval = mean_interval(divergences.mean(1)[None])
        hits += interval.lower <= truth <= interval.upper
    return hits / num_replicates


def test_sampled_intervals_cover_the_certificate():
    """60 replicates: the error of the coverage is 2.8 points; the band is 3 errors below 95 %."""
    assert coverage(60) >= 0.86


@pytest.mark.slow
def test_sampled_intervals_cover_the_certificate_at_their_level():
    """1,000 replicates of 2,000 sequences: the error of the coverage is 0.7 points, the band 93 to 97 %."""
    assert 0.93 <= coverage(1000) <= 0.97
