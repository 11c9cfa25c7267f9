"""Every Kullback-Leibler pair that the toolkit registers, against mpmath and quadrature; and their properties."""

import itertools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpyro.distributions import kl_divergence

from bayesopt.distributions import Histogram, Lomax, kl_divergence_of_log_probs, outcome_log_probs
from bayesopt.tail_integrals import mean_log1p_gain_of_lomax, mean_log1p_of_lomax

EDGES = np.array([-2.0, -0.5, 0.0, 1.0, 4.0])
LOGITS = np.array([-1.0, 0.3, 1.0, -0.2, 0.8, -2.0])


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def histogram(logits=LOGITS, edges=EDGES, tail_scale=1.5):
    return Histogram(jnp.asarray(edges), jnp.asarray(logits), jnp.asarray(tail_scale))


# --- KL between outcomes ----------------------------------------------------------------------------------------------

BERNOULLIS = [(dist.BernoulliProbs, np.array), (dist.BernoulliLogits, scipy.special.logit)]  # logit(0) is -inf
PROBABILITIES = [0.0, 1e-300, 1e-12, 0.2, 0.5, 1 - 1e-9, 1.0]


def exact_kl_of_outcomes(p, q):
    """With 50 digits; an outcome impossible under p costs nothing, one impossible only under q costs infinity."""
    with mpmath.workdps(50):
        p, q = [mpmath.mpf(x) for x in p], [mpmath.mpf(x) for x in q]
        if any(b == 0 < a for a, b in zip(p, q, strict=True)):
            return np.inf
        return float(sum(a * mpmath.log(a / b) for a, b in zip(p, q, strict=True) if a > 0))


@pytest.mark.parametrize(("p_kind", "q_kind"), list(itertools.product(BERNOULLIS, repeat=2)))
def test_kl_of_bernoullis(p_kind, q_kind):
    pairs = np.array(list(itertools.product(PROBABILITIES, repeat=2)))
    (make_p, p_parameter), (make_q, q_parameter) = p_kind, q_kind
    with np.errstate(divide="ignore"):
        p = make_p(p_parameter(pairs[:, 0]), validate_args=False)
        q = make_q(q_parameter(pairs[:, 1]), validate_args=False)
    expected = [exact_kl_of_outcomes((1 - mpmath.mpf(a), a), (1 - mpmath.mpf(b), b)) for a, b in pairs]
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("p", "q"), [(800.0, -800.0), (-800.0, 800.0), (800.0, 800.0), (0.0, 800.0), (30.0, -30.0)])
def test_kl_of_bernoullis_with_extreme_logits(p, q):
    """KL = sigmoid(p) (p - q) + softplus(q) - softplus(p), which no probability can hold at 800."""
    ours = float(kl_divergence(dist.BernoulliLogits(p), dist.BernoulliLogits(q)))
    with mpmath.workdps(800):
        softplus = lambda x: mpmath.log1p(mpmath.exp(x))  # noqa: E731
        expected = mpmath.mpf(p - q) / (1 + mpmath.exp(-p)) + softplus(mpmath.mpf(q)) - softplus(mpmath.mpf(p))
    assert ours == pytest.approx(float(expected), rel=1e-12, abs=1e-300)


CATEGORICALS = [
    (dist.CategoricalProbs, np.array),
    (dist.CategoricalLogits, lambda p: np.log(p) + 3.0),
]
ROWS = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [1e-12, 1e-3, 1 - 1e-3 - 1e-12], [1 / 3] * 3])


@pytest.mark.parametrize(("p_kind", "q_kind"), list(itertools.product(CATEGORICALS, repeat=2)))
def test_kl_of_categoricals(p_kind, q_kind):
    (make_p, p_parameter), (make_q, q_parameter) = p_kind, q_kind
    with np.errstate(divide="ignore"):
        p, q = p_parameter(ROWS[:, None, :]), q_parameter(ROWS[None, :, :])
    ours = kl_divergence(make_p(jnp.asarray(p), validate_args=False), make_q(jnp.asarray(q), validate_args=False))
    expected = [[exact_kl_of_outcomes(p, q) for q in ROWS] for p in ROWS]
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-15)


def test_outcome_log_probs_of_other_types_is_none():
    assert outcome_log_probs(dist.Normal(0.0, 1.0)) is None


# --- KL between densities ---------------------------------------------------------------------------------------------


def exact_mean_log1p(concentration, scale):
    with mpmath.workdps(60):
        c, s = mpmath.mpf(float(concentration)), mpmath.mpf(float(scale))
        if s >= 1:
            return mpmath.hyp2f1(1, c, c + 1, 1 - 1 / s) / c
        return s * mpmath.hyp2f1(1, 1, c + 1, 1 - s) / c


