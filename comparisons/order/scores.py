"""Systems with their recovery curves under resamples, prepared once per tree for all measures and figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.order.concurrency import ConcurrencyScore, Poles, concurrency, concurrency_by_seed
from comparisons.order.concurrency_tests import PoleTests, pole_tests_over_networks, pole_tests_over_tasks
from comparisons.order.outer_measures import Outer, outer_points
from comparisons.order.systems import (
    IN_DISTRIBUTION,
    Course,
    Score,
    System,
    courses_of,
    outer_of,
    scores_of,
    systems_of,
)
from comparisons.order.time_intervals import HalfTimes
from comparisons.order.trajectories import (
    Influence,
    Recoveries,
    influence_on_recovery,
    recovery_curves,
    recovery_curves_by_seed,
    recovery_intervals,
    resampled_curves_by_seed,
)
from comparisons.rows import Over, over_tasks
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import Interval, mean_bounds

FEW_NETWORKS = 3
"""With fewer networks than these, p-values are over the tasks of the first."""


class Resampled(NamedTuple):
    """A system with its curves and half-times, and the same under resamples of tasks and networks."""

    system: System
    curves: Float[np.ndarray, "time mode"]
    resampled: Float[np.ndarray, "resample time mode"]
    of_tasks: Float[np.ndarray, "resample time mode"]
    """Curves under resamples of the tasks alone."""
    influence: Influence
    half_times: HalfTimes

    @property
    def at(self) -> dict[str, str]:
        """The condition, unless it is that of training."""
        condition = self.system.condition
        return {} if condition == IN_DISTRIBUTION else {"condition": condition}

    @property
    def over(self) -> Over:
        """What intervals of this system are over."""
        return over_tasks(len(self.system.recoveries.overlaps))


class Placed(NamedTuple):
    """The place of a system's path between the poles, on tasks as in training."""

    score: ConcurrencyScore
    tests: PoleTests
    tests_over: Over
    """What the p-values are over."""


class Pair(NamedTuple):
    """A system beside exact Bayes on the same tasks."""

    one: Resampled
    bayes: Resampled
    placed: Placed | None
    """None on tasks unlike those of training."""


@dataclass(frozen=True)
class Orders:
    """Everything that the measures of an order of learning read."""

    systems: list[Resampled]
    pairs: list[Pair]
    """All systems but Bayes."""
    outer: list[Outer]
    scores: list[Score]
    courses: list[Course]
    seed: int
    """Seed of the resamples."""


def orders_of(tree: xr.DataTree) -> Orders:
    """Return the systems of a tree, resampled."""
    seed = integer_for(int(tree.attrs["seed"]), "bootstrap")
    systems = [_resampled(system, seed) for system in systems_of(tree)]
    by_name = {(one.system.name, one.system.condition): one for one in reversed(systems)}
    pairs = [
        Pair(one, bayes, _placed(one.system, bayes, seed) if one.system.condition == IN_DISTRIBUTION else None)
        for one in systems
        if one.system.role != "Bayes"
        for bayes in [by_name[one.system.reference, one.system.condition]]
    ]
    outer = [Outer.of(one, seed=seed) for one in outer_of(tree)]
    return Orders(systems, pairs, outer, scores_of(tree), courses_of(tree), seed)


def curves_of(orders: Orders) -> xr.Dataset:
    """Return the points of all curves with their intervals, as a table with a row per point."""
    points: list[dict[str, object]] = []
    for one in orders.systems:
        points += _recovery_points(one)
    for outer in orders.outer:
        points += outer_points(outer)
    for course in orders.courses:
        points += _course_points(course)
    table = pd.DataFrame(points)
    return xr.Dataset({name: (("point",), table[name].to_numpy()) for name in table.columns})


def _resampled(system: System, seed: int) -> Resampled:
    curves, found = recovery_curves(system.recoveries), resampled_curves_by_seed(system.recoveries, seed=seed)
    resampled = np.einsum("rn,nrtk->rtk", found.seed_weights, found.by_seed)
    times = HalfTimes.of(curves, resampled, system.times)
    influence = influence_on_recovery(system.recoveries)
    return Resampled(system, curves, resampled, found.by_seed.mean(axis=0), influence, times)


def _placed(system: System, bayes: Resampled, seed: int) -> Placed:
    """Return the place between the poles, and p-values over networks where there are enough of them."""
    poles, recoveries = Poles(bayes.curves, np.array(system.stages)), system.recoveries
    score, num_seeds = concurrency(recoveries, poles, seed=seed), len(recoveries.overlaps)
    if num_seeds >= FEW_NETWORKS:
        scores = concurrency_by_seed(recovery_curves_by_seed(recoveries), poles)
        return Placed(score, pole_tests_over_networks(scores), Over("", num_seeds))
    first = Recoveries(recoveries.overlaps[:1], recoveries.strengths)
    over = Over("tasks" if num_seeds == 1 else "tasks of the first training seed")
    return Placed(score, pole_tests_over_tasks(first, poles), over)


def _recovery_points(one: Resampled) -> Iterator[dict[str, object]]:
    system = one.system
    _, lower, upper = recovery_intervals(system.recoveries)
    for mode, label in enumerate(system.mode_labels):
        for index, time in enumerate(system.times):
            yield {
                "condition": system.condition,
                "system": system.name,
                "role": system.role,
                "kind": "recovery",
                "mode": mode,
                "mode_label": label,
                "x": float(time),
                "x_unit": system.time_unit,
                "estimate": one.curves[index, mode],
                "lower": lower[index, mode],
                "upper": upper[index, mode],
            }


def _course_points(course: Course) -> Iterator[dict[str, object]]:
    bounds = np.stack(mean_bounds(np.moveaxis(course.values, 2, 0)), axis=1)
    for time, ends in enumerate(bounds):
        yield {
            "condition": IN_DISTRIBUTION,
            "system": course.system,
            "role": course.role,
            "kind": course.kind,
            "mode": 0,
            "mode_label": course.unit,
            "x": float(time),
            "x_unit": "trials" if course.kind == "accuracy" else "pairs seen",
            **Interval(*map(float, ends))._asdict(),
        }
