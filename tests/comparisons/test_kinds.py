"""What is asked of every kind of comparison and of every reproduction, from made-up trees."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comparisons import Comparison, open_comparison, reproductions
from comparisons.kinds import kind_of
from comparisons.report.page import verdicts_of
from comparisons.rows import table_of
from tests.comparisons.digests import report_files, written
from tests.comparisons.made_up import MADE_UP, made_up
from tests.comparisons.pages import LOADING, Page

SCHEMAS = {
    "bayesgauge comparison 1",
    "bayesgauge decisions 1",
    "bayesgauge order 1",
    "bayesgauge lifetimes 1",
    "bayesgauge foraging 1",
    "bayesgauge reproduction 1",
}
"""Those that files on disk name; they are never renamed."""
SECTIONS = ["answer", "claims", "figures", "measures", "diagnostics", "provenance"]
LEAST_ALT = 40
"""Characters of an alternative text that says what is seen."""
FULLEST = (
    "predictions",
    "decisions",
    "order-functions",
    "lifetimes-map",
    "lifetimes-points",
    "foraging",
    "mikulik_2020",
    "rabinowitz_2019",
    "lange_sprekeler_2020",
)
"""Of every kind the made-up comparison that has most groups, and the reproductions."""
of_all = pytest.mark.parametrize("name", MADE_UP)
of_every_kind = pytest.mark.parametrize("name", FULLEST)


@pytest.fixture
def files(name):
    return report_files(name, with_pictures=False)


@pytest.fixture
def page(files):
    return Page(files["index.html"].decode())


def read_csv(data):
    return pd.read_csv(io.BytesIO(data), keep_default_na=False, na_values=[""])


def figures_of(page):
    """The figures of a page by their names: the tags of each."""
    found, name = {}, None
    for tag, attributes in page.tags:
        if tag == "figure":
            name = attributes["id"]
            assert name not in found, f"two figures are called {name}"
            found[name] = []
        elif name is not None:
            found[name].append((tag, attributes))
    return found


@of_every_kind
def test_a_saved_comparison_is_read_back_and_shown_alike(name, files, tmp_path):
    tree = made_up(name)
    Comparison(tree).save(tmp_path / "saved.nc")
    opened = open_comparison(tmp_path / "saved.nc")
    assert opened.tree.attrs["schema"] == tree.attrs["schema"]
    assert set(opened.tree.children) == set(tree.children)
    pd.testing.assert_frame_equal(opened.table, Comparison(tree).table)
    assert opened.summary() == Comparison(tree).summary()
    again = written(opened.tree)
    assert again.keys() == files.keys()
    assert [file for file in files if again[file] != files[file]] == []


@of_all
def test_every_row_of_the_table_has_a_unit_and_an_interval(name):
    table = Comparison(made_up(name)).table
    assert len(table)
    entries = table_of(made_up(name)).entries
    assert len({(measure, row.who, *row.at.items()) for measure, row in entries}) == len(entries)
    for row in table.itertuples():
        assert row.unit and row.over, row
        assert np.isnan(row.lower) == np.isnan(row.upper), row
        assert np.isnan(row.lower) or row.lower <= row.estimate <= row.upper, row


@of_all
def test_the_table_is_the_one_that_the_report_gives(name, files):
    table = Comparison(made_up(name)).table
    pd.testing.assert_frame_equal(read_csv(files["measures.csv"]).astype(table.dtypes), table, rtol=1e-12)


@of_all
def test_every_measure_is_shown_in_words(name, page):
    """With a section and a label; with a role that the page knows, or it would not have been written."""
    table = Comparison(made_up(name)).table
    rows = [row for row in page.rows() if "Bound" not in row and "Unit" in row]
    assert len(rows) >= len(table)
    assert set(table.measure) <= kind_of(made_up(name)).measures().keys()
    assert all(row["Estimate"] and row["Unit"] and row["Interval over"] for row in rows)
    assert not any("{" in text for row in page.rows() for text in row.values())


@of_all
def test_every_claim_is_decided_or_left_out(name, files, page):
    claims = read_csv(files["claims.csv"])
    assert len(claims)
    assert set(claims.outcome) <= {"held", "failed", "undecided", "not measurable"}
    assert claims.statement.is_unique
    assert claims.unit.astype(bool).all() and claims.over.astype(bool).all()
    assert (claims.estimate.notna() | (claims.outcome == "not measurable")).all()
    assert len([row for row in page.rows() if "Bound" in row]) == len(claims)
    assert len(files["claims.md"].decode().splitlines()) == 2 + len(claims)


@of_all
def test_every_figure_has_a_title_an_alternative_text_a_caption_and_a_table(name, files, page):
    figures = figures_of(page)
    assert figures
    assert {file for file in files if file.endswith(".png")} == {f"{figure}.png" for figure in figures}
    source = files["index.html"].decode()
    for figure, tags in figures.items():
        (image,) = (attributes for tag, attributes in tags if tag == "img")
        assert len(image["alt"] or "") >= LEAST_ALT, figure
        assert any(letter.isdigit() for letter in image["alt"] or ""), figure  # what is seen, in numbers
        shown = source[source.index(f'<figure id="{figure}">') :]
        title = shown[shown.index("<h3>") + 4 : shown.index("</h3>")].partition("</span>")[2]
        caption = shown[shown.index("<figcaption>") + 12 : shown.index('<span class="files">')]
        assert title.strip() and caption.strip(), figure
        table = read_csv(files[f"{figure}.csv"])
        assert len(table) and len(table.columns) > 1, figure
        assert {f"{figure}.{ending}" for ending in ("png", "pdf", "csv")} <= files.keys()


@of_all
def test_sections_are_in_order_and_nothing_is_loaded_from_elsewhere(name, page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert [found for found in ids if found in SECTIONS] == SECTIONS
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        for loading in LOADING & attributes.keys():
            assert (attributes[loading] or "").startswith(("data:image/svg+xml;base64,", "data:image/png;base64,"))
    style = page.text[page.text.index(":root") : page.text.index("@media print")]
    assert "url(" not in style and "@import" not in style


@of_all
def test_links_lead_to_files_that_are_there(name, files, page):
    links = [Path(str(a["href"])).name for a in page.all("a") if not str(a["href"]).startswith(("http", "#"))]
    assert links and set(links) <= files.keys()


@of_all
def test_the_summary_answers_in_a_few_lines(name):
    lines = Comparison(made_up(name)).summary().splitlines()
    assert 1 <= len(lines) < 40 and all(lines)
    assert not lines[0].startswith("note: ")


@of_all
def test_a_notebook_shows_question_answer_and_claims(name):
    comparison = Comparison(made_up(name))
    text = Page(comparison._repr_html_()).text
    assert comparison.summary().splitlines()[0] in text
    assert all(verdict.statement in text for verdict in verdicts_of(comparison.tree))


def test_all_schemas_and_papers_are_here():
    assert {made_up(name).attrs["schema"] for name in FULLEST} == SCHEMAS
    assert set(reproductions.reproduction_ids()) <= set(FULLEST)
