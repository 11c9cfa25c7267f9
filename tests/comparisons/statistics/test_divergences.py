"""KL between NumPyro distributions: closed forms, quadrature far into the tails, and honest infinities."""

import itertools

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.integrate
import scipy.special
import scipy.stats

from bayesopt.distributions import Histogram, Lomax
from comparisons.statistics.divergences import _without_rounding, kl_divergence, monte_carlo_kl_divergence
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


# --- a distribution and itself, and what is nearly the same -----------------------------------------------------------


@pytest.mark.parametrize("concentration", [1e-8, 0.01, 0.5, 2.0, 7.0, 1e4, 1e8])
def test_a_lomax_loses_nothing_to_itself(concentration):
    scale = np.array([1e-300, 1e-8, 1.0, 1e8, 1e300])
    p, q = Lomax(np.float64(concentration), scale), Lomax(np.full(5, concentration), scale)
    assert (kl_divergence(p, q) == 0).all()


def test_a_distribution_loses_nothing_to_itself():
    """With a closed form or without."""
    weights = dist.Categorical(probs=np.array([0.2, 0.8]))
    for p in (
        dist.Normal(np.float64(1e8), 1e-300),
        dist.Normal(np.zeros(3), np.arange(1.0, 4.0)),
        dist.Beta(0.01, 1e4),
        dist.Gamma(1e8, 1e-8),
        dist.Dirichlet(np.array([0.01, 1e4, 3.0])),
        dist.BernoulliLogits(np.float64(-700.0)),
        dist.CategoricalLogits(np.array([-800.0, 0.0, 900.0])),
        dist.StudentT(3.0),
        dist.MixtureSameFamily(weights, dist.Normal(np.array([-1.0, 1.0]), 2.0)),
        Histogram(np.array([-2.0, 0.0, 1.0]), np.array([0.0, 1.0, 2.0, 0.3]), 1.5),
    ):
        divergence = kl_divergence(p, p)
        assert divergence.shape == p.batch_shape
        assert (divergence == 0).all(), type(p).__name__


def test_equal_parts_of_a_batch_lose_nothing():
    concentration, scale = np.array([0.01, 2.0, 1e4]), np.array([1e-8, 1.0, 1e8])
    divergence = kl_divergence(Lomax(concentration, scale), Lomax(concentration * [1, 1, 2], scale * [1, 3, 1]))
    assert divergence[0] == 0
    assert (divergence[1:] > 0).all()


def test_nearly_equal_lomaxes():
    """To second order, KL is half the Fisher information `1 / c^2` times the squared distance of concentrations."""
    distance = 10.0 ** -np.arange(3, 9)
    divergence = kl_divergence(Lomax(2.0, 5.0), Lomax(2.0 * (1 + distance), 5.0))
    np.testing.assert_allclose(divergence, distance**2 / 2, rtol=1e-2)


def test_never_negative():
    """Probabilities one rounding error apart, and concentrations at which a closed form loses thirteen digits."""
    p = np.random.default_rng(0).dirichlet(np.ones(4), 100)
    nearly = p * (1 + 1e-15 * np.random.default_rng(1).normal(size=p.shape))
    assert (kl_divergence(dist.CategoricalProbs(p), dist.CategoricalProbs(nearly)) >= 0).all()
    concentration = np.linspace(0.01, 100, 50)
    assert (kl_divergence(dist.Beta(concentration, 1e4), dist.Beta(concentration * (1 + 1e-13), 1e4)) >= 0).all()
    with pytest.raises(ArithmeticError, match=r"closed form of KL\(Beta‖Beta\) lost its digits"):
        _without_rounding(np.array([0.1, -1e-3]), dist.Beta(1.0, 1.0), dist.Beta(2.0, 1.0))


# --- a coin and two categories ----------------------------------------------------------------------------------------

AS_COIN = {
    "Bernoulli probs": dist.BernoulliProbs,
    "Bernoulli logits": lambda p: dist.BernoulliLogits(scipy.special.logit(p)),
    "Categorical probs": lambda p: dist.CategoricalProbs(np.stack([1 - p, p], -1)),
    "Categorical logits": lambda p: dist.CategoricalLogits(np.log(np.stack([1 - p, p], -1)) + 2.0),
}


@pytest.mark.parametrize(("one", "other"), list(itertools.product(AS_COIN, repeat=2)))
def test_a_coin_in_any_form_against_any_other(one, other):
    p, q = np.array([[0.2], [0.5], [0.9]]), np.array([0.01, 0.5])
    expected = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    np.testing.assert_allclose(kl_divergence(AS_COIN[one](p), AS_COIN[other](q)), expected, rtol=1e-12, atol=1e-15)


def test_more_categories_on_one_side():
    coin, die = dist.BernoulliProbs(0.25), dist.CategoricalProbs(np.array([0.5, 0.25, 0.25]))
    assert kl_divergence(coin, die) == pytest.approx(0.75 * np.log(1.5), rel=1e-12)
    assert kl_divergence(die, coin) == np.inf
    assert kl_divergence(dist.CategoricalProbs(np.array([0.75, 0.25])), die) == pytest.approx(0.75 * np.log(1.5))
    assert kl_divergence(die, dist.CategoricalProbs(np.array([0.75, 0.25]))) == np.inf


# --- what is refused, and the precision -------------------------------------------------------------------------------


def test_what_makes_no_sense_is_refused_by_name():
    normal, not_a_number = dist.Normal(0.0, 1.0), dist.Normal(np.nan, 1.0, validate_args=False)
    for p, q, message in (
        (dist.Normal(0.0, np.inf), normal, "scale of p must be finite; got inf in Normal"),
        (Lomax(1.0, 1.0), Lomax(np.inf, 1.0), "concentration of q must be finite; got inf in Lomax"),
        (normal, not_a_number, "parameters of q must be numbers; got nan in Normal"),
        (dist.BernoulliProbs(0.3), normal, "both be discrete or both be continuous"),
        (normal.expand([2]), normal.expand([3]), r"must broadcast; got \(2,\) and \(3,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            kl_divergence(p, q)


def test_float32_parameters_are_taken_for_what_they_are():
    third = np.float32(1 / 3)
    assert kl_divergence(dist.BernoulliProbs(third), dist.BernoulliProbs(np.float64(third))) == 0
    assert kl_divergence(dist.Normal(third, third), dist.Normal(np.float64(third), np.float64(third))) == 0
