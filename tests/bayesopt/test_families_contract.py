"""Every family that discovery finds passes every contract check, and every check catches the family it is for.

`BAYESGAUGE_FAMILIES=id1,id2` narrows the first to some families.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
import pytest

from bayesopt import AbstractPredictionFamily, contract, families
from bayesopt.conjugate import BetaBelief

CHOSEN = os.environ.get("BAYESGAUGE_FAMILIES")
IDS = CHOSEN.split(",") if CHOSEN else families.family_ids()


def pass_or_skip(check: Callable[..., str], identifier: str, **sizes: int) -> None:
    try:
        assert check(families.load(identifier)(), **sizes)
    except contract.NotApplicable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", contract.contract_checks())
@pytest.mark.parametrize("identifier", IDS)
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
class Coin(AbstractPredictionFamily):
    """A correct family with a prior of its own, from which the broken ones below differ in one thing each."""

    concentration1: float = 2.0
    concentration0: float = 1.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self):
        if not (0 < self.concentration1 < jnp.inf and 0 < self.concentration0 < jnp.inf):
            fields = f"concentration1={self.concentration1!r}, concentration0={self.concentration0!r}"
            raise ValueError(f"Coin: concentrations must be finite numbers > 0; got {fields}")

    def model(self, observations=None, *, length):
        probs = numpyro.sample("probs", dist.Beta(self.concentration1, self.concentration0))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Bernoulli(probs), obs=observations)

    def prior_belief(self):
        return BetaBelief(jnp.asarray(self.concentration1, float), jnp.asarray(self.concentration0, float))

    def update(self, belief, observation):
        return BetaBelief(belief.concentration1 + observation, belief.concentration0 + 1 - observation)

    def posterior(self, belief):
        return {"probs": dist.Beta(belief.concentration1, belief.concentration0)}

    def posterior_predictive(self, belief):
        return dist.BernoulliProbs(belief.concentration1 / (belief.concentration1 + belief.concentration0))


class RefusesNothing(Coin):
    def __post_init__(self):
        pass


class RefusesWithoutSayingWhy(Coin):
    def __post_init__(self):
        if not (0 < self.concentration1 < jnp.inf and 0 < self.concentration0 < jnp.inf):
            raise ValueError("bad prior")


class OutsideItsPlate(Coin):
    def model(self, observations=None, *, length):
        probs = numpyro.sample("probs", dist.Beta(self.concentration1, self.concentration0))
        numpyro.sample("observations", dist.Bernoulli(probs), obs=observations)


class MisnamedLatent(Coin):
    def posterior(self, belief):
        return {"bias": dist.Beta(belief.concentration1, belief.concentration0)}


class SwappedPrior(Coin):
    def prior_belief(self):
        return BetaBelief(jnp.asarray(self.concentration0, float), jnp.asarray(self.concentration1, float))


class UnnormalisedPredictive(Coin):
    def posterior_predictive(self, belief):
        probs = belief.concentration1 / (belief.concentration1 + belief.concentration0)
        return dist.MultinomialProbs(jnp.stack([1 - probs, probs]), total_count=1) if probs is None else Leaky(probs)


class Leaky(dist.BernoulliProbs):
    def log_prob(self, value):
        return super().log_prob(value) - 1e-6


class DoubleCounts(Coin):
    def update(self, belief, observation):
        return BetaBelief(belief.concentration1 + 2 * observation, belief.concentration0 + 2 * (1 - observation))


class PredictsTheMode(Coin):
    def posterior_predictive(self, belief):
        return dist.BernoulliProbs(jnp.where(belief.concentration1 > belief.concentration0, 0.9, 0.1))


class Forgets(Coin):
    """Correct at the first observation, and blind to the others: its posterior is still calibrated, marginally."""

    def update(self, belief, observation):
        return belief


class FavoursTheLatest(Coin):
    def update(self, belief, observation):
        return BetaBelief(0.9 * belief.concentration1 + observation, 0.9 * belief.concentration0 + 1 - observation)


@dataclass
class CanBeChanged(Coin.__base__):
    concentration1: float = 1.0
    model = Coin.model


@dataclass(frozen=True)
class Unhashable(Coin.__base__):
    concentration: Any = None
    model = Coin.model

    def __post_init__(self):
        object.__setattr__(self, "concentration", [1.0])


BROKEN = [
    (CanBeChanged, contract.check_value, "can be changed"),
    (Unhashable, contract.check_value, "must be hashable"),
    (RefusesNothing, contract.check_hyper_parameters, "accepts concentration1=nan"),
    (RefusesWithoutSayingWhy, contract.check_hyper_parameters, "the message is 'bad prior'"),
    (OutsideItsPlate, contract.check_runs_forward, "inside a plate of size length"),
    (MisnamedLatent, contract.check_posterior_sites, r"exactly the latent sites \['probs'\]; got \['bias'\]"),
    (SwappedPrior, contract.check_prior_predictive, "not what the model draws"),
    (UnnormalisedPredictive, contract.check_predictive_is_normalised, "add up to one only within 1e-06"),
    (DoubleCounts, contract.check_chain_rule, "the posterior is wrong"),
    (PredictsTheMode, contract.check_chain_rule, "the predictive is wrong"),
    (Forgets, contract.check_calibration, "log joint density"),
    (FavoursTheLatest, contract.check_exchangeability, "is_exchangeable = False"),
    (DoubleCounts, contract.check_nuts_agreement, "Monte-Carlo errors away from NUTS"),
]


@pytest.mark.parametrize(("broken", "check", "message"), BROKEN, ids=lambda v: getattr(v, "__name__", None))
def test_check_catches(broken, check, message):
    with pytest.raises(AssertionError, match=message):
        check(broken())


@dataclass(frozen=True)
class ModelOnly(Coin.__base__):
    """The first rung of the ladder: a legal family without a closed form."""

    model = Coin.model
    concentration1: float = 1.0
    concentration0: float = 1.0
    is_exchangeable: ClassVar[bool] = True
    __post_init__ = Coin.__post_init__


def test_checks_of_closed_forms_do_not_apply_to_a_family_without_them():
    outcomes = {}
    for name, check in contract.contract_checks().items():
        try:
            outcomes[name] = check(ModelOnly()) != ""
        except contract.NotApplicable:
            outcomes[name] = None
    assert [name for name, passed in outcomes.items() if passed] == ["value", "hyper_parameters", "runs_forward"]
    assert list(outcomes.values()).count(None) == 7


@dataclass(frozen=True)
class LastSymbolMatters(Coin):
    is_exchangeable: ClassVar[bool] = False


def test_order_is_not_checked_where_it_matters():
    with pytest.raises(contract.NotApplicable, match="order matters"):
        contract.check_exchangeability(LastSymbolMatters())
