"""Lomax against SciPy, Histogram against quadrature: densities, cdfs, quantiles, moments and samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats

from bayesopt.distributions import Histogram, Lomax

EDGES = np.array([-2.0, -0.5, 0.0, 1.0, 4.0])
LOGITS = np.array([-1.0, 0.3, 1.0, -0.2, 0.8, -2.0])
HEAVIER_LOGITS = np.array([2.0, 0.3, 1.0, -np.inf, 0.8, 3.0])


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def histogram(logits=LOGITS, edges=EDGES, tail_scale=1.5):
    return Histogram(jnp.asarray(edges), jnp.asarray(logits), jnp.asarray(tail_scale))


# --- Lomax ------------------------------------------------------------------------------------------------------------

LOMAX_PARAMETERS = [(0.5, 1e-6), (1.0, 1.0), (2.5, 3.0), (21.0, 1e6), (100.0, 20.0)]


@pytest.mark.parametrize(("concentration", "scale"), LOMAX_PARAMETERS)
def test_lomax_is_scipys(concentration, scale):
    """Log density, cdf, quantiles, moments and entropy, from 1e-8 to 1e8 scales."""
    ours, theirs = Lomax(concentration, scale), scipy.stats.lomax(concentration, scale=scale)
    x = scale * np.array([0.0, 1e-8, 0.01, 1.0, 30.0, 1e8])
    q = np.array([0.0, 1e-12, 0.3, 0.9, 1 - 1e-6])
    np.testing.assert_allclose(ours.log_prob(x), theirs.logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(ours.cdf(x), theirs.cdf(x), rtol=1e-12)
    np.testing.assert_allclose(ours.icdf(q), theirs.ppf(q), rtol=1e-9)
    np.testing.assert_allclose(ours.cdf(ours.icdf(q)), q, rtol=1e-12)
    np.testing.assert_allclose(ours.entropy(), theirs.entropy(), rtol=1e-10)
    mean, variance = (concentration > order for order in (1, 2))
    np.testing.assert_allclose(ours.mean, theirs.mean() if mean else np.inf, rtol=1e-12)
    np.testing.assert_allclose(ours.variance, theirs.var() if variance else np.inf, rtol=1e-12)


def test_lomax_outside_its_support_is_impossible():
    assert Lomax(2.0, 1.0, validate_args=False).log_prob(-1e-9) == -np.inf  # with validation NumPyro warns
    assert Lomax(2.0, 1.0).cdf(-3.0) == 0.0


def test_lomax_broadcasts_its_parameters():
    lomax = Lomax(jnp.array([1.0, 2.0, 3.0]), jnp.ones((2, 1)))
    assert lomax.batch_shape == lomax.log_prob(1.0).shape == lomax.mean.shape == (2, 3)
    assert lomax.sample(jax.random.key(0), (4,)).shape == (4, 2, 3)


# --- Histogram --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("logits", [LOGITS, HEAVIER_LOGITS])
def test_histogram_cdf_is_the_integral_of_its_density(logits):
    """Over pieces that end at the edges; the tails over y = log(1 + distance / tail_scale), up to y = 40."""
    ours = histogram(logits)
    weights = scipy.special.softmax(logits)
    points = [-30.0, *EDGES, 20.0]
    cdf = np.asarray(ours.cdf(np.array(points)))
    jax_density = jax.jit(lambda x: jnp.exp(ours.log_prob(x)))
    for left, right, below, above in zip(points[:-1], points[1:], cdf[:-1], cdf[1:], strict=True):
        nodes, node_weights = np.polynomial.legendre.leggauss(60)
        half = (right - left) / 2
        mass = half * (node_weights * jax_density(left + half * (1 + nodes))).sum()
        assert abs(mass - (above - below)) < 1e-9
    np.testing.assert_allclose(cdf[1:-1], np.cumsum(weights)[:-1], rtol=1e-12)
    y = np.linspace(0, 40, 4001)
    distance = 1.5 * np.expm1(y)
    for tail, x in ((weights[0], EDGES[0] - distance), (weights[-1], EDGES[-1] + distance)):
        mass = np.trapezoid(np.asarray(jax_density(np.nextafter(x, 2 * x))) * 1.5 * np.exp(y), y)
        assert abs(mass / tail - 1) < 1e-5  # the trapezoid rule's own error
    assert 0 < ours.cdf(-1e300) < 1e-299
    assert ours.cdf(1e300) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("logits", [LOGITS, HEAVIER_LOGITS])
def test_histogram_icdf_inverts_its_cdf(logits):
    ours = histogram(logits)
    q = np.array([1e-9, 0.01, 0.2, 0.5, 0.77, 0.95, 1 - 1e-6])
    np.testing.assert_allclose(ours.cdf(ours.icdf(q)), q, rtol=1e-12)


def test_histogram_with_impossible_pieces():
    ours = histogram(np.array([-np.inf, 0.3, 1.0, -np.inf, 0.8, 0.0]))
    assert ours.log_prob(-3.0) == -np.inf
    assert ours.log_prob(0.5) == -np.inf
    assert ours.cdf(-2.0) == 0.0


def test_histogram_refuses_the_wrong_number_of_logits():
    with pytest.raises(ValueError, match=r"5 edges need 6 logits .* got 5"):
        histogram(LOGITS[:5])


SAMPLED = {
    "heavy Lomax": lambda: Lomax(0.8, 2.0),
    "light Lomax": lambda: Lomax(30.0, 0.1),
    "histogram": histogram,
    "heavy histogram": lambda: histogram(HEAVIER_LOGITS),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_samples_follow_the_cdf(name):
    """Kolmogorov-Smirnov on 20,000 draws; a correct sampler fails for one key in a million."""
    distribution = SAMPLED[name]()
    draws = np.asarray(distribution.sample(jax.random.key(0), (20_000,)))
    assert draws.dtype == np.float64
    assert scipy.stats.kstest(draws, lambda x: np.asarray(distribution.cdf(x))).pvalue > 1e-6
