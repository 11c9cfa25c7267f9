"""The report of an order of learning: the claims first, every measure in words, a headline that says what is known."""

import numpy as np
import pandas as pd
import pytest

from comparisons.claims import AtLeast, AtMost, Within
from comparisons.kind import presentation_of
from comparisons.order.kind import ORDERS
from comparisons.order.measures import ORDER_VOCABULARY
from comparisons.report.page import verdicts_of, write_comparison_report
from comparisons.report.words import measure_sections, wording_of
from tests.comparisons.order.trees import BANDIT, LINEAR, LOW_PASS, SMALLEST, made_up_order_tree
from tests.comparisons.pages import LOADING, Page

FIGURES = ["order", "concurrency", "learners", "out_of_distribution", "outer", "accuracy", "divergence"]
SMALL = LINEAR._replace(labels=LINEAR.labels[:2], strengths=LINEAR.strengths[:2], learners=LINEAR.learners[:2])
NETWORK, LEARNER = f"{SMALL.name}: network", f"{SMALL.name}: {SMALL.learners[0]}"
CLAIMS = (
    Within("The network is as concurrent as Bayes.", "concurrency", NETWORK, -0.1, 0.1),
    AtLeast("The learner is not.", "concurrency", LEARNER, 0.5),
    AtMost("The network's modes have one half-time.", "staggering", NETWORK, 1.0),
)


@pytest.fixture(scope="module")
def tree():
    return made_up_order_tree(SMALL, BANDIT)


@pytest.fixture(scope="module")
def page(tree, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("comparisons.report.page.presentation_of", lambda _: ORDERS._replace(claims=lambda *_: CLAIMS))
        path = write_comparison_report(tree, tmp_path_factory.mktemp("report"))
        files = {f"{name}.{ending}" for name in FIGURES for ending in ("png", "pdf", "csv")}
        assert {entry.name for entry in path.parent.iterdir()} == files | {
            "index.html",
            "measures.csv",
            "claims.csv",
            "claims.md",
        }
        return Page(path.read_text())


def table_of(tree):
    return tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)


def changed(tree, measure, predictor, bounds):
    """The tree with another estimate, lower and upper end of one measure."""
    tree, measures = tree.copy(), tree["measures"].to_dataset().load()
    is_changed = (measures.measure == measure) & (measures.predictor == predictor)
    assert is_changed.sum() == 1
    for name, value in zip(("estimate", "lower", "upper"), bounds, strict=True):
        measures[name] = measures[name].where(~is_changed, value)
    tree["measures"] = measures
    return tree


def headline(tree):
    return ORDERS.headline(tree, table_of(tree), [])


def test_the_schema_leads_to_this_presentation(tree):
    assert presentation_of(tree) is ORDERS


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
    assert all("Look" in figure.caption(tree) for figure in ORDERS.figures)


def test_nothing_is_loaded_from_elsewhere(page):
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        for name in LOADING & attributes.keys():
            assert (attributes[name] or "").startswith("data:image/png;base64,")


def test_every_measure_is_shown_in_words_with_unit_and_role(page, tree):
    rows = [row for row in page.rows() if "System" in row]
    assert all(row["Unit"] and row["Interval over"] and row["Estimate"] for row in rows)
    for measure in table_of(tree).measure:
        wording = wording_of(measure, ORDER_VOCABULARY)
        assert wording.section != "other" and wording.label in page.text
    shown = {" ".join(row["System"].split()) for row in rows}
    assert {NETWORK, f"{SMALL.name}: untrained network floor", "Bayes ceiling", LEARNER} <= shown
    assert not any("nan" in text for row in rows for text in row.values())


def test_distances_from_bayes_have_a_ceiling_of_zero(tree):
    (section,) = [
        found for found in measure_sections(table_of(tree), ORDER_VOCABULARY) if found.title == "Distance from Bayes"
    ]
    for group in section.groups:
        exact = [row for row in group.rows if row.role == "ceiling" and row.quantity == "0"]
        assert exact and exact[-1].unit == group.rows[-1].unit


@pytest.mark.parametrize("measure", ["concurrency", "staggering", "spread"])
def test_bayes_is_no_ceiling_of_measures_without_a_best(measure):
    assert ORDER_VOCABULARY.role_of("low-pass functions: Bayes", measure) == "reference"
    assert ORDER_VOCABULARY.role_of("low-pass functions: Bayes", "gap_to_bayes") == "ceiling"
    assert ORDER_VOCABULARY.role_of("prior predictive", "kl_divergence") == "floor"
    assert ORDER_VOCABULARY.role_of("linear, σ = 0.3: network, singular values × 4", measure) == "scored"


@pytest.mark.parametrize(
    ("bounds", "answer"),
    [
        ((0.02, -0.01, 0.05), "is as concurrent as Bayes'"),
        ((0.6, 0.5, 0.7), "is more staggered than Bayes', strongest mode first"),
        ((-0.6, -0.7, -0.5), "is staggered against the learners' order, weakest mode first"),
        ((0.1, -0.3, 0.4), "cannot be told from Bayes' path, nor shown to be on it"),
        ((0.15, 0.05, 0.3), "cannot be told from Bayes' path, nor shown to be on it"),
    ],
)
def test_the_interval_of_the_score_decides_the_headline(bounds, answer):
    tree = changed(made_up_order_tree(SMALL), "concurrency", "network", bounds)
    assert headline(tree).sentence.startswith(f"The network's recovery {answer}: c = ")


