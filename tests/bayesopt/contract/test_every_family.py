"""Every family that discovery finds passes the checks of its kind, and is not put through those of another kind.

`BAYESGAUGE_FAMILIES=id1,id2` narrows the first to some families.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest

from bayesopt import AbstractFamily, AbstractPredictionFamily, AbstractTabularFamily, contract, families
from bayesopt.contract import bandits, contexts, predictions, worlds
from tests.bayesopt.contract.readings import Readings

CHOSEN = os.environ.get("BAYESGAUGE_FAMILIES")
IDS = CHOSEN.split(",") if CHOSEN else families.family_ids()
SAMPLED = IDS if CHOSEN else ["beta_bernoulli"]
"""Families on which chains are run by default; the slow tests run them on all, with more tasks and longer."""
PREDICTED = [identifier for identifier in IDS if not issubclass(families.load(identifier), AbstractTabularFamily)]
"""Families that are checked as prediction tasks."""
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
@pytest.mark.parametrize("identifier", PREDICTED)
def test_calibration_on_many_tasks(identifier):
    pass_or_skip(predictions.check_calibration, identifier, num_tasks=20_000)


@pytest.mark.slow
@pytest.mark.parametrize("identifier", PREDICTED)
def test_nuts_agreement_on_many_tasks(identifier):
    pass_or_skip(predictions.check_nuts_agreement, identifier, num_tasks=30, num_samples=5000)


# --- the lists of checks ----------------------------------------------------------------------------------------------

OF_VALUES = ["value", "hyper_parameters"]
OF_PREDICTIONS = [
    "runs_forward",
    "posterior_sites",
    "prior_predictive",
    "predictive_is_normalised",
    "chain_rule",
    "exchangeability",
    "calibration",
    "nuts_agreement",
]
OF_PLANS = ["arm_methods", "plan", "optimal_agent"]


@pytest.mark.parametrize(
    ("identifier", "names"),
    [
        ("beta_bernoulli", OF_VALUES + OF_PREDICTIONS),
        ("linear_regression", OF_VALUES + OF_PREDICTIONS),
        ("bernoulli_bandit", OF_VALUES + OF_PREDICTIONS + OF_PLANS),
        ("contextual_bandit", OF_VALUES + OF_PREDICTIONS + OF_PLANS),
        ("foraging_grid", [*OF_VALUES, "runs_forward", "plan", "optimal_agent"]),
    ],
)
def test_every_kind_has_its_list(identifier, names):
    family = families.load(identifier)()
    assert list(contract.checks_of(family)) == names
    assert list(contract.contract_checks()) == OF_VALUES + OF_PREDICTIONS + OF_PLANS
    for name in set(contract.contract_checks()) - set(names):
        with pytest.raises(contract.NotApplicable, match="only for families of these kinds: "):
            contract.contract_checks()[name](family)


@pytest.mark.parametrize(
    ("identifier", "name", "check"),
    [
        ("beta_bernoulli", "exchangeability", predictions.check_exchangeability),
        ("linear_regression", "exchangeability", predictions.check_pair_exchangeability),
        ("bernoulli_bandit", "plan", bandits.check_plan),
        ("contextual_bandit", "arm_methods", contexts.check_context_methods),
        ("contextual_bandit", "plan", contexts.check_greedy_value),
        ("contextual_bandit", "optimal_agent", contexts.check_greedy_play),
        ("foraging_grid", "runs_forward", worlds.check_tables),
        ("foraging_grid", "plan", worlds.check_lifetime_plan),
        ("foraging_grid", "optimal_agent", worlds.check_lifetime_agent),
    ],
)
def test_checks_of_one_name_differ_between_kinds(identifier, name, check):
    assert contract.checks_of(families.load(identifier)())[name] is check


@dataclass(frozen=True)
class OfNoKind(AbstractFamily):
    def model(self):
        pass


def test_a_family_of_no_kind_is_checked_as_a_value():
    assert list(contract.checks_of(OfNoKind())) == OF_VALUES
    with pytest.raises(
        contract.NotApplicable, match=r"only for families of these kinds: bandit, contextual bandit, tab"
    ):
        contract.contract_checks()["plan"](OfNoKind())


@dataclass(frozen=True)
class ModelOnly(AbstractPredictionFamily):
    """The first rung of the ladder: a legal family without a closed form."""

    loc: float = 1.0
    scale: float = 2.0
    is_exchangeable: ClassVar[bool] = True

    __post_init__ = Readings.__post_init__
    model = Readings.model


def test_checks_of_closed_forms_do_not_apply_to_a_family_without_them():
    outcomes = {}
    for name, check in contract.contract_checks().items():
        try:
            outcomes[name] = check(ModelOnly()) != ""
        except contract.NotApplicable:
            outcomes[name] = None
    assert [name for name, passed in outcomes.items() if passed] == ["value", "hyper_parameters", "runs_forward"]
    assert list(outcomes.values()).count(None) == 10
