"""A correct family, from which tests derive families that differ from it in one thing each."""

import math
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayesopt import AbstractPredictionFamily
from bayesopt.conjugate import NormalBelief, update_normal


@dataclass(frozen=True)
class Readings(AbstractPredictionFamily):
    """Readings of a normal mean."""

    loc: float = 1.0
    scale: float = 2.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self):
        if not (math.isfinite(self.loc) and 0 < self.scale < math.inf):
            raise ValueError(f"Readings: need finite loc and finite scale > 0; got loc={self.loc}, scale={self.scale}")

    def model(self, observations=None, *, length):
        mean = numpyro.sample("mean", dist.Normal(self.loc, self.scale))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Normal(mean, 1.0), obs=observations)

    def prior_belief(self):
        return NormalBelief(jnp.asarray(self.loc, float), jnp.asarray(self.scale**-2, float))

    def update(self, belief, observation):
        return update_normal(belief, observation, observation_scale=1.0)

    def posterior(self, belief):
        return {"mean": dist.Normal(belief.loc, belief.precision**-0.5)}

    def posterior_predictive(self, belief):
        return dist.Normal(belief.loc, (1 + 1 / belief.precision) ** 0.5)