def test_mean_log1p_of_lomax_for_any_parameters():
    """SciPy's hyp2f1 is off by tens of nats at some of these (concentration 1.7, scale 1000)."""
    concentrations = [0.1, 0.5, 1.0, 1.0000001, 1.7, 3.0, 21.0, 120.0]
    scales = [1e-30, 1e-9, 1e-4, 0.3, 1.0, 1 + 1e-9, 7.0, 1e3, 2e4, 1e6, 1e12, 1e50]
    ours = mean_log1p_of_lomax(jnp.array(concentrations)[:, None], jnp.array(scales))
    expected = [[float(exact_mean_log1p(c, s)) for s in scales] for c in concentrations]
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-10)


def test_mean_log1p_gain_of_lomax():
    """The difference to its value at scale 1 keeps its digits close to there, where it vanishes."""
    concentrations, scales = [1e-8, 0.01, 1.7, 120.0, 1e3], [0.1, 0.5, 0.999, 1 - 1e-9, 1.0, 1 + 1e-9, 1.7, 2.0]
    ours = mean_log1p_gain_of_lomax(jnp.array(concentrations)[:, None], jnp.array(scales))
    with mpmath.workdps(60):
        expected = [[float(exact_mean_log1p(c, s) - 1 / mpmath.mpf(c)) for s in scales] for c in concentrations]
    np.testing.assert_allclose(ours[1:], expected[1:], rtol=1e-11)
    np.testing.assert_allclose(ours[0, 1:], expected[0][1:], rtol=1e-11)
    assert (ours[:, 4] == 0).all()


def test_kl_of_lomaxes():
    """Concentrations 0.5 to 100, scale ratios 1e-6 to 1e6, against mpmath's hypergeometric function."""
    concentrations, ratios = [0.5, 1.7, 21.0, 100.0], [1e-6, 1e-3, 1.0, 1.3, 1e3, 1e6]
    grid = np.array(list(itertools.product(concentrations, concentrations, ratios)))
    p = Lomax(jnp.asarray(grid[:, 0]), jnp.asarray(grid[:, 2] * 3.0))
    ours = kl_divergence(p, Lomax(jnp.asarray(grid[:, 1]), jnp.full(len(grid), 3.0)))
    means = {(c, r): exact_mean_log1p(c, r) for c in concentrations for r in ratios}
    expected = [
        float((b + 1) * means[a, r] - mpmath.log(b) - mpmath.log(r) + mpmath.log(a) - 1 / mpmath.mpf(a) - 1)
        for a, b, r in grid
    ]
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-11)


def test_kl_of_lomaxes_survives_a_users_jit_and_vmap():
    p, q = Lomax(jnp.array([1.0, 2.5]), jnp.array([1.0, 4.0])), Lomax(3.0, 2.0)
    eager = kl_divergence(p, q)
    batched = jax.jit(jax.vmap(lambda c, s: kl_divergence(Lomax(c, s), q)))(p.concentration, p.scale)
    np.testing.assert_allclose(batched, eager, rtol=1e-14)


def expected_loss(q, points, density, x_of=lambda v: v):
    """-E[log q(x(v))] for a variable v of this density, by 40 Gauss-Legendre nodes between the points."""
    edges, tail_scale = np.asarray(q.edges), float(q.tail_scale)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    left, right = np.array(points[:-1])[:, None], np.array(points[1:])[:, None]
    v = left + (right - left) / 2 * (1 + nodes)
    x = x_of(v)
    piece = np.searchsorted(edges, x, side="right")
    distance = np.maximum(np.maximum(edges[0] - x, x - edges[-1]), 0)
    widths = np.concatenate([[tail_scale], np.diff(edges), [tail_scale]])
    log_weights = scipy.special.log_softmax(np.asarray(q.logits))
    loss = np.log(widths)[piece] + 2 * np.log1p(distance / tail_scale) - log_weights[piece]
    return float(((right - left) / 2 * weights * density(v) * loss).sum())


def difficult_points(edges, tail_scale):
    """Where log q bends: the edges, and distances of every size beyond the outer two."""
    outside = [10.0**k * tail_scale for k in np.arange(-2, 12)]
    return [*edges, *(edges[0] - d for d in outside), *(edges[-1] + d for d in outside)]


NORMALS = [(0.0, 1.0), (0.0, 0.01), (1.5, 30.0), (-40.0, 2.0), (60.0, 0.1), (3.99, 0.5)]


