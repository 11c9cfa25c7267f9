"""The report of an order of learning: the claims first, every measure in words, files that hold the tree."""

import dataclasses

import pandas as pd
import pytest

from comparisons.claims import AtLeast, AtMost, Within
from comparisons.kinds import kind_of
from comparisons.order.kind import KIND
from comparisons.report.page import verdicts_of, write_comparison_report
from comparisons.report.words import measure_sections
from comparisons.rows import table_of
from tests.comparisons.order.trees import BANDIT, LINEAR, SMALLEST, made_up_order_tree
from tests.comparisons.pages import LOADING, Page

FIGURES = ["order", "concurrency", "learners", "out_of_distribution", "outer", "accuracy", "divergence"]
SMALL = LINEAR._replace(labels=LINEAR.labels[:2], strengths=LINEAR.strengths[:2], learners=LINEAR.learners[:2])
LEARNER, AT = SMALL.learners[0], {"experiment": SMALL.name}
CLAIMS = (
    Within("The network is as concurrent as Bayes.", "concurrency", "network", -0.1, 0.1, AT),
    AtLeast("The learner is not.", "concurrency", LEARNER, 0.5, AT),
    AtMost("The network's modes have one half-time.", "staggering", "network", 1.0, AT),
)


@pytest.fixture(scope="module")
def tree():
    return made_up_order_tree(SMALL, BANDIT)


@pytest.fixture(scope="module")
def report(tree, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        kind = dataclasses.replace(KIND, claims=lambda *_: CLAIMS)
        patch.setattr("comparisons.report.page.kind_of", lambda _: kind)
        return write_comparison_report(tree, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(report):
    return Page(report.read_text())


def test_the_schema_leads_to_this_kind(tree):
    assert kind_of(tree) is KIND


def test_a_folder_holds_the_page_and_its_files(report):
    files = {f"{name}.{ending}" for name in FIGURES for ending in ("png", "pdf", "csv")}
    files |= {"index.html", "measures.csv", "claims.csv", "claims.md"}
    assert {entry.name for entry in report.parent.iterdir()} == files


def test_claims_come_first_and_figures_in_order(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    headings = ["answer", "claims", "figures", "measures", "diagnostics", "provenance"]
    assert [name for name in ids if name in headings] == headings
    assert [attributes["id"] for attributes in page.all("figure")] == FIGURES


def test_bounds_of_claims_are_shown_on_the_side_they_are_on(page):
    rows = [row for row in page.rows() if "Bound" in row]
    assert [row["Bound"] for row in rows] == ["±0.1", "≥ 0.5", "≤ 1"]
    shown = [attributes["class"] for attributes in page.all("span") if "verdict" in str(attributes.get("class"))]
    assert shown[:3] == ["verdict held", "verdict held", "verdict undecided"]
    assert "claims: 2 held, 1 undecided" in page.text


def test_every_figure_has_an_alternative_text_and_a_caption_that_says_what_to_look_at(page, tree):
    images = page.all("img")
    assert len({image["alt"] for image in images if len(image["alt"] or "") > 40}) == len(FIGURES)
    assert all("Look" in figure.caption(tree, figure.table(tree)) for figure in KIND.figures)


def test_nothing_is_loaded_from_elsewhere(page):
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        for name in LOADING & attributes.keys():
            assert (attributes[name] or "").startswith(("data:image/svg+xml;base64,", "data:image/png;base64,"))


def test_every_measure_is_shown_in_words_with_unit_and_role(page, tree):
    rows = [row for row in page.rows() if "System" in row]
    assert all(row["Unit"] and row["Interval over"] and row["Estimate"] for row in rows)
    measures = KIND.measures()
    for name, row in table_of(tree).entries:
        assert measures[name].label.format(**row.at) in page.text
    shown = {" ".join(row["System"].split()) for row in rows}
    named = {f"{SMALL.name}: {who}" for who in ("network", "untrained network floor", LEARNER)}
    assert {*named, f"{SMALL.name}: network, {SMALL.conditions[0]}", "Bayes ceiling"} <= shown
    assert not any("nan" in text for row in rows for text in row.values())


def test_distances_from_bayes_have_a_ceiling_of_zero(tree):
    (section,) = [found for found in measure_sections(table_of(tree), KIND) if found.title == "Distance from Bayes"]
    for group in section.groups:
        exact = [row for row in group.rows if row.role == "ceiling" and row.quantity == "0"]
        assert exact and exact[-1].unit == group.rows[-1].unit


@pytest.mark.parametrize("measure", ["concurrency", "staggering", "spread"])
def test_bayes_is_no_ceiling_of_measures_without_a_best(measure):
    assert KIND.role_of(measure, "Bayes") == "reference"
    assert KIND.role_of("gap_to_bayes", "Bayes") == "ceiling"
    assert KIND.role_of("kl_divergence", "prior predictive") == "floor"
    assert KIND.role_of(measure, "network") == "scored"


def test_a_single_mode_makes_a_report_too(tmp_path, monkeypatch):
    kind = dataclasses.replace(KIND, claims=lambda *_: (), figures=KIND.figures[1:2])
    monkeypatch.setattr("comparisons.report.page.kind_of", lambda _: kind)
    tree = made_up_order_tree(SMALLEST)
    path = write_comparison_report(tree, tmp_path / "first")
    assert "has no score" in Page(path.read_text()).text
    assert verdicts_of(tree) == []
    again = write_comparison_report(tree, tmp_path / "again")
    first, second = ({file.name: file.read_bytes() for file in page.parent.iterdir()} for page in (path, again))
    assert first == second


def test_the_sources_are_cited_with_bibtex(page):
    for identifier in ("1905.01320", "1312.6120", "1806.08734", "1807.01251", "1904.11455"):
        assert f"https://arxiv.org/abs/{identifier}" in {attributes.get("href") for attributes in page.all("a")}
        assert f"arXiv:{identifier}" in page.text


def test_the_files_hold_the_measures_of_the_tree(tree, report):
    written = pd.read_csv(report.parent / "measures.csv", keep_default_na=False, na_values=[""])
    table = table_of(tree).frame()
    pd.testing.assert_frame_equal(written.astype(table.dtypes), table, rtol=1e-12)
