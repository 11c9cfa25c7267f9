"""The table of results: rows are found by who and where, made from scores, and read back as they were saved."""

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from comparisons.rows import (
    EXACT,
    LAYOUT,
    Entry,
    Over,
    Resampler,
    Row,
    Table,
    concatenated,
    curve_of,
    exactly,
    explained,
    from_deviations,
    in_standard_errors,
    over_tasks,
    table_of,
    without_interval,
)
from comparisons.statistics.intervals import LEVEL, Interval, mean_interval, ratio_interval
from comparisons.statistics.resampling import distance_interval
from comparisons.tree import open_tree, save_tree

TASKS = Over("tasks")


def row(who, estimate=0.0, **at):
    return Row(who, Interval(estimate, estimate - 1, estimate + 1), TASKS, at, "nats")


TABLE = Table(
    (
        Entry("kl", row("network", 1.0)),
        Entry("kl", row("network", 2.0, training_seed=0)),
        Entry("kl", row("Bayes", 3.0)),
        Entry("cost", row("network", 4.0, lifetime=10, condition="stop band")),
        Entry("cost", row("network", 5.0, lifetime=25, condition="stop band")),
        Entry("cost", row("memoryless", 6.0, lifetime=25, condition="stop band")),
        Entry("cost", row("network", 7.0, reward_scale=0.5)),
    )
)


def estimates(rows):
    return [row.interval.estimate for row in rows]


def test_one_row_is_found_by_its_measure_who_and_all_its_coordinates():
    assert TABLE.one("kl", "network").interval.estimate == 1
    assert TABLE.one("kl", "network", training_seed=0).interval.estimate == 2
    assert TABLE.one("cost", "network", condition="stop band", lifetime=25).interval.estimate == 5
    assert TABLE.one("kl", "Bayes") is TABLE.get("kl", "Bayes")


def test_a_row_that_is_missing_names_what_there_is():
    message = r"no row of 'kl' for 'memoryless' at {}; there is network {}; network {'training_seed': 0}; Bayes {}"
    with pytest.raises(KeyError, match=message):
        TABLE.one("kl", "memoryless")
    with pytest.raises(KeyError, match=r"no row of 'regret' for 'network' at {'lifetime': 10}; there is nothing"):
        TABLE.one("regret", "network", lifetime=10)
    for at in ({}, {"lifetime": 10}, {"lifetime": 10, "condition": "stop band", "training_seed": 0}):
        assert TABLE.get("cost", "network", **at) is None


def test_two_rows_at_the_same_place_are_refused():
    twice = Table((*TABLE.entries, Entry("kl", row("Bayes", 9.0))))
    with pytest.raises(KeyError, match=r"2 rows of 'kl' for 'Bayes' at {}"):
        twice.get("kl", "Bayes")
    with pytest.raises(KeyError, match=r"2 rows of 'kl' for 'Bayes' at {}"):
        twice.one("kl", "Bayes")


def test_rows_of_a_measure_agree_with_the_coordinates_named_whatever_their_others_are():
    assert estimates(TABLE.of("kl")) == [1, 2, 3]
    assert estimates(TABLE.of("cost", lifetime=25)) == [5, 6]
    assert estimates(TABLE.of("cost", condition="stop band")) == [4, 5, 6]
    assert TABLE.of("cost", lifetime=100) == TABLE.of("regret") == []


def test_a_part_of_a_table_has_lost_the_coordinates_that_it_was_chosen_by():
    part = TABLE.at(lifetime=25)
    assert estimates(part.of("cost")) == [5, 6] and part.of("kl") == []
    assert [row.at for row in part.of("cost")] == [{"condition": "stop band"}] * 2
    assert TABLE.at() == TABLE


def test_tables_placed_side_by_side_are_told_apart_and_found_again():
    both = concatenated([TABLE.placed(experiment="a coin"), TABLE.placed(experiment="a die")])
    assert list(both.one("kl", "network", experiment="a die", training_seed=0).at) == ["experiment", "training_seed"]
    assert len(both.entries) == 2 * len(TABLE.entries)
    assert both.at(experiment="a coin") == both.at(experiment="a die") == TABLE


def test_the_frame_has_a_column_for_each_coordinate_and_whole_numbers_stay_whole():
    frame = TABLE.frame()
    coordinates = ["training_seed", "lifetime", "condition", "reward_scale"]
    ends = ["estimate", "lower", "upper", "unit", "over", "num_seeds"]
    assert list(frame.columns) == ["measure", "who", *coordinates, *ends]
    assert frame.training_seed.dtype == frame.lifetime.dtype == "Int64"
    assert frame.lifetime.isna().tolist() == [True] * 3 + [False] * 3 + [True]
    assert frame.lifetime.dropna().tolist() == [10, 25, 25]
    assert frame.reward_scale.dtype == "Float64" and frame.reward_scale.dropna().tolist() == [0.5]
    assert frame.condition.dropna().tolist() == ["stop band"] * 3
    assert frame.estimate.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert set(frame.over) == {"tasks"} and set(frame.num_seeds) == {0}


def test_a_table_without_coordinates_or_without_rows_has_a_frame_too():
    columns = ["measure", "who", "estimate", "lower", "upper", "unit", "over", "num_seeds"]
    assert list(Table((Entry("kl", row("network")),)).frame().columns) == columns
    assert list(Table(()).frame().columns) == columns and len(Table(()).frame()) == 0


@pytest.mark.parametrize(
    ("over", "words"),
    [
        (TASKS, "tasks"),
        (Over("tasks", 3), "tasks and 3 training seeds"),
        (Over("", 12), "12 training seeds"),
        (EXACT, "nothing: exact"),
        (over_tasks(1), "tasks"),
        (over_tasks(2), "tasks and 2 training seeds"),
    ],
)
def test_what_an_interval_is_over_is_said_in_words(over, words):
    assert str(over) == words


