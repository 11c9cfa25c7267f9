"""The report of decisions: one self-contained page, whatever is known of a family."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparisons.comparison import Comparison, open_comparison
from comparisons.decisions.figures import losses
from comparisons.decisions.kind import KIND
from comparisons.kind import measured
from comparisons.kinds import kind_of
from comparisons.report.figure import rendered_figures
from comparisons.report.page import verdicts_of, write_comparison_report
from comparisons.report.words import measure_sections, quantity
from comparisons.rows import table_of
from tests.comparisons.decisions.trees import made_up_decision_tree
from tests.comparisons.pages import Page, words_of
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


def bare(tree):
    """The scores of a comparison without its table and its curves."""
    found = xr.DataTree.from_dict({name: tree[name].to_dataset() for name in tree.children})
    found.attrs = dict(tree.attrs)
    return found.drop_nodes(["measures", "curves"])


def with_pictures(tree):
    """The page of a comparison with all its figures."""
    return words_of(tree, figures=rendered_figures(KIND.figures, tree))


def figures_of(page):
    return [attributes["id"] for attributes in page.all("figure")]


def test_the_sections_and_figures_come_in_order(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    headings = ["answer", "claims", "figures", "measures", "diagnostics", "provenance"]
    assert [name for name in ids if name in headings] == headings
    assert figures_of(page) == FIGURES


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
    np.testing.assert_allclose(written.estimate, losses.table(tree).estimate, rtol=1e-12)
    measures = pd.read_csv(report.parent / "measures.csv", keep_default_na=False, na_values=[""])
    table = table_of(tree).frame()
    pd.testing.assert_frame_equal(measures.astype(table.dtypes), table, rtol=1e-12)
    assert len(pd.read_csv(report.parent / "claims.csv")) == len(verdicts_of(tree))


def test_the_answer_has_the_shortfall_its_interval_and_what_to_read_it_by(page, tree):
    lost = table_of(tree).one("shortfall", "network").interval
    text = " ".join(page.text.split())
    earned = 2.5 - lost.estimate
    assert f"The network earns {earned:.4f} rewards in 4 trials, the Bayes-optimal policy 2.5000:" in text
    assert f"a shortfall V* − V(network) = {quantity(*lost).split(' ')[0]} (95 % interval" in text
    assert "over tasks and 2 training seeds" in text and "% of what the greedy policy loses." in text
    best = "best possible: 2.50000 rewards, exact; an oracle that knows the latents earns"
    for part in ("claims: ", "0 is Bayes-optimal", "loses most at trial", best):
        assert part in text


def test_every_measure_is_shown_in_words_with_unit_and_role(page, tree):
    rows = [row for row in page.rows() if "Agent" in row]
    entries = table_of(tree).entries
    assert len(rows) == len(entries)
    assert all(row["Unit"] and row["Interval over"] and row["Estimate"] for row in rows)
    measures = KIND.measures()
    assert {name for name, _ in entries} == measures.keys()
    assert all(measures[name].label.format(**row.at) in page.text for name, row in entries)
    shown = {" ".join(row["Agent"].split()) for row in rows}
    assert {"network", "Gittins", "uniform floor", "optimal ceiling", "oracle knows the latents"} <= shown
    assert {"network, seed 0", "network, seed 1"} <= shown


def test_a_certificate_says_its_trials_in_the_label_and_in_the_unit(tree):
    groups = {group.label: group for section in measure_sections(table_of(tree), KIND) for group in section.groups}
    for kind_of_sum in ("exact", "sampled"):
        (row,) = groups[f"{kind_of_sum} shortfall of the first 4 trials"].rows
        assert (row.who, row.unit) == ("network", "rewards per 4 trials")


def test_the_undiscounted_optimum_is_no_ceiling_of_discounted_rewards(tree):
    roles = {
        (group.label, row.who): row.role
        for section in measure_sections(table_of(tree), KIND)
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


def test_without_an_optimum_the_reference_takes_its_place():
    page = with_pictures(made_up_decision_tree(num_seeds=1, plan=False))
    assert figures_of(page) == ["losses", "convergence", "regret", "exploration", "repeats"]
    text = " ".join(page.text.split())
    assert "more than the Gittins policy, the reference where no optimum is known" in text
    assert "V* =" not in text and "training seeds" not in text.split("Measures")[0]
    assert not any("nan" in cell for row in page.rows() for cell in row.values())


def test_no_optional_groups_make_a_report_too():
    page = with_pictures(made_up_decision_tree(num_seeds=1, optional=False))
    assert figures_of(page) == [name for name in FIGURES if name not in ("convergence", "certificate")]


def test_a_family_without_gittins_indices_makes_a_report_too(tree):
    players = [player for player in tree["totals"]["player"].to_numpy() if player != "Gittins"]
    scores = bare(tree)
    fewer = {
        name: group.to_dataset().sel(player=players) if "player" in group.dims else group.to_dataset()
        for name, group in scores.children.items()
    }
    without = xr.DataTree.from_dict(fewer)
    without.attrs = scores.attrs
    page = with_pictures(measured(without, KIND))
    assert figures_of(page) == FIGURES
    shown = page.text[: page.text.index("Sources")]
    assert "Gittins" not in shown.replace("not Gittins' problem", "").replace("the Gittins policy is optimal", "")


def test_infinities_are_shown_as_such(page):
    infinite = [row for row in page.rows() if row.get("Estimate") == "∞"]
    assert {row["Agent"].split(" ")[0] for row in infinite} == {"UCB1", "uniform"}
    assert not any("nan" in cell or "inf" in cell for row in page.rows() for cell in row.values())


def test_a_saved_comparison_opens_with_the_same_summary(tree, tmp_path):
    comparison = Comparison(tree)
    comparison.save(tmp_path / "decisions.nc")
    assert open_comparison(tmp_path / "decisions.nc").summary() == comparison.summary()


def test_a_saved_table_of_another_layout_is_measured_again(tree, tmp_path):
    earlier = tree.copy()
    earlier["measures"] = tree["measures"].to_dataset().assign_attrs(layout=1)
    Comparison(earlier).save(tmp_path / "decisions.nc")
    pd.testing.assert_frame_equal(open_comparison(tmp_path / "decisions.nc").table, Comparison(tree).table)


def test_the_kind_follows_the_schema(tree):
    assert "kind" not in tree.attrs
    assert kind_of(tree).subject == "Agent"
    assert kind_of(made_up_tree(num_seeds=1)).subject == "Predictor"
    foreign = tree.copy()
    foreign.attrs = tree.attrs | {"schema": "something else"}
    with pytest.raises(ValueError, match="something else"):
        kind_of(foreign)


def test_what_a_family_says_is_text_not_markup():
    attack = "<script>alert(1)</script>"
    tree = made_up_decision_tree(num_seeds=1, optional=False, family=attack)
    tree.attrs |= {"network": attack, "notes": json.dumps([attack])}
    source = words_of(tree, question=KIND.question(tree), provenance={"family": attack}).source
    assert "<script" not in source and "&lt;script&gt;" in source
