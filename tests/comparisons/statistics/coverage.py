"""Simulated coverage of 95 % intervals over few training seeds: Student's t, and intervals over seeds and tasks.

`python -m tests.comparisons.statistics.coverage` prints all tables of `docs/intervals.md`: those of this module, and
that of `coverage_of_statistics`. Random seeds are fixed, so the numbers are the same every time. Reports read those of
Student's t from `comparisons/statistics/coverage.py`.

A network's value is the true mean plus an effect of its training seed. Effects are independent, have mean 0 and
standard deviation 1, and follow one of four distributions:

* normal;
* skewed: exponential, minus its mean;
* two groups: a network belongs to either group with probability 1/2;
* rare group: a network belongs to the second group with probability 1/10.

Within a group, values are normal with a standard deviation of 1/1000 of the distance between the groups. Such narrow
groups are the worst case: if all networks happen to fall into one group, the interval lies within that group.

For intervals over seeds and tasks a value of a network on a task is the sum of the effect of the seed and an effect of
the task, which is exponential, minus its mean, and the same for all networks. There is no interaction of seed and task,
whose variance the intervals count twice. The variance of a seed's effect is 1, 10 or 100 times the variance of the mean
over the 200 tasks.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from comparisons.statistics.coverage import Coverage
from comparisons.statistics.intervals import LEVEL, mean_bounds

NUM_SEEDS = (*range(2, 11), 30)
RATIOS = (1, 10, 100)
"""Variances of a seed's effect, in units of the variance of a mean over the tasks."""
NUM_TASKS = 200
NUM_T_REPLICATIONS = 100_000
NUM_CROSSED_REPLICATIONS = 5_000

_WITHIN = 1 / 1000
"""Standard deviation within a group, in units of the distance between groups."""
_REPLICATIONS_PER_PASS = 250


def seed_effects(
    distribution: str, generator: np.random.Generator, shape: tuple[int, int]
) -> Float[np.ndarray, "replication training_seed"]:
    """Draw independent effects with mean 0 and variance 1; `distribution` is a field of `Coverage`."""
    if distribution == "normal":
        return generator.normal(size=shape)
    if distribution == "skewed":
        return generator.exponential(size=shape) - 1
    prob = {"two_groups": 0.5, "rare_group": 0.1}[distribution]
    is_second = generator.random(shape) < prob
    effects = is_second - prob + _WITHIN * generator.normal(size=shape)
    return effects / (prob * (1 - prob) + _WITHIN**2) ** 0.5


def t_covers(values: Float[np.ndarray, "replication training_seed"]) -> Bool[np.ndarray, "replication"]:
    """Return whether each replication's `t_interval` contains the true mean, which is 0."""
    num_seeds = values.shape[1]
    half = stats.t.ppf((1 + LEVEL) / 2, num_seeds - 1) * values.std(axis=1, ddof=1) / num_seeds**0.5
    return np.asarray(np.abs(values.mean(axis=1)) <= half)


def t_coverage(distribution: str, num_seeds: int, *, num_replications: int = NUM_T_REPLICATIONS) -> float:
    """Return the fraction of `t_interval`s that contain the true mean."""
    generator = np.random.default_rng(num_seeds)
    return float(t_covers(seed_effects(distribution, generator, (num_replications, num_seeds))).mean())


def crossed_coverage(
    distribution: str, num_seeds: int, ratio: float, *, num_replications: int = NUM_CROSSED_REPLICATIONS
) -> float:
    """Return the fraction of `mean_interval`s that contain the true mean; `ratio` as in `RATIOS`."""
    generator = np.random.default_rng(num_seeds)
    covered = []
    for _ in range(0, num_replications, _REPLICATIONS_PER_PASS):
        effects = seed_effects(distribution, generator, (_REPLICATIONS_PER_PASS, num_seeds))
        tasks = (generator.exponential(size=(_REPLICATIONS_PER_PASS, 1, NUM_TASKS)) - 1) * (NUM_TASKS / ratio) ** 0.5
        _, lower, upper = mean_bounds(effects[:, :, None] + tasks)
        covered.append((lower <= 0) & (upper >= 0))
    return float(np.concatenate(covered)[:num_replications].mean())


def monte_carlo_error(coverage: float, num_replications: int) -> float:
    """Return the standard error of a simulated coverage, both as fractions."""
    return (coverage * (1 - coverage) / num_replications) ** 0.5


def simulated_student() -> dict[int, Coverage]:
    """Simulate the table `STUDENT`."""
    return {num: Coverage(*(round(100 * t_coverage(name, num)) for name in Coverage._fields)) for num in NUM_SEEDS}


def simulated_crossed() -> dict[int, list[str]]:
    """Simulate the table of intervals over seeds and tasks; a cell has a number per variance ratio."""
    return {
        num: [
            ", ".join(f"{100 * crossed_coverage(name, num, ratio):.0f}" for ratio in RATIOS)
            for name in Coverage._fields
        ]
        for num in NUM_SEEDS
    }


def in_markdown(rows: Mapping[int, Iterable[object]]) -> str:
    """Return a table of `docs/intervals.md`."""
    lines = ["| training seeds | normal | skewed | two groups, 1:1 | two groups, 9:1 |", "| ---: " * 5 + "|"]
    return "\n".join([*lines, *(f"| {num} | {' | '.join(map(str, cells))} |" for num, cells in rows.items())])


if __name__ == "__main__":
    from tests.comparisons.statistics.coverage_of_statistics import all_rows, rows_in_markdown

    print(
        "\n\n".join([in_markdown(simulated_student()), in_markdown(simulated_crossed()), rows_in_markdown(all_rows())])
    )