def test_rows_of_means_and_ratios_have_their_intervals():
    rng = np.random.default_rng(0)
    above, below = rng.gamma(2.0, size=(3, 40)), rng.gamma(2.0, size=(1, 40))
    over = Resampler(5)
    mean = over.mean("network", above, lifetime=10)
    assert mean == Row("network", mean_interval(above), Over("tasks", 3), {"lifetime": 10})
    assert over.mean("Bayes", below).over == TASKS
    assert over.mean("network", above, most=above.mean()).interval.upper == above.mean()
    ratio = over.ratio("network", above, below)
    assert ratio.interval == ratio_interval(above, np.tile(below, (3, 1)))
    assert ratio.over == Over("tasks", 3) and ratio.at == {}


def test_a_ratio_to_what_may_be_zero_has_no_interval_and_says_why():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(1, 40))
    row = Resampler(0).ratio("network", noise + 1, noise)
    assert row.interval.estimate == (noise + 1).mean() / noise.mean() and np.isnan(row.interval[1:]).all()
    assert str(row.over) == "no interval: the denominator may be zero"
    assert np.isnan(Resampler(0).ratio("network", noise, 0 * noise).interval).all()


def test_numbers_without_a_sampling_error_and_without_an_interval():
    assert exactly("Bayes", 0.5, lifetime=10) == Row("Bayes", Interval(0.5, 0.5, 0.5), EXACT, {"lifetime": 10})
    gap = without_interval("network", -2.0, "a count of these modes", training_seed=1)
    assert gap.interval.estimate == -2 and math.isnan(gap.interval.lower) and math.isnan(gap.interval.upper)
    assert str(gap.over) == "no interval: a count of these modes" and gap.at == {"training_seed": 1}
    assert explained(gap) == gap
    unexplained = Row("network", Interval(1.0, math.nan, math.nan), TASKS)
    assert str(explained(unexplained).over) == "no interval: undefined"
    assert explained(exactly("Bayes", 0.5)).over == EXACT


def test_a_row_from_deviations_has_their_interval():
    deviations = np.abs(np.random.default_rng(1).normal(size=500))
    found = from_deviations("network", 0.1, deviations, Over("tasks", 2), least=0, lifetime=10)
    assert found == Row("network", distance_interval(0.1, deviations, least=0), Over("tasks", 2), {"lifetime": 10})
    assert from_deviations("network", math.nan, deviations, TASKS).over.units == "no interval: undefined"


def test_differences_are_counted_in_standard_errors():
    values = np.array([1.0, 2.0, 3.0, 6.0])
    found = in_standard_errors("network", values, lifetime=10)
    error = values.std(ddof=1) / 2
    assert found.interval.estimate == pytest.approx(3.0 / error, rel=1e-12)
    assert found.interval.lower * error == pytest.approx(mean_interval(values[None] - 9).lower + 9)
    assert found.over == TASKS and found.at == {"lifetime": 10}
    assert in_standard_errors("network", np.zeros(4)).interval == (0, 0, 0)
    infinite = in_standard_errors("network", np.array([1.0, np.inf]))
    assert math.isnan(infinite.interval.estimate) and "a difference is infinite" in str(infinite.over)
    alike = in_standard_errors("network", np.ones(4))
    assert alike.interval.estimate == math.inf and "all differences are alike" in str(alike.over)


def test_a_curve_is_the_mean_at_every_time_inside_its_interval():
    values = np.random.default_rng(2).gamma(2.0, size=(2, 30, 5))
    curve = curve_of(values)
    np.testing.assert_array_equal(curve[:, 0], values.mean((0, 1)))
    assert ((curve[:, 1] < curve[:, 0]) & (curve[:, 0] < curve[:, 2])).all()
    np.testing.assert_allclose(curve_of(values[:, :, 2:3])[0], curve[2], rtol=1e-14)


def read_back(table, folder):
    save_tree(xr.DataTree.from_dict({"measures": table.to_dataset()}), folder / "table.nc")
    return open_tree(folder / "table.nc")


def test_a_saved_table_says_its_layout_and_its_level(tmp_path):
    attributes = read_back(TABLE, tmp_path)["measures"].attrs
    assert attributes["layout"] == LAYOUT and attributes["level"] == LEVEL


def test_a_saved_table_is_read_back_as_it_was(tmp_path):
    tree = read_back(TABLE, tmp_path)
    assert table_of(tree) == TABLE
    pd.testing.assert_frame_equal(table_of(tree).frame(), TABLE.frame())
    whole = table_of(tree).one("cost", "network", condition="stop band", lifetime=25)
    assert type(whole.at["lifetime"]) is int and type(whole.over.num_seeds) is int


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
COORDINATES = st.one_of(WORDS, st.integers(-(2**53), 2**53), st.floats(allow_nan=False))
ROWS = st.tuples(
    WORDS,
    st.tuples(*[st.floats()] * 3).map(Interval._make),
    st.tuples(WORDS, st.integers(0, 1000)).map(Over._make),
    st.dictionaries(WORDS, COORDINATES, max_size=3),
    WORDS,
).map(Row._make)
ENTRIES = st.lists(st.tuples(WORDS, ROWS).map(Entry._make), min_size=1, max_size=6).map(tuple)


@given(entries=ENTRIES)
@settings(max_examples=20, deadline=None)
def test_any_table_is_read_back_as_it_was(entries, tmp_path_factory):
    found = table_of(read_back(Table(entries), tmp_path_factory.mktemp("table")))
    assert repr(found.entries) == repr(entries)  # NaN too is read back, and 1 is not 1.0
