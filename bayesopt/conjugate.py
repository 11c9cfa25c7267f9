"""Conjugate beliefs: their update by one observation, their posterior and their posterior predictive.

Beliefs are NamedTuples in NumPyro's own parameter words, for one task (in bandits with an entry per arm); the formulas
are those of any Bayesian text (Gelman et al., *Bayesian Data Analysis*, ch. 2-3; DeGroot, *Optimal Statistical
Decisions*, ch. 9).
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float, Num, Shaped

from bayesopt.distributions import Lomax

Scalar = Float[Array, ""]

Numbers = Float[Any, "..."]
"""A number per task, or one per arm: JAX inside a transformation, NumPy outside."""


class BetaBelief(NamedTuple):
    """Beta posterior of a success probability."""

    concentration1: Numbers
    concentration0: Numbers


def update_beta_arm(belief: BetaBelief, is_pulled: Float[Array, "arm"], reward: Num[Array, ""]) -> BetaBelief:
    """Count one more success or failure of the arm that was pulled; the belief has an entry for every arm."""
    return BetaBelief(belief.concentration1 + is_pulled * reward, belief.concentration0 + is_pulled * (1 - reward))


def update_beta(belief: BetaBelief, observation: Num[Array, ""]) -> BetaBelief:
    """Count one more success (1) or failure (0)."""
    return BetaBelief(belief.concentration1 + observation, belief.concentration0 + (1 - observation))


def bernoulli_predictive(belief: BetaBelief) -> dist.Distribution:
    """Bernoulli with the posterior mean probability."""
    return dist.BernoulliProbs(belief.concentration1 / (belief.concentration1 + belief.concentration0))


class DirichletBelief(NamedTuple):
    """Dirichlet posterior of category probabilities."""

    concentration: Float[Array, "category"]


def update_dirichlet(belief: DirichletBelief, observation: Num[Array, ""]) -> DirichletBelief:
    """Count one more outcome of the observed category."""
    is_observed = jnp.arange(belief.concentration.shape[-1]) == observation
    return DirichletBelief(belief.concentration + is_observed)


def categorical_predictive(belief: DirichletBelief) -> dist.Distribution:
    """Categorical with the posterior mean probabilities."""
    return dist.CategoricalProbs(belief.concentration / belief.concentration.sum(-1, keepdims=True))


class GammaBelief(NamedTuple):
    """Gamma posterior of an exponential rate."""

    concentration: Numbers
    rate: Numbers


def update_gamma_arm(belief: GammaBelief, is_pulled: Float[Array, "arm"], reward: Num[Array, ""]) -> GammaBelief:
    """Add one exponential reward of the arm that was pulled; the belief has an entry for every arm."""
    return GammaBelief(belief.concentration + is_pulled, belief.rate + is_pulled * reward)


def update_gamma(belief: GammaBelief, observation: Num[Array, ""]) -> GammaBelief:
    """Add one exponential waiting time."""
    return GammaBelief(belief.concentration + 1, belief.rate + observation)


def lomax_predictive(belief: GammaBelief) -> dist.Distribution:
    """The next waiting time: an exponential mixed over its Gamma-distributed rate."""
    return Lomax(belief.concentration, belief.rate)


class NormalBelief(NamedTuple):
    """Normal posterior of a mean."""

    loc: Numbers
    precision: Numbers


def update_normal(
    belief: NormalBelief, observation: Num[Array, ""], *, observation_scale: float | Scalar
) -> NormalBelief:
    """Weigh in one observation of known standard deviation `observation_scale`."""
    precision = belief.precision + observation_scale**-2
    loc = belief.loc + (observation - belief.loc) * observation_scale**-2 / precision
    return NormalBelief(loc, precision)


def update_normal_arm(
    belief: NormalBelief,
    is_pulled: Float[Array, "arm"],
    reward: Num[Array, ""],
    *,
    observation_scale: float | Scalar,
) -> NormalBelief:
    """Weigh in one reward of the arm that was pulled; the belief has an entry for every arm."""
    precision = belief.precision + is_pulled * observation_scale**-2
    loc = belief.loc + is_pulled * (reward - belief.loc) * observation_scale**-2 / precision
    return NormalBelief(loc, precision)


def normal_posterior(belief: NormalBelief) -> dist.Distribution:
    """Normal with the belief's mean and standard deviation."""
    return dist.Normal(belief.loc, belief.precision**-0.5)


def normal_predictive(belief: NormalBelief, *, observation_scale: float | Scalar) -> dist.Distribution:
    """The next observation: posterior uncertainty plus observation noise."""
    return dist.Normal(belief.loc, jnp.sqrt(1 / belief.precision + observation_scale**2))


class LinearGaussianBelief(NamedTuple):
    """Normal posterior of a weight matrix whose rows, one per output, are independent."""

    loc: Float[Array, "output feature"]
    covariance: Float[Array, "output feature feature"]


def update_linear_gaussian(
    belief: LinearGaussianBelief,
    features: Shaped[Array, "feature"],
    targets: Shaped[Array, "output"],
    *,
    observation_scale: float | Scalar,
) -> LinearGaussianBelief:
    """Weigh in one pair: the Kalman update of a static state.

    In float64 the mean is right to about 1e-10 and the covariance to a relative 1e-8 while the noise is at least 1e-4
    of the prior's scale; with less noise the covariance, at 1e-8 of its former size and below, cancels.
    """
    projected = belief.covariance @ features
    innovation_variance = projected @ features + observation_scale**2
    gain = projected / innovation_variance[:, None]
    loc = belief.loc + gain * (targets - belief.loc @ features)[:, None]
    covariance = belief.covariance - gain[:, :, None] * projected[:, None, :]
    return LinearGaussianBelief(loc, covariance)


def linear_gaussian_posterior(belief: LinearGaussianBelief) -> dist.Distribution:
    """The whole weight matrix, `output feature`, as one event."""
    return dist.MultivariateNormal(belief.loc, belief.covariance).to_event(1)


def linear_gaussian_predictive(
    belief: LinearGaussianBelief, features: Shaped[Array, "feature"], *, observation_scale: float | Scalar
) -> dist.Distribution:
    """The next target: independent normals, one per output."""
    variance = (belief.covariance @ features) @ features
    return dist.Normal(belief.loc @ features, jnp.sqrt(variance + observation_scale**2)).to_event(1)
