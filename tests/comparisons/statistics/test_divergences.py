"""KL between NumPyro distributions: closed forms, quadrature far into the tails, and honest infinities."""

import itertools

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.integrate
import scipy.stats

from bayesopt.distributions import Lomax
from comparisons.statistics.divergences import kl_divergence, monte_carlo_kl_divergence
from comparisons.statistics.tail_quadrature import kl_by_quadrature, tails_of


def test_bernoulli_in_every_parametrisation():
    p, q = 0.3, 0.8
    expected = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    logits = np.log(q / (1 - q))
    assert kl_divergence(dist.Bernoulli(probs=p), dist.Bernoulli(probs=q)) == pytest.approx(expected, rel=1e-12)
    assert kl_divergence(dist.Bernoulli(probs=p), dist.Bernoulli(logits=logits)) == pytest.approx(expected, rel=1e-12)


def test_what_is_ruled_out():
    assert kl_divergence(dist.Bernoulli(probs=1.0), dist.Bernoulli(probs=1.0)) == 0
    assert kl_divergence(dist.Bernoulli(probs=0.0), dist.Bernoulli(probs=0.25)) == pytest.approx(-np.log(0.75))
    assert kl_divergence(dist.Bernoulli(probs=0.5), dist.Bernoulli(probs=1.0)) == np.inf
    assert kl_divergence(dist.Normal(0.0, 1.0), dist.Uniform(0.0, 1.0)) == np.inf
    assert kl_divergence(dist.Normal(0.0, 1.0), Lomax(1.0, 1.0)) == np.inf


@pytest.mark.parametrize("concentration", [0.7, 1.0, 1.99, 2.0])
def test_a_heavy_tail_against_a_gaussian_one_is_infinite(concentration):
    assert kl_divergence(Lomax(concentration, 1.0), dist.Normal(0.0, 5.0)) == np.inf


@pytest.mark.parametrize("concentration", [2.1, 2.5, 6.0, 40.0])
def test_lomax_to_normal_where_the_second_moment_exists(concentration):
    scale, loc, width = 1.7, 0.4, 2.2
    mean = scale / (concentration - 1)
    second_moment = 2 * scale**2 / ((concentration - 1) * (concentration - 2))
    entropy = np.log(scale / concentration) + 1 / concentration + 1
    squared = second_moment - 2 * loc * mean + loc**2
    expected = -entropy + 0.5 * np.log(2 * np.pi * width**2) + squared / (2 * width**2)
    assert kl_divergence(Lomax(concentration, scale), dist.Normal(loc, width)) == pytest.approx(expected, rel=1e-7)


def test_normal_to_a_mixture_with_a_narrow_component():
    q = dist.MixtureSameFamily(
        dist.Categorical(probs=np.array([0.2, 0.8])), dist.Normal(np.array([-1.0, 1.0]), np.array([0.05, 2.0]))
    )

    def integrand(x):
        density = 0.2 * scipy.stats.norm.pdf(x, -1, 0.05) + 0.8 * scipy.stats.norm.pdf(x, 1, 2)
        return scipy.stats.norm.pdf(x) * (scipy.stats.norm.logpdf(x) - np.log(density))

    edges = [-12, -1.5, -1.2, -1.05, -0.95, -0.8, -0.5, 12]
    expected = sum(scipy.integrate.quad(integrand, a, b, epsabs=1e-13)[0] for a, b in itertools.pairwise(edges))
    assert kl_divergence(dist.Normal(0.0, 1.0), q) == pytest.approx(expected, abs=1e-9)


def test_quadrature_agrees_with_the_closed_form_it_replaces():
    p, q = dist.Normal(np.array([0.0, 1.0]), np.array([1.0, 0.1])), dist.Normal(0.3, 0.7)
    with jax.enable_x64(True):
        np.testing.assert_allclose(kl_by_quadrature(p, q, tails_of(p)), kl_divergence(p, q), rtol=1e-9)


def test_batches_broadcast():
    p = dist.Normal(np.zeros((3, 1)), 1.0)
    q = dist.Normal(np.arange(4.0), 1.0)
    np.testing.assert_allclose(kl_divergence(p, q), np.broadcast_to(np.arange(4.0) ** 2 / 2, (3, 4)))


def test_monte_carlo_agrees_within_its_error():
    """4 standard errors: fails by chance once in 16,000 keys, and the key is fixed."""
    p, q = dist.Gamma(2.0, 1.0), dist.Gamma(3.0, 2.0)
    estimate = monte_carlo_kl_divergence(p, q, jax.random.key(0), num_samples=20_000)
    assert abs(estimate.value - kl_divergence(p, q)) < 4 * estimate.standard_error
    with pytest.raises(ValueError, match="at least 2; got 1"):
        monte_carlo_kl_divergence(p, q, jax.random.key(0), num_samples=1)


def test_pairs_without_an_answer_are_refused():
    with pytest.raises(NotImplementedError, match="use monte_carlo_kl_divergence"):
        kl_divergence(dist.Gamma(2.0, 1.0), dist.Normal(0.0, 1.0))
    with pytest.raises(ValueError, match="same event shape"):
        kl_divergence(dist.Dirichlet(np.ones(3)), dist.Dirichlet(np.ones(3)).expand([2]).to_event(1))


def test_results_are_float64_whatever_the_setting():
    assert kl_divergence(dist.Normal(0.0, 1.0), dist.Normal(1e-5, 1.0)) == pytest.approx(5e-11, rel=1e-6)
