"""What a task family is: the contracts that every file in `bayesopt.families`, and any user's object, fulfils.

A family is a frozen, hashable value with a NumPyro model. That alone is legal. Adding the belief methods of
`HasBeliefs` (or `HasRegressionBeliefs`) makes its Bayes-optimal reference exact. Nothing else changes.
"""

import abc
import re
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float, Int
from numpyro.distributions import Distribution

from bayesopt.agent import Belief, Plan


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

    is_exchangeable: ClassVar[bool]
    """Whether the order of the pairs carries no information about the task."""

    @abc.abstractmethod
    def model(self, inputs: Array | None = None, targets: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then `length` pairs at the sites `"inputs"` and `"targets"`."""


class AbstractBanditFamily(AbstractFamily):
    """Tasks in which one of several arms is pulled at every trial, and only its reward is seen."""

    @property
    @abc.abstractmethod
    def num_arms(self) -> int:
        """How many arms every task has."""

    @abc.abstractmethod
    def model(self, rewards: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then what every arm would pay at each of `length` trials.

        The rewards are one site, `"rewards"`, of shape `time arm`; given the latents they are independent.
        """

    @abc.abstractmethod
    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        """What each arm of one task pays on average (`arm`), given its latents."""


class AbstractContextualBanditFamily(AbstractFamily):
    """Tasks in which a context is shown at every trial, an arm is pulled, and what arms pay depends on the context."""

    num_contexts: int
    """How many contexts every task has; they are numbered from 0."""
    num_arms: int
    """How many arms every task has, the same in every context."""

    @abc.abstractmethod
    def model(self, contexts: Array | None = None, rewards: Array | None = None, *, length: int) -> None:
        """Draw the latents of one task, then `length` contexts and what every arm would pay at each of these trials.

        The sites are `"contexts"` (`time`) and `"rewards"` (`time arm`). No action changes which contexts come.
        """

    @abc.abstractmethod
    def expected_rewards(self, latents: dict[str, Array]) -> Array:
        """What each arm of one task pays on average in each context (`context arm`), given its latents."""


class AbstractTabularFamily(AbstractFamily):
    """Small Markov tasks: actions lead from state to state and pay, without noise; the latents say where and what."""

    @property
    @abc.abstractmethod
    def num_states(self) -> int:
        """How many states every task has, numbered from 0; the agent sees the state before it acts."""

    @property
    @abc.abstractmethod
    def num_actions(self) -> int:
        """How many actions there are in every state."""

    @property
    @abc.abstractmethod
    def initial_state(self) -> int:
        """Where every task begins."""

    @abc.abstractmethod
    def model(self) -> None:
        """Draw the latents of one task; there is nothing else to draw."""

    @abc.abstractmethod
    def tables(self, latents: dict[str, Array]) -> tuple[Array, Array]:
        """The next state and the reward (`state action` each) of every action in every state of one task, in JAX."""


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


@runtime_checkable
class HasArmBeliefs(Protocol):
    """A bandit family whose posterior has finitely many sufficient statistics, so that agents can plan with it.

    The first four methods work on one task at one time, in JAX. The last four are what index policies need; they
    take beliefs of many tasks, NumPy arrays with a leading `task` axis, and return arrays `task arm`.
    """

    def prior_belief(self) -> Belief:
        """The belief before any pull."""
        ...

    def update_arm(self, belief: Belief, arm: Array, reward: Array) -> Belief:
        """The belief after `arm` paid `reward` (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """The distribution of every latent site of the model, given the belief."""
        ...

    def reward_predictive(self, belief: Belief) -> Distribution:
        """The distribution of the next reward of every arm (batch shape `arm`), given the belief."""
        ...

    def posterior_means(self, belief: Belief) -> Float[np.ndarray, "task arm"]:
        """What each arm pays on average, as far as one knows."""
        ...

    def best_arm_probs(self, belief: Belief) -> Float[np.ndarray, "task arm"]:
        """The posterior probability of each arm to be the one that pays most on average."""
        ...

    def posterior_quantiles(
        self, belief: Belief, level: Float[np.ndarray, "task arm"]
    ) -> Float[np.ndarray, "task arm"]:
        """The quantile at `level` of the posterior of what each arm pays on average."""
        ...

    def means_after_pull(self, belief: Belief) -> Float[np.ndarray, "task arm"]:
        """The expected largest posterior mean once each arm in turn has been pulled one more time."""
        ...


@runtime_checkable
class HasContextBeliefs(Protocol):
    """A contextual bandit family in which one arm of each context is correct: it pays 1 for sure, the others nothing.

    So a belief says which arms may still be correct. The first four methods work on one task at one time, in JAX;
    `correct_arm_probs` takes beliefs of many tasks, NumPy arrays with a leading `task` axis.
    """

    def prior_belief(self) -> Belief:
        """The belief before any pull."""
        ...

    def update_context_arm(self, belief: Belief, context: Array, arm: Array, reward: Array) -> Belief:
        """The belief after `arm` paid `reward` in `context` (Bayes' rule)."""
        ...

    def posterior(self, belief: Belief) -> dict[str, Distribution]:
        """The distribution of every latent site of the model, given the belief."""
        ...

    def reward_predictive(self, belief: Belief, context: Array) -> Distribution:
        """The distribution of the next reward of every arm (batch shape `arm`), given the belief and the context."""
        ...

    def correct_arm_probs(self, belief: Belief) -> Float[np.ndarray, "task context arm"]:
        """The posterior probability of each arm to be the correct one, in every context."""
        ...

    def possible_targets(self) -> Int[np.ndarray, "hypothesis context"]:
        """Every way in which arms can be correct in the contexts; all are equally likely before any pull."""
        ...


@runtime_checkable
class HasPlan(Protocol):
    """A bandit family whose finite-horizon problem can be solved."""

    def plan(self, *, horizon: int, discount: float = 1.0) -> Plan:
        """The Bayes-optimal plan for `horizon` trials, rewards at trial t weighed by `discount**t`."""
        ...


@runtime_checkable
class HasGittinsIndices(Protocol):
    """A bandit family of independent arms whose Gittins indices can be computed."""

    def gittins_indices(self, belief: Belief, discount: float) -> Float[np.ndarray, "task arm"]:
        """The index of every arm: pulling the largest is optimal for geometric discounting without an end."""
        ...


@runtime_checkable
class HasFiniteHorizonIndices(Protocol):
    """A bandit family of independent arms whose indices with finitely many trials left can be computed."""

    def finite_horizon_indices(self, belief: Belief, remaining: int, discount: float) -> Float[np.ndarray, "task arm"]:
        """The index of every arm with `remaining` trials left: the sure reward per trial that is worth as much."""
        ...


def family_id(family: AbstractFamily | type[AbstractFamily]) -> str:
    """The id of a family, which is the name of its file: `BetaBernoulli` is `beta_bernoulli`."""
    cls = family if isinstance(family, type) else type(family)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
