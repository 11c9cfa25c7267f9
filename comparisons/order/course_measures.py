"""Measures of scores that have no modes: divergence and accuracy over a task, and interference between contexts."""

from collections.abc import Iterator

import numpy as np

from comparisons.kind import Measure, Section
from comparisons.order.scores import Orders
from comparisons.order.trajectories import Recoveries, resampled_curves
from comparisons.rows import Over, Resampler, Row, from_deviations, over_tasks
from comparisons.statistics.counts import median_interval
from comparisons.statistics.intervals import mean_interval

_FEW_TASKS = Over("no interval: a median of fewer than 6 tasks")


def kl_divergence(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield KL from Bayes' predictive, over times."""
    for course in orders.courses:
        if course.kind == "divergence":
            yield over.mean(course.system, course.values.mean(axis=2))._replace(unit=course.unit)


def accuracy_gap(orders: Orders, over: Resampler) -> Iterator[Row]:
    """Yield the largest gap of the networks' accuracy to Bayes', over trials."""
    accuracies = [course for course in orders.courses if course.kind == "accuracy"]
    for course in accuracies:
        if course.role == "network":
            (bayes,) = (other for other in accuracies if other.system == "Bayes")
            gaps = course.values - bayes.values
            means = resampled_curves(Recoveries(gaps[..., None], np.ones((gaps.shape[1], 1))), seed=over.seed)[..., 0]
            found = gaps.mean(axis=(0, 1))
            deviations = np.abs(means - found).max(axis=1)
            units = over_tasks(len(course.values))
            row = from_deviations(course.system, float(np.abs(found).max()), deviations, units, least=0)
            yield row._replace(unit=course.unit)


def _lowest_share_of_start(orders: Orders, over: Resampler) -> Iterator[Row]:
    return _score(orders, over, "lowest_share_of_start")


def _change_elsewhere(orders: Orders, over: Resampler) -> Iterator[Row]:
    return _score(orders, over, "change_elsewhere")


def _time_to_learn_all(orders: Orders, over: Resampler) -> Iterator[Row]:
    return _score(orders, over, "time_to_learn_all")


def _score(orders: Orders, over: Resampler, name: str) -> Iterator[Row]:
    for score in orders.scores:
        if score.name == name:
            at = {"contexts": score.num_contexts} if score.num_contexts else {}
            is_median = score.statistic == "median"
            interval = median_interval(score.values.reshape(-1)) if is_median else mean_interval(score.values)
            units = over_tasks(len(score.values)) if not np.isnan(interval.lower) else _FEW_TASKS
            yield Row(score.system, interval, units, at, score.unit)


INTERFERENCE = Section(
    "Interference between contexts",
    "A lowest share of 1 means that no context falls below its start. A change elsewhere of at least 0 means that "
    "learning one context costs the others nothing: no interference. Times are at least 0, and infinite where some "
    "context was not learned.",
    (
        Measure(
            "lowest_share_of_start",
            "lowest probability of the last context, as a share of its start",
            "of the initial probability",
            _lowest_share_of_start,
        ),
        Measure(
            "change_elsewhere",
            "change in other contexts while one is learned",
            "probability per trial",
            _change_elsewhere,
        ),
        Measure(
            "time_to_learn_all",
            "time to learn the last context",
            "learning rate × steps",
            _time_to_learn_all,
        ),
    ),
)
