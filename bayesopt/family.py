"""What a task family is: the contracts that every file in `bayesopt.families`, and any user's object, fulfils.

A family is a frozen, hashable value with a NumPyro model. That alone is legal. Adding the belief methods of
`HasBeliefs` (or `HasRegressionBeliefs`) makes its Bayes-optimal reference exact. Nothing else changes.
"""

import abc
import math
import re
from typing import Any, ClassVar, Protocol, runtime_checkable

from jaxtyping import Array
from numpyro.distributions import Distribution

Belief = Any
"""Sufficient statistics of a posterior: a NamedTuple of arrays for one task (see `bayesopt.conjugate`)."""


class AbstractFamily(abc.ABC):
    """A distribution over tasks, fully specified. Subclasses are frozen dataclasses; their fields are the prior."""

    @abc.abstractmethod
    def model(self, *args: Any, **kwargs: Any) -> Any:
        """The generative story as a NumPyro model; data arguments default to `None`."""


class AbstractPredictionFamily(AbstractFamily):
    """Tasks that emit a sequence of observations, each to be predicted from those before it."""

    is_exchangeable: ClassVar[bool]
    """Whether the order of the observations carries no information about the task."""

    @abc.abstractmethod
    def model(self, observations: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then `length` values at the site `"observations"` along its first axis."""


class AbstractRegressionFamily(AbstractFamily):
    """Tasks that map inputs to noisy targets, each target to be predicted from its input and the pairs before it."""

    @abc.abstractmethod
    def model(self, inputs: Array | None = None, targets: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then `length` pairs at the sites `"inputs"` and `"targets"`."""


@runtime_checkable
class HasBeliefs(Protocol):
    """A prediction family whose posterior has finitely many sufficient statistics, so that its reference is exact.

    All methods work on one task at one time; `bayesopt.beliefs` runs them over many.
    """

    def prior_belief(self) -> Belief:
        """The belief before any observation."""
        ...

    def update(self, belief: Belief, observation: Array) -> Belief:
        """The belief after one more observation (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """The distribution of every latent site of the model, given the belief."""
        ...

    def posterior_predictive(self, belief: Belief) -> Distribution:
        """The distribution of the next observation, given the belief."""
        ...


@runtime_checkable
class HasRegressionBeliefs(Protocol):
    """As `HasBeliefs`, for a regression family: the update and the predictive also see the input."""

    def prior_belief(self) -> Belief:
        """The belief before any pair."""
        ...

    def update_with_pair(self, belief: Belief, inputs: Array, targets: Array) -> Belief:
        """The belief after one more pair (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """The distribution of every latent site of the model, given the belief."""
        ...

    def target_predictive(self, belief: Belief, inputs: Array) -> Distribution:
        """The distribution of the next target, given the belief and the next input; its event is the whole target."""
        ...


def family_id(family: AbstractFamily | type[AbstractFamily]) -> str:
    """The id of a family, which is the name of its file: `BetaBernoulli` is `beta_bernoulli`."""
    cls = family if isinstance(family, type) else type(family)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def require_positive(owner: object, field: str) -> None:
    """Refuse a hyper-parameter that is not a finite number (or non-empty tuple of numbers) above zero."""
    value = getattr(owner, field)
    values = value if isinstance(value, tuple) else (value,)
    if not values or not all(_is_number(v) and math.isfinite(v) and v > 0 for v in values):
        kind = "a non-empty tuple of finite numbers > 0" if isinstance(value, tuple) else "a finite number > 0"
        raise ValueError(f"{type(owner).__name__}: {field} must be {kind}; got {value!r}")


def require_finite(owner: object, field: str) -> None:
    """Refuse a hyper-parameter that is not a finite number."""
    value = getattr(owner, field)
    if not _is_number(value) or not math.isfinite(value):
        raise ValueError(f"{type(owner).__name__}: {field} must be a finite number; got {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
