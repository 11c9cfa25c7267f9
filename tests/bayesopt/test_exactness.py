"""Predictives, posteriors and evidence against quadrature of the NumPyro model's own density, and known numbers.

Nothing here uses `bayesopt.conjugate`: latents are integrated out by the trapezoid rule over their unconstrained
values, which for such smooth, fast-decaying integrands is accurate to rounding.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats
from numpyro import handlers
from numpyro.distributions import biject_to, kl_divergence

from bayesopt import filter_beliefs, log_marginal_likelihood, oracle_log_prob, predict_sequence
from bayesopt.families import BetaBernoulli, DirichletCategorical, GammaExponential, NormalNormal

LOG_TOLERANCE = 1e-10  # relative error of a probability; the promise is 1e-6

PREDICTION_VARIANTS = [  # the eight of the specification, 1.3
    BetaBernoulli(1.0, 1.0),
    BetaBernoulli(2.0, 1.0),
    DirichletCategorical((1.0, 1.0, 1.0)),
    DirichletCategorical((3.0, 2.0, 1.0)),
    GammaExponential(1.0, 1.0),
    GammaExponential(2.0, 1.0),
    NormalNormal(0.0, 1.0),
    NormalNormal(1.0, 1.0),
]
OTHER_PRIORS = [
    BetaBernoulli(0.5, 3.0),
    DirichletCategorical((0.7, 4.0)),
    GammaExponential(0.7, 2.5),
    NormalNormal(1.5, 0.5, observation_scale=2.0),
]
SEEN = {  # arbitrary sequences, some of them unlikely: exactness must not depend on typical data
    BetaBernoulli: np.array([[0, 1, 0, 0, 1, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1]]),
    DirichletCategorical: np.array([[0, 1, 0, 0, 1, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1]]),
    GammaExponential: np.array([[0.3, 2.0, 0.7, 1.1, 0.2, 5.0], [1e-4, 1e-3, 1e-5, 1e-4, 1e-4, 1e-2], [90.0] * 6]),
    NormalNormal: np.array([[0.3, -2.0, 0.7, 1.1, 0.2, -0.5], [3.0, 4.0, 2.0, 3.5, 3.0, 3.0], [-20.0, 20.0] * 3]),
}
CANDIDATES = {
    BetaBernoulli: np.array([0, 1]),
    DirichletCategorical: np.array([0, 1]),
    GammaExponential: np.array([1e-3, 0.1, 1.0, 3.0, 50.0]),
    NormalNormal: np.array([-9.0, -1.0, 0.0, 0.7, 6.0]),
}
LATENTS = {
    BetaBernoulli: np.array([0.01, 0.5, 0.9]),
    DirichletCategorical: np.array([[0.2, 0.3, 0.5], [0.01, 0.98, 0.01], [0.6, 0.3, 0.1]]),
    GammaExponential: np.array([0.02, 1.0, 30.0]),
    NormalNormal: np.array([-3.0, 0.0, 1.5]),
}


@functools.partial(jax.jit, static_argnums=0)
def quadrature(family, observations, candidates, points):
    """From the model alone: log evidence of every prefix, log predictives, and log posterior densities at points."""
    trace = handlers.trace(handlers.seed(family.model, jax.random.key(0))).get_trace(length=1)
    (site,) = (name for name in trace if name not in ("observations", "time"))
    transform = biject_to(trace[site]["fn"].support)
    num_axes = sum(transform.inverse_shape(trace[site]["fn"].event_shape)) or 1
    axis = jnp.linspace(-60, 60, 2401) if num_axes == 1 else jnp.linspace(-45, 45, 361)
    grid = jnp.stack(jnp.meshgrid(*[axis] * num_axes), -1).reshape(-1, num_axes)
    unconstrained = grid if trace[site]["fn"].event_shape else grid[:, 0]
    latents = transform(unconstrained)
    log_weight = transform.log_abs_det_jacobian(unconstrained, latents) + num_axes * jnp.log(axis[1] - axis[0])

    def terms(latent, values):
        fixed = handlers.seed(handlers.substitute(family.model, {site: latent}), jax.random.key(0))
        sites = handlers.trace(fixed).get_trace(values, length=len(values))
        return sites[site]["fn"].log_prob(latent), sites["observations"]["fn"].log_prob(values)

    def for_one_task(observations):
        log_prior, log_likelihood = jax.vmap(terms, (0, None))(latents, observations)
        _, log_candidate = jax.vmap(terms, (0, None))(latents, candidates)
        prefixes = jnp.pad(jnp.cumsum(log_likelihood, 1), ((0, 0), (1, 0)))
        log_joint = log_weight[:, None] + log_prior[:, None] + prefixes
        log_evidence = jax.nn.logsumexp(log_joint, axis=0)
        log_predictive = jax.nn.logsumexp(log_joint[:, :, None] + log_candidate[:, None, :], axis=0)
        log_prior, log_likelihood = jax.vmap(terms, (0, None))(points, observations)
        prefixes = jnp.pad(jnp.cumsum(log_likelihood, 1), ((0, 0), (1, 0)))
        log_posterior = log_prior[:, None] + prefixes - log_evidence
        return log_evidence, (log_predictive - log_evidence[:, None])[:-1], log_posterior.T

    return jax.vmap(for_one_task)(observations)


@pytest.mark.parametrize("family", PREDICTION_VARIANTS + OTHER_PRIORS, ids=repr)
def test_closed_forms_agree_with_quadrature_of_the_model(family):
    seen, candidates, points = (table[type(family)] for table in (SEEN, CANDIDATES, LATENTS))
    if isinstance(family, DirichletCategorical) and len(family.concentration) == 2:
        points = np.stack([points[:, 0], 1 - points[:, 0]], axis=-1)
    with jax.enable_x64(True):
        expected = quadrature(family, *map(jnp.asarray, (seen, candidates, points)))
        log_evidence, log_predictive, log_posterior = map(np.asarray, expected)
        beliefs = jax.tree.map(jnp.asarray, filter_beliefs(family, seen))
        posterior = np.asarray(jax.jit(jax.vmap(jax.vmap(functools.partial(log_posteriors, family, points))))(beliefs))

    predictive = predict_sequence(family, seen).log_prob(candidates[:, None, None])
    assert predictive.dtype == np.float64
    assert np.abs(np.moveaxis(predictive, 0, -1) - log_predictive).max() < LOG_TOLERANCE
    assert np.abs(posterior - log_posterior).max() < LOG_TOLERANCE
    assert np.abs(log_marginal_likelihood(family, seen) - log_evidence[:, -1]).max() < LOG_TOLERANCE


def log_posteriors(family, points, belief):
    (posterior,) = family.posterior(belief).values()
    return posterior.log_prob(jnp.asarray(points))


def coin_histories(num_times):
    """Every count of heads at every time, under the uniform prior: all t + 1 counts are equally likely."""
    heads, times = np.meshgrid(np.arange(num_times), np.arange(num_times), indexing="ij")
    return (times < heads).astype(int), np.where(heads <= times, 1 / (times + 1), 0)


def die_histories(num_times):
    """Every count of three faces at every time, under the uniform prior: all compositions are equally likely."""
    zeros, ones = np.array([(i, j) for i in range(num_times) for j in range(num_times - i)]).T[:, :, None]
    times = np.arange(num_times)
    sequences = np.where(times < zeros, 0, np.where(times < zeros + ones, 1, 2))
    return sequences, np.where(zeros + ones <= times, 2 / ((times + 1) * (times + 2)), 0)


def gaussian_histories(num_times):
    """The mean of t standard-normal readings of a standard-normal mean is Normal(0, 1 + 1 / t)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    return constant_histories(num_times, lambda t: (nodes * np.sqrt(1 + 1 / t), weights / weights.sum()))