@pytest.mark.parametrize("tail_scale", [1e-3, 1.5, 200.0])
def test_kl_of_normal_to_histogram(tail_scale):
    q = histogram(tail_scale=tail_scale)
    loc, scale = np.array(NORMALS).T
    ours = kl_divergence(dist.Normal(jnp.asarray(loc), jnp.asarray(scale)), q)
    for (loc, scale), value in zip(NORMALS, np.asarray(ours), strict=True):
        p = scipy.stats.norm(loc, scale)
        points = [*difficult_points(EDGES, tail_scale), *(loc + scale * np.arange(-9, 10))]
        inside = [x for x in points if abs(x - loc) < 9.5 * scale]
        points = [loc - 9.5 * scale, *sorted(inside), loc + 9.5 * scale]
        assert value == pytest.approx(expected_loss(q, points, p.pdf) - p.entropy(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("edges", [EDGES, EDGES + 2.0, EDGES + 7.0], ids=["around 0", "from 0", "above 0"])
@pytest.mark.parametrize("tail_scale", [1e-3, 1.5, 200.0])
def test_kl_of_lomax_to_histogram(edges, tail_scale):
    q = histogram(edges=edges, tail_scale=tail_scale)
    parameters = list(itertools.product([0.5, 1.7, 100.0], [1e-3, 1.0, 300.0]))
    concentration, scale = np.array(parameters).T
    ours = kl_divergence(Lomax(jnp.asarray(concentration), jnp.asarray(scale)), q)
    for (c, s), value in zip(parameters, np.asarray(ours), strict=True):
        p = scipy.stats.lomax(c, scale=s)
        # over the standard exponential variable v of x = s (exp(v / c) - 1)
        difficult = [c * np.log1p(x / s) for x in difficult_points(edges, tail_scale) if x > 0]
        points = sorted({*np.linspace(0, 60, 121), *(v for v in difficult if v < 60)})
        loss = expected_loss(q, points, lambda v: np.exp(-v), lambda v, c=c, s=s: s * np.expm1(v / c))
        assert value == pytest.approx(loss - p.entropy(), rel=1e-9, abs=1e-9)


def test_kl_to_a_histogram_that_rules_out_what_happens_is_infinite():
    half_line = histogram(np.array([-np.inf, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert kl_divergence(dist.Normal(0.0, 1.0), half_line) == np.inf
    assert kl_divergence(Lomax(1.0, 1.0), half_line) < np.inf


# --- properties -------------------------------------------------------------------------------------------------------

positive = st.floats(1e-3, 1e3)
rows = st.lists(st.one_of(st.just(-np.inf), st.floats(-800, 800)), min_size=4, max_size=4)


@settings(deadline=None, max_examples=200)
@given(rows, rows)
def test_kl_of_outcomes_is_never_negative_and_zero_for_equals(p, q):
    """Up to the rounding of log probabilities as large as 800: 1e-12."""
    for row in (p, q):
        if max(row) == -np.inf:
            row[0] = 0.0
    log_p, log_q = (jax.nn.log_softmax(jnp.array(row)) for row in (p, q))
    assert kl_divergence_of_log_probs(log_p, log_q) >= -1e-12
    assert kl_divergence_of_log_probs(log_p, log_p) == 0.0


_kl_of_lomaxes = jax.jit(lambda a, b, c, d: kl_divergence(Lomax(a, b), Lomax(c, d)))
_kl_to_histogram = jax.jit(lambda p, logits, tail: kl_divergence(p, Histogram(jnp.asarray(EDGES), logits, tail)))


@settings(deadline=None, max_examples=200)
@given(positive, positive, positive, positive)
def test_kl_of_lomaxes_is_never_negative_and_zero_for_equals(a, b, c, d):
    assert _kl_of_lomaxes(a, b, c, d) >= -1e-10 * max(1.0, 1 / a)
    assert _kl_of_lomaxes(a, b, a, b) == 0


@settings(deadline=None, max_examples=100)
@given(st.floats(-100, 100), positive, st.lists(st.floats(-30, 30), min_size=6, max_size=6), positive)
def test_kl_to_histogram_is_never_negative(loc, scale, logits, tail_scale):
    p = dist.Normal(jnp.asarray(loc), jnp.asarray(scale))
    assert _kl_to_histogram(p, jnp.array(logits), tail_scale) >= -1e-10
    assert _kl_to_histogram(Lomax(jnp.asarray(scale), jnp.asarray(scale)), jnp.array(logits), tail_scale) >= -1e-10
