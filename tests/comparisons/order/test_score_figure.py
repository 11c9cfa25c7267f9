"""The figure of concurrency scores: every system by its variant, condition and role; undefined scores say so."""

import numpy as np
import pytest

from comparisons.order.figures import panels, scores
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.figure import drawn
from comparisons.rows import Table, table_of
from comparisons.statistics.intervals import Interval
from tests.comparisons.order.trees import BANDIT, LINEAR, changed, made_up_order_tree


@pytest.fixture(scope="module")
def tree():
    return made_up_order_tree(LINEAR, BANDIT)


@pytest.fixture(scope="module")
def single():
    return made_up_order_tree(LINEAR)


def names_beside(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def name_of(row):
    return row.system if row.condition == IN_DISTRIBUTION else f"{row.system}, {row.condition}"


def test_scores_have_variant_system_condition_and_role(tree):
    table = scores.table(tree)
    assert list(dict.fromkeys(table.variant)) == [LINEAR.name, BANDIT.name]
    roles = table.set_index(["variant", "system", "condition"]).role
    assert roles["linear, σ = 0.3", "network", "singular values × 4"] == "network"
    assert roles["bandit, independent targets", "log-likelihood, shared bias", IN_DISTRIBUTION] == "control"
    measured = {
        (row.at["experiment"], row.who, row.at.get("condition", IN_DISTRIBUTION)): row
        for row in table_of(tree).of("concurrency")
    }
    assert set(roles.index) == set(measured)
    for row in table.itertuples():
        expected = measured[row.variant, row.system, row.condition]
        np.testing.assert_array_equal((row.estimate, row.lower, row.upper), expected.interval)
        assert row.unit == expected.unit


def test_a_single_experiment_has_one_variant_without_a_name(single):
    assert panels.variants_of(single) == [""]
    table = scores.table(single)
    roles = table.set_index(["system", "condition"]).role
    assert roles["network", "singular values × 4"] == "network" and roles["SGD, depth 1", IN_DISTRIBUTION] == "control"
    (ax,) = drawn(scores.FIGURE, single).axes
    assert names_beside(ax) == [name_of(row) for row in table.itertuples()]


@pytest.mark.parametrize(("who", "variant"), [("nobody", LINEAR.name), ("network", "no variant")])
def test_a_score_of_nobody_is_an_error(tree, who, variant):
    entries = tuple(
        entry._replace(row=entry.row._replace(who=who, at={"experiment": variant}))
        for entry in table_of(tree).entries[:1]
    )
    stranger = tree.copy()
    stranger["measures"] = Table(entries).to_dataset()
    with pytest.raises(ValueError, match=rf"must have curves of recovery; got none for \('{variant}', '{who}', 'in d"):
        scores.table(stranger)


def test_scores_drawn_are_those_of_the_table_and_undefined_ones_say_so(tree):
    table = scores.table(tree)
    (ax,) = drawn(scores.FIGURE, tree).axes
    points = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    names = names_beside(ax)
    drawn_scores = [(names[int(line.get_ydata()[0])], float(line.get_xdata()[0])) for line in points]
    defined = table[table.estimate.notna()]
    assert drawn_scores == [(name_of(row), row.estimate) for row in defined.itertuples()]
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("undefined") == table.estimate.isna().sum() == 2
    assert {"0: Bayes’ path", "1: one mode\nafter another"} <= set(texts)
    assert names.count(LINEAR.name) == names.count(BANDIT.name) == 1


def test_a_score_far_off_is_drawn_at_the_edge(single):
    far = changed(single, "concurrency", "SGD, depth 2", Interval(25.125, 25.125, 25.125))
    (ax,) = drawn(scores.FIGURE, far).axes
    edge = [line for line in ax.get_lines() if line.get_marker() == ">"]
    assert [list(line.get_xdata()) for line in edge] == [[ax.get_xlim()[1]]]
    assert ax.get_xlim()[1] < 2 and "25.125" in [text.get_text() for text in ax.texts]
