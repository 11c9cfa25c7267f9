"""The uniform distribution over injections from contexts to arms, restricted to those still possible."""

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Bool, Float, Int
from numpyro.distributions import constraints
from numpyro.distributions.util import validate_sample


@functools.cache
def injections(num_contexts: int, num_arms: int) -> Int[np.ndarray, "injection context"]:
    """Return every list of `num_contexts` different arms, in lexicographic order."""
    return np.array(list(itertools.permutations(range(num_arms), num_contexts)), np.int64)


class UniformInjections(dist.Distribution):
    """Uniform distribution over injections from contexts to arms that use only arms marked in `is_possible`.

    `is_possible` is `... context arm`; a draw is the list of arms, `... context`. All injections are enumerated, so
    contexts and arms must be few.
    """

    arg_constraints = {"is_possible": constraints.independent(constraints.boolean, 2)}
    is_possible: Any

    def __init__(self, is_possible: Any, *, validate_args: bool | None = None) -> None:
        self.is_possible = is_possible
        *batch_shape, num_contexts, _ = jnp.shape(is_possible)
        super().__init__(tuple(batch_shape), (num_contexts,), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.independent(constraints.integer_interval(0, self.is_possible.shape[-1] - 1), 1)

    @property
    def is_allowed(self) -> Array:
        """True for injections that use only possible arms (`... injection`)."""
        lists = jnp.asarray(injections(*self.is_possible.shape[-2:]))
        return jnp.asarray(self.is_possible)[..., jnp.arange(lists.shape[1]), lists].all(-1)

    @property
    def arm_probs(self) -> Array:
        """Probability of each arm in each context (`... context arm`)."""
        num_arms = self.is_possible.shape[-1]
        uses = jnp.asarray(np.eye(num_arms)[injections(*self.is_possible.shape[-2:])])
        is_allowed = self.is_allowed
        return jnp.einsum("...i,ica->...ca", is_allowed, uses) / is_allowed.sum(-1)[..., None, None]

    def sample(self, key: Array | None, sample_shape: tuple[int, ...] = ()) -> Array:
        assert key is not None
        log_weights = jnp.where(self.is_allowed, 0.0, -jnp.inf)
        drawn = jax.random.categorical(key, log_weights, axis=-1, shape=sample_shape + self.batch_shape)
        return jnp.asarray(injections(*self.is_possible.shape[-2:]))[drawn]

    @validate_sample
    def log_prob(self, value: Any) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        uses = jax.nn.one_hot(value, self.is_possible.shape[-1], dtype=int)
        is_injection = (uses.sum(-2) <= 1).all(-1) & ((uses * self.is_possible).sum(-1) == 1).all(-1)
        return jnp.where(is_injection, -jnp.log(self.is_allowed.sum(-1)), -jnp.inf)


def injection_arm_probs(is_possible: Bool[np.ndarray, "task context arm"]) -> Float[np.ndarray, "task context arm"]:
    """Return the `arm_probs` of `UniformInjections` for many tasks, in NumPy; NaN if no injection is possible.

    Contexts receive arms one after the other, and only the set of used arms matters to the contexts that follow.
    Injections are therefore counted over sets (bits of an integer), not one by one.
    """
    num_tasks, num_contexts, num_arms = is_possible.shape
    possible = is_possible.transpose(1, 2, 0).astype(float)
    used_before: list[dict[int, np.ndarray]] = [{0: np.ones(num_tasks)}]
    for context in range(num_contexts):
        ways: dict[int, np.ndarray] = {}
        for used, arm in itertools.product(used_before[-1], range(num_arms)):
            if not used >> arm & 1:
                ways[used | 1 << arm] = ways.get(used | 1 << arm, 0) + used_before[-1][used] * possible[context, arm]
        used_before.append(ways)
    counts = np.zeros_like(possible)
    ways_after = dict.fromkeys(used_before.pop(), np.ones(num_tasks))
    for context in reversed(range(num_contexts)):
        ways_before, ways_from_here = used_before.pop(), {}
        for used, before in ways_before.items():
            free = [arm for arm in range(num_arms) if not used >> arm & 1]
            after = {arm: possible[context, arm] * ways_after[used | 1 << arm] for arm in free}
            ways_from_here[used] = sum(after.values())
            for arm, ways in after.items():
                counts[context, arm] += before * ways
        ways_after = ways_from_here
    with np.errstate(invalid="ignore"):
        return (counts / counts.sum(axis=1, keepdims=True)).transpose(2, 0, 1)
