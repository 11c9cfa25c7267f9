"""The reproduction of Lange & Sprekeler 2020: what is declared, what is claimed, and a tiny run to the page."""

import dataclasses

import numpy as np
import pytest
import xarray as xr

from comparisons.claims import judge
from comparisons.kind import measured
from comparisons.lifetimes import running
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED
from comparisons.lifetimes.theory_experiment import TheoryExperiment
from comparisons.report.page import verdicts_of
from comparisons.reproductions._running import (
    REPRODUCTION_FILE,
    ReproductionOptions,
    experiments_of,
    num_untrained,
    run_reproduction,
)
from comparisons.reproductions.lange_sprekeler_2020 import paper
from comparisons.reproductions.lange_sprekeler_2020.across import across_experiments
from comparisons.reproductions.lange_sprekeler_2020.claims import claims_of
from comparisons.reproductions.lange_sprekeler_2020.reference_claims import POINTS
from comparisons.rows import table_of
from comparisons.tree import open_tree
from metalearners.schedules import scheduled

NAME = "lange_sprekeler_2020"


@pytest.fixture(scope="module")
def theory():
    """The paper's grid, thinned out, at the shortest lifetime."""
    experiment = TheoryExperiment("theory", paper.REWARD_SCALES[::5], paper.PRIOR_SCALES[::5], (25,))
    return measured(running.evaluate(experiment, ()), KIND)


def test_experiments_differ_and_shrink():
    everything = paper.experiments() | paper.further_experiments()
    assert len({experiment.fingerprint() for experiment in everything.values()}) == len(everything)
    assert set(paper._MINUTES) == set(everything)
    for experiment in everything.values():
        smoke = experiment.smoke()
        assert smoke.smoke() == smoke
        assert len(smoke.training_units()) <= len(experiment.training_units())


def test_longer_experiments_run_only_where_they_are_named():
    by_default = experiments_of(NAME, ReproductionOptions())
    assert "whole_map_100_paper" not in by_default and "map_100" in by_default
    named = experiments_of(NAME, ReproductionOptions(only=("whole_map_100_paper",)))
    assert list(named) == ["whole_map_100_paper"]
    with pytest.raises(KeyError, match="no experiment 'map_101' in lange_sprekeler_2020; there are theory, points"):
        experiments_of(NAME, ReproductionOptions(only=("map_101",)))


def test_the_paper_s_settings_are_its_table_1():
    config = paper.PAPER
    assert config.num_steps * config.batch_size == 30_000
    half = 27_000 // 2 // config.batch_size
    assert scheduled(config.discount, 0, config.num_steps) == pytest.approx(0.4)
    assert scheduled(config.discount, 13_500, config.num_steps) == pytest.approx(0.999)
    assert scheduled(config.discount, half, config.num_steps) == pytest.approx((0.4 * 0.999) ** 0.5, rel=1e-3)
    other = paper.PAPER_OTHER_DISCOUNT
    assert 1 - scheduled(other.discount, half, other.num_steps) == pytest.approx((0.6 * 0.001) ** 0.5, rel=1e-3)
    assert scheduled(config.entropy_weight, config.num_steps, config.num_steps) == pytest.approx(0.005)


def test_theory_counts_are_counts(theory):
    cells, table = theory["theory"].to_dataset(), table_of(theory)

    def estimate(measure, who):
        return table.one(measure, who, lifetime=25).interval.estimate

    assert estimate("learning_count", PRINTED) == (cells["printed_trials"] > 0).sum()
    assert estimate("longest_exploration", COMMIT) == cells["commit_trials"].max()
    assert estimate("largest_excess", COMMIT) <= 0
    share = float(cells["commit_value"].sum() / cells["sequential_value"].sum())
    assert estimate("share_of_optimum", COMMIT) == pytest.approx(share)


@pytest.mark.slow
def test_the_paper_s_whole_grid():
    trees = {"theory": measured(running.evaluate(paper.experiments()["theory"], ()), KIND)}
    table = paper.measures(trees)
    verdicts = judge(table, claims_of(xr.DataTree.from_dict(trees), table))
    assert len(verdicts) == 20
    assert {verdict.outcome for verdict in verdicts} == {"held"}


def test_claims_that_a_table_cannot_decide_are_left_out(theory):
    trees = {"theory": theory}
    stated = claims_of(xr.DataTree.from_dict(trees), paper.measures(trees))
    (claim,) = stated  # counts are claimed of the whole grid, the others of other lifetimes
    assert claim.measure == "largest_excess" and claim.at == {"experiment": "theory", "lifetime": 25}


def test_all_claims_are_listed_once():
    listed = paper.statements()
    assert len(set(listed)) == len(listed) == 88
    assert sum(statement.startswith("foraging: ") for statement in listed) == 29


def test_rows_of_experiments_say_which_experiment_they_are_of(theory):
    table = paper.measures({"theory": theory, "again": theory})
    row = table.one("learning_count", BAYES, experiment="again", lifetime=25)
    assert row == table_of(theory).one("learning_count", BAYES, lifetime=25)._replace(at=row.at)
    assert next(iter(row.at)) == "experiment"


def test_correlations_are_compared_over_the_same_cells(theory):
    """Pulls that are the sequential optimum's go with it more than with the printed formula's."""
    pulls = theory["theory"]["sequential_probe_pulls"].to_numpy()
    curves = xr.Dataset({"probe_pulls": ("cell", pulls)})
    tree = xr.DataTree.from_dict({"theory": theory["theory"].to_dataset(), "curves": curves})
    row = across_experiments({"map_25": tree}).one("pulls_correlation_difference", NETWORK, experiment="map_25")
    printed = theory["theory"]["printed_trials"].to_numpy()
    assert row.interval.estimate == pytest.approx(1 - np.corrcoef(pulls, printed)[0, 1])
    assert row.interval.lower <= row.interval.estimate <= row.interval.upper


def test_points_are_those_that_are_claimed_about():
    cells = paper.experiments()["points"].cells
    places = [{"reward_scale": cell.reward_scale, "prior_scale": cell.prior_scale, "lifetime": 100} for cell in cells]
    assert places == list(POINTS.values())
    assert all(dataclasses.is_dataclass(cell) for cell in cells)


@pytest.mark.parametrize(
    ("only", "figures"),
    [
        pytest.param(("theory", "map_25"), ("theory-exploration",), id="two experiments"),
        pytest.param(
            ("theory", "map_25", "map_100_paper", "one_network", "foraging"),
            ("foraging-returns", "map_100_paper-behaviour", "one_network-pairs"),
            id="five experiments",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_tiny_run_from_training_to_the_page(tmp_path, only, figures):
    options = ReproductionOptions(smoke=True, only=only)
    units = [unit for chosen in experiments_of(NAME, options).values() for unit in chosen.training_units()]
    assert num_untrained(NAME, tmp_path, options) == len(units) > 0
    report = run_reproduction(NAME, tmp_path, options)
    assert num_untrained(NAME, tmp_path, options) == 0
    tree = open_tree(report.parent.parent / REPRODUCTION_FILE)
    verdicts = verdicts_of(tree)
    assert verdicts and {verdict.outcome for verdict in verdicts} == {"not judged"}  # it is a smoke run
    page = report.read_text()
    assert "When is it optimal to learn" in page
    assert set(tree.children) == {"measures", *only}
    for name in figures:
        assert (report.parent / f"{name}.png").exists()
