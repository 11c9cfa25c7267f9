"""The report of decisions: one self-contained page, whatever is known of a family, and claims that decide right."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparisons.comparison import Comparison, open_comparison
from comparisons.decisions.claims import decision_claims
from comparisons.decisions.figures.losses import loss_table
from comparisons.decisions.measures import DECISION_VOCABULARY, with_decision_measures
from comparisons.kind import presentation_of
from comparisons.report.page import verdicts_of, write_comparison_report
from comparisons.report.words import measure_sections, quantity, wording_of
from tests.comparisons.decisions.trees import SHORTFALLS, made_up_decision_tree
from tests.comparisons.pages import LOADING, Page
from tests.comparisons.predictions.trees import made_up_tree

FIGURES = [
    "losses",
    "action_gap",
    "gap_by_margin",
    "optimal_probs",
    "convergence",
    "regret",
    "exploration",
    "repeats",
    "certificate",
]


@pytest.fixture(scope="module")
def tree():
    return made_up_decision_tree()


@pytest.fixture(scope="module")
def report(tree, tmp_path_factory):
    return write_comparison_report(tree, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(report):
    return Page(report.read_text())


def table_of(tree):
    return tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)


def figures_of(page):
    return [attributes["id"] for attributes in page.all("figure")]


def test_the_sections_and_figures_come_in_order(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    headings = ["answer", "claims", "figures", "measures", "diagnostics", "provenance"]
    assert [name for name in ids if name in headings] == headings
    assert figures_of(page) == FIGURES


def test_nothing_is_loaded_from_elsewhere(page):
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        for name in LOADING & attributes.keys():
            assert (attributes[name] or "").startswith("data:image/png;base64,")


def test_every_figure_has_an_alternative_text_and_a_caption(page):
    images = page.all("img")
    assert len(images) == len(page.all("figcaption")) == len(FIGURES)
    assert len({image["alt"] for image in images if len(image["alt"] or "") > 40}) == len(FIGURES)


def test_a_folder_holds_the_page_and_its_files(report):
    expected = {f"{name}.{ending}" for name in FIGURES for ending in ("png", "pdf", "csv")}
    assert {path.name for path in report.parent.iterdir()} == expected | {
        "index.html",
        "measures.csv",
        "claims.csv",
        "claims.md",
    }


def test_the_same_tree_gives_the_same_bytes(tree, report, tmp_path):
    again = write_comparison_report(tree, tmp_path / "again")
    first = {path.name: path.read_bytes() for path in report.parent.iterdir()}
    assert first == {path.name: path.read_bytes() for path in again.parent.iterdir()}


def test_the_csv_files_hold_the_tree(tree, report):
    written = pd.read_csv(report.parent / "losses.csv")
    np.testing.assert_allclose(written.estimate, loss_table(tree).estimate, rtol=1e-12)
    measures = pd.read_csv(report.parent / "measures.csv", keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(measures, table_of(tree), check_dtype=False, rtol=1e-12)
    assert len(pd.read_csv(report.parent / "claims.csv")) == len(verdicts_of(tree))


def test_the_headline_has_the_shortfall_its_interval_and_what_to_read_it_by(page, tree):
    lost = table_of(tree).set_index(["measure", "predictor"]).loc[("shortfall", "network")]
    text = " ".join(page.text.split())
    earned = 2.5 - lost.estimate
    assert f"The network earns {earned:.4f} of the 2.5000 rewards that the Bayes-optimal policy earns" in text
    assert f"a shortfall of {quantity(*lost[['estimate', 'lower', 'upper']]).split(' ')[0]} (95 % interval" in text
    assert "over tasks and 2 training seeds" in text and "% of what greedy play loses." in text
    for part in ("claims: ", "0 is Bayes-optimal", "loses most at trial", "ceiling: 2.50000 rewards, exact", "oracle"):
        assert part in text


def test_every_measure_is_shown_in_words_with_unit_and_role(page, tree):
    rows = [row for row in page.rows() if "Agent" in row]
    assert len(rows) == len(table_of(tree))
    assert all(row["Unit"] and row["Interval over"] and row["Estimate"] for row in rows)
    for measure in table_of(tree).measure:
        wording = wording_of(measure, DECISION_VOCABULARY)
        assert wording.section != "other" and wording.label in page.text
    shown = {" ".join(row["Agent"].split()) for row in rows}
    assert {"network", "Gittins", "uniform floor", "optimal ceiling", "oracle knows the latents"} <= shown


def test_the_undiscounted_optimum_is_no_ceiling_of_discounted_rewards(tree):
    roles = {
        (group.label, row.predictor): row.role
        for section in measure_sections(table_of(tree), DECISION_VOCABULARY)
        for group in section.groups
        for row in group.rows
    }
    assert roles[("shortfall, V* − V(agent)", "optimal")] == "ceiling"
    assert roles[("shortfall, discounted", "optimal")] == "reference"
    assert roles[("rewards per episode, discounted", "optimum, exact")] == "ceiling"
    assert roles[("rewards per episode", "oracle")] == "knows the latents"
    assert roles[("KL(Thompson‖agent)", "uniform")] == "reference"


def test_diagnostics_speak_for_the_reference(page):
    text = " ".join(page.text.split())
    for part in (
        "V* = 2.5000000 rewards, wrong by at most 1.0e-13",
        "Optimal policy in play",
        "Identity",
        "Certificate",
    ):
        assert part in text
    assert "@article{gittins1979bandit" in text and "@inproceedings{kakade2002approximately" in text


def test_without_an_optimum_the_reference_takes_its_place(tmp_path):
    tree = made_up_decision_tree(num_seeds=1, plan=False)
    page = Page(write_comparison_report(tree, tmp_path).read_text())
    assert figures_of(page) == ["losses", "convergence", "regret", "exploration", "repeats"]
    text = " ".join(page.text.split())
    assert "more than the Gittins policy, the reference where no optimum is known" in text
    assert "V* =" not in text and "training seeds" not in text.split("Measures")[0]
    assert not any("nan" in cell for row in page.rows() for cell in row.values())


def test_no_optional_groups_make_a_report_too(tmp_path):
    page = Page(write_comparison_report(made_up_decision_tree(num_seeds=1, optional=False), tmp_path).read_text())
    assert figures_of(page) == [name for name in FIGURES if name not in ("convergence", "certificate")]


def test_a_family_without_gittins_indices_makes_a_report_too(tree, tmp_path):
    groups = {name: tree[name].to_dataset() for name in tree.children if name not in ("measures", "curves")}
    players = [player for player in tree["totals"]["player"].to_numpy() if player != "Gittins"]
    fewer = {name: group.sel(player=players) if "player" in group.dims else group for name, group in groups.items()}
    without = xr.DataTree.from_dict(fewer)
    without.attrs = tree.attrs
    without = with_decision_measures(without, seed=0)
    page = Page(write_comparison_report(without, tmp_path).read_text())
    assert figures_of(page) == FIGURES
    shown = page.text[: page.text.index("Sources")]
    assert "Gittins" not in shown.replace("It is not Gittins' problem", "").replace("the Gittins policy is optimal", "")


def test_infinities_are_shown_as_such(page):
    infinite = [row for row in page.rows() if row.get("Estimate") == "∞"]
    assert {row["Agent"].split(" ")[0] for row in infinite} == {"UCB1", "uniform"}
    assert not any("nan" in cell or "inf" in cell for row in page.rows() for cell in row.values())


def outcomes(tree):
    return {verdict.statement: verdict.outcome for verdict in verdicts_of(tree)}


def test_a_network_near_the_optimum_holds_every_claim(tree):
    assert list(outcomes(tree).values()) == ["held"] * 5


def test_a_network_that_plays_as_badly_as_uniform_fails():
    bad = outcomes(made_up_decision_tree(shortfalls=SHORTFALLS | {"network": 1.2}))
    assert list(bad.values()) == ["failed", "failed", "failed", "held", "held"]


def test_a_network_worse_than_gittins_but_better_than_greedy_is_told_so():
    found = list(outcomes(made_up_decision_tree(shortfalls=SHORTFALLS | {"network": 0.04})).values())
    assert found == ["failed", "held", "failed", "held", "held"]


def test_claims_without_an_optimum_are_about_the_reference():
    assert list(outcomes(made_up_decision_tree(plan=False)).values()) == ["held", "held"]
    bad = made_up_decision_tree(plan=False, shortfalls=SHORTFALLS | {"network": 0.3})
    assert list(outcomes(bad).values()) == ["failed", "failed"]
    bounds = [claim.bound for claim in decision_claims(table_of(bad))]
    lost = table_of(bad).set_index(["measure", "predictor"]).estimate["rewards_below_reference"]
    assert bounds == [0.01 * lost["uniform"], lost["greedy"]]


def test_claims_without_a_certificate_are_those_that_can_be_decided():
    assert len(outcomes(made_up_decision_tree(optional=False))) == 4


def test_the_summary_says_the_answer_in_a_few_lines(tree):
    summary = Comparison(tree).summary().splitlines()
    assert summary[0] == "MadeUpBandit(rate=1.0), 4 trials; network: MadeUpPolicy (7 parameters)"
    assert summary[1].startswith("V* − V(network) = 0.00") and "rewards per 4 trials" in summary[1]
    assert "0 is Bayes-optimal" in summary[3] and "Gittins" in summary[3] and "uniform" in summary[3]
    assert "(agree)" in summary[4] and summary[5].startswith("certificate: ")
    assert summary[-1] == "note: a note of this comparison"


def test_a_network_without_shortfall_earns_all():
    tree = made_up_decision_tree(num_seeds=1, optional=False, shortfalls=SHORTFALLS | {"network": 0.0})
    headline = presentation_of(tree).headline(tree, table_of(tree), verdicts_of(tree))
    assert "The network earns all of the 2.500 rewards" in headline.sentence
    assert not any("loses most" in detail for detail in headline.details)


def test_the_summary_without_an_optimum_is_about_the_reference():
    summary = Comparison(made_up_decision_tree(num_seeds=1, plan=False)).summary()
    assert "rewards below Gittins = " in summary and "V*" not in summary


def test_a_saved_comparison_opens_with_the_same_summary(tree, tmp_path):
    comparison = Comparison(tree)
    comparison.save(tmp_path / "decisions.nc")
    assert open_comparison(tmp_path / "decisions.nc").summary() == comparison.summary()


def test_the_presentation_follows_the_schema(tree):
    assert presentation_of(tree).vocabulary.subject == "Agent"
    assert presentation_of(made_up_tree(num_seeds=1)).vocabulary.subject == "Predictor"
    foreign = tree.copy()
    foreign.attrs = tree.attrs | {"schema": "something else"}
    with pytest.raises(ValueError, match="something else"):
        presentation_of(foreign)


def test_what_a_family_says_is_text_not_markup(tmp_path):
    attack = "<script>alert(1)</script>"
    tree = made_up_decision_tree(num_seeds=1, optional=False, family=attack)
    tree.attrs |= {"network": attack, "notes": json.dumps([attack])}
    assert "<script" not in write_comparison_report(tree, tmp_path).read_text()
