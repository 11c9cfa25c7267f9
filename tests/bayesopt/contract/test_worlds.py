"""The checks of tabular families catch the families that they are for."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import pytest

from bayesopt.contract.worlds import check_lifetime_agent, check_lifetime_plan, check_tables
from bayesopt.families import ForagingGrid


@dataclass(frozen=True)
class LeadsOutside(ForagingGrid):
    def tables(self, latents):
        next_state, reward = super().tables(latents)
        return next_state + 1, reward


@dataclass(frozen=True)
class AlwaysTheSame(ForagingGrid):
    def tables(self, latents):
        return super().tables(jax.tree.map(jnp.zeros_like, latents))


@dataclass(frozen=True)
class ForgetsATask(ForagingGrid):
    def possible_latents(self):
        return {site: values[1:] for site, values in super().possible_latents().items()}


@dataclass(frozen=True)
class PlansForAnother(ForagingGrid):
    def lifetime_plan(self, *, lifetime):
        return ForagingGrid(side=self.side, high_reward=7.0).lifetime_plan(lifetime=lifetime)


@pytest.mark.parametrize(
    ("broken", "check", "message"),
    [
        (LeadsOutside, check_tables, "states must be from 0 to 35; got 0 to 36"),
        (AlwaysTheSame, check_tables, "draws the same rewards for every key"),
        (ForgetsATask, check_lifetime_plan, r"must list all tasks, .* got 54 tasks of total probability 0\.98"),
        (PlansForAnother, check_lifetime_agent, "the plan has value"),
        (PlansForAnother, check_lifetime_plan, "exhaustive planning gives"),
    ],
)
def test_check_catches(broken, check, message):
    family = broken() if check is not check_lifetime_plan or broken is ForgetsATask else broken(side=4)
    with pytest.raises(AssertionError, match=message):
        check(family)