def test_the_headline_has_the_staggering_of_network_bayes_and_learner():
    tree = made_up_order_tree(SMALL)
    tree = changed(tree, "staggering", "network", (1.25, 1.2, 1.3))
    tree = changed(tree, "staggering", "Bayes", (1.0, 1.0, 1.0))
    tree = changed(tree, "staggering", SMALL.learners[0], (np.inf, 6.0, np.inf))
    sentence = headline(tree).sentence
    assert sentence.endswith("G = 1.25 [1.20, 1.30] beside Bayes' 1 and ∞ [6.00, ∞] of SGD, depth 2.")
    assert any("mean recovery is at most 0.10 [0.08, 0.12] from Bayes'" in line for line in headline(tree).details)


def test_of_several_variants_the_farthest_from_bayes_is_named(tree):
    far = changed(tree, "concurrency", f"{BANDIT.name}: network", (-0.4, -0.5, -0.3))
    sentence = headline(far).sentence
    assert sentence.startswith("In 1 of 2 variants the network's recovery is as concurrent as Bayes'; farthest")
    assert f"{BANDIT.name}: c = −0.40 [−0.50, −0.30], G = " in sentence


def test_without_any_score_the_headline_says_so(tree):
    none = changed(tree, "concurrency", NETWORK, (np.nan,) * 3)
    none = changed(none, "concurrency", f"{BANDIT.name}: network", (np.nan,) * 3)
    assert headline(none).sentence == "In none of 2 variants does the network's order of learning have a score."


def test_diagnostics_name_what_could_not_be_measured():
    tree = made_up_order_tree(LOW_PASS, is_undefined=True)
    tree = changed(tree, "last_half_time", "Adam, ReLU network", (np.inf, 100.0, np.inf))
    found = {diagnostic.name: diagnostic.finding for diagnostic in ORDERS.diagnostics(tree, table_of(tree))}
    assert "no sampling error" in found["Reference"]
    assert f"network, {LOW_PASS.labels[-1]}; " in found["Undefined modes"]
    assert "Adam, ReLU network" in found["Half-times not reached"]
    assert "network" in found["Scores without a value"]
    assert found["Shared range"] == "narrowest for network: its path is compared on mean recovery from 0.10 to 0.90"
    assert headline(tree).sentence.startswith("The network's order of learning has no score; G = ")


def test_diagnostics_say_so_where_all_is_measured_and_bayes_is_sampled():
    tree = made_up_order_tree(SMALL)
    curves = tree["curves"].to_dataset().load()
    tree["curves"] = curves.assign(upper=curves.upper + 0.02)
    found = {diagnostic.name: diagnostic.finding for diagnostic in ORDERS.diagnostics(tree, table_of(tree))}
    assert found["Reference"].endswith("intervals at most 0.02 wide")
    assert found["Undefined modes"] == "none: every mode has a recovery"


def test_the_question_is_that_of_the_experiment(tree):
    assert ORDERS.question(tree) == "In which order are these modes learned?"
    assert ORDERS.summary(made_up_order_tree(SMALL), table_of(made_up_order_tree(SMALL)))[0].startswith("c = 0.020 ")


def test_the_summary_has_a_line_for_each_variant(tree):
    lines = ORDERS.summary(tree, table_of(tree))
    for name in (SMALL.name, BANDIT.name):
        (line,) = [line for line in lines if line.startswith(f"{name}: ")]
        assert "c = 0.020 [−0.010, 0.050], 90 % interval; G = " in line
    assert "one mode after another" in lines[-1]


def test_a_single_mode_makes_a_report_too(tmp_path, monkeypatch):
    presentation = ORDERS._replace(claims=lambda *_: (), figures=ORDERS.figures[1:2])
    monkeypatch.setattr("comparisons.report.page.presentation_of", lambda _: presentation)
    tree = made_up_order_tree(SMALLEST)
    path = write_comparison_report(tree, tmp_path)
    assert "has no score" in Page(path.read_text()).text
    assert verdicts_of(tree) == []
    again = write_comparison_report(tree, tmp_path / "again")
    for entry in again.parent.iterdir():
        assert entry.read_bytes() == (path.parent / entry.name).read_bytes()


def test_the_sources_are_cited_with_bibtex(page):
    for identifier in ("1905.01320", "1312.6120", "1806.08734", "1807.01251", "1904.11455"):
        assert f"https://arxiv.org/abs/{identifier}" in {attributes.get("href") for attributes in page.all("a")}
        assert f"arXiv:{identifier}" in page.text


def test_the_files_hold_the_measures_of_the_tree(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "comparisons.report.page.presentation_of", lambda _: ORDERS._replace(claims=lambda *_: (), figures=())
    )
    path = write_comparison_report(tree, tmp_path)
    written = pd.read_csv(path.parent / "measures.csv", keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(written, table_of(tree), check_dtype=False, rtol=1e-12)
