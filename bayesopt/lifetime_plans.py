"""What planning whole lifetimes in small Markov tasks offers: protocols of families that can, and of their plans."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Shaped

from bayesopt.agent import Agent


@runtime_checkable
class LifetimePlan(Protocol):
    """The solution of a tabular family: what a Bayes-optimal lifetime is worth, and how to live it."""

    @property
    def values(self) -> Float[np.ndarray, "lifetime"]:
        """Expected summed reward of the Bayes-optimal policy over 1, 2, ... steps; entry k is of k + 1 steps."""
        ...

    def optimal_agent(self, *, lifetime: int) -> Agent:
        """The Bayes-optimal agent for so many steps; ties are shared out equally."""
        ...


@runtime_checkable
class HasLifetimePlan(Protocol):
    """A tabular family with finitely many tasks, all equally likely, whose lifetimes can be planned exactly."""

    def possible_latents(self) -> dict[str, Shaped[Any, "task ..."]]:
        """The latents of every task that there can be."""
        ...

    def lifetime_plan(self, *, lifetime: int) -> LifetimePlan:
        """The Bayes-optimal plan for every lifetime up to `lifetime` steps."""
        ...
