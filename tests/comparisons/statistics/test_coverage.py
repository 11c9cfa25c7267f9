"""Coverage over few training seeds: the rule for normal effects, exact cases, and the tables that reports quote."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from comparisons.statistics.coverage import BOOTSTRAP, STUDENT, Coverage
from comparisons.statistics.intervals import bootstrap_mean, t_interval
from tests.comparisons.statistics.coverage import (
    NUM_BOOTSTRAP_REPLICATIONS,
    NUM_SEEDS,
    NUM_T_REPLICATIONS,
    RATIOS,
    bootstrap_coverage,
    bootstrap_covers,
    in_markdown,
    monte_carlo_error,
    seed_effects,
    simulated_bootstrap,
    simulated_student,
    t_coverage,
    t_covers,
)

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


def test_many_bootstrap_intervals_at_once_are_those_of_reports():
    generator = np.random.default_rng(2)
    values = seed_effects("skewed", generator, (40, 3))[:, :, None] + 3 * generator.normal(size=(40, 1, 20))
    intervals = [bootstrap_mean(row, seed=7) for row in values]
    expected = [interval.lower <= 0 <= interval.upper for interval in intervals]
    assert bootstrap_covers(values, seed=7).tolist() == expected
    assert 0 < sum(expected) < 40


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


def test_coverage_of_the_bootstrap_over_two_seeds_that_differ_far_more_than_tasks():
    """The ends are the mean ∓ √2 · half the difference of the seeds, so |t| with 1 degree of freedom is below √2."""
    exact = 1 - 2 * stats.t.sf(2**0.5, 1)
    found = bootstrap_coverage("normal", 2, 1e8, num_replications=2000)
    assert abs(found - exact) < 4 * monte_carlo_error(exact, 2000)


def test_the_documentation_holds_the_tables_and_their_errors():
    page = PAGE.read_text(encoding="utf-8")
    for table in in_markdown(STUDENT, BOOTSTRAP):
        assert page.count(table) == 1
    largest = [100 * monte_carlo_error(0.5, number) for number in (NUM_T_REPLICATIONS, NUM_BOOTSTRAP_REPLICATIONS)]
    assert [round(error, 1) for error in largest] == [0.2, 0.7]
    words = " ".join(page.split())
    assert "at most 0.2 points" in words and "at most 0.7 points" in words


@pytest.mark.slow
def test_the_table_of_student_is_what_the_simulation_gives():
    assert simulated_student() == STUDENT


@pytest.mark.slow
@pytest.mark.parametrize("ratio", RATIOS)
def test_the_table_of_the_bootstrap_is_what_the_simulation_gives(ratio):
    assert simulated_bootstrap(ratio) == BOOTSTRAP[ratio]
