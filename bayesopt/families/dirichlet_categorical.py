"""Die rolls with Dirichlet-distributed face probabilities."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array

from bayesopt.conjugate import DirichletBelief, categorical_predictive, update_dirichlet
from bayesopt.family import AbstractPredictionFamily
from bayesopt.hyperparameters import require_positive


@dataclass(frozen=True)
class DirichletCategorical(AbstractPredictionFamily):
    """A die with Dirichlet(concentration) face probabilities, one entry per face, at least 2; faces count from 0."""

    title: ClassVar[str] = "die rolls, face probabilities ~ Dirichlet{concentration}"

    concentration: tuple[float, ...] = (1.0, 1.0, 1.0)

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive(self, "concentration")
        if len(self.concentration) < 2:
            raise ValueError(
                f"DirichletCategorical: concentration must have at least 2 entries; got {self.concentration!r}"
            )

    def model(self, observations: Array | None = None, *, length: int) -> None:
        probs = numpyro.sample("probs", dist.Dirichlet(jnp.asarray(self.concentration, float)))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Categorical(probs), obs=observations)

    def prior_belief(self) -> DirichletBelief:
        return DirichletBelief(jnp.asarray(self.concentration, float))

    def update(self, belief: DirichletBelief, observation: Array) -> DirichletBelief:
        return update_dirichlet(belief, observation)

    def posterior(self, belief: DirichletBelief) -> dict[str, dist.Distribution]:
        return {"probs": dist.Dirichlet(belief.concentration)}

    def posterior_predictive(self, belief: DirichletBelief) -> dist.Distribution:
        return categorical_predictive(belief)
