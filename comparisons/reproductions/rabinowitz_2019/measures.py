"""Measures of the reproduction of Rabinowitz 2019 that compare systems with each other or with a closed form."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy.typing import ArrayLike

from comparisons.kind import Measure, Section
from comparisons.order.experiments import STRENGTHS
from comparisons.order.systems import IN_DISTRIBUTION, System, scores_of, systems_of
from comparisons.order.time_intervals import HalfTimes, first_over_last, ratio_of_staggerings
from comparisons.order.trajectories import recovery_curves, resampled_curves
from comparisons.reproductions.rabinowitz_2019.claims import LEARNERS
from comparisons.rows import Over, Resampler, Row, explained, from_deviations, over_tasks
from comparisons.statistics.counts import median_interval
from comparisons.statistics.intervals import Interval
from metalearners.learner_configs import DeepLinearConfig
from metalearners.linear_network_dynamics import effective_initial_strength, half_time, rise_time

Trees = Mapping[str, xr.DataTree]
"""Trees of the experiments by name."""

_TASKS = Over("tasks")


def _staggering_over_network(trees: Trees, over: Resampler) -> Iterator[Row]:
    for name, learner in LEARNERS.items():
        if name in trees:
            systems = _systems(trees[name])
            interval = ratio_of_staggerings(*(_half_times(systems[one], over.seed) for one in (learner, "network")))
            yield Row(learner, interval, _over(systems["network"]), {"experiment": name})


def _samples_over_network(trees: Trees, over: Resampler) -> Iterator[Row]:
    if "linear" in trees:
        systems = _systems(trees["linear"])
        interval = first_over_last(*(_half_times(systems[one], over.seed) for one in ("SGD", "network")))
        yield Row("SGD", interval, _over(systems["network"]), {"experiment": "linear"})


def _growth_over_decoupled(trees: Trees, over: Resampler) -> Iterator[Row]:
    """Yield how the time to the last context grows with their number: shared biases over separate ones."""
    if "bandit" not in trees:
        return
    found = {
        (score.system, score.num_contexts): score.values[0]
        for score in scores_of(trees["bandit"])
        if score.name == "time_to_learn_all"
    }
    counts = sorted({count for _, count in found})
    if len(counts) < 2:
        return
    values = (found[who, count] for who in ("shared biases", "separate biases") for count in (counts[-1], counts[0]))
    yield explained(Row("policy gradient", growth_interval(*values), _TASKS, {"experiment": "bandit"}))


def growth_interval(
    shared: Float[np.ndarray, "task"],
    shared_first: Float[np.ndarray, "other_task"],
    separate: Float[np.ndarray, "another_task"],
    separate_first: Float[np.ndarray, "last_task"],
) -> Interval:
    """Return (median / median) / (median / median) of times in this order; NaN where it is undefined.

    On the logarithmic scale it is a sum, to which the distances of the four medians' ends add in squares, as in
    `comparisons.statistics.intervals`.
    """
    medians = [median_interval(values) for values in (shared, shared_first, separate, separate_first)]
    at, lower, upper = np.array(medians).T
    growth = float(_ratio(_ratio(at[0], at[1]), _ratio(at[2], at[3])))
    is_above = np.array([True, False, False, True])
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = np.log(np.stack([lower, upper]))
        reach = np.abs(np.log(at) - np.where(is_above, ends, ends[::-1]))
        below, above = np.exp((reach**2).sum(axis=1) ** 0.5)
        return Interval(growth, float(growth / below), float(growth * above))


def _largest_error_of_form(trees: Trees, over: Resampler) -> Iterator[Row]:
    """Yield the largest relative error of the half-times of the closed form of Saxe et al. 2013."""
    if "linear" in trees:
        config = DeepLinearConfig()
        initial = effective_initial_strength(config.hidden_size, config.initialisation.scale)
        form = half_time(np.array(STRENGTHS), initial=initial, time_constant=1 / config.optimizer.learning_rate)
        times = _half_times(_systems(trees["linear"])["gradient descent"], over.seed)
        error = float(np.abs(times.reached / np.asarray(form) - 1).max())
        deviations = np.abs(_change(times.resampled, times.reached) / np.asarray(form)).max(axis=1)
        yield from_deviations("gradient descent", error, deviations, _TASKS, least=0, experiment="linear")


def _rise_over_form(trees: Trees, over: Resampler) -> Iterator[Row]:
    """Yield the 10-90 % rise of the first mode over that of the closed form."""
    if "linear" in trees:
        system = _systems(trees["linear"])["gradient descent"]
        late, early = (_half_times(system, over.seed, level=level) for level in (0.9, 0.1))
        with np.errstate(invalid="ignore"):
            rise, resampled = late.reached[0] - early.reached[0], late.resampled[:, 0] - early.resampled[:, 0]
        deviations = np.abs(_change(resampled, rise))
        expected = float(
            np.asarray(rise_time(STRENGTHS[0], time_constant=1 / DeepLinearConfig().optimizer.learning_rate))
        )
        row = "gradient descent", float(rise / expected), deviations / expected, _TASKS
        yield from_deviations(*row, least=0, experiment="linear")


def _over(network: System) -> Over:
    """Return what an interval of a learner beside the networks is over."""
    return over_tasks(len(network.recoveries.overlaps))


def _systems(tree: xr.DataTree) -> dict[str, System]:
    """Return the systems of a tree by name, on tasks as in training."""
    return {system.name: system for system in systems_of(tree) if system.condition == IN_DISTRIBUTION}


def _half_times(system: System, seed: int, *, level: float = 0.5) -> HalfTimes:
    """Return the times at which each mode reaches a level of recovery, and the same under resamples."""
    curves, resampled = recovery_curves(system.recoveries), resampled_curves(system.recoveries, seed=seed)
    return HalfTimes.of(curves, resampled, system.times, level=level)


def _change(resampled: np.ndarray, reached: ArrayLike) -> np.ndarray:
    """Return by how much times change under resamples; two that are not reached do not differ."""
    is_same = resampled == reached
    return np.where(is_same, 0.0, resampled) - np.where(is_same, 0.0, reached)


def _ratio(one: ArrayLike, other: ArrayLike) -> np.ndarray:
    """Return a ratio of times that may be infinite; NaN where both are."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.asarray(one) / np.asarray(other))


SECTIONS = (
    Section(
        "Gradient learners beside the network",
        "A ratio of 1 means as staggered, or as many samples, as the network.",
        (
            Measure(
                "staggering_over_network",
                "staggering as a multiple of the network's",
                "ratio",
                _staggering_over_network,
            ),
            Measure(
                "samples_over_network",
                "first half-time over the network's last, in samples",
                "ratio",
                _samples_over_network,
            ),
            Measure(
                "growth_over_decoupled",
                "growth of the time to learn with the number of contexts, over that of separate biases",
                "ratio",
                _growth_over_decoupled,
            ),
        ),
    ),
    Section(
        "Beside the closed form of two-layer linear networks",
        "Saxe et al. 2013: 0 % error, or a ratio of 1, is the closed form.",
        (
            Measure("largest_error_of_form", "largest error of half-times", "fraction", _largest_error_of_form),
            Measure(
                "rise_over_form", "10–90 % rise of the first mode, over the closed form's", "ratio", _rise_over_form
            ),
        ),
    ),
)
"""Measures that span systems, in the order of the report."""
