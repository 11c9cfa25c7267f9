"""Claims about decisions that decide right, and the answer: its sentence and what to read it by."""

import pytest

from comparisons.comparison import Comparison
from comparisons.decisions.claims import claims_of
from comparisons.decisions.kind import KIND
from comparisons.report.page import verdicts_of
from comparisons.report.words import quantity
from comparisons.rows import table_of
from tests.comparisons.decisions.trees import SHORTFALLS, made_up_decision_tree


@pytest.fixture(scope="module")
def tree():
    return made_up_decision_tree()


def answer_of(tree):
    return KIND.answer(tree, table_of(tree), verdicts_of(tree))


def outcomes(tree):
    return {verdict.statement: verdict.outcome for verdict in verdicts_of(tree)}


def test_a_network_near_the_optimum_holds_every_claim(tree):
    assert list(outcomes(tree).values()) == ["held"] * 5


def test_a_network_that_plays_as_badly_as_uniform_fails():
    bad = outcomes(made_up_decision_tree(shortfalls=SHORTFALLS | {"network": 1.2}))
    assert list(bad.values()) == ["failed", "failed", "failed", "held", "held"]


def test_a_network_worse_than_gittins_but_better_than_greedy_is_told_so():
    found = list(outcomes(made_up_decision_tree(shortfalls=SHORTFALLS | {"network": 0.035})).values())
    assert found == ["failed", "held", "failed", "held", "held"]


def test_claims_without_an_optimum_are_about_the_reference():
    assert list(outcomes(made_up_decision_tree(plan=False)).values()) == ["held", "held"]
    bad = made_up_decision_tree(plan=False, shortfalls=SHORTFALLS | {"network": 0.3})
    assert list(outcomes(bad).values()) == ["failed", "failed"]
    table = table_of(bad)
    bounds = [claim.bound for claim in claims_of(bad, table) if claim.measure == "rewards_below_reference"]
    uniform, greedy = (table.one("rewards_below_reference", name).interval.estimate for name in ("uniform", "greedy"))
    assert bounds == [0.01 * uniform, greedy]


def test_claims_without_a_certificate_are_those_that_can_be_decided():
    assert len(outcomes(made_up_decision_tree(optional=False))) == 4


def test_the_summary_says_the_answer_in_a_few_lines(tree):
    summary = Comparison(tree).summary().splitlines()
    sentence, details = answer_of(tree)
    assert summary == [sentence, *(f"  {detail}" for detail in details), "note: a note of this comparison"]
    lost, certified = (
        table_of(tree).one("shortfall", "network"),
        table_of(tree).one("certified_shortfall", "network", length=4),
    )
    assert f"a shortfall V* − V(network) = {quantity(*lost.interval).split(' ')[0]} (95 % interval" in sentence
    assert details[0] == "claims: 5 held"
    assert details[1].startswith("0 is Bayes-optimal; lost by ") and details[1].endswith(" rewards per 4 trials")
    assert all(name in details[1] for name in ("Gittins", "greedy", "Thompson", "uniform"))
    assert details[4].startswith("lost rewards estimate the same number: ")
    assert details[4].endswith(" paired standard errors apart")
    exact = f"{quantity(*certified.interval)} {certified.unit}"
    assert details[5] == f"certificate: {exact}, summed over every history (no sampling error)"
    assert details[-1] == "network: MadeUpPolicy (7 parameters), in MadeUpBandit(rate=1.0)"


def test_two_estimates_of_the_shortfall_that_agree_pass_the_check(tree):
    assert ("Identity", "held") in {(check.name, check.outcome) for check in KIND.diagnostics(tree, table_of(tree))}


def test_a_network_without_shortfall_earns_as_much():
    tree = made_up_decision_tree(num_seeds=1, optional=False, shortfalls=SHORTFALLS | {"network": 0.0})
    answer = answer_of(tree)
    assert "The network earns 2.500 rewards in 4 trials, the Bayes-optimal policy 2.500: a shortfall" in answer.sentence
    assert not any("loses most" in detail for detail in answer.details)


def test_the_answer_without_an_optimum_is_about_the_reference():
    tree = made_up_decision_tree(num_seeds=1, plan=False)
    summary = Comparison(tree).summary()
    assert "than the Gittins policy, the reference where no optimum is known" in summary and "V*" not in summary
    assert "below the Gittins policy: " in summary and "below 0 is better" in summary
