"""The report of a map of fixed-arm bandits: claims first, every measure in words, diverged networks by name."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from comparisons.comparison import Comparison, open_comparison
from comparisons.kinds import kind_of
from comparisons.lifetimes.claims import REGAINED, agreement_with_optimum, claims_of
from comparisons.lifetimes.experiment import SpecialistExperiment
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, NEVER, ORACLE, PRINTED, SHUFFLED, UNTRAINED
from comparisons.lifetimes.settings import Cell, MapEvaluation
from comparisons.report.page import page_of, verdicts_of
from comparisons.report.words import measure_sections
from comparisons.rows import Table, table_of
from comparisons.stages import run_experiment
from comparisons.statistics.intervals import Interval
from comparisons.tree import open_tree, save_tree
from metalearners.actor_critic_configs import ActorCriticConfig
from tests.comparisons.lifetimes.trees import POINTS, grid_settings, made_up_lifetime_tree, theory_tree
from tests.comparisons.pages import LOADING, Page

SMOKE = dataclasses.replace(
    SpecialistExperiment(
        name="map",
        cells=tuple(Cell(reward, prior) for reward in (1.0, 10.0) for prior in (1.0, 5.0)),
        training=ActorCriticConfig(num_checkpoints=2),
        evaluation=MapEvaluation(shown_cells=(0,)),
    ).smoke(),
    cells=tuple(Cell(reward, prior) for reward in (1.0, 10.0) for prior in (1.0, 5.0)),
    stack_size=8,
)
"""A grid of four, all networks one unit of work, which is trained in this process."""


@pytest.fixture(scope="module")
def tree():
    return made_up_lifetime_tree(grid_settings(4, 12), num_seeds=3, diverged=((0, 6), (1, 6), (2, 6)))


@pytest.fixture(scope="module")
def points():
    return made_up_lifetime_tree(POINTS, num_seeds=12)


def changed(tree, measure, who, bounds, **at):
    """The tree with another estimate, lower and upper end of one row."""
    table = table_of(tree)
    row = table.one(measure, who, **at)
    entries = tuple(
        entry._replace(row=row._replace(interval=Interval(*bounds)))
        if entry.measure == measure and entry.row == row
        else entry
        for entry in table.entries
    )
    tree = tree.copy()
    tree["measures"] = Table(entries).to_dataset()
    return tree


def answer_of(tree):
    return KIND.answer(tree, table_of(tree), [])


def findings(tree):
    return {diagnostic.name: diagnostic for diagnostic in KIND.diagnostics(tree, table_of(tree))}


def page_without_figures(tree):
    question = KIND.question(tree)
    return Page(page_of(tree, [], verdicts_of(tree), question=question, provenance={}, files=""))


def test_a_smoke_run_ends_in_a_report_with_all_figures(tmp_path):
    page = run_experiment(SMOKE, tmp_path)
    tree = open_comparison(page.parent.parent).tree
    assert kind_of(tree) is KIND
    names = ["exploration", "regret", "values", "development", "behaviour"]
    shown = Page(page.read_text())
    assert [attributes["id"] for attributes in shown.all("figure")] == names
    for name in names:
        written = pd.read_csv(page.parent / f"{name}.csv")
        (figure,) = [figure for figure in KIND.figures if figure.name == name]
        expected = figure.table(tree)
        np.testing.assert_allclose(written.estimate, expected.estimate, rtol=1e-12)
        assert written.unit.to_list() == expected.unit.to_list()
        picture = imread(page.parent / f"{name}.png")
        assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 50  # colours: it is not empty
    assert all(len(image["alt"] or "") > 40 for image in shown.all("img"))
    assert "Do networks trained for one setting" in shown.text and not re.search(r"\bnan\b", shown.text)
    for tag, attributes in shown.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        assert all((attributes[name] or "").startswith("data:") for name in LOADING & attributes.keys())
    for identifier in ("2010.04466", "1611.02779", "1611.05763", "1807.02264"):
        assert f"https://arxiv.org/abs/{identifier}" in {attributes.get("href") for attributes in shown.all("a")}


def test_a_map_with_diverged_networks_is_reported_and_they_are_named(tree, tmp_path):
    save_tree(tree, tmp_path / "tree.nc")
    found = open_tree(tmp_path / "tree.nc")
    text = " ".join(page_without_figures(found).text.split())
    for note in json.loads(tree.attrs["notes"]):
        assert note in text
    captions = [figure.caption(found, figure.table(found)) for figure in KIND.figures if figure.is_available(found)]
    assert any("Crossed cells are empty: all their networks diverged." in caption for caption in captions)
    place = "reward scale 6.73333, prior scale 6.7, lifetime 12"
    assert findings(found)["Diverged networks"].finding == "3 of 48: " + "; ".join(
        f"training seed {seed} at {place}" for seed in range(3)
    )
    assert table_of(found).one("diverged_networks", NETWORK, lifetime=12).interval.estimate == 3


def test_notes_are_not_counted_as_diverged_networks(points):
    noted = points.copy()
    noted.attrs["notes"] = json.dumps(["a network diverged, says this note"])
    assert findings(noted)["Diverged networks"].finding == "none"


def test_every_caption_says_what_to_look_at(points):
    for figure in KIND.figures:
        if figure.is_available(points):
            assert "Look" in figure.caption(points, figure.table(points))
    assert len({figure.alt for figure in KIND.figures}) == len(KIND.figures)


@pytest.mark.parametrize("which", ["tree", "points", "theory"])
def test_every_measure_is_said_in_words(which, request):
    found = theory_tree(grid_settings(3, 12)) if which == "theory" else request.getfixturevalue(which)
    table = table_of(found)
    assert {name for name, _ in table.entries} <= KIND.measures().keys()
    sections = measure_sections(table, KIND)
    assert all(section.title and section.explanation for section in sections)
    rows = [row for section in sections for group in section.groups for row in group.rows]
    assert len(rows) >= len(table.entries)
    assert all(row.unit and row.over and "nan" not in row.quantity for row in rows)
    assert not any("{" in group.label or "_" in group.label for section in sections for group in section.groups)


def test_roles_are_those_of_references_floors_and_networks(points):
    assert KIND.role_of("value", NETWORK) == "scored"
    assert KIND.role_of("regime_agreement", NETWORK) == "scored"
    assert KIND.role_of("value", BAYES) == "ceiling"
    assert KIND.role_of("probe_pulls", BAYES) == "reference"
    assert KIND.role_of("value", ORACLE) == "knows the latents"
    assert KIND.role_of("regret_share", UNTRAINED) == "floor"
    assert KIND.role_of("regret_share", NEVER) == "floor"
    assert KIND.role_of("read_out", SHUFFLED) == "floor"
    assert KIND.role_of("printed_value", PRINTED) == "reference"
    (regret,) = [part for part in measure_sections(table_of(points), KIND) if "Regret" in part.title]
    ceiling = [row for row in regret.groups[0].rows if row.role == "ceiling"]
    assert [(row.who, row.quantity, row.unit) for row in ceiling] == [(BAYES, "0", "%")]


def test_the_answer_has_share_regret_and_agreement_with_intervals(tree):
    found = changed(tree, "regret_share", NEVER, (0.8, 0.8, 0.8), lifetime=12)
    found = changed(found, "regret_share", NETWORK, (0.08, 0.04, 0.12), lifetime=12)
    found = changed(found, "regime_agreement", NETWORK, (0.9, 0.85, 0.95), lifetime=12, reference=BAYES)
    assert answer_of(found).sentence == (
        "Networks earn 90.0 % [85.0, 95.0] of what the Bayes-optimal policy earns, a regret of 8.0 % [4.0, 12.0] of "
        "what the oracle earns, and are in its regime, learn or hard-code, in 14.4 [13.6, 15.2] of 16 settings."
    )
    details = " ".join(answer_of(found).details)
    commit = table_of(found).one("regret_share", COMMIT, lifetime=12).interval.estimate
    assert f"{COMMIT} {100 * commit:.3g} %" in details and f"{NEVER} 80.0 %" in details
    assert "networks 8.0 % [4.0, 12.0] (95 % interval over 3 training seeds)" in details


def test_of_several_lifetimes_the_answer_names_where_most_is_lost():
    found = made_up_lifetime_tree(grid_settings(3, 6, 12), num_seeds=2)
    found = changed(found, "regret_share", NETWORK, (0.7, 0.6, 0.8), lifetime=6)
    assert answer_of(found).sentence.startswith("Of 2 lifetimes, networks lose most in 6 trials: they earn ")
    details = answer_of(found).details
    assert sum(detail.startswith("regret in lifetimes of ") for detail in details) == 2
    assert sum(" trials in the regime of the Bayes-optimal policy: " in detail for detail in details) == 2
    assert len(Comparison(found).summary().splitlines()) == 7  # the answer, the claims, what 0 % is, and two for each
    assert all("n lifetimes of " in claim.statement for claim in claims_of(found, table_of(found)))


def test_without_numbers_the_answer_says_so(tree):
    none = changed(tree, "regret_share", NETWORK, (np.nan,) * 3, lifetime=12)
    assert "no answer" in answer_of(none).sentence
    assert "regret_share" not in {claim.measure for claim in claims_of(none, table_of(none))}


def test_bounds_of_claims_are_what_exact_references_reach(tree):
    table = table_of(tree)
    half, commit, regime, boundary = claims_of(tree, table)
    assert half.bound == REGAINED * table.one("regret_share", NEVER, lifetime=12).interval.estimate
    assert commit.bound == table.one("regret_share", COMMIT, lifetime=12).interval.estimate
    theory = tree["theory"].to_dataset()
    is_same = (theory["printed_trials"] > 0) == (theory["sequential_probe_pulls"] > 1)
    assert regime.bound == agreement_with_optimum(tree, 12, PRINTED) == float(is_same.mean())
    assert boundary.most == -boundary.least == pytest.approx(np.log(1.25))


@pytest.mark.parametrize(
    ("bounds", "outcomes"),
    [((0.001, 0.0, 0.002), ["held", "held"]), ((0.99, 0.98, 1.0), ["failed", "failed"])],
)
def test_the_interval_decides_the_claims(tree, bounds, outcomes):
    found = changed(tree, "regret_share", NETWORK, bounds, lifetime=12)
    assert [verdict.outcome for verdict in verdicts_of(found)][:2] == outcomes


def test_few_settings_have_claims_that_they_can_decide(points):
    assert [claim.measure for claim in claims_of(points, table_of(points))] == [
        "regret_share",
        "regret_share",
        "regime_agreement",
    ]


def test_where_nothing_can_be_earned_nothing_is_claimed_of_it():
    found = made_up_lifetime_tree([POINTS[0]._replace(prior_scale=0.0, lifetime=12)], num_seeds=2)
    assert claims_of(found, table_of(found)) == ()
    assert "no answer" in answer_of(found).sentence


def test_diagnostics_check_errors_and_the_optimum(tree):
    found = findings(tree)
    assert found["Standard errors of shortfalls"].outcome == "held"
    assert found["Optimum in play"].outcome == "held"
    networks = tree["networks"].to_dataset().load()
    worse = tree.copy()
    worse["networks"] = networks.assign(shortfall_error=networks.shortfall_error * 5)
    found = findings(worse)["Standard errors of shortfalls"]
    assert found.outcome == "failed" and "at most 0.25 rewards per lifetime, where at most 0.2" in found.finding
    assert "45 of 45 networks are above" in found.finding
    better = tree.copy()
    better["networks"] = networks.assign(shortfall=networks.shortfall - 0.3 - networks.shortfall.max())
    assert findings(better)["Optimum in play"].outcome == "failed"


def test_the_answer_has_every_setting_where_there_are_few(points):
    lines = answer_of(points).details
    assert lines[1].startswith("regret in lifetimes of 100 trials: networks ") and "training seeds" in lines[1]
    assert [line.split(": ")[0] for line in lines[-3:]] == [
        "reward scale 19.5, prior scale 3, lifetime 100",
        "reward scale 9.53, prior scale 3.75, lifetime 100",
        "reward scale 9.53, prior scale 8, lifetime 100",
    ]


def test_theory_alone_is_reported_too():
    found = theory_tree(grid_settings(3, 12))
    page, table = page_without_figures(found), table_of(found)
    assert [figure.name for figure in KIND.figures if figure.is_available(found)] == ["exploration"]
    counts = {
        who: int(table.one("learning_count", who, lifetime=12).interval.estimate) for who in (BAYES, COMMIT, PRINTED)
    }
    assert answer_of(found).sentence == (
        f"In lifetimes of 12 trials learning pays in {counts[BAYES]} of 9 settings for the Bayes-optimal policy, in "
        f"{counts[COMMIT]} for the best explore-then-commit policy, and in {counts[PRINTED]} by the printed formula."
    )
    assert [verdict.outcome for verdict in verdicts_of(found)] == ["held"]
    assert "exploring" in answer_of(found).details[0]
    assert KIND.question(found) in page.text
