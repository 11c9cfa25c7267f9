"""Independent arms that pay exponentially distributed rewards with unknown rates."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float
from scipy import special

from bayesopt.conjugate import GammaBelief, lomax_predictive, update_gamma_arm
from bayesopt.family import AbstractBanditFamily
from bayesopt.hyperparameters import require_equal_lengths, require_positive
from bayesopt.planning.best_arm import best_of_inverse_gamma_arms
from bayesopt.planning.gittins import exponential_gittins_index
from bayesopt.planning.knowledge import largest_mean_after_waiting


@dataclass(frozen=True)
class ExponentialBandit(AbstractBanditFamily):
    """Arms that pay Exponential(r) with r ~ Gamma(concentration, rate); one prior per arm.

    Rewards are in units of `rate`, and their predictive has heavy tails while few were observed. The expected reward
    of an arm is 1 / r; its prior mean is finite only for concentrations above 1.
    """

    title: ClassVar[str] = "{num_rate} exponential arms, rate ~ Gamma({each_concentration}, {each_rate})"

    concentration: tuple[float, ...] = (2.0, 2.0)
    rate: tuple[float, ...] = (1.0, 1.0)

    def __post_init__(self) -> None:
        require_positive(self, "concentration")
        require_positive(self, "rate")
        require_equal_lengths(self, "concentration", "rate")
        if min(self.concentration) <= 1:
            raise ValueError(
                f"ExponentialBandit: concentration must be > 1 (else rewards have no mean); got {self.concentration!r}"
            )

    @property
    def num_arms(self) -> int:
        return len(self.concentration)

    def model(self, rewards: Array | None = None, *, length: int) -> None:
        prior = dist.Gamma(jnp.array(self.concentration), jnp.array(self.rate))
        event_rates = numpyro.sample("event_rates", prior.to_event(1))
        with numpyro.plate("time", length, dim=-2), numpyro.plate("arm", self.num_arms, dim=-1):
            numpyro.sample("rewards", dist.Exponential(event_rates), obs=rewards)

    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        return 1 / latents["event_rates"]

    def prior_belief(self) -> GammaBelief:
        return GammaBelief(jnp.array(self.concentration, float), jnp.array(self.rate, float))

    def update_arm(self, belief: GammaBelief, arm: Array, reward: Array) -> GammaBelief:
        return update_gamma_arm(belief, jax.nn.one_hot(arm, self.num_arms), reward)

    def posterior(self, belief: GammaBelief) -> dict[str, dist.Distribution]:
        return {"event_rates": dist.Gamma(belief.concentration, belief.rate).to_event(1)}

    def reward_predictive(self, belief: GammaBelief) -> dist.Distribution:
        return lomax_predictive(belief)

    def posterior_means(self, belief: GammaBelief) -> Float[np.ndarray, "task arm"]:
        return belief.rate / (belief.concentration - 1)

    def best_arm_probs(self, belief: GammaBelief) -> Float[np.ndarray, "task arm"]:
        return best_of_inverse_gamma_arms(belief.concentration, belief.rate).probs

    def posterior_quantiles(
        self, belief: GammaBelief, level: Float[np.ndarray, "task arm"]
    ) -> Float[np.ndarray, "task arm"]:
        return belief.rate / special.gammainccinv(belief.concentration, level)

    def means_after_pull(self, belief: GammaBelief) -> Float[np.ndarray, "task arm"]:
        return largest_mean_after_waiting(belief.concentration, belief.rate)

    def gittins_indices(self, belief: GammaBelief, discount: float) -> Float[np.ndarray, "task arm"]:
        tolerance = 1e-5 / (belief.concentration - 1)  # relative to the posterior mean
        return belief.rate * np.asarray(
            exponential_gittins_index(belief.concentration, 1.0, discount, tolerance=tolerance).index
        )
