"""A small regression family for the tests: linear in its inputs, with an exact linear-Gaussian belief."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayesopt import AbstractRegressionFamily
from bayesopt.conjugate import LinearGaussianBelief, linear_gaussian_predictive, update_linear_gaussian


@dataclass(frozen=True)
class LinearGaussian(AbstractRegressionFamily):
    """Two outputs, each linear in three inputs and a constant, with standard-normal weights and known noise."""

    observation_scale: float = 0.3

    def model(self, inputs=None, targets=None, *, length):
        weights = numpyro.sample("weights", dist.Normal(jnp.zeros((4, 2)), 1.0).to_event(2))
        with numpyro.plate("time", length):
            inputs = numpyro.sample("inputs", dist.Normal(jnp.zeros(3), 1.0).to_event(1), obs=inputs)
            locs = features_of(inputs) @ weights
            numpyro.sample("targets", dist.Normal(locs, self.observation_scale).to_event(1), obs=targets)

    def prior_belief(self):
        return LinearGaussianBelief(jnp.zeros((4, 2), float), jnp.eye(4, dtype=float))

    def update_with_pair(self, belief, inputs, targets):
        return update_linear_gaussian(belief, features_of(inputs), targets, observation_scale=self.observation_scale)

    def posterior(self, belief):
        columns = dist.MultivariateNormal(belief.loc.T, belief.covariance)
        return {"weights": columns.to_event(1)}

    def target_predictive(self, belief, inputs):
        return linear_gaussian_predictive(belief, features_of(inputs), observation_scale=self.observation_scale)


def features_of(inputs):
    return jnp.concatenate([inputs, jnp.ones((*inputs.shape[:-1], 1))], axis=-1)
