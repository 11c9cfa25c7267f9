"""Bandits as prediction tasks: arms are pulled in a fixed order, and each reward is predicted from earlier ones.

For a contextual bandit, the order of the contexts is fixed too. With these adapters, the checks of prediction families
(chain rule, calibration, agreement with NUTS) apply to bandits.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Int
from numpyro import handlers

from bayesopt.agent import Belief
from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractPredictionFamily,
    HasArmBeliefs,
    HasContextBeliefs,
)


class PulledArmsBelief(NamedTuple):
    """The belief of the bandit, and the number of pulls so far."""

    arms: Belief
    num_pulls: Int[Array, ""]


@dataclass(frozen=True)
class PulledArms(AbstractPredictionFamily):
    """The rewards of a bandit when its arms are pulled in turn; after the last arm comes the first again."""

    bandit: Any

    is_exchangeable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not (isinstance(self.bandit, AbstractBanditFamily) and isinstance(self.bandit, HasArmBeliefs)):
            raise ValueError(f"bandit must be a bandit family with belief methods; got {self.bandit!r}")

    def model(self, observations: Array | None = None, *, length: int) -> None:
        unused = jnp.zeros((length, self.bandit.num_arms))
        with handlers.block(hide=["rewards"]), handlers.trace() as sites:
            self.bandit.model(unused, length=length)
        table: Any = sites["rewards"]["fn"]
        with numpyro.plate("time", length):
            numpyro.sample("observations", _of_arms(table, jnp.arange(length) % self.bandit.num_arms), obs=observations)

    def prior_belief(self) -> PulledArmsBelief:
        return PulledArmsBelief(self.bandit.prior_belief(), jnp.zeros((), int))

    def update(self, belief: PulledArmsBelief, observation: Array) -> PulledArmsBelief:
        arm = belief.num_pulls % self.bandit.num_arms
        return PulledArmsBelief(self.bandit.update_arm(belief.arms, arm, observation), belief.num_pulls + 1)

    def posterior(self, belief: PulledArmsBelief) -> dict[str, dist.Distribution]:
        return self.bandit.posterior(belief.arms)

    def posterior_predictive(self, belief: PulledArmsBelief) -> dist.Distribution:
        return _of_arm(self.bandit.reward_predictive(belief.arms), belief.num_pulls % self.bandit.num_arms)


@dataclass(frozen=True)
class PulledContexts(AbstractPredictionFamily):
    """The rewards of a contextual bandit when its contexts come in turn; in each round of contexts, one arm is pulled.

    The next round pulls the next arm.
    """

    bandit: Any

    is_exchangeable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not (isinstance(self.bandit, AbstractContextualBanditFamily) and isinstance(self.bandit, HasContextBeliefs)):
            raise ValueError(f"bandit must be a contextual bandit family with belief methods; got {self.bandit!r}")

    def model(self, observations: Array | None = None, *, length: int) -> None:
        contexts, arms = self._context_and_arm(jnp.arange(length))
        unused = jnp.zeros((length, self.bandit.num_arms))
        with handlers.block(hide=["contexts", "rewards"]), handlers.trace() as sites:
            self.bandit.model(contexts, unused, length=length)
        table: Any = sites["rewards"]["fn"]
        with numpyro.plate("time", length):
            numpyro.sample("observations", _of_arms(table, arms), obs=observations)

    def prior_belief(self) -> PulledArmsBelief:
        return PulledArmsBelief(self.bandit.prior_belief(), jnp.zeros((), int))

    def update(self, belief: PulledArmsBelief, observation: Array) -> PulledArmsBelief:
        pulled = self._context_and_arm(belief.num_pulls)
        return PulledArmsBelief(self.bandit.update_context_arm(belief.arms, *pulled, observation), belief.num_pulls + 1)

    def posterior(self, belief: PulledArmsBelief) -> dict[str, dist.Distribution]:
        return self.bandit.posterior(belief.arms)

    def posterior_predictive(self, belief: PulledArmsBelief) -> dist.Distribution:
        context, arm = self._context_and_arm(belief.num_pulls)
        return _of_arm(self.bandit.reward_predictive(belief.arms, context), arm)

    def _context_and_arm(self, time: Array) -> tuple[Array, Array]:
        return time % self.bandit.num_contexts, time // self.bandit.num_contexts % self.bandit.num_arms


def _of_arm(predictive: dist.Distribution, arm: Array) -> dist.Distribution:
    """Select one arm's entry of a distribution over the rewards of all arms (`arm`)."""
    shape = predictive.batch_shape
    selected = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (*shape, *leaf.shape[len(shape) :]))[arm], predictive)
    selected._batch_shape = ()
    return selected


def _of_arms(table: dist.Distribution, arms: Int[Array, "time"]) -> dist.Distribution:
    """Select the entry of the pulled arm at each time, from a distribution over a table of rewards (`time arm`)."""
    length, num_arms = table.batch_shape
    while isinstance(table, dist.ExpandedDistribution):
        table = table.base_dist

    def pick(leaf: Any) -> Array:
        event = leaf.shape[len(table.batch_shape) :]
        return jnp.broadcast_to(leaf, (length, num_arms, *event))[jnp.arange(length), arms]

    selected = jax.tree.map(pick, table)
    selected._batch_shape = (length,)
    return selected
