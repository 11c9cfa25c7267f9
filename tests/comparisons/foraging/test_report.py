"""What a report says of foragers at the paper's lifetimes: claims, figures, words; from made-up numbers."""

import json
from typing import get_args

import numpy as np
import pytest

from comparisons.claims import Outcome
from comparisons.comparison import Comparison
from comparisons.foraging import published
from comparisons.foraging.figures import course, occupancy, returns, states, transfer
from comparisons.foraging.kind import KIND
from comparisons.foraging.tree import diverged_networks
from comparisons.kinds import kind_of
from comparisons.report.page import verdicts_of, write_comparison_report
from comparisons.report.words import measure_sections
from comparisons.rows import table_of
from tests.comparisons.foraging.trees import made_up_foraging_tree
from tests.comparisons.pages import Page


@pytest.fixture(scope="module")
def tree():
    return made_up_foraging_tree()


@pytest.fixture(scope="module")
def diverged():
    return made_up_foraging_tree(diverged=(10, 100))


def claims_of(tree):
    return list(KIND.claims(tree, table_of(tree)))


def with_attributes(tree, **attributes):
    other = tree.copy()
    other.attrs = {**tree.attrs, **attributes}
    return other


def test_the_tree_leads_to_this_kind(tree):
    assert kind_of(tree) is KIND


def test_all_claims_can_be_decided_at_the_papers_lifetimes(tree):
    verdicts = {verdict.statement: verdict.outcome for verdict in verdicts_of(tree)}
    assert len(verdicts) == 29
    assert set(verdicts.values()) <= set(get_args(Outcome))
    assert verdicts["The shortest lifetime in which learning pays is 9 steps."] == "held"
    outcomes = {(claim.measure, *claim.at.items()): verdicts[claim.statement] for claim in claims_of(tree)}
    assert outcomes[("mismatch_slope",)] == "held"
    assert outcomes["return_share", ("train_lifetime", 5)] == "held"
    assert outcomes["own_return_share", ("train_lifetime", 100)] == "held"


def test_claims_about_a_diverged_network_are_left_out(diverged):
    claims = claims_of(diverged)
    assert 0 < len(claims) < 29
    assert not {claim.at.get("train_lifetime") for claim in claims} & {10, 100}
    said = KIND.answer(diverged, table_of(diverged), []).sentence
    assert said.startswith("A network trained for 100 steps diverged; the medium goal is used from 15 steps on")


def test_diverged_networks_are_counted_from_their_scores(tree, diverged):
    assert diverged_networks(tree) == []
    assert diverged_networks(diverged) == [(10, 0), (10, 1), (100, 0), (100, 1)]
    unnoted = with_attributes(diverged, notes=json.dumps([]))
    (found,) = (check for check in KIND.diagnostics(unnoted, table_of(unnoted)) if check.name == "Diverged networks")
    assert found.finding.startswith("4: trained for 10 steps, seed 0; trained for 10 steps, seed 1;")


def test_of_other_grids_only_what_holds_of_any_is_claimed(tree):
    other = with_attributes(tree, family="ForagingGrid(side=7)", is_paper_grid=0)
    assert {claim.measure for claim in claims_of(other)} == {"own_return_share", "mismatch_slope"}
    assert "paper" not in set(returns.table(other).who)


@pytest.mark.parametrize(("family", "is_shown"), [(None, True), ("ForagingGrid(side=7)", False)])
def test_a_tree_from_before_is_known_by_the_name_of_its_family(tree, family, is_shown):
    other = with_attributes(tree, family=family or tree.attrs["family"])
    del other.attrs["is_paper_grid"]
    assert published.is_paper_setting(other) == is_shown


def test_the_papers_numbers_are_beside_those_of_the_same_lifetimes(tree):
    rows = returns.table(tree)
    printed = rows[(rows.who == "paper") & (rows.measure == "return")].set_index("train_lifetime").estimate
    assert printed.to_dict() == {lifetime: float(value) for lifetime, value in published.RETURNS.by_lifetime.items()}
    pairs = transfer.table(tree)
    pairs = pairs[pairs.panel == transfer.PAIRS].set_index(["train_lifetime", "test_lifetime"]).paper
    assert pairs[10, 100] == 0.44 and pairs[100, 100] == 0.79 and np.isnan(pairs[20, 30])


def test_the_digitised_goals_pay_about_the_digitised_returns():
    """Medians of counts need not add up to the median of returns, but they must nearly do so."""
    for lifetime, value in published.RETURNS.by_lifetime.items():
        small, medium, high = (goal.by_lifetime[lifetime] for goal in published.GOALS.values())
        assert abs(small + 3 * medium + 6 * high - value) < 7


def test_every_measure_has_words_and_a_role(tree):
    table = table_of(tree)
    groups = [group for section in measure_sections(table, KIND) for group in section.groups]
    assert sum(len(group.rows) for group in groups) == len(table.entries)
    assert not any("{" in group.label or "_" in group.label for group in groups)
    assert {row.who for row in table.of("return")} == KIND.roles.keys()


def test_the_answer_says_from_when_on_which_goal_is_used(tree):
    answer = KIND.answer(tree, table_of(tree), [])
    assert "of the 84.40 of the exact optimum" in answer.sentence
    assert "the medium goal is used from 10 steps on and the high goal is used from 15 steps on" in answer.sentence
    assert sum(detail.startswith("trained for ") for detail in answer.details) == 12


def test_tables_hold_everything_that_pictures_show(tree):
    """The exact values beside the diagonal, the references and the paper's ends of the curves, and hidden states."""
    own = transfer.table(tree)
    own = own[(own.panel == transfer.OWN) & (own.who == "optimal")].set_index("test_lifetime").estimate
    exact = tree["exact"]["optimal"].to_numpy()
    np.testing.assert_array_equal(own.to_numpy(), exact[9:] / np.arange(10, 101))
    curves = course.table(tree).set_index("who")
    assert curves.estimate["optimal"] == exact[-1]
    assert curves.estimate["paper"].tolist() == list(published.COURSE_ENDS.by_lifetime.values())
    hidden = states.table(tree).set_index(["train_lifetime", "task", "step"]).component_2
    coordinates = tree["states"]["coordinates"].sel(train_lifetime=20)
    assert hidden[20, 3, 100] == coordinates.isel(shown_task=3, time=99, axis=1).item()


def test_pictures_are_drawn_from_their_tables(tree):
    """Maps of a table that was changed are changed maps."""
    table = occupancy.table(tree)
    canvas = Comparison(tree).plot("occupancy")
    canvas.clear()
    occupancy.draw(tree, table.assign(share=0.25), canvas)
    images = [ax.images[0].get_array() for ax in canvas.axes if len(ax.images) and ax.get_title()]
    assert len(images) == 6
    assert all((image == 0.25).all() for image in images)


def test_figures_are_drawn_even_if_all_networks_diverged():
    lost = Comparison(made_up_foraging_tree(diverged=(5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100)))
    assert lost.figures == ["returns", "occupancy", "course", "entropy", "states"]
    for name in lost.figures:
        assert lost.plot(name).axes
    assert lost.summary().startswith("A network trained for 100 steps diverged;")


@pytest.mark.slow
def test_the_report_of_all_lifetimes_is_written_even_with_diverged_networks(diverged, tmp_path):
    report = write_comparison_report(diverged, tmp_path)
    page = Page(report.read_text())
    assert len(page.all("figure")) == 6
    assert all(attributes["alt"] for attributes in page.all("img"))
