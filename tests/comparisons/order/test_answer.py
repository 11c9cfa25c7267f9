"""The answer of an order of learning, its details, and what diagnostics say could not be measured."""

import numpy as np
import pytest

from comparisons.comparison import Comparison
from comparisons.order.kind import KIND
from comparisons.rows import table_of
from comparisons.statistics.intervals import Interval
from tests.comparisons.order.trees import BANDIT, LINEAR, LOW_PASS, changed, made_up_order_tree

SMALL = LINEAR._replace(labels=LINEAR.labels[:2], strengths=LINEAR.strengths[:2], learners=LINEAR.learners[:2])
UNDEFINED = Interval(np.nan, np.nan, np.nan)


@pytest.fixture(scope="module")
def tree():
    return made_up_order_tree(SMALL, BANDIT)


@pytest.fixture(scope="module")
def single():
    return made_up_order_tree(SMALL)


def answer_of(tree):
    return KIND.answer(tree, table_of(tree), [])


def findings(tree):
    return {diagnostic.name: diagnostic.finding for diagnostic in KIND.diagnostics(tree, table_of(tree))}


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
def test_the_interval_of_the_score_decides_the_answer(single, bounds, answer):
    found = changed(single, "concurrency", "network", Interval(*bounds))
    assert answer_of(found).sentence.startswith(f"The network's recovery {answer}: c = ")


def test_the_answer_has_the_staggering_of_network_bayes_and_learner(single):
    found = changed(single, "staggering", "network", Interval(1.25, 1.2, 1.3))
    found = changed(found, "staggering", "Bayes", Interval(1.0, 1.0, 1.0))
    found = changed(found, "staggering", SMALL.learners[0], Interval(np.inf, 6.0, np.inf))
    answer = answer_of(found)
    assert answer.sentence.endswith("G = 1.25 [1.20, 1.30] beside Bayes' 1 and ∞ [6.00, ∞] of SGD, depth 2.")
    assert "mean recovery is at most 0.10 [0.08, 0.12] from Bayes' at any time; 0 is Bayes" in answer.details


def test_of_several_variants_the_farthest_from_bayes_is_named(tree):
    far = changed(tree, "concurrency", "network", Interval(-0.4, -0.5, -0.3), experiment=BANDIT.name)
    sentence = answer_of(far).sentence
    assert sentence.startswith("In 1 of 2 variants the network's recovery is as concurrent as Bayes'. Farthest")
    assert f"{BANDIT.name}: c = −0.40 [−0.50, −0.30], G = " in sentence


def test_without_any_score_the_answer_says_so(tree):
    none = changed(tree, "concurrency", "network", UNDEFINED, experiment=SMALL.name)
    none = changed(none, "concurrency", "network", UNDEFINED, experiment=BANDIT.name)
    assert answer_of(none).sentence == "In none of 2 variants does the network's order of learning have a score."


def test_the_answer_has_a_line_for_each_variant_and_says_how_scores_are_read(tree):
    details = answer_of(tree).details
    for name in (SMALL.name, BANDIT.name):
        (line,) = [line for line in details if line.startswith(f"{name}: ")]
        assert "c = 0.020 [−0.010, 0.050]; G = " in line
    (scale,) = [line for line in details if line.startswith("c: ")]
    assert "0 is Bayes' path, 1 is strictly staged learning" in scale and "90 % interval lies within ±0.1" in scale
    (ratio,) = [line for line in details if line.startswith("G")]
    assert "1 is all modes at once" in ratio
    summary = Comparison(tree).summary().splitlines()
    assert [line.strip() for line in summary if line.startswith("  ")] == details
    assert summary[0] == answer_of(tree).sentence and summary[-1] == "note: a note of this comparison"


def test_a_single_experiment_has_question_and_score_of_its_own(tree, single):
    assert KIND.question(tree) == KIND.question(single) == "In which order are these modes learned?"
    assert "c = 0.020 [−0.010, 0.050], G = " in Comparison(single).summary().splitlines()[0]


def test_diagnostics_name_what_could_not_be_measured():
    tree = made_up_order_tree(LOW_PASS, is_undefined=True)
    tree = changed(tree, "last_half_time", "Adam, ReLU network", Interval(np.inf, 100.0, np.inf))
    found = findings(tree)
    assert "no sampling error" in found["Reference"]
    assert f"network, {LOW_PASS.labels[-1]}; " in found["Undefined modes"]
    assert "Adam, ReLU network" in found["Half-times not reached"]
    assert "network" in found["Scores without a value"]
    assert found["Shared range"] == "narrowest for network: its path is compared on mean recovery from 0.10 to 0.90"
    assert answer_of(tree).sentence.startswith("The network's order of learning has no score; G = ")


def test_diagnostics_say_so_where_all_is_measured_and_bayes_is_sampled(single):
    curves = single["curves"].to_dataset().load()
    sampled = single.copy()
    sampled["curves"] = curves.assign(upper=curves.upper + 0.02)
    found = findings(sampled)
    assert found["Reference"].endswith("intervals at most 0.02 wide")
    assert found["Undefined modes"] == "none: every mode has a recovery"
