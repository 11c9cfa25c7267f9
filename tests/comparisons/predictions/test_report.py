"""The report: what its page says of predictions, files whose numbers are the tree's, the same bytes every time."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import comparisons.report.page
from comparisons.claims import Verdict
from comparisons.predictions.figures import certificate, kl_by_time
from comparisons.predictions.kind import KIND
from comparisons.report.figure import csv_bytes, rendered_figures
from comparisons.report.page import write_comparison_report, write_report
from comparisons.report.words import quantity
from comparisons.rows import Over, table_of
from tests.comparisons.pages import Page, words_of
from tests.comparisons.predictions.trees import made_up_tree

FIGURES = ["kl_by_time", "predictions", "convergence", "calibration", "regret", "order_cost", "certificate"]
TASKS = Over("tasks")


@pytest.fixture(scope="module")
def tree():
    return made_up_tree()


@pytest.fixture(scope="module")
def small():
    return made_up_tree(num_seeds=1, optional=False)


@pytest.fixture(scope="module")
def report(tree, tmp_path_factory):
    return write_comparison_report(tree, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(report):
    return Page(report.read_text())


def test_figures_come_in_order(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    headings = ["answer", "claims", "figures", "measures", "diagnostics", "provenance"]
    assert [name for name in ids if name not in headings] == FIGURES
    assert [attributes["id"] for attributes in page.all("figure")] == FIGURES


def test_the_page_says_what_it_is(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.text.count("How Bayes-optimal is this network's prediction of MadeUp(rate=1.0)?") == 2
    assert "title" in {tag for tag, _ in page.tags}


def test_every_figure_has_an_alternative_text_of_its_own(page):
    images = page.all("img")
    assert len(images) == len(page.all("figcaption")) == len(FIGURES)
    assert len({image["alt"] for image in images}) == len(FIGURES)


def test_every_row_of_the_table_is_shown_and_what_is_zero_by_definition(page, tree):
    rows = [row for row in page.rows() if "Predictor" in row]
    assert all(row["Unit"] and row["Interval over"] and row["Estimate"] for row in rows)
    entries = table_of(tree).entries
    ceilings = sum(row["Interval over"] == "nothing: exact by definition" for row in rows)
    assert len(rows) == len(entries) + ceilings
    measures = KIND.measures()
    assert all(measures[name].label.format(**row.at) in page.text for name, row in entries)
    assert {name for name, _ in entries} <= measures.keys()


def test_the_answer_has_the_estimate_its_interval_and_its_unit(page, tree):
    kl = table_of(tree).one("kl_divergence", "network").interval
    text = " ".join(page.text.split())
    assert f"KL(Bayes‖network) = {quantity(*kl)} nats/step" in text
    assert "nats per prediction to Bayes (95 % interval" in text
    assert "over tasks and 2 training seeds" in text


def test_the_worst_history_is_in_the_caption_of_the_certificate(page, tree):
    worst = "Worst history (training seed 1): after 1 0, probability 0.125"
    assert worst in page.text
    assert worst in certificate.FIGURE.caption(tree, certificate.FIGURE.table(tree))


def test_notes_versions_and_settings_are_shown(page):
    for expected in ("a note of this comparison", "3.11.0", "evaluation.num_tasks", "@article{ortega2019metalearning"):
        assert expected in page.text


def test_verdicts_are_shown_in_words(small, tmp_path, monkeypatch):
    verdicts = [
        Verdict("Small.", "held", 0.001, 0.0009, 0.0011, -np.inf, 1 / 300, "fraction", TASKS),
        Verdict("Smaller.", "failed", 3.1e-4, 2.8e-4, 3.4e-4, -np.inf, 1e-4, "nats/step", Over("tasks", 2)),
        Verdict("Agree.", "not measurable", np.nan, np.nan, np.nan, -4.0, 4.0, "standard errors", TASKS),
        Verdict("Many.", "held", 7.1, 6.5, 7.7, 4.0, np.inf, "ratio", TASKS),
        Verdict("Alike.", "failed", 0.4, 0.3, 0.5, 0.1, 0.2, "score", TASKS),
    ]
    monkeypatch.setattr("comparisons.report.page.verdicts_of", lambda _: verdicts)
    page = Page(write_report(small, tmp_path, question="Is it?", provenance={"wall time, train": "12 s"}).read_text())
    shown = [attributes["class"] for attributes in page.all("span") if "verdict" in str(attributes.get("class"))]
    assert shown[:3] == ["verdict held", "verdict failed", "verdict not-measurable"]
    rows = [row for row in page.rows() if "Bound" in row]
    assert rows[0]["Estimate"] == "0.10" and rows[0]["Unit"] == "%" and rows[0]["Bound"] == "≤ 0.333"
    assert rows[1]["Estimate"] == "3.1e-4" and rows[1]["95 % interval"] == "[2.8e-4, 3.4e-4]"
    assert rows[1]["Interval over"] == "tasks and 2 training seeds"
    assert rows[2] == {
        "Estimate": "–",
        "95 % interval": "–",
        "Bound": "±4",
        "Unit": "standard errors",
        "Interval over": "tasks",
    }
    assert rows[3]["Bound"] == "≥ 4" and rows[4]["Bound"] == "0.1 to 0.2"
    assert "2 held, 2 failed, 1 not measurable" in page.text
    assert "wall time, train" in page.text and "12 s" in page.text
    written = pd.read_csv(tmp_path / "claims.csv")
    assert list(written.outcome) == ["held", "failed", "not measurable", "held", "failed"]
    assert list(written.over) == [str(verdict.over) for verdict in verdicts]
    markdown = (tmp_path / "claims.md").read_text().splitlines()
    assert markdown[2].split(" | ")[:3] == ["| Small.", "held", "0.10"]
    assert len(markdown) == 2 + len(verdicts)


def test_an_infinite_divergence_is_said_and_shown():
    tree = made_up_tree(finite=False, infinite=True)
    page = words_of(tree, figures=rendered_figures(KIND.figures, tree))
    assert "The network loses infinitely many nats per prediction to Bayes" in page.text
    assert "KL(Bayes‖network) = ∞ nats/step" in page.text
    assert {"Predictor": "network", "Estimate": "∞", "Unit": "nats/step"}.items() <= next(
        row.items() for row in page.rows() if row.get("Predictor") == "network"
    )
    assert not any("nan" in text for row in page.rows() for text in row.values())
    written = pd.read_csv(io.BytesIO(csv_bytes(kl_by_time.table(tree))))
    assert np.isposinf(written[written.predictor == "network"].estimate).all()


@pytest.mark.parametrize("finite", [True, False])
def test_one_seed_and_no_optional_groups_make_a_report_too(finite):
    tree = made_up_tree(num_seeds=1, finite=finite, optional=False, beyond=False)
    page = words_of(tree, figures=rendered_figures(KIND.figures, tree))
    figures = [attributes["id"] for attributes in page.all("figure")]
    assert figures == ["kl_by_time", "predictions", "calibration", "regret"]
    assert "training seeds" not in page.text


def test_what_a_family_or_a_question_says_is_text_not_markup():
    attack = "<script>alert(1)</script>"
    tree = made_up_tree(num_seeds=1, optional=False, family=attack)
    tree.attrs |= {"network": attack, "notes": json.dumps([attack]), "versions": json.dumps({attack: attack})}
    verdicts = [Verdict(attack, "held", 0.0, 0.0, 0.0, -np.inf, 1.0, attack, Over(attack))]
    source = words_of(tree, verdicts=verdicts, question=attack, provenance={attack: attack}).source
    assert "<script" not in source
    # title, heading, network, claim (3 cells), family in the diagnostics, note, provenance (2), versions (2)
    assert source.count("&lt;script&gt;") == 12


def test_the_same_tree_gives_the_same_bytes(tree, report, tmp_path):
    again = write_comparison_report(tree, tmp_path / "again")
    first = {path.name: path.read_bytes() for path in report.parent.iterdir()}
    second = {path.name: path.read_bytes() for path in again.parent.iterdir()}
    assert first == second


def test_the_same_tree_gives_the_same_pictures_as_png_and_as_pdf(tree, full_savefig, monkeypatch):
    monkeypatch.setattr(Figure, "savefig", full_savefig)
    one = [figure for figure in KIND.figures if figure.name == "order_cost"]
    (first,), (second,) = rendered_figures(one, tree), rendered_figures(one, tree)
    assert first == second
    assert first.png.startswith(b"\x89PNG") and first.pdf.startswith(b"%PDF")


def test_a_folder_holds_the_page_and_its_files(report):
    expected = {f"{name}.{ending}" for name in FIGURES for ending in ("png", "pdf", "csv")}
    expected |= {"index.html", "measures.csv", "claims.csv", "claims.md"}
    assert {path.name for path in report.parent.iterdir()} == expected
    assert report.name == "index.html"


def test_an_html_path_is_the_page_and_its_files_lie_in_a_folder_beside_it(small, tmp_path):
    path = write_comparison_report(small, tmp_path / "deep" / "coin.html")
    assert path == tmp_path / "deep" / "coin.html"
    assert {entry.name for entry in path.parent.iterdir()} == {"coin.html", "coin_files"}
    links = [str(a["href"]) for a in Page(path.read_text()).all("a") if not str(a["href"]).startswith(("http", "#"))]
    assert links
    assert all((path.parent / link).is_file() for link in links)


def test_the_csv_files_hold_the_tree(tree, report):
    measures = pd.read_csv(report.parent / "measures.csv", keep_default_na=False, na_values=[""])
    table = table_of(tree).frame()
    pd.testing.assert_frame_equal(measures.astype(table.dtypes), table, rtol=1e-12)
    expected = pd.read_csv(io.BytesIO(kl_by_time.table(tree).to_csv(index=False).encode()))
    pd.testing.assert_frame_equal(pd.read_csv(report.parent / "kl_by_time.csv"), expected)
    curve = tree["curves"]["kl_divergence"].sel(predictor="memoryless", bound="estimate")
    written = expected[expected.predictor == "memoryless"].estimate
    np.testing.assert_allclose(written, curve, rtol=1e-12)


def test_the_page_is_written_last(small, tmp_path, monkeypatch):
    written = []

    def fail_on_the_tenth(path, content):
        written.append(path.name)
        if len(written) == 10:
            raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(comparisons.report.page, "write_atomically", fail_on_the_tenth)
    with pytest.raises(OSError, match="No space left"):
        write_comparison_report(small, tmp_path)
    assert "index.html" not in written
