"""What a reader is given: smoke runs marked, claims in groups with links, a page for any screen and any reader."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import comparisons.report
from comparisons import Comparison
from comparisons.claims import AtLeast, AtMost, Claim, judge, set_when
from comparisons.kinds import kind_of
from comparisons.report.claim_tables import BOUND_SET, MOST_IN_ONE_TABLE
from comparisons.report.page import verdicts_of
from comparisons.reproductions import reproduction_ids
from comparisons.reproductions.rabinowitz_2019.claims import all_claims
from comparisons.rows import Entry, Over, Row, Table
from comparisons.statistics.intervals import Interval
from comparisons.tree import SMOKE_RUN
from tests.comparisons.digests import report_files, written
from tests.comparisons.made_up import MADE_UP, made_up
from tests.comparisons.pages import Page

STYLE = Path(comparisons.report.__file__).with_name("page.css").read_text()
LEAST_CONTRAST = 4.5
"""Ratio of luminances of text and background that WCAG 2.2 asks for (level AA)."""
LARGEST_PAGE = 3_000_000
"""Bytes."""


CLAIMING = ("predictions", "decisions", "order-bandit", "lifetimes-map", "foraging", *reproduction_ids())
"""Made-up trees of every kind, and the reproductions."""


@pytest.fixture(scope="module")
def smoke():
    tree = made_up("predictions").copy()
    tree.attrs = tree.attrs | {"is_smoke": 1, "command": "bayesgauge run <made> --smoke", "date": "2026-01-31"}
    return tree


@pytest.fixture(scope="module")
def smoke_files(smoke):
    return written(smoke)


def test_a_smoke_run_says_so_on_the_page_in_the_summary_and_in_every_file(smoke, smoke_files):
    page = Page(smoke_files["index.html"].decode())
    assert f"This is a {SMOKE_RUN}" in page.text and "(smoke run)" in page.text
    assert SMOKE_RUN in Comparison(smoke).summary() and SMOKE_RUN in Comparison(smoke)._repr_html_()
    tables = {name: data for name, data in smoke_files.items() if name.endswith(".csv")}
    assert {"measures.csv", "claims.csv", "kl_by_time.csv"} <= tables.keys()
    assert all(set(pd.read_csv(io.BytesIO(data)).run) == {SMOKE_RUN} for data in tables.values())
    assert smoke_files["claims.md"].decode().startswith(f"**{SMOKE_RUN}**")


def test_claims_of_a_smoke_run_are_not_judged(smoke, smoke_files):
    page = Page(smoke_files["index.html"].decode())
    assert {verdict.outcome for verdict in verdicts_of(smoke)} == {"not judged"}
    assert {a["class"] for a in page.all("span") if "verdict" in str(a.get("class"))} <= {
        "verdict not-judged",
        "verdict held",  # of the diagnostics
    }
    assert "failed" not in Comparison(smoke).summary() and "not judged" in Comparison(smoke).summary()
    assert set(pd.read_csv(io.BytesIO(smoke_files["claims.csv"])).outcome) == {"not judged"}


def test_any_other_run_does_not_say_smoke():
    files = report_files("predictions", with_pictures=False)
    assert not any(b"smoke" in data for name, data in files.items() if name != "index.html")
    assert SMOKE_RUN not in Page(files["index.html"].decode()).text


def test_the_command_and_the_date_are_under_provenance(smoke_files):
    source = smoke_files["index.html"].decode()
    provenance = source[source.index('id="provenance"') :]
    assert "<code>bayesgauge run &lt;made&gt; --smoke</code>" in provenance and "2026-01-31" in provenance


@pytest.mark.parametrize("name", ["rabinowitz_2019", pytest.param("lange_sprekeler_2020", marks=pytest.mark.slow)])
def test_many_claims_are_sorted_by_section_and_those_that_held_are_folded_up(name):
    source = report_files(name, with_pictures=False)["index.html"].decode()
    claims = source[source.index('id="claims"') : source.index('id="figures"')]
    assert len(verdicts_of(made_up(name))) > MOST_IN_ONE_TABLE
    folded = "".join(re.findall(r"<details>.*?</details>", claims, flags=re.DOTALL))
    outcomes = [verdict.outcome for verdict in verdicts_of(made_up(name))]
    assert folded.count('"verdict held"') == claims.count('"verdict held"') == outcomes.count("held") > 0
    assert folded.count('"verdict') == outcomes.count("held")
    titles = re.findall(r"<h3>(.*?) <span", claims)
    assert 1 < len(titles) == len(set(titles))
    assert source.index("<figure") < source.index('id="claims"')  # the figure that shows the answer


@pytest.mark.parametrize(
    "name",
    [
        "predictions",
        "decisions",
        "order-bandit",
        "lifetimes-map",
        "foraging",
        "mikulik_2020",
        pytest.param("rabinowitz_2019", marks=pytest.mark.slow),
        pytest.param("lange_sprekeler_2020", marks=pytest.mark.slow),
    ],
)
def test_every_claim_leads_to_a_figure_that_shows_its_number(name):
    source = report_files(name, with_pictures=False)["index.html"].decode()
    claims = source[source.index('id="claims"') : source.index('id="figures"')]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>', claims, flags=re.DOTALL)
    figures = set(re.findall(r'<figure id="([^"]+)"', source))
    links = [re.findall(r'href="#([^"]+)"', row) for row in rows]
    assert {link for found in links for link in found} <= figures
    shown = [_is_shown(name, verdict) for verdict in verdicts_of(made_up(name))]
    assert sum(bool(found) for found in links) == sum(shown) >= 0.8 * len(rows)


def _is_shown(name, verdict):
    figures = [figure for figure in kind_of(made_up(name)).figures if figure.is_available(made_up(name))]
    return any(verdict.measure in one.shows and one.experiment in ("", verdict.experiment) for one in figures)


def test_every_figure_shows_measures_that_there_are():
    kinds = [kind_of(made_up(name)) for name in MADE_UP]
    known = {measure for kind in kinds for measure in kind.measures()}
    assert {measure for kind in kinds for figure in kind.figures for measure in figure.shows} <= known


@pytest.mark.parametrize(
    "names",
    [("predictions", "decisions", "foraging", "mikulik_2020"), pytest.param(MADE_UP, marks=pytest.mark.slow)],
    ids=["few", "all"],
)
def test_every_claim_says_when_its_bound_was_set(names):
    for name in names:
        verdicts = verdicts_of(made_up(name))
        assert {verdict.bound_set for verdict in verdicts} <= BOUND_SET.keys()
        text = Page(report_files(name, with_pictures=False)["index.html"].decode()).text
        assert all(BOUND_SET[verdict.bound_set] in text for verdict in verdicts)
    moved = {claim.measure for claim in all_claims() if claim.bound_set == "after"}
    assert moved == {"final_recovery", "gap_to_bayes", "change_elsewhere"}
    assert {claim.bound_set for claim in all_claims()} == {"before", "after"}


def test_a_claim_that_says_when_its_bound_was_set_keeps_that():
    claims: list[Claim] = [AtMost("a", "m", "w", 1.0), AtLeast("b", "m", "w", 0.0, bound_set="theory")]
    assert [claim.bound_set for claim in set_when("before", claims)] == ["before", "theory"]


def test_a_claim_without_a_number_is_not_measurable():
    row = Row("w", Interval(np.nan, np.nan, np.nan), Over("tasks"), {}, "nats")
    (verdict,) = judge(Table((Entry("m", row),)), [AtMost("a", "m", "w", 1.0)])
    assert verdict.outcome == "not measurable"


def test_landmarks_headings_and_cells_are_named():
    for name in ("predictions", "lange_sprekeler_2020"):
        page = Page(report_files(name, with_pictures=False)["index.html"].decode())
        assert page.all("html") == [{"lang": "en"}]
        assert len(page.all("header")) == len(page.all("main")) == len(page.all("nav")) == len(page.all("h1")) == 1
        assert all(a.get("scope") in ("row", "col", "rowgroup") for a in page.all("th"))
        assert len(page.all("caption")) == len(page.all("table"))
        ids = {a["id"] for _, a in page.tags if "id" in a}
        for section in page.all("section"):
            assert section.get("aria-label") or section["aria-labelledby"] in ids
        assert all(a["alt"] and int(a["width"]) and int(a["height"]) for a in page.all("img"))
        assert not any(attribute.startswith("on") or attribute == "style" for _, a in page.tags for attribute in a)


def _luminance(colour):
    digits = colour.strip().lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_in_light_and_in_dark(theme):
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#\w+)", light))
    if theme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#\w+)", dark))
    pairs = [(text, back) for text in ("text", "soft", "link") for back in ("page", "tint")]
    pairs += [(outcome, f"{outcome}-tint") for outcome in ("held", "failed", "undecided")]
    for text, back in pairs:
        high, low = sorted((_luminance(found[text]), _luminance(found[back])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= LEAST_CONTRAST, (theme, text, back)
    assert "(prefers-color-scheme: dark)" in STYLE and ":focus-visible" in STYLE and "@media print" in STYLE


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE_UP)
def test_a_page_is_small_and_most_of_its_figures_are_sharp(name, full_savefig, monkeypatch, tmp_path):
    monkeypatch.setattr(Figure, "savefig", full_savefig)
    source = Comparison(made_up(name)).write_report(tmp_path).read_text()
    assert len(source) <= LARGEST_PAGE
    assert source.count("data:image/svg+xml") >= 0.6 * source.count("<figure ")
