"""Exponential waiting times with a Gamma-distributed rate."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array

from bayesopt.conjugate import GammaBelief, lomax_predictive, update_gamma
from bayesopt.family import AbstractPredictionFamily
from bayesopt.hyperparameters import require_positive


@dataclass(frozen=True)
class GammaExponential(AbstractPredictionFamily):
    """Waiting times Exponential(r) with r ~ Gamma(concentration, rate); times are in units of `rate`."""

    title: ClassVar[str] = "waiting times, rate ~ Gamma({concentration}, {rate})"

    concentration: float = 1.0
    rate: float = 1.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive(self, "concentration")
        require_positive(self, "rate")

    def model(self, observations: Array | None = None, *, length: int) -> None:
        event_rate = numpyro.sample("event_rate", dist.Gamma(self.concentration, self.rate))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Exponential(event_rate), obs=observations)

    def prior_belief(self) -> GammaBelief:
        return GammaBelief(jnp.asarray(self.concentration, float), jnp.asarray(self.rate, float))

    def update(self, belief: GammaBelief, observation: Array) -> GammaBelief:
        return update_gamma(belief, observation)

    def posterior(self, belief: GammaBelief) -> dict[str, dist.Distribution]:
        return {"event_rate": dist.Gamma(belief.concentration, belief.rate)}

    def posterior_predictive(self, belief: GammaBelief) -> dist.Distribution:
        return lomax_predictive(belief)