def exponential_histories(num_times):
    """The sum of t waiting times, mixed over a standard-exponential rate, has density t s^(t-1) / (1 + s)^(t+1)."""
    nodes, weights = np.polynomial.legendre.leggauss(150)
    y = 25 * (nodes + 1)  # s = exp(y) - 1

    def means(t):
        return np.expm1(y) / t, 25 * weights * t * (-np.expm1(-y)) ** (t - 1) * np.exp(-y)

    return constant_histories(num_times, means)


def constant_histories(num_times, mean_nodes):
    """For families whose belief depends on the mean of what was seen: constant sequences, one time of each counts."""
    sequences, weights = [np.ones((1, num_times))], [np.eye(1, num_times)]
    for t in range(1, num_times):
        nodes, node_weights = mean_nodes(t)
        sequences.append(np.tile(nodes[:, None], num_times))
        weights.append(node_weights[:, None] * np.eye(1, num_times, t))
    return np.concatenate(sequences), np.concatenate(weights)


KNOWN = [  # specification 1.6: family, histories, mean KL to the prior predictive, E[entropy given latents], regret
    (BetaBernoulli(), coin_histories, 0.13579, 1 / 2, 1.14721),
    (DirichletCategorical(), die_histories, 0.16968, 5 / 6, 1.91188),
    (NormalNormal(), gaussian_histories, 0.27046, np.log(2 * np.pi * np.e) / 2, np.log(21) / 2),
    (GammaExponential(), exponential_histories, 0.33915, 1 - scipy.special.psi(1), 1.67260),
]


@pytest.mark.parametrize(
    ("family", "histories", "kl", "oracle_entropy", "regret"), KNOWN, ids=lambda v: type(v).__name__
)
def test_floor_and_regret_are_the_known_numbers(family, histories, kl, oracle_entropy, regret):
    """Exact sums (or Gauss quadrature) over all sufficient statistics at each of the T = 20 predictions."""
    sequences, weights = histories(20)
    assert np.abs(weights.sum(0) - 1).max() < 1e-12
    predictive = predict_sequence(family, sequences)
    with jax.enable_x64(True):
        divergence = kl_divergence(predictive, family.posterior_predictive(family.prior_belief()))
        # x_t given the past is distributed as its own predictive, so its expected log loss is the entropy of that.
        entropy = predictive.entropy()
        mean_kl = float((weights * divergence).sum() / 20)
        cumulative_regret = float((weights * entropy).sum() - 20 * oracle_entropy)
    assert abs(mean_kl - kl) < 5.1e-6
    assert abs(cumulative_regret - regret) < 5.1e-6


LIKELIHOODS = [
    (BetaBernoulli(), lambda latent, x: scipy.stats.bernoulli.logpmf(x, latent)),
    (DirichletCategorical(), lambda latent, x: np.log(latent[x])),
    (GammaExponential(), lambda latent, x: scipy.stats.expon.logpdf(x, scale=1 / latent)),
    (NormalNormal(observation_scale=0.5), lambda latent, x: scipy.stats.norm.logpdf(x, latent, 0.5)),
]


@pytest.mark.parametrize(("family", "log_likelihood"), LIKELIHOODS, ids=lambda v: type(v).__name__)
def test_oracle_predicts_with_the_likelihood(family, log_likelihood):
    (site,) = family.posterior(family.prior_belief())
    latents, seen = LATENTS[type(family)], SEEN[type(family)]
    log_probs = oracle_log_prob(family, {site: latents}, seen)
    expected = [[log_likelihood(latent, x) for x in sequence] for latent, sequence in zip(latents, seen, strict=True)]
    assert log_probs.shape == (3, 6)
    assert np.abs(log_probs - np.array(expected)).max() < 1e-12
