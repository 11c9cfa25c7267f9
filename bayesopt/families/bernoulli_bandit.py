"""Independent arms that pay 1 or 0, with Beta-distributed probabilities."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float, Int
from scipy import special

from bayesopt.conjugate import BetaBelief, bernoulli_predictive, update_beta_arm
from bayesopt.family import AbstractBanditFamily
from bayesopt.hyperparameters import require_equal_lengths, require_positive
from bayesopt.planning.bandit_plans import BernoulliPlan, bernoulli_plan
from bayesopt.planning.best_arm import best_of_beta_arms
from bayesopt.planning.finite_horizon_indices import finite_horizon_index
from bayesopt.planning.gittins import bernoulli_gittins_index
from bayesopt.planning.knowledge import largest_mean_after_flip


@dataclass(frozen=True)
class BernoulliBandit(AbstractBanditFamily):
    """Arms that pay 1 with probability p ~ Beta(concentration1, concentration0), else 0; one prior per arm."""

    title: ClassVar[str] = (
        "{num_concentration1} arms that pay 1 or 0, probability ~ Beta({each_concentration1}, {each_concentration0})"
    )

    concentration1: tuple[float, ...] = (1.0, 1.0)
    concentration0: tuple[float, ...] = (1.0, 1.0)

    def __post_init__(self) -> None:
        require_positive(self, "concentration1")
        require_positive(self, "concentration0")
        require_equal_lengths(self, "concentration1", "concentration0")

    @property
    def num_arms(self) -> int:
        return len(self.concentration1)

    def model(self, rewards: Array | None = None, *, length: int) -> None:
        prior = dist.Beta(jnp.array(self.concentration1), jnp.array(self.concentration0))
        probs = numpyro.sample("probs", prior.to_event(1))
        with numpyro.plate("time", length, dim=-2), numpyro.plate("arm", self.num_arms, dim=-1):
            numpyro.sample("rewards", dist.Bernoulli(probs), obs=rewards)

    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        return latents["probs"]

    def prior_belief(self) -> BetaBelief:
        return BetaBelief(jnp.array(self.concentration1, float), jnp.array(self.concentration0, float))

    def update_arm(self, belief: BetaBelief, arm: Array, reward: Array) -> BetaBelief:
        return update_beta_arm(belief, jax.nn.one_hot(arm, self.num_arms), reward)

    def posterior(self, belief: BetaBelief) -> dict[str, dist.Distribution]:
        return {"probs": dist.Beta(belief.concentration1, belief.concentration0).to_event(1)}

    def reward_predictive(self, belief: BetaBelief) -> dist.Distribution:
        return bernoulli_predictive(belief)

    def posterior_means(self, belief: BetaBelief) -> Float[np.ndarray, "task arm"]:
        return belief.concentration1 / (belief.concentration1 + belief.concentration0)

    def best_arm_probs(self, belief: BetaBelief) -> Float[np.ndarray, "task arm"]:
        return best_of_beta_arms(belief.concentration1, belief.concentration0).probs

    def posterior_quantiles(
        self, belief: BetaBelief, level: Float[np.ndarray, "task arm"]
    ) -> Float[np.ndarray, "task arm"]:
        return special.betaincinv(belief.concentration1, belief.concentration0, level)

    def means_after_pull(self, belief: BetaBelief) -> Float[np.ndarray, "task arm"]:
        return largest_mean_after_flip(belief.concentration1, belief.concentration0)

    def gittins_indices(self, belief: BetaBelief, discount: float) -> Float[np.ndarray, "task arm"]:
        different, where = _different_arms(belief)
        return np.asarray(bernoulli_gittins_index(different[:, 0], different[:, 1], discount).index)[where]

    def finite_horizon_indices(
        self, belief: BetaBelief, remaining: int, discount: float
    ) -> Float[np.ndarray, "task arm"]:
        different, where = _different_arms(belief)
        return np.asarray(finite_horizon_index(different[:, 0], different[:, 1], remaining, discount=discount))[where]

    def plan(self, *, horizon: int, discount: float = 1.0) -> BernoulliPlan:
        return bernoulli_plan(self.concentration1, self.concentration0, horizon=horizon, discount=discount)


def _different_arms(belief: BetaBelief) -> tuple[Float[np.ndarray, "different 2"], Int[np.ndarray, "task arm"]]:
    """Return the distinct beliefs about arms, and the row of every arm of every task among them."""
    arms = np.stack([belief.concentration1, belief.concentration0], axis=-1)
    different, where = np.unique(arms.reshape(-1, 2), axis=0, return_inverse=True)
    return different, where.reshape(arms.shape[:-1])
