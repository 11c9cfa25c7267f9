"""Independent arms with normally distributed rewards, unknown means and known noise."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float
from scipy import special

from bayesopt.conjugate import NormalBelief, normal_posterior, normal_predictive, update_normal_arm
from bayesopt.family import AbstractBanditFamily
from bayesopt.hyperparameters import (
    are_known,
    require_equal_lengths,
    require_finite,
    require_positive,
    require_resolved,
)
from bayesopt.planning.bandit_plans import GaussianPlan, gaussian_plan
from bayesopt.planning.best_arm import best_of_normal_arms
from bayesopt.planning.gittins import normal_gittins_index
from bayesopt.planning.knowledge import largest_mean_after_reading


@dataclass(frozen=True)
class GaussianBandit(AbstractBanditFamily):
    """Arms that pay Normal(mean, observation_scale) with mean ~ Normal(loc, scale); one prior per arm."""

    title: ClassVar[str] = "{num_loc} Gaussian arms, mean ~ Normal({each_loc}, {each_scale}), noise {observation_scale}"

    loc: tuple[float, ...] = (0.0, 0.0)
    scale: tuple[float, ...] = (1.0, 1.0)
    observation_scale: float = 1.0

    def __post_init__(self) -> None:
        require_finite(self, "loc")
        require_positive(self, "scale")
        require_equal_lengths(self, "loc", "scale")
        require_positive(self, "observation_scale")
        if are_known(self.loc, self.scale):
            largest = max(map(abs, self.loc))
            require_resolved(self, "scale", beside=largest, meaning="the largest loc")
            largest = max(largest, *self.scale)
            require_resolved(self, "observation_scale", beside=largest, meaning="the largest of loc and scale")

    @property
    def num_arms(self) -> int:
        return len(self.loc)

    def model(self, rewards: Array | None = None, *, length: int) -> None:
        means = numpyro.sample("means", dist.Normal(jnp.array(self.loc), jnp.array(self.scale)).to_event(1))
        with numpyro.plate("time", length, dim=-2), numpyro.plate("arm", self.num_arms, dim=-1):
            numpyro.sample("rewards", dist.Normal(means, self.observation_scale), obs=rewards)

    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        return latents["means"]

    def prior_belief(self) -> NormalBelief:
        return NormalBelief(jnp.array(self.loc, float), jnp.array(self.scale, float) ** -2)

    def update_arm(self, belief: NormalBelief, arm: Array, reward: Array) -> NormalBelief:
        is_pulled = jax.nn.one_hot(arm, self.num_arms)
        return update_normal_arm(belief, is_pulled, reward, observation_scale=self.observation_scale)

    def posterior(self, belief: NormalBelief) -> dict[str, dist.Distribution]:
        return {"means": normal_posterior(belief).to_event(1)}

    def reward_predictive(self, belief: NormalBelief) -> dist.Distribution:
        return normal_predictive(belief, observation_scale=self.observation_scale)

    def posterior_means(self, belief: NormalBelief) -> Float[np.ndarray, "task arm"]:
        return np.asarray(belief.loc)

    def best_arm_probs(self, belief: NormalBelief) -> Float[np.ndarray, "task arm"]:
        return best_of_normal_arms(belief.loc, belief.precision**-0.5).probs

    def posterior_quantiles(
        self, belief: NormalBelief, level: Float[np.ndarray, "task arm"]
    ) -> Float[np.ndarray, "task arm"]:
        return belief.loc + belief.precision**-0.5 * special.ndtri(level)

    def means_after_pull(self, belief: NormalBelief) -> Float[np.ndarray, "task arm"]:
        return largest_mean_after_reading(belief.loc, belief.precision, observation_scale=self.observation_scale)

    def gittins_indices(self, belief: NormalBelief, discount: float) -> Float[np.ndarray, "task arm"]:
        standard = normal_gittins_index(belief.precision * self.observation_scale**2, discount)
        return belief.loc + self.observation_scale * np.asarray(standard.index)

    def plan(self, *, horizon: int, discount: float = 1.0) -> GaussianPlan:
        return gaussian_plan(
            self.loc, self.scale, observation_scale=self.observation_scale, horizon=horizon, discount=discount
        )
