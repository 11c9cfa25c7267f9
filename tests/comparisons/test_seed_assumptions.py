"""The line of a page that says what intervals over few training seeds assume."""

import pytest

from comparisons.report.page import page_of
from comparisons.report.words import seed_assumptions
from comparisons.rows import Entry, Over, Row, Table
from comparisons.statistics.coverage import FEW_SEEDS, STUDENT
from comparisons.statistics.intervals import Interval
from tests.comparisons.pages import Page
from tests.comparisons.predictions.trees import made_up_tree


def table_over(*over, interval=Interval(1.0, 0.5, 1.5)):
    return Table(tuple(Entry("kl_divergence", Row("network", interval, one)) for one in over))


def paragraphs_of(tree):
    source = page_of(tree, (), [], question="Is it?", provenance={}, files="")
    return " ".join(Page(source).text.split())


def test_a_page_over_two_seeds_says_what_its_intervals_assume_once():
    text = paragraphs_of(made_up_tree(num_seeds=2))
    assert text.count("Intervals over 2 training seeds assume normal differences between networks") == 1
    assert "the intervals cover 91 % instead of 95 % for skewed differences" in text
    assert "50 % or 18 % if networks fall into two groups (1:1 or 9:1)" in text


def test_a_page_over_one_seed_has_no_such_line():
    text = paragraphs_of(made_up_tree(num_seeds=1))
    assert "instead of 95 %" not in text and "assume" not in text


@pytest.mark.parametrize("units", ["", "tasks"])
@pytest.mark.parametrize("num_seeds", range(2, FEW_SEEDS))
def test_every_small_number_of_seeds_has_its_own_coverage(num_seeds, units):
    said = seed_assumptions(table_over(Over(units, num_seeds)))
    assert said.startswith(f"Intervals over {num_seeds} training seeds assume normal differences")
    coverage = STUDENT[num_seeds]
    assert f"cover {coverage.skewed} % instead of 95 % for skewed differences" in said
    assert f"{coverage.two_groups} % or {coverage.rare_group} % if networks fall into two groups" in said
    assert "\n" not in said


def test_the_fewest_seeds_are_described():
    text = seed_assumptions(table_over(Over("tasks", 5), Over("", 9), Over("tasks", 3), Over("", 4), Over("tasks")))
    assert text.count("Intervals over") == 1 and "Intervals over 3 training seeds" in text


@pytest.mark.parametrize("over", [Over("tasks"), Over("tasks", FEW_SEEDS), Over("", 30), Over("nothing: exact")])
def test_many_seeds_and_none_need_no_line(over):
    assert seed_assumptions(table_over(over)) == ""


def test_a_number_without_interval_needs_no_line():
    nothing = Interval(1.0, float("nan"), float("nan"))
    assert seed_assumptions(table_over(Over("tasks", 2), interval=nothing)) == ""
