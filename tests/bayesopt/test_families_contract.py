"""Every family that discovery finds passes every contract check, and every check catches the family it is for.

`BAYESGAUGE_FAMILIES=id1,id2` narrows the first to some families.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
import pytest

from bayesopt import AbstractPredictionFamily, contract, families
from bayesopt.conjugate import NormalBelief, update_normal

CHOSEN = os.environ.get("BAYESGAUGE_FAMILIES")
IDS = CHOSEN.split(",") if CHOSEN else families.family_ids()
SAMPLED = IDS if CHOSEN else ["beta_bernoulli"]
"""Families on which chains are run by default; the slow tests run them on all, with more tasks and longer."""
CHECKS = [
    (identifier, name)
    for identifier in IDS
    for name in contract.contract_checks()
    if name != "nuts_agreement" or identifier in SAMPLED
]


def pass_or_skip(check: Callable[..., str], identifier: str, **sizes: int) -> None:
    try:
        assert check(families.load(identifier)(), **sizes)
    except contract.NotApplicable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(("identifier", "name"), CHECKS)
def test_family_keeps_the_contract(identifier, name):
    pass_or_skip(contract.contract_checks()[name], identifier)


@pytest.mark.slow
@pytest.mark.parametrize("identifier", IDS)
def test_calibration_on_many_tasks(identifier):
    pass_or_skip(contract.check_calibration, identifier, num_tasks=20_000)


@pytest.mark.slow
@pytest.mark.parametrize("identifier", IDS)
def test_nuts_agreement_on_many_tasks(identifier):
    pass_or_skip(contract.check_nuts_agreement, identifier, num_tasks=30, num_samples=5000)


# --- each check catches a family that breaks what it checks ----------------------------------------------------------


@dataclass(frozen=True)
class Readings(AbstractPredictionFamily):
    """A correct family, from which the broken ones below differ in one thing each: readings of a normal mean."""

    loc: float = 1.0
    scale: float = 2.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self):
        if not (math.isfinite(self.loc) and 0 < self.scale < math.inf):
            raise ValueError(f"Readings: need finite loc and finite scale > 0; got loc={self.loc}, scale={self.scale}")

    def model(self, observations=None, *, length):
        mean = numpyro.sample("mean", dist.Normal(self.loc, self.scale))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Normal(mean, 1.0), obs=observations)

    def prior_belief(self):
        return NormalBelief(jnp.asarray(self.loc, float), jnp.asarray(self.scale**-2, float))

    def update(self, belief, observation):
        return update_normal(belief, observation, observation_scale=1.0)

    def posterior(self, belief):
        return {"mean": dist.Normal(belief.loc, belief.precision**-0.5)}

    def posterior_predictive(self, belief):
        return dist.Normal(belief.loc, (1 + 1 / belief.precision) ** 0.5)


@dataclass(frozen=True)
class ModelOnly(AbstractPredictionFamily):
    """The first rung of the ladder: a legal family without a closed form."""

    loc: float = 1.0
    scale: float = 2.0
    is_exchangeable: ClassVar[bool] = True

    __post_init__ = Readings.__post_init__
    model = Readings.model


@dataclass
class CanBeChanged(AbstractPredictionFamily):
    loc: float = 1.0
    scale: float = 2.0
    model = Readings.model


@dataclass(frozen=True)
class Unhashable(AbstractPredictionFamily):
    loc: Any = (1.0,)
    model = Readings.model

    def __post_init__(self):
        object.__setattr__(self, "loc", list(self.loc))


class RefusesNothing(Readings):
    def __post_init__(self):
        pass


class RefusesWithoutSayingWhy(Readings):
    def __post_init__(self):
        if not (math.isfinite(self.loc) and 0 < self.scale < math.inf):
            raise ValueError("bad prior")


class OutsideItsPlate(Readings):
    def model(self, observations=None, *, length):
        mean = numpyro.sample("mean", dist.Normal(self.loc, self.scale))
        numpyro.sample("observations", dist.Normal(mean, 1.0), obs=observations)


class MisnamedLatent(Readings):
    def posterior(self, belief):
        return {"loc": dist.Normal(belief.loc, belief.precision**-0.5)}


class AnotherPrior(Readings):
    def prior_belief(self):
        return NormalBelief(jnp.zeros((), float), jnp.ones((), float))


class Leaky(dist.Normal):
    def log_prob(self, value, intermediates=None):
        return super().log_prob(value) - 1e-6


class UnnormalisedPredictive(Readings):
    def posterior_predictive(self, belief):
        return Leaky(belief.loc, (1 + 1 / belief.precision) ** 0.5)


class DoubleCounts(Readings):
    def update(self, belief, observation):
        return super().update(super().update(belief, observation), observation)


class PredictsFromThePosteriorMean(Readings):
    def posterior_predictive(self, belief):
        return dist.Normal(belief.loc, 1.0)


class Forgets(Readings):
    """Its posterior is the prior, so its ranks of the mean alone are uniform."""

    def update(self, belief, observation):
        return belief


class FavoursTheLatest(Readings):
    def update(self, belief, observation):
        return super().update(NormalBelief(belief.loc, 0.9 * belief.precision), observation)


BROKEN = [
    (CanBeChanged, contract.check_value, "can be changed"),
    (Unhashable, contract.check_value, "must be hashable"),
    (RefusesNothing, contract.check_hyper_parameters, "accepts loc=nan"),
    (RefusesWithoutSayingWhy, contract.check_hyper_parameters, "the message is 'bad prior'"),
    (OutsideItsPlate, contract.check_runs_forward, "inside a plate of size length"),
    (MisnamedLatent, contract.check_posterior_sites, r"exactly the latent sites \['mean'\]; got \['loc'\]"),
    (AnotherPrior, contract.check_prior_predictive, "not what the model draws"),
    (UnnormalisedPredictive, contract.check_predictive_is_normalised, "add up to one only within 1e-06"),
    (DoubleCounts, contract.check_chain_rule, "the posterior is wrong"),
    (PredictsFromThePosteriorMean, contract.check_chain_rule, "the predictive is wrong"),
    (Forgets, contract.check_calibration, "log joint density"),
    (FavoursTheLatest, contract.check_exchangeability, "is_exchangeable = False"),
    (DoubleCounts, contract.check_nuts_agreement, "Monte-Carlo errors away from NUTS"),
]


@pytest.mark.parametrize(("broken", "check", "message"), BROKEN, ids=lambda v: getattr(v, "__name__", None))
def test_check_catches(broken, check, message):
    with pytest.raises(AssertionError, match=message):
        check(broken())


def test_checks_of_closed_forms_do_not_apply_to_a_family_without_them():
    outcomes = {}
    for name, check in contract.contract_checks().items():
        try:
            outcomes[name] = check(ModelOnly()) != ""
        except contract.NotApplicable:
            outcomes[name] = None
    assert [name for name, passed in outcomes.items() if passed] == ["value", "hyper_parameters", "runs_forward"]
    assert list(outcomes.values()).count(None) == 10


@dataclass(frozen=True)
class LastSymbolMatters(Readings):
    is_exchangeable: ClassVar[bool] = False


def test_order_is_not_checked_where_it_matters():
    with pytest.raises(contract.NotApplicable, match="order matters"):
        contract.check_exchangeability(LastSymbolMatters())
