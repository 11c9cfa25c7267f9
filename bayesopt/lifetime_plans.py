"""Protocols of tabular families that can be planned over whole lifetimes, and of their plans."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Shaped

from bayesopt.agent import Agent


@runtime_checkable
class LifetimePlan(Protocol):
    """Solution of a tabular family: the Bayes-optimal values and policy."""

    @property
    def values(self) -> Float[np.ndarray, "lifetime"]:
        """Expected summed reward of the Bayes-optimal policy; entry k is for a lifetime of k + 1 steps."""
        ...

    def optimal_agent(self, *, lifetime: int) -> Agent:
        """Return the Bayes-optimal agent for `lifetime` steps; ties are broken uniformly at random."""
        ...


@runtime_checkable
class HasLifetimePlan(Protocol):
    """Tabular family with finitely many equally likely tasks, whose lifetimes can be planned exactly."""

    def possible_latents(self) -> dict[str, Shaped[Any, "task ..."]]:
        """Return the latents of every possible task."""
        ...

    def lifetime_plan(self, *, lifetime: int) -> LifetimePlan:
        """Return the Bayes-optimal plan for every lifetime up to `lifetime` steps."""
        ...
