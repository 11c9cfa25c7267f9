"""Coverage over few training seeds: the rule for normal effects, exact cases, and the tables that reports quote."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from comparisons.statistics.coverage import STUDENT, Coverage
from comparisons.statistics.intervals import t_interval
from tests.comparisons.statistics.coverage import (
    NUM_CROSSED_REPLICATIONS,
    NUM_SEEDS,
    NUM_T_REPLICATIONS,
    crossed_coverage,
    in_markdown,
    monte_carlo_error,
    seed_effects,
    simulated_crossed,
    simulated_student,
    t_coverage,
    t_covers,
)
from tests.comparisons.statistics.coverage_of_statistics import ALLOWED, all_cases, all_rows, measure, rows_in_markdown

PAGE = Path(__file__).parents[3] / "docs" / "intervals.md"


@pytest.mark.parametrize("num_seeds", [2, 3, 5, 30])
def test_t_intervals_cover_what_they_state_for_normal_effects(num_seeds):
    """Within 1.5 points of 95 %: of 20,000 replications the coverage has an error of 0.15 points."""
    assert abs(t_coverage("normal", num_seeds, num_replications=20_000) - 0.95) < 0.015


def test_a_normal_interval_of_three_seeds_would_not_cover_what_it_states():
    """The test above can fail: 1.96 standard errors cover 81 %, which is 14 points too few."""
    values = seed_effects("normal", np.random.default_rng(0), (20_000, 3))
    covers = np.abs(values.mean(axis=1)) <= 1.96 * values.std(axis=1, ddof=1) / 3**0.5
    exact = 1 - 2 * stats.t.sf(1.96, 2)
    assert exact == pytest.approx(0.811, abs=1e-3)
    assert abs(covers.mean() - exact) < 4 * monte_carlo_error(exact, 20_000)


@pytest.mark.parametrize("distribution", Coverage._fields)
def test_effects_have_mean_zero_and_variance_one(distribution):
    """Within 4 errors of a mean of 200,000; the fourth moment, which is at most 9, bounds that of the variance."""
    effects = seed_effects(distribution, np.random.default_rng(0), (100_000, 2))
    assert abs(effects.mean()) < 4 / effects.size**0.5
    assert abs((effects**2).mean() - 1) < 4 * (8 / effects.size) ** 0.5


@pytest.mark.parametrize("distribution", Coverage._fields)
@pytest.mark.parametrize("num_seeds", [2, 5])
def test_many_t_intervals_at_once_are_those_of_reports(distribution, num_seeds):
    values = seed_effects(distribution, np.random.default_rng(1), (200, num_seeds))
    intervals = [t_interval(row, np.nan) for row in values]
    assert t_covers(values).tolist() == [interval.lower <= 0 <= interval.upper for interval in intervals]


@pytest.mark.parametrize("num_seeds", NUM_SEEDS)
@pytest.mark.parametrize(("distribution", "prob"), [("two_groups", 0.5), ("rare_group", 0.1)])
def test_coverage_of_two_groups_is_that_of_a_binomial_count(distribution, prob, num_seeds):
    """Groups without width: the number of networks in the second group decides. Rounding, and 4 simulation errors."""
    second = np.arange(num_seeds + 1)
    share = second / num_seeds
    half = stats.t.ppf(0.975, num_seeds - 1) * (share * (1 - share) / (num_seeds - 1)) ** 0.5
    exact = stats.binom.pmf(second, num_seeds, prob)[np.abs(share - prob) <= half].sum()
    stored = getattr(STUDENT[num_seeds], distribution)
    assert abs(stored - 100 * exact) < 0.5 + 400 * monte_carlo_error(exact, NUM_T_REPLICATIONS)


@pytest.mark.parametrize("ratio", [1, 100, 1e8])
def test_few_seeds_and_skewed_tasks_together_cover_what_they_state(ratio):
    """At least 93.5 %, which 2,000 replications measure to 0.6 points; seeds alone, in the limit, cover 95 %."""
    found = crossed_coverage("normal", 3, ratio, num_replications=2000)
    assert found >= 0.935
    assert ratio < 1e8 or abs(found - 0.95) < 4 * monte_carlo_error(0.95, 2000)


def test_the_documentation_holds_the_table_of_student_and_the_errors():
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(in_markdown(STUDENT)) == 1
    largest = [100 * monte_carlo_error(0.5, number) for number in (NUM_T_REPLICATIONS, NUM_CROSSED_REPLICATIONS)]
    assert [round(error, 1) for error in largest] == [0.2, 0.7]
    words = " ".join(page.split())
    assert "at most 0.2 points" in words and "at most 0.7 points" in words


@pytest.mark.parametrize(
    "statistic", ["mean", "ratio", "share of events", "median", "correlation", "largest gap, a bump"]
)
def test_statistics_cover_what_they_state(statistic):
    """One case of each at 200 simulations, whose coverage has an error of 1.5 points: at least stated − 6 points."""
    case = next(case for case in all_cases() if case.statistic == statistic and "1000" not in case.size)
    assert measure(case, num_simulations=200).coverage >= case.level - 0.06


@pytest.mark.slow
def test_the_table_of_student_is_what_the_simulation_gives():
    assert simulated_student() == STUDENT


@pytest.mark.slow
def test_the_table_of_seeds_and_tasks_is_what_the_simulation_gives():
    assert PAGE.read_text(encoding="utf-8").count(in_markdown(simulated_crossed())) == 1


@pytest.mark.slow
def test_every_statistic_covers_what_it_states_and_the_documentation_says_by_how_much():
    """2,000 simulations each. Coverages on the page may differ by half a point, from rounding on another machine."""
    rows = all_rows()
    assert [row for row in rows if row.coverage < row.case.level - ALLOWED] == []
    page = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    for line in rows_in_markdown(rows).splitlines()[2:]:
        *words, coverage, _ = line.strip("| ").split(" | ")
        (found,) = [cells for cells in page if cells[: len(words)] == words]
        assert abs(float(found[-2].rstrip(" %")) - float(coverage.rstrip(" %"))) <= 0.5
