"""The reproduction of Rabinowitz 2019: its experiments, measures that span systems, and its page."""

import html

import numpy as np
import pytest

from comparisons import open_comparison
from comparisons.claims import decidable, judge
from comparisons.kinds import kind_of
from comparisons.order.experiments import STRENGTHS
from comparisons.order.systems import IN_DISTRIBUTION, scores_of, systems_of
from comparisons.order.trajectories import half_times, recovery_curves
from comparisons.report.page import verdicts_of
from comparisons.reproductions._running import REPRODUCTION_FILE, ReproductionOptions, run_reproduction
from comparisons.reproductions.rabinowitz_2019 import paper
from comparisons.reproductions.rabinowitz_2019.claims import LEARNERS, all_claims
from comparisons.reproductions.rabinowitz_2019.kind import KIND
from comparisons.rows import table_of
from metalearners.learner_configs import DeepLinearConfig
from metalearners.linear_network_dynamics import effective_initial_strength, half_time, rise_time
from tests.comparisons.made_up import made_up
from tests.comparisons.pages import words_of

VARIANTS = {"linear", "functions", "functions band pass", "bandit"}


@pytest.fixture(scope="module")
def tree():
    return made_up("rabinowitz_2019")


@pytest.fixture(scope="module")
def table(tree):
    return table_of(tree)


def estimate_of(table, measure, who, experiment):
    return table.one(measure, who, experiment=experiment).interval.estimate


def gradient_descent():
    """The recovery of full-batch gradient descent in the linear experiment, and its times."""
    systems = systems_of(made_up("order-linear"))
    (system,) = (one for one in systems if (one.name, one.condition) == ("gradient descent", IN_DISTRIBUTION))
    return recovery_curves(system.recoveries), system.times


def test_the_experiments_on_the_order_of_learning():
    experiments = paper.experiments()
    assert len({experiment.fingerprint() for experiment in experiments.values()}) == len(experiments) == 6
    assert all(experiment.evaluation.num_tasks >= 5000 for experiment in experiments.values())
    for experiment in experiments.values():
        assert experiment.smoke().smoke() == experiment.smoke()
    minutes = [float(paper.duration({name: experiments[name]}).split()[1]) for name in experiments]
    assert 0 < sum(minutes) <= 90


def test_claims_speak_of_experiments_and_systems_that_there_are():
    """A claim about a name that nothing has would never be decided, and be left out of every page."""
    experiments = {paper.label(name): experiment for name, experiment in paper.experiments().items()}
    for claim in all_claims():
        at = dict(claim.at)
        experiment = experiments[at.pop("experiment")]
        assert claim.who in {"network", "Bayes", *(learner.name for learner in experiment.learners)}, claim
        assert claim.measure in KIND.measures(), claim
        assert at.keys() <= {"condition", "moment"}, claim
    assert paper.statements() == [claim.statement for claim in all_claims()]


def test_the_table_holds_the_measures_of_every_experiment(tree, table):
    assert kind_of(tree) is KIND
    assert {row.at["experiment"] for _, row in table.entries} == VARIANTS
    for experiment, source in (("linear", "order-linear"), ("bandit", "order-bandit")):
        own = table_of(made_up(source)).entries
        found = table.at(experiment=experiment).entries
        assert [(name, row.who, row.at) for name, row in found[: len(own)]] == [(n, row.who, row.at) for n, row in own]
        estimates = ([row.interval for _, row in entries] for entries in (found[: len(own)], own))
        np.testing.assert_array_equal(*estimates)


def test_ratios_to_the_network_are_those_of_the_measures(table):
    for experiment, learner in LEARNERS.items():
        staggering = {who: estimate_of(table, "staggering", who, experiment) for who in (learner, "network")}
        expected = staggering[learner] / staggering["network"]
        assert estimate_of(table, "staggering_over_network", learner, experiment) == pytest.approx(expected)
    first = estimate_of(table, "first_half_time", "SGD", "linear")
    last = estimate_of(table, "last_half_time", "network", "linear")
    assert estimate_of(table, "samples_over_network", "SGD", "linear") == pytest.approx(first / last)


def test_growth_is_the_ratio_of_median_times(table):
    times = {
        (score.system, score.num_contexts): np.quantile(score.values[0], 0.5, method="inverted_cdf")
        for score in scores_of(made_up("order-bandit"))
        if score.name == "time_to_learn_all"
    }
    shared, separate = (times[who, 5] / times[who, 2] for who in ("shared biases", "separate biases"))
    row = table.one("growth_over_decoupled", "policy gradient", experiment="bandit")
    assert row.interval.estimate == pytest.approx(shared / separate)
    assert 10 < row.interval.lower < row.interval.estimate < row.interval.upper < 20  # made as (3 / 1.2)³


def test_gradient_descent_is_compared_with_the_closed_form(table):
    curves, times = gradient_descent()
    config = DeepLinearConfig()
    steps = 1 / config.optimizer.learning_rate
    initial = effective_initial_strength(config.hidden_size, config.initialisation.scale)
    form = np.array([float(half_time(s, initial=initial, time_constant=steps)) for s in STRENGTHS])
    error = np.abs(half_times(curves, times) / form - 1).max()
    assert estimate_of(table, "largest_error_of_form", "gradient descent", "linear") == pytest.approx(error, rel=1e-5)
    late, early = (half_times(curves, times, level=level)[0] for level in (0.9, 0.1))
    rise = (late - early) / float(rise_time(STRENGTHS[0], time_constant=steps))
    assert estimate_of(table, "rise_over_form", "gradient descent", "linear") == pytest.approx(rise, rel=1e-5)


def assert_verdicts_are_shown(verdicts, text, variants):
    spoken_of = {verdict.statement.split(":")[0].split(",")[0] for verdict in verdicts}
    assert variants <= spoken_of
    assert {verdict.outcome for verdict in verdicts} >= {"held", "failed"}
    assert all(verdict.statement in text for verdict in verdicts)


def test_every_experiment_has_its_verdicts_and_the_page_shows_them(tree, table):
    verdicts = verdicts_of(tree)
    expected = judge(table, decidable(all_claims(), table))
    assert [(one.statement, one.outcome) for one in verdicts] == [(one.statement, one.outcome) for one in expected]
    page = words_of(tree, question=KIND.question(tree))
    assert_verdicts_are_shown(verdicts, page.text, VARIANTS)
    assert page.text.count(paper.QUESTION) == 2
    assert set(table.frame().measure) <= KIND.measures().keys()
    curves = tree["curves"].to_dataset().to_dataframe()
    assert set(curves.variant) == VARIANTS
    assert set(curves.kind) == {"recovery", "outer", "divergence", "accuracy"}


@pytest.mark.slow
def test_the_order_of_learning_from_training_to_the_page_tiny(tmp_path):
    """One experiment of each family of tasks, one process per core, one table, one page."""
    chosen = ("linear", "functions_band_pass", "bandit")
    page = run_reproduction("rabinowitz_2019", tmp_path, ReproductionOptions(smoke=True, only=chosen))
    tree = open_comparison(page.parent.parent / REPRODUCTION_FILE).tree
    variants = {paper.label(name) for name in chosen}
    # Nothing is learned in so few steps, so that some claims fail.
    assert_verdicts_are_shown(verdicts_of(tree), html.unescape(page.read_text()), variants)
    assert set(table_of(tree).frame().measure) <= KIND.measures().keys()
    curves = tree["curves"].to_dataset().to_dataframe()
    assert set(curves.variant) == variants
    assert set(curves.kind) == {"recovery", "outer", "divergence", "accuracy"}
