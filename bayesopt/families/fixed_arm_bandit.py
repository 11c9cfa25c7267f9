"""A known arm that always pays 0, and an unknown Gaussian arm."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float
from scipy import special

from bayesopt.family import AbstractBanditFamily
from bayesopt.hyperparameters import require_finite, require_non_negative, require_positive, require_workable
from bayesopt.planning.gittins import normal_gittins_index
from bayesopt.planning.stopping import StoppingSolution, UnknownArmBelief, solve_stopping_problem
from bayesopt.sure_rewards import NormalOrSure


@dataclass(frozen=True)
class FixedArmBandit(AbstractBanditFamily):
    """Known arm 0 that pays 0, and unknown arm 1 that pays Normal(mean, reward_scale).

    The mean is drawn from Normal(prior_loc, prior_scale). This is the bandit of Lange & Sprekeler (2020, arXiv
    2010.04466, section 2): `prior_scale` is their ecological uncertainty, `reward_scale` their task complexity. With
    `prior_scale = 0` all tasks are the same and nothing can be learned; on such probe tasks they count exploration.
    """

    title: ClassVar[str] = (
        "a known arm that pays 0 and an unknown one, mean ~ Normal({prior_loc}, {prior_scale}), noise {reward_scale}"
    )

    prior_scale: float = 1.0
    reward_scale: float = 1.0
    prior_loc: float = -1.0

    def __post_init__(self) -> None:
        require_non_negative(self, "prior_scale")
        require_positive(self, "reward_scale")
        require_finite(self, "prior_loc")
        require_workable(self, "prior_scale / reward_scale", self.prior_scale / self.reward_scale)

    @property
    def num_arms(self) -> int:
        return 2

    def model(self, rewards: Array | None = None, *, length: int) -> None:
        mean = numpyro.sample("mean", self._mean_around(jnp.asarray(self.prior_loc, float), self.prior_scale))
        table = NormalOrSure(jnp.stack([jnp.zeros_like(mean), mean]), jnp.array([0.0, self.reward_scale]))
        with numpyro.plate("time", length, dim=-2), numpyro.plate("arm", self.num_arms, dim=-1):
            numpyro.sample("rewards", table, obs=rewards)

    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        return jnp.stack([jnp.zeros_like(latents["mean"]), latents["mean"]])

    def prior_belief(self) -> UnknownArmBelief:
        return UnknownArmBelief(jnp.asarray(self.prior_loc, float), jnp.zeros((), int))

    def update_arm(self, belief: UnknownArmBelief, arm: Array, reward: Array) -> UnknownArmBelief:
        gain = self._variance_ratio / (1 + self._variance_ratio * (belief.num_pulls + 1))
        return UnknownArmBelief(belief.loc + arm * gain * (reward - belief.loc), belief.num_pulls + arm)

    def posterior(self, belief: UnknownArmBelief) -> dict[str, dist.Distribution]:
        return {"mean": self._mean_around(belief.loc, self._scale_of_mean(belief))}

    def reward_predictive(self, belief: UnknownArmBelief) -> NormalOrSure:
        scale = jnp.hypot(self._scale_of_mean(belief), self.reward_scale)
        return NormalOrSure(jnp.stack([jnp.zeros_like(scale), belief.loc]), jnp.stack([jnp.zeros_like(scale), scale]))

    def posterior_means(self, belief: UnknownArmBelief) -> Float[np.ndarray, "task arm"]:
        return np.stack([np.zeros_like(belief.loc), belief.loc], axis=1)

    def best_arm_probs(self, belief: UnknownArmBelief) -> Float[np.ndarray, "task arm"]:
        scale = self._scale_of_mean(belief)
        known = 0.5 * (1 + np.sign(belief.loc))
        unknown = np.where(scale > 0, special.ndtr(belief.loc / np.where(scale > 0, scale, 1.0)), known)
        return np.stack([1 - unknown, unknown], axis=1)

    def posterior_quantiles(
        self, belief: UnknownArmBelief, level: Float[np.ndarray, "task arm"]
    ) -> Float[np.ndarray, "task arm"]:
        deviations = np.stack([np.zeros_like(belief.loc), self._scale_of_mean(belief)], axis=1)
        return self.posterior_means(belief) + deviations * special.ndtri(level)

    def means_after_pull(self, belief: UnknownArmBelief) -> Float[np.ndarray, "task arm"]:
        later = self._scale_of_mean(belief._replace(num_pulls=belief.num_pulls + 1))
        spread = self._scale_of_mean(belief) * later / self.reward_scale
        z = belief.loc / np.where(spread > 0, spread, 1.0)
        density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        best = np.maximum(belief.loc, 0.0)
        return np.stack([best, np.where(spread > 0, belief.loc * special.ndtr(z) + spread * density, best)], axis=1)

    def gittins_indices(self, belief: UnknownArmBelief, discount: float) -> Float[np.ndarray, "task arm"]:
        if self.prior_scale == 0:
            return self.posterior_means(belief)
        standard = normal_gittins_index(1 / self._variance_ratio + belief.num_pulls, discount)
        return self.posterior_means(belief) + self.reward_scale * np.stack(
            [np.zeros_like(belief.loc), np.asarray(standard.index)], axis=1
        )

    def plan(self, *, horizon: int, discount: float = 1.0) -> StoppingSolution:
        return solve_stopping_problem(
            lifetime=horizon,
            prior_scale=self.prior_scale,
            reward_scale=self.reward_scale,
            prior_loc=self.prior_loc,
            discount=discount,
        )

    @property
    def _variance_ratio(self) -> float:
        """Ratio of the prior variance to the reward variance."""
        return (self.prior_scale / self.reward_scale) ** 2

    def _scale_of_mean(self, belief: UnknownArmBelief) -> Any:
        """Return the posterior standard deviation of the mean; NumPy for many tasks, JAX inside a transformation."""
        return self.prior_scale * (1 + self._variance_ratio * belief.num_pulls) ** -0.5

    def _mean_around(self, loc: Any, scale: Any) -> dist.Distribution:
        return dist.Normal(loc, scale) if self.prior_scale > 0 else dist.Delta(loc)
