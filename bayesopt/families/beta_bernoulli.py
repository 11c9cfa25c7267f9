"""Coin flips with a Beta-distributed probability of heads."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array

from bayesopt.conjugate import BetaBelief, bernoulli_predictive, update_beta
from bayesopt.family import AbstractPredictionFamily
from bayesopt.hyperparameters import require_positive


@dataclass(frozen=True)
class BetaBernoulli(AbstractPredictionFamily):
    """A coin whose probability of heads (1) is Beta(concentration1, concentration0); each flip is observed."""

    title: ClassVar[str] = "coin flips, bias ~ Beta({concentration1}, {concentration0})"

    concentration1: float = 1.0
    concentration0: float = 1.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive(self, "concentration1")
        require_positive(self, "concentration0")

    def model(self, observations: Array | None = None, *, length: int) -> None:
        probs = numpyro.sample("probs", dist.Beta(self.concentration1, self.concentration0))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Bernoulli(probs), obs=observations)

    def prior_belief(self) -> BetaBelief:
        return BetaBelief(jnp.asarray(self.concentration1, float), jnp.asarray(self.concentration0, float))

    def update(self, belief: BetaBelief, observation: Array) -> BetaBelief:
        return update_beta(belief, observation)

    def posterior(self, belief: BetaBelief) -> dict[str, dist.Distribution]:
        return {"probs": dist.Beta(belief.concentration1, belief.concentration0)}

    def posterior_predictive(self, belief: BetaBelief) -> dist.Distribution:
        return bernoulli_predictive(belief)
