"""The report of a map of fixed-arm bandits: claims first, every measure in words, what diverged by name."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from comparisons.kind import presentation_of
from comparisons.lifetimes.claims import REGAINED, agreement_with_optimum, lifetime_claims
from comparisons.lifetimes.experiment import SpecialistExperiment
from comparisons.lifetimes.kind import LIFETIMES
from comparisons.lifetimes.measures import LIFETIME_VOCABULARY
from comparisons.lifetimes.players import COMMIT, NETWORK, NEVER, PRINTED, SEQUENTIAL
from comparisons.lifetimes.settings import Cell, MapEvaluation
from comparisons.report.page import verdicts_of, write_comparison_report
from comparisons.report.words import measure_sections, row_of, wording_of
from comparisons.stages import open_result, run_experiment
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
    return LIFETIMES.headline(tree, table_of(tree), [])


def findings(tree):
    return {diagnostic.name: diagnostic for diagnostic in LIFETIMES.diagnostics(tree, table_of(tree))}


def test_a_smoke_run_ends_in_a_report_with_all_figures(tmp_path):
    page = run_experiment(SMOKE, tmp_path)
    tree = open_result(page.parent.parent).tree
    assert presentation_of(tree) is LIFETIMES
    names = ["exploration", "regret", "values", "development", "behaviour"]
    shown = Page(page.read_text())
    assert [attributes["id"] for attributes in shown.all("figure")] == names
    for name in names:
        written = pd.read_csv(page.parent / f"{name}.csv")
        (figure,) = [figure for figure in LIFETIMES.figures if figure.name == name]
        expected = figure.table(tree)
        np.testing.assert_allclose(written.estimate, expected.estimate, rtol=1e-12)
        assert written.unit.to_list() == expected.unit.to_list()
        assert (page.parent / f"{name}.png").stat().st_size > 10_000
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
    path = write_comparison_report(found, tmp_path / "report")
    text = " ".join(Page(path.read_text()).text.split())
    for note in json.loads(tree.attrs["notes"]):
        assert note in text
    assert "Crossed cells are empty: all their networks diverged." in text
    assert findings(tree)["Diverged networks"].finding.startswith("3 of 48: the network of training seed 0")


def test_every_caption_says_what_to_look_at(points):
    for figure in LIFETIMES.figures:
        if figure.is_available(points):
            assert "Look" in figure.caption(points)
    assert len({figure.alt for figure in LIFETIMES.figures}) == len(LIFETIMES.figures)


@pytest.mark.parametrize("which", ["tree", "points", "theory"])
def test_every_measure_is_said_in_words(which, request):
    found = theory_tree(grid_settings(3, 12)) if which == "theory" else request.getfixturevalue(which)
    for measure in set(table_of(found).measure):
        section = wording_of(measure, LIFETIME_VOCABULARY).section
        assert section != "other" or measure == "diverged_networks"
        assert section in LIFETIME_VOCABULARY.sections
    rows = [
        row
        for section in measure_sections(table_of(found), LIFETIME_VOCABULARY)
        for group in section.groups
        for row in group.rows
    ]
    assert all(row.unit and row.interval_over and "nan" not in row.quantity for row in rows)


def test_roles_are_those_of_yardsticks_floors_and_networks(points):
    role_of, where = LIFETIME_VOCABULARY.role_of, "reward_scale 3, prior_scale 1, lifetime 100"
    assert role_of(f"{where}: {NETWORK}", "value") == "scored"
    assert role_of(f"lifetime 100: {NETWORK} with {SEQUENTIAL}", "regime_agreement") == "scored"
    assert role_of(f"{where}: {SEQUENTIAL}", "value") == "ceiling"
    assert role_of(f"{where}: {SEQUENTIAL}", "probe_pulls") == "reference"
    assert role_of(f"{where}: full information", "value") == "knows the latents"
    assert role_of("lifetime 100: untrained network", "regret_share") == "floor"
    assert role_of(f"lifetime 100: {NEVER}", "regret_share") == "floor"
    assert role_of(f"{where}: {PRINTED}, as printed", "value") == "reference"
    (regret,) = [part for part in measure_sections(table_of(points), LIFETIME_VOCABULARY) if "Regret" in part.title]
    ceiling = [row for row in regret.groups[0].rows if row.role == "ceiling"]
    assert [(row.predictor, row.quantity, row.unit) for row in ceiling] == [(SEQUENTIAL, "0", "%")]


def test_the_headline_has_share_regret_and_agreement_with_intervals(tree):
    found = changed(tree, "regret_share", f"lifetime 12: {NEVER}", (0.8, 0.8, 0.8))
    found = changed(found, "regret_share", f"lifetime 12: {NETWORK}", (0.08, 0.04, 0.12))
    found = changed(found, "regime_agreement", f"lifetime 12: {NETWORK} with {SEQUENTIAL}", (0.9, 0.85, 0.95))
    assert headline(found).sentence == (
        "Networks earn 90.0 % [85.0, 95.0] of what the sequential optimum earns, a regret of 8.0 % [4.0, 12.0] of what "
        "full information earns, and are in its regime, learn or hard-code, in 90.0 % [85.0, 95.0] of 16 settings."
    )
    details = " ".join(headline(found).details)
    commit = row_of(table_of(found), "regret_share", f"lifetime 12: {COMMIT}").estimate
    assert f"commit optimum {100 * commit:.3g} %" in details and "never learning 80.0 %" in details


def test_of_several_lifetimes_the_headline_names_where_most_is_lost():
    found = made_up_lifetime_tree(grid_settings(3, 6, 12), num_seeds=2)
    found = changed(found, "regret_share", f"lifetime 6: {NETWORK}", (0.7, 0.6, 0.8))
    assert headline(found).sentence.startswith("Of 2 lifetimes, networks lose most in 6 trials: they earn ")
    assert sum("regret: networks" in detail for detail in headline(found).details) == 2
    assert len(LIFETIMES.summary(found, table_of(found))) == 6
    assert all(claim.statement.startswith("In lifetimes of ") for claim in lifetime_claims(found, table_of(found)))


def test_without_numbers_the_headline_says_so(tree):
    none = changed(tree, "regret_share", f"lifetime 12: {NETWORK}", (np.nan,) * 3)
    assert "no answer" in headline(none).sentence


def test_bounds_of_claims_are_what_exact_yardsticks_reach(tree):
    table = table_of(tree)
    half, commit, regime, boundary = lifetime_claims(tree, table)
    assert half.bound == REGAINED * row_of(table, "regret_share", f"lifetime 12: {NEVER}").estimate
    assert commit.bound == row_of(table, "regret_share", f"lifetime 12: {COMMIT}").estimate
    theory = tree["theory"].to_dataset()
    is_same = (theory["printed_trials"] > 0) == (theory["sequential_probe_pulls"] > 1)
    assert regime.bound == agreement_with_optimum(tree, 12, PRINTED) == float(is_same.mean())
    assert boundary.most == -boundary.least == pytest.approx(np.log(1.25))


@pytest.mark.parametrize(
    ("bounds", "outcomes"),
    [((0.001, 0.0, 0.002), ["held", "held"]), ((0.99, 0.98, 1.0), ["failed", "failed"])],
)
def test_the_interval_decides_the_claims(tree, bounds, outcomes):
    found = changed(tree, "regret_share", f"lifetime 12: {NETWORK}", bounds)
    assert [verdict.outcome for verdict in verdicts_of(found)][:2] == outcomes


def test_few_settings_have_claims_that_they_can_decide(points):
    assert [claim.measure for claim in lifetime_claims(points, table_of(points))] == [
        "regret_share",
        "regret_share",
        "regime_agreement",
    ]


def test_where_nothing_can_be_earned_nothing_is_claimed_of_it():
    found = made_up_lifetime_tree([POINTS[0]._replace(prior_scale=0.0, lifetime=12)], num_seeds=2)
    assert lifetime_claims(found, table_of(found)) == ()
    assert "no answer" in headline(found).sentence


def test_diagnostics_check_errors_and_the_optimum(tree):
    found = findings(tree)
    assert found["Standard errors of shortfalls"].outcome == "held"
    assert found["Optimum in play"].outcome == "held"
    networks = tree["networks"].to_dataset().load()
    worse = tree.copy()
    worse["networks"] = networks.assign(shortfall_error=networks.shortfall_error * 5)
    found = findings(worse)["Standard errors of shortfalls"]
    assert found.outcome == "failed" and "at most 0.25, where 0.2 rewards" in found.finding
    assert "45 of 45 networks are above" in found.finding
    better = tree.copy()
    better["networks"] = networks.assign(shortfall=networks.shortfall - 0.3 - networks.shortfall.max())
    assert findings(better)["Optimum in play"].outcome == "failed"


def test_the_summary_has_every_setting_where_there_are_few(points):
    lines = LIFETIMES.summary(points, table_of(points))
    assert lines[0].startswith("lifetime 100: regret_share = 0.") and "training seeds" in lines[0]
    assert [line.split(": ")[0] for line in lines[-3:]] == [
        "reward_scale 19.5, prior_scale 3, lifetime 100",
        "reward_scale 9.53, prior_scale 3.75, lifetime 100",
        "reward_scale 9.53, prior_scale 8, lifetime 100",
    ]


def test_theory_alone_is_reported_too(tmp_path):
    found = theory_tree(grid_settings(3, 12))
    path = write_comparison_report(found, tmp_path)
    page = Page(path.read_text())
    assert [attributes["id"] for attributes in page.all("figure")] == ["exploration"]
    counts = {
        who: int(row_of(table_of(found), "learning_count", f"lifetime 12: {who}").estimate)
        for who in (SEQUENTIAL, COMMIT, PRINTED)
    }
    assert headline(found).sentence == (
        f"In lifetimes of 12 trials learning pays in {counts[SEQUENTIAL]} of 9 settings by the sequential optimum, in "
        f"{counts[COMMIT]} by the commit optimum, and in {counts[PRINTED]} by the printed formula."
    )
    assert [verdict.outcome for verdict in verdicts_of(found)] == ["held"]
    assert "exploring" in LIFETIMES.summary(found, table_of(found))[0]
    assert LIFETIMES.question(found) in page.text
