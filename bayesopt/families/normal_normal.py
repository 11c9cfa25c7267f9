"""Normal observations with known noise, around a normally distributed mean."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array

from bayesopt.conjugate import NormalBelief, normal_posterior, normal_predictive, update_normal
from bayesopt.family import AbstractPredictionFamily
from bayesopt.hyperparameters import are_known, require_finite, require_positive, require_resolved


@dataclass(frozen=True)
class NormalNormal(AbstractPredictionFamily):
    """Observations Normal(mean, observation_scale) with mean ~ Normal(loc, scale)."""

    title: ClassVar[str] = "Gaussian numbers, mean ~ Normal({loc}, {scale}), noise {observation_scale}"

    loc: float = 0.0
    scale: float = 1.0
    observation_scale: float = 1.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_finite(self, "loc")
        require_positive(self, "scale")
        require_positive(self, "observation_scale")
        if are_known(self.loc, self.scale):
            require_resolved(self, "scale", beside=abs(self.loc), meaning="loc")
            largest = max(abs(self.loc), self.scale)
            require_resolved(self, "observation_scale", beside=largest, meaning="the larger of loc and scale")

    def model(self, observations: Array | None = None, *, length: int) -> None:
        mean = numpyro.sample("mean", dist.Normal(self.loc, self.scale))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Normal(mean, self.observation_scale), obs=observations)

    def prior_belief(self) -> NormalBelief:
        return NormalBelief(jnp.asarray(self.loc, float), jnp.asarray(self.scale**-2, float))

    def update(self, belief: NormalBelief, observation: Array) -> NormalBelief:
        return update_normal(belief, observation, observation_scale=self.observation_scale)

    def posterior(self, belief: NormalBelief) -> dict[str, dist.Distribution]:
        return {"mean": normal_posterior(belief)}

    def posterior_predictive(self, belief: NormalBelief) -> dist.Distribution:
        return normal_predictive(belief, observation_scale=self.observation_scale)
