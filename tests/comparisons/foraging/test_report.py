"""What a report says of foragers at the paper's lifetimes: claims, figures, words; from made-up numbers."""

import re

import numpy as np
import pytest

from comparisons.claims import judge
from comparisons.foraging import published as paper
from comparisons.foraging.claims import foraging_claims
from comparisons.foraging.figures.returns import measure_rows
from comparisons.foraging.figures.transfer import transfer_table
from comparisons.foraging.kind import FORAGERS
from comparisons.kind import presentation_of
from comparisons.report.page import write_comparison_report
from comparisons.report.words import measure_sections
from tests.comparisons.foraging.trees import made_up_foraging_tree
from tests.comparisons.pages import Page


@pytest.fixture(scope="module")
def tree():
    return made_up_foraging_tree()


@pytest.fixture(scope="module")
def diverged():
    return made_up_foraging_tree(diverged=(10, 100))


def table_of(tree):
    return tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)


def test_the_schema_leads_to_this_presentation(tree):
    assert presentation_of(tree) is FORAGERS


def test_all_claims_can_be_decided_at_the_papers_lifetimes(tree):
    verdicts = {
        verdict.statement: verdict.outcome for verdict in judge(table_of(tree), foraging_claims(tree, table_of(tree)))
    }
    assert len(verdicts) == 29
    assert set(verdicts.values()) <= {"held", "failed", "undecided"}
    assert verdicts["In theory, learning pays in lifetimes of 9 steps and more."] == "held"
    assert verdicts["The more lifetimes differ, the more is lost."] == "held"
    assert verdicts["Trained for 5 steps, they earn at most six tenths of it."] == "held"
    assert verdicts["In the 100 steps that they were trained for, networks earn nine tenths of the optimum."] == "held"


def test_claims_about_a_diverged_network_are_left_out(diverged):
    claims = foraging_claims(diverged, table_of(diverged))
    assert 0 < len(claims) < 29
    assert not {claim.predictor for claim in claims} & {"network, lifetime 10", "network, lifetime 100"}
    said = FORAGERS.headline(diverged, table_of(diverged), []).sentence
    assert said.startswith("A network trained for 100 steps diverged; the medium goal is used from 15 steps on")


def test_of_other_grids_only_what_holds_of_any_is_claimed(tree):
    other = tree.copy()
    other.attrs = {**tree.attrs, "family": "ForagingGrid(side=7)"}
    claims = foraging_claims(other, table_of(other))
    assert {claim.measure for claim in claims} == {"own_share_of_optimum", "mismatch_slope"}
    assert "paper" not in set(measure_rows(other, "return").who)


def test_the_papers_numbers_are_beside_those_of_the_same_lifetimes(tree):
    rows = measure_rows(tree, "return")
    printed = rows[rows.who == "paper"].set_index("train_lifetime").estimate
    assert printed.to_dict() == {lifetime: float(value) for lifetime, value in paper.RETURNS.by_lifetime.items()}
    transfers = transfer_table(tree).set_index(["train_lifetime", "test_lifetime"]).paper
    assert transfers[10, 100] == 0.44 and transfers[100, 100] == 0.79 and np.isnan(transfers[20, 30])


def test_the_digitised_goals_pay_about_the_digitised_returns():
    """Medians of counts need not add up to the median of returns, but they must nearly do so."""
    for lifetime, value in paper.RETURNS.by_lifetime.items():
        small, medium, high = (goal.by_lifetime[lifetime] for goal in paper.GOALS.values())
        assert abs(small + 3 * medium + 6 * high - value) < 7


def test_every_measure_has_words(tree):
    sections = measure_sections(table_of(tree), FORAGERS.vocabulary)
    assert "Other measures" not in {section.title for section in sections}
    assert not any(re.search(r"\{|_", group.label) for section in sections for group in section.groups)


def test_the_headline_says_from_when_on_which_goal_is_used(tree):
    headline = FORAGERS.headline(tree, table_of(tree), [])
    assert "of the 84.40 of the exact optimum" in headline.sentence
    assert "the medium goal is used from 10 steps on and the high goal is used from 15 steps on" in headline.sentence


@pytest.mark.slow
def test_the_report_of_all_lifetimes_is_written_even_with_diverged_networks(diverged, tmp_path):
    report = write_comparison_report(diverged, tmp_path)
    page = Page(report.read_text())
    assert len(page.all("figure")) == 6
    assert all(attributes["alt"] for attributes in page.all("img"))
