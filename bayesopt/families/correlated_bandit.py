"""Arms that pay with probabilities p and 1 - p, and one that pays little but reveals p."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float
from scipy import special, stats

from bayesopt.conjugate import BetaBelief
from bayesopt.family import AbstractBanditFamily
from bayesopt.finite_values import SMALLEST_SPACING, FiniteValues, beta_binomial_log_probs
from bayesopt.hyperparameters import are_known, require_count, require_positive
from bayesopt.planning.correlated_plans import CorrelatedPlan, correlated_plan


@dataclass(frozen=True)
class CorrelatedBandit(AbstractBanditFamily):
    """Arms that depend on p ~ Beta(concentration1, concentration0): arm 0 pays 1 with probability p, arm 1 with 1 - p.

    Pulls of arms 0 and 1 are equally informative flips of the same coin, so between these two the greedy choice is
    optimal. A learner that treats the arms as independent learns half as fast. Arm 2 flips the coin `probe_flips`
    times and pays `probe_reward` for each head. It never has the largest expected reward, but it is worth pulling
    first, which a myopic agent does not do. With `probe_flips = 0` there is no arm 2. The design follows the dependent
    and informative arms of Wang et al. 2016 (arXiv 1611.05763); the numbers are our choice.
    """

    title: ClassVar[str] = (
        "correlated arms, p ~ Beta({concentration1}, {concentration0}), with a probing arm of {probe_flips} flips"
    )

    concentration1: float = 1.0
    concentration0: float = 1.0
    probe_flips: int = 20
    probe_reward: float = 0.02

    def __post_init__(self) -> None:
        require_positive(self, "concentration1")
        require_positive(self, "concentration0")
        require_count(self, "probe_flips")
        if self.probe_flips == 1:
            raise ValueError("CorrelatedBandit: probe_flips must be 0, or at least 2; got 1")
        require_positive(self, "probe_reward")
        if are_known(self.probe_reward) and self.probe_reward < SMALLEST_SPACING:
            raise ValueError(
                f"CorrelatedBandit: probe_reward must be at least {SMALLEST_SPACING:g} (smaller rewards are not told "
                f"apart); got {self.probe_reward!r}"
            )
        if self.probe_flips * self.probe_reward > 0.5:
            raise ValueError(
                "CorrelatedBandit: probe_flips * probe_reward must be at most 0.5 (above it arm 2 may be the best); "
                f"got probe_flips {self.probe_flips!r}, probe_reward {self.probe_reward!r}"
            )

    @property
    def num_arms(self) -> int:
        return 3 if self.probe_flips else 2

    def model(self, rewards: Array | None = None, *, length: int) -> None:
        probs = numpyro.sample("probs", dist.Beta(self.concentration1, self.concentration0))
        with numpyro.plate("time", length, dim=-2), numpyro.plate("arm", self.num_arms, dim=-1):
            numpyro.sample("rewards", self._pays(_log_binomial_probs(probs, self.probe_flips), probs), obs=rewards)

    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        probs = latents["probs"]
        return jnp.stack([probs, 1 - probs, self.probe_flips * self.probe_reward * probs])[: self.num_arms]

    def prior_belief(self) -> BetaBelief:
        return BetaBelief(jnp.asarray(self.concentration1, float), jnp.asarray(self.concentration0, float))

    def update_arm(self, belief: BetaBelief, arm: Array, reward: Array) -> BetaBelief:
        flips = jnp.array([1, 1, self.probe_flips])[arm]
        heads = jnp.stack([reward, 1 - reward, jnp.rint(reward / self.probe_reward)])[arm]
        return BetaBelief(belief.concentration1 + heads, belief.concentration0 + (flips - heads))

    def posterior(self, belief: BetaBelief) -> dict[str, dist.Distribution]:
        return {"probs": dist.Beta(belief.concentration1, belief.concentration0)}

    def reward_predictive(self, belief: BetaBelief) -> dist.Distribution:
        log_counts = beta_binomial_log_probs(belief.concentration1, belief.concentration0, self.probe_flips)
        return self._pays(log_counts, belief.concentration1 / (belief.concentration1 + belief.concentration0))

    def posterior_means(self, belief: BetaBelief) -> Float[np.ndarray, "task arm"]:
        mean = belief.concentration1 / (belief.concentration1 + belief.concentration0)
        return self._by_arm(mean, 1 - mean)

    def best_arm_probs(self, belief: BetaBelief) -> Float[np.ndarray, "task arm"]:
        is_tails = special.betainc(belief.concentration1, belief.concentration0, 0.5)
        is_heads = special.betainc(belief.concentration0, belief.concentration1, 0.5)
        return np.stack([is_heads, is_tails, np.zeros_like(is_heads)], axis=1)[:, : self.num_arms]

    def posterior_quantiles(
        self, belief: BetaBelief, level: Float[np.ndarray, "task arm"]
    ) -> Float[np.ndarray, "task arm"]:
        heads = special.betaincinv(belief.concentration1[:, None], belief.concentration0[:, None], level)
        tails = special.betaincinv(belief.concentration0[:, None], belief.concentration1[:, None], level)
        scales = np.array([1.0, 1.0, self.probe_flips * self.probe_reward])[: self.num_arms]
        return scales * np.where(np.arange(self.num_arms) == 1, tails, heads)

    def means_after_pull(self, belief: BetaBelief) -> Float[np.ndarray, "task arm"]:
        return np.stack([self._mean_after_flips(belief, flips) for flips in (1, 1, self.probe_flips)], axis=1)[
            :, : self.num_arms
        ]

    def plan(self, *, horizon: int, discount: float = 1.0) -> CorrelatedPlan:
        return correlated_plan(
            self.concentration1,
            self.concentration0,
            probe_flips=self.probe_flips,
            probe_reward=self.probe_reward,
            horizon=horizon,
            discount=discount,
        )

    def _mean_after_flips(self, belief: BetaBelief, flips: int) -> Float[np.ndarray, "task"]:
        counts = np.arange(flips + 1)[:, None]
        mean = (belief.concentration1 + counts) / (belief.concentration1 + belief.concentration0 + flips)
        probs = stats.betabinom.pmf(counts, flips, belief.concentration1, belief.concentration0)
        return (probs * np.maximum(mean, 1 - mean)).sum(axis=0)

    def _by_arm(self, heads: np.ndarray, tails: np.ndarray) -> Float[np.ndarray, "task arm"]:
        return np.stack([heads, tails, self.probe_flips * self.probe_reward * heads], axis=1)[:, : self.num_arms]

    def _pays(self, log_counts: Array, probs: Array) -> FiniteValues:
        """Return the rewards' distribution, given p and the log probabilities of arm 2's number of heads."""
        counts = jnp.arange(max(self.probe_flips, 1) + 1)
        is_coin = counts < 2
        log_flip = jnp.where(is_coin, jnp.log(jnp.where(counts == 1, probs, 1 - probs)), -jnp.inf)
        log_other = jnp.where(is_coin, jnp.log(jnp.where(counts == 1, 1 - probs, probs)), -jnp.inf)
        log_probe = log_counts if self.probe_flips else jnp.zeros_like(log_flip)
        values = jnp.stack([counts, counts, counts * self.probe_reward])
        return FiniteValues(values[: self.num_arms], jnp.stack([log_flip, log_other, log_probe])[: self.num_arms])


def _log_binomial_probs(probs: Array, flips: int) -> Array:
    counts = jnp.arange(flips + 1)
    return dist.Binomial(flips, probs).log_prob(counts)
