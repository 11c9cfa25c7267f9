"""Contexts with one correct arm each, to be found by elimination (no noise)."""

import itertools
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Bool, Float, Int

from bayesopt.family import AbstractContextualBanditFamily
from bayesopt.hyperparameters import require_count, require_flag
from bayesopt.injections import UniformInjections, injection_arm_probs, injections
from bayesopt.memory import require_memory

MOST_ARMS_OF_DIFFERENT_TARGETS = 7
MOST_HYPOTHESES = 100_000


class EliminationBelief(NamedTuple):
    """Arms that may still be correct in each context: False once ruled out."""

    is_possible: Bool[Array, "context arm"]


@dataclass(frozen=True)
class ContextualBandit(AbstractContextualBanditFamily):
    """Contextual bandit without noise: contexts are uniform; the correct arm of a context pays 1, the others 0.

    The correct arms, `targets`, are uniform and independent across contexts. With `is_bijective` they are uniform
    among lists without repeated arms (bijections if there are as many contexts as arms), so that a correct arm found
    in one context is informative about the others. The task follows Schaul et al. 2019 (arXiv 1904.11455), who have
    one fixed mapping; the distribution over mappings is our choice.

    The posterior is uniform over the targets that agree with the rewards. The greedy policy is optimal: the arm with
    the largest expected reward is also the one most likely to end the search. (Exhaustive planning confirms this for
    small sizes, the only ones that it can handle.)
    """

    title: ClassVar[str] = "{num_contexts} contexts with one correct arm of {num_arms} each"

    num_contexts: int = 5
    num_arms: int = 5
    is_bijective: bool = False

    def __post_init__(self) -> None:
        require_count(self, "num_contexts", least=1)
        require_count(self, "num_arms", least=1)
        require_flag(self, "is_bijective")
        size = f"{self.num_contexts:,} contexts and {self.num_arms:,} arms"
        require_memory(100.0 * self.num_contexts * self.num_arms, size, remedy="Lower num_contexts or num_arms")
        if self.is_bijective and not self.num_contexts <= self.num_arms <= MOST_ARMS_OF_DIFFERENT_TARGETS:
            raise ValueError(
                "ContextualBandit: with is_bijective num_arms must be from num_contexts to "
                f"{MOST_ARMS_OF_DIFFERENT_TARGETS}; got num_contexts {self.num_contexts!r}, num_arms {self.num_arms!r}"
            )

    def model(self, contexts: Array | None = None, rewards: Array | None = None, *, length: int) -> None:
        targets = numpyro.sample("targets", self.posterior(self.prior_belief())["targets"])
        with numpyro.plate("trial", length):
            uniform = dist.CategoricalProbs(jnp.full(self.num_contexts, 1 / self.num_contexts))
            shown = numpyro.sample("contexts", uniform, obs=contexts)
        is_correct = jax.nn.one_hot(targets[shown], self.num_arms)
        with numpyro.plate("time", length, dim=-2), numpyro.plate("arm", self.num_arms, dim=-1):
            numpyro.sample("rewards", dist.Delta(is_correct), obs=rewards)

    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        return jax.nn.one_hot(latents["targets"], self.num_arms)

    def prior_belief(self) -> EliminationBelief:
        return EliminationBelief(jnp.ones((self.num_contexts, self.num_arms), bool))

    def update_context_arm(
        self, belief: EliminationBelief, context: Array, arm: Array, reward: Array
    ) -> EliminationBelief:
        is_context = (jnp.arange(self.num_contexts) == context)[:, None]
        is_arm = jnp.arange(self.num_arms) == arm
        is_elsewhere = ~is_arm if self.is_bijective else jnp.ones(self.num_arms, bool)
        after_success = jnp.where(is_context, is_arm, is_elsewhere)
        after_failure = ~(is_context & is_arm)
        return EliminationBelief(belief.is_possible & jnp.where(reward == 1, after_success, after_failure))

    def posterior(self, belief: EliminationBelief) -> dict[str, dist.Distribution]:
        if self.is_bijective:
            return {"targets": UniformInjections(belief.is_possible)}
        return {"targets": dist.CategoricalProbs(_shared(belief.is_possible)).to_event(1)}

    def reward_predictive(self, belief: EliminationBelief, context: Array) -> dist.Distribution:
        is_possible = belief.is_possible
        probs = UniformInjections(is_possible).arm_probs if self.is_bijective else _shared(is_possible)
        return dist.BernoulliProbs(probs[context])

    def correct_arm_probs(self, belief: EliminationBelief) -> Float[np.ndarray, "task context arm"]:
        """Raises `ValueError` if rewards ruled out every arm of a context, which rewards of this family cannot do."""
        is_possible = np.asarray(belief.is_possible)
        with np.errstate(invalid="ignore"):
            probs = injection_arm_probs(is_possible) if self.is_bijective else _shared(is_possible)
        is_contradicted = np.isnan(probs).any(axis=(1, 2))
        if is_contradicted.any():
            raise ValueError(
                f"rewards must be possible under {self!r}; got rewards that rule out every arm of a context in "
                f"{is_contradicted.sum()} of {len(probs)} tasks"
            )
        return np.asarray(probs)

    def possible_targets(self) -> Int[np.ndarray, "hypothesis context"]:
        """Raises `ValueError` if there are more than 100,000."""
        if self.is_bijective:
            return injections(self.num_contexts, self.num_arms)
        if self.num_arms**self.num_contexts > MOST_HYPOTHESES:
            raise ValueError(
                f"num_arms ** num_contexts must be at most {MOST_HYPOTHESES:,} to list all targets; "
                f"got {self.num_arms} ** {self.num_contexts}"
            )
        return np.array(list(itertools.product(range(self.num_arms), repeat=self.num_contexts)), np.int64)


def _shared(is_possible: Any) -> Any:
    """Return arm probabilities that are equal for all arms possible in a context."""
    return is_possible / is_possible.sum(axis=-1, keepdims=True)
