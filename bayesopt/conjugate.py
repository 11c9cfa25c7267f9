"""Conjugate beliefs: updates by one observation, posteriors and posterior predictives.

Beliefs are NamedTuples with NumPyro's parameter names, for one task; in bandits, they have one entry per arm. The
formulas are textbook results (Gelman et al., *Bayesian Data Analysis*, ch. 2-3; DeGroot, *Optimal Statistical
Decisions*, ch. 9).
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float, Num, Shaped

from bayesopt.distributions import Lomax

Scalar = Float[Array, ""]

Numbers = Float[Any, "..."]
"""One number per task or per arm: JAX inside a transformation, NumPy outside."""


class BetaBelief(NamedTuple):
    """Beta posterior of a success probability."""

    concentration1: Numbers
    concentration0: Numbers


def update_beta_arm(belief: BetaBelief, is_pulled: Float[Array, "arm"], reward: Num[Array, ""]) -> BetaBelief:
    """Count one more success or failure of the pulled arm; the belief has an entry for every arm."""
    return BetaBelief(belief.concentration1 + is_pulled * reward, belief.concentration0 + is_pulled * (1 - reward))


def update_beta(belief: BetaBelief, observation: Num[Array, ""]) -> BetaBelief:
    """Count one more success (1) or failure (0)."""
    return BetaBelief(belief.concentration1 + observation, belief.concentration0 + (1 - observation))


def bernoulli_predictive(belief: BetaBelief) -> dist.Distribution:
    """Return the Bernoulli distribution with the posterior mean probability."""
    return dist.BernoulliProbs(belief.concentration1 / (belief.concentration1 + belief.concentration0))


class DirichletBelief(NamedTuple):
    """Dirichlet posterior of category probabilities."""

    concentration: Float[Array, "category"]


def update_dirichlet(belief: DirichletBelief, observation: Num[Array, ""]) -> DirichletBelief:
    """Count one more outcome of the observed category."""
    is_observed = jnp.arange(belief.concentration.shape[-1]) == observation
    return DirichletBelief(belief.concentration + is_observed)


def categorical_predictive(belief: DirichletBelief) -> dist.Distribution:
    """Return the categorical distribution with the posterior mean probabilities."""
    return dist.CategoricalProbs(belief.concentration / belief.concentration.sum(-1, keepdims=True))


class GammaBelief(NamedTuple):
    """Gamma posterior of an exponential rate."""

    concentration: Numbers
    rate: Numbers


def update_gamma_arm(belief: GammaBelief, is_pulled: Float[Array, "arm"], reward: Num[Array, ""]) -> GammaBelief:
    """Add one exponential reward of the pulled arm; the belief has an entry for every arm."""
    return GammaBelief(belief.concentration + is_pulled, belief.rate + is_pulled * reward)


def update_gamma(belief: GammaBelief, observation: Num[Array, ""]) -> GammaBelief:
    """Add one exponential waiting time."""
    return GammaBelief(belief.concentration + 1, belief.rate + observation)


def lomax_predictive(belief: GammaBelief) -> dist.Distribution:
    """Return the distribution of the next waiting time: an exponential mixed over its Gamma-distributed rate."""
    return Lomax(belief.concentration, belief.rate)


class NormalBelief(NamedTuple):
    """Normal posterior of a mean."""

    loc: Numbers
    precision: Numbers


def update_normal(
    belief: NormalBelief, observation: Num[Array, ""], *, observation_scale: float | Scalar
) -> NormalBelief:
    """Add one observation with known standard deviation `observation_scale`."""
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
    """Add one reward of the pulled arm; the belief has an entry for every arm."""
    precision = belief.precision + is_pulled * observation_scale**-2
    loc = belief.loc + is_pulled * (reward - belief.loc) * observation_scale**-2 / precision
    return NormalBelief(loc, precision)


def normal_posterior(belief: NormalBelief) -> dist.Distribution:
    """Return the normal distribution with the belief's mean and standard deviation."""
    return dist.Normal(belief.loc, belief.precision**-0.5)


def normal_predictive(belief: NormalBelief, *, observation_scale: float | Scalar) -> dist.Distribution:
    """Return the distribution of the next observation: posterior variance plus noise variance."""
    return dist.Normal(belief.loc, jnp.sqrt(1 / belief.precision + observation_scale**2))


SMALLEST_NOISE = 1e-6
"""Smallest standard deviation of noise, relative to that of targets without noise, for which the Kalman update works.

Its rounding errors are 1e-16 of the prior variance, which is 1e-4 of this noise's variance.
"""


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
    """Add one pair by the Kalman update of a static state.

    In float64, if the noise is at least 1e-4 of the prior's scale, the mean is accurate to about 1e-10 and the
    covariance to a relative 1e-8. With less noise the covariance falls to 1e-8 of its former size or below, and loses
    its digits to cancellation.
    """
    projected = belief.covariance @ features
    innovation_variance = projected @ features + observation_scale**2
    gain = projected / innovation_variance[:, None]
    loc = belief.loc + gain * (targets - belief.loc @ features)[:, None]
    covariance = belief.covariance - gain[:, :, None] * projected[:, None, :]
    return LinearGaussianBelief(loc, covariance)


def linear_gaussian_posterior(belief: LinearGaussianBelief) -> dist.Distribution:
    """Return the distribution of the whole weight matrix, `output feature`, as one event."""
    return dist.MultivariateNormal(belief.loc, belief.covariance).to_event(1)


def linear_gaussian_predictive(
    belief: LinearGaussianBelief, features: Shaped[Array, "feature"], *, observation_scale: float | Scalar
) -> dist.Distribution:
    """Return the distribution of the next target: independent normals, one per output."""
    variance = (belief.covariance @ features) @ features
    return dist.Normal(belief.loc @ features, jnp.sqrt(variance + observation_scale**2)).to_event(1)
