"""Base classes and protocols of task families, in `bayesopt.families` or defined by a user.

A family is a frozen, hashable value with a NumPyro model. The model alone makes it valid. The belief methods of
`HasBeliefs` (or `HasRegressionBeliefs`) make its Bayes-optimal reference exact.
"""

import abc
import re
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float, Int
from numpyro.distributions import Distribution

from bayesopt.agent import Belief, Plan


class AbstractFamily(abc.ABC):
    """Fully specified distribution over tasks. Subclasses are frozen dataclasses; their fields are the prior."""

    title: ClassVar[str] = ""
    """Name in words for a reader, filled from the fields: "coin flips, bias ~ Beta({concentration1}, …)".

    Of a field `loc` that is a tuple there are also `num_loc`, its length, and `each_loc`, its entry if all are equal.
    """

    @abc.abstractmethod
    def model(self, *args: Any, **kwargs: Any) -> Any:
        """Draw one task, as a NumPyro model; data arguments default to `None`."""


class AbstractPredictionFamily(AbstractFamily):
    """Sequence-prediction tasks: each observation is predicted from those before it."""

    is_exchangeable: ClassVar[bool]
    """True if the order of the observations carries no information about the task."""

    @abc.abstractmethod
    def model(self, observations: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then `length` values at the site `"observations"` along its first axis."""


class AbstractRegressionFamily(AbstractFamily):
    """Regression tasks: each noisy target is predicted from its input and the pairs before it."""

    is_exchangeable: ClassVar[bool]
    """True if the order of the pairs carries no information about the task."""

    @abc.abstractmethod
    def model(self, inputs: Array | None = None, targets: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then `length` pairs at the sites `"inputs"` and `"targets"`."""


class AbstractBanditFamily(AbstractFamily):
    """Bandit tasks: one of several arms is pulled at every trial, and only its reward is observed."""

    @property
    @abc.abstractmethod
    def num_arms(self) -> int:
        """Number of arms of every task."""

    @abc.abstractmethod
    def model(self, rewards: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then the rewards of every arm at each of `length` trials.

        The rewards are one site, `"rewards"`, of shape `time arm`; given the latents they are independent.
        """

    @abc.abstractmethod
    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        """Return the expected reward of each arm of one task (`arm`), given its latents."""


class AbstractContextualBanditFamily(AbstractFamily):
    """Contextual bandit tasks: a context is shown at every trial before an arm is pulled, and rewards depend on it."""

    num_contexts: int
    """Number of contexts of every task; they are numbered from 0."""
    num_arms: int
    """Number of arms of every task, the same in every context."""

    @abc.abstractmethod
    def model(self, contexts: Array | None = None, rewards: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then `length` contexts and the rewards of every arm at these trials.

        The sites are `"contexts"` (`time`) and `"rewards"` (`time arm`). Contexts do not depend on actions.
        """

    @abc.abstractmethod
    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        """Return the expected reward of each arm of one task in each context (`context arm`), given its latents."""


class AbstractTabularFamily(AbstractFamily):
    """Deterministic tabular MDPs: the latents of a task determine the next state and the reward of every action."""

    @property
    @abc.abstractmethod
    def num_states(self) -> int:
        """Number of states of every task, numbered from 0; the agent sees the state before it acts."""

    @property
    @abc.abstractmethod
    def num_actions(self) -> int:
        """Number of actions in every state."""

    @property
    @abc.abstractmethod
    def initial_state(self) -> int:
        """State in which every task begins."""

    @abc.abstractmethod
    def model(self) -> None:
        """Draw the latents of one task, and nothing else."""

    @abc.abstractmethod
    def tables(self, latents: dict[str, Array]) -> tuple[Array, Array]:
        """Return the next state and the reward (`state action` each) of every action of one task, as JAX arrays."""


KINDS: dict[type[AbstractFamily], str] = {
    AbstractPredictionFamily: "prediction family",
    AbstractRegressionFamily: "regression family",
    AbstractBanditFamily: "bandit family",
    AbstractContextualBanditFamily: "contextual bandit family",
    AbstractTabularFamily: "tabular family",
}
"""Kinds of families, and what messages call them."""


def require_kind(function: str, family: object, kind: type[AbstractFamily]) -> None:
    """Raise `TypeError` unless `family`, an argument of the named function, is a family of this kind."""
    if isinstance(family, kind):
        return
    if isinstance(family, type):
        got = f"the class {family.__name__}. Make a family of it: {family.__name__}()"
    else:
        found = next((name for base, name in KINDS.items() if isinstance(family, base)), "no family of a known kind")
        got = f"{type(family).__name__}, {'' if found.startswith('no ') else 'a '}{found}"
    raise TypeError(f"{function} needs a {KINDS[kind]}; got {got}")


@runtime_checkable
class HasBeliefs(Protocol):
    """Prediction family whose posterior has finitely many sufficient statistics, so that its reference is exact.

    All methods work on one task at one time; `bayesopt.beliefs` runs them over many.
    """

    def prior_belief(self) -> Belief:
        """Return the belief before any observation."""
        ...

    def update(self, belief: Belief, observation: Array) -> Belief:
        """Return the belief after one more observation (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """Return the distribution of every latent site of the model, given the belief."""
        ...

    def posterior_predictive(self, belief: Belief) -> Distribution:
        """Return the distribution of the next observation, given the belief."""
        ...


@runtime_checkable
class HasRegressionBeliefs(Protocol):
    """Regression family with the methods of `HasBeliefs`, whose update and predictive also receive the input."""

    def prior_belief(self) -> Belief:
        """Return the belief before any pair."""
        ...

    def update_with_pair(self, belief: Belief, inputs: Array, targets: Array) -> Belief:
        """Return the belief after one more pair (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """Return the distribution of every latent site of the model, given the belief."""
        ...

    def target_predictive(self, belief: Belief, inputs: Array) -> Distribution:
        """Return the distribution of the next target (one event), given the belief and the next input."""
        ...


@runtime_checkable
class HasArmBeliefs(Protocol):
    """Bandit family whose posterior has finitely many sufficient statistics, so that agents can plan with it.

    The first four methods work on one task at one time, in JAX. The last four serve index policies: they take
    beliefs of many tasks, NumPy arrays with a leading `task` axis, and return arrays `task arm`.
    """

    def prior_belief(self) -> Belief:
        """Return the belief before any pull."""
        ...

    def update_arm(self, belief: Belief, arm: Array, reward: Array) -> Belief:
        """Return the belief after a pull of `arm` gave `reward` (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """Return the distribution of every latent site of the model, given the belief."""
        ...

    def reward_predictive(self, belief: Belief) -> Distribution:
        """Return the distribution of the next reward of every arm (batch shape `arm`), given the belief."""
        ...

    def posterior_means(self, belief: Belief) -> Float[np.ndarray, "task arm"]:
        """Return the posterior mean of each arm's expected reward."""
        ...

    def best_arm_probs(self, belief: Belief) -> Float[np.ndarray, "task arm"]:
        """Return the posterior probability that each arm has the largest expected reward."""
        ...

    def posterior_quantiles(
        self, belief: Belief, level: Float[np.ndarray, "task arm"]
    ) -> Float[np.ndarray, "task arm"]:
        """Return the quantile at `level` of the posterior of each arm's expected reward."""
        ...

    def means_after_pull(self, belief: Belief) -> Float[np.ndarray, "task arm"]:
        """Return, for each arm, the expected largest posterior mean of all arms after one more pull of this arm."""
        ...


@runtime_checkable
class HasContextBeliefs(Protocol):
    """Contextual bandit family in which one arm of each context is correct: it always pays 1, the others pay 0.

    A belief says which arms may still be correct. The first four methods work on one task at one time, in JAX;
    `correct_arm_probs` takes beliefs of many tasks, NumPy arrays with a leading `task` axis.
    """

    def prior_belief(self) -> Belief:
        """Return the belief before any pull."""
        ...

    def update_context_arm(self, belief: Belief, context: Array, arm: Array, reward: Array) -> Belief:
        """Return the belief after a pull of `arm` in `context` gave `reward` (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """Return the distribution of every latent site of the model, given the belief."""
        ...

    def reward_predictive(self, belief: Belief, context: Array) -> Distribution:
        """Return the distribution of every arm's next reward (batch shape `arm`), given the belief and the context."""
        ...

    def correct_arm_probs(self, belief: Belief) -> Float[np.ndarray, "task context arm"]:
        """Return the posterior probability that each arm is the correct one, in every context."""
        ...

    def possible_targets(self) -> Int[np.ndarray, "hypothesis context"]:
        """Return every possible list of correct arms; all lists are equally likely before any pull."""
        ...


@runtime_checkable
class HasPlan(Protocol):
    """Bandit family whose finite-horizon problem can be solved."""

    def plan(self, *, horizon: int, discount: float = 1.0) -> Plan:
        """Return the Bayes-optimal plan for `horizon` trials, with rewards at trial t weighted by `discount**t`."""
        ...


@runtime_checkable
class HasGittinsIndices(Protocol):
    """Bandit family of independent arms whose Gittins indices can be computed."""

    def gittins_indices(self, belief: Belief, discount: float) -> Float[np.ndarray, "task arm"]:
        """Return the index of every arm; pulling the largest is optimal under infinite-horizon discounting."""
        ...


@runtime_checkable
class HasFiniteHorizonIndices(Protocol):
    """Bandit family of independent arms whose finite-horizon indices can be computed."""

    def finite_horizon_indices(self, belief: Belief, remaining: int, discount: float) -> Float[np.ndarray, "task arm"]:
        """Return the index of every arm with `remaining` trials left: the equivalent known reward per trial."""
        ...


def family_id(family: AbstractFamily | type[AbstractFamily]) -> str:
    """Return the id of a family, which is the name of its file: `BetaBernoulli` is `beta_bernoulli`."""
    cls = family if isinstance(family, type) else type(family)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
