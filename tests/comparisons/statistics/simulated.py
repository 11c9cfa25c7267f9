"""Simulations of the statistics in the tables of results: what is drawn, and the true value of each.

A case draws data sets of one size with tasks of one distribution, and returns the intervals that a report would show.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from comparisons.statistics.intervals import LEVEL

Draw = Callable[[np.random.Generator, int], Float[np.ndarray, "simulation 3"]]


class Case(NamedTuple):
    """A statistic at one size with one distribution of tasks."""

    statistic: str
    rule: str
    """The function that makes the interval."""
    size: str
    tasks: str
    truth: float
    draw: Draw
    """Returns estimates, lower and upper ends of so many simulations."""
    level: float = LEVEL


TASKS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1,
    "lognormal": lambda rng, shape: (rng.lognormal(size=shape) - np.exp(0.5)) / ((np.e - 1) * np.e) ** 0.5,
    "Student t, 3 df": lambda rng, shape: rng.standard_t(3, size=shape) / 3**0.5,
    "two groups, 9:1": lambda rng, shape: ((rng.random(shape) < 0.1) - 0.1 + 0.001 * rng.normal(size=shape)) / 0.3,
}
"""Independent numbers with mean 0 and standard deviation 1."""

SKEWED = ("normal", "exponential", "lognormal", "Student t, 3 df")


def one_by_one(interval_of: Callable[[np.random.Generator], tuple[float, ...]]) -> Draw:
    """Return a draw that simulates one data set after another."""
    return lambda rng, count: np.array([tuple(interval_of(rng)) for _ in range(count)], float)


def named(names: tuple[str, ...]) -> Iterator[tuple[str, Callable[..., np.ndarray]]]:
    """Yield distributions by name."""
    return ((name, TASKS[name]) for name in names)
