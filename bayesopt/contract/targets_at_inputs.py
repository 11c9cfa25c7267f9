"""Regressions as prediction tasks: the inputs are fixed, and each target is predicted from earlier ones.

With this adapter, the checks of prediction families (chain rule, calibration, agreement with NUTS) apply to
regressions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Int
from numpyro import handlers

from bayesopt.agent import Belief
from bayesopt.family import AbstractPredictionFamily, AbstractRegressionFamily, HasRegressionBeliefs


class TargetsAtInputsBelief(NamedTuple):
    """The belief of the regression, and the number of targets seen so far."""

    pairs: Belief
    num_seen: Int[Array, ""]


@dataclass(frozen=True)
class TargetsAtInputs(AbstractPredictionFamily):
    """The targets of a regression at `inputs`: one tuple of numbers per time, the same for every task.

    The inputs must carry no information about the latents, because their own density is left out.
    """

    regression: Any
    inputs: tuple[tuple[float, ...], ...]

    is_exchangeable: ClassVar[bool] = False
    """False, because the inputs are tied to their times. Only pairs of input and target can be exchangeable."""

    def __post_init__(self) -> None:
        is_regression = isinstance(self.regression, AbstractRegressionFamily)
        if not (is_regression and isinstance(self.regression, HasRegressionBeliefs)):
            raise ValueError(f"regression must be a regression family with belief methods; got {self.regression!r}")
        if len({len(values) for values in self.inputs}) != 1:
            raise ValueError(f"inputs must be one or more tuples of equal length; got {self.inputs!r}")

    def in_order(self, order: Sequence[int]) -> "TargetsAtInputs":
        """Return the same task with its inputs in another order; `order` is a permutation of their positions."""
        return TargetsAtInputs(self.regression, tuple(self.inputs[position] for position in order))

    def model(self, observations: Array | None = None, *, length: int) -> None:
        if length > len(self.inputs):
            raise ValueError(f"length must be at most the number of inputs, {len(self.inputs)}; got {length}")
        inputs = jnp.array(self.inputs[:length], float)
        with handlers.block(hide=["inputs", "targets"]), handlers.trace() as sites:
            self.regression.model(inputs, self._unused_targets(inputs), length=length)
        with numpyro.plate("time", length):
            numpyro.sample("observations", sites["targets"]["fn"], obs=observations)

    def prior_belief(self) -> TargetsAtInputsBelief:
        return TargetsAtInputsBelief(self.regression.prior_belief(), jnp.zeros((), int))

    def update(self, belief: TargetsAtInputsBelief, observation: Array) -> TargetsAtInputsBelief:
        inputs = jnp.array(self.inputs, float)[belief.num_seen]
        return TargetsAtInputsBelief(
            self.regression.update_with_pair(belief.pairs, inputs, observation), belief.num_seen + 1
        )

    def posterior(self, belief: TargetsAtInputsBelief) -> dict[str, dist.Distribution]:
        return self.regression.posterior(belief.pairs)

    def posterior_predictive(self, belief: TargetsAtInputsBelief) -> dist.Distribution:
        return self.regression.target_predictive(belief.pairs, jnp.array(self.inputs, float)[belief.num_seen])

    def _unused_targets(self, inputs: Array) -> Array:
        """Return zeros of the targets' shape. The model takes them as data and draws none; their site is replaced."""
        predictive = self.regression.target_predictive(self.regression.prior_belief(), inputs[0])
        return jnp.zeros((len(inputs), *predictive.event_shape))
