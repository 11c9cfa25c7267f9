"""Measures of the reproduction of Rabinowitz 2019 that compare systems with each other or with a closed form."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from comparisons.kind import Measure, Section
from comparisons.order.experiments import STRENGTHS
from comparisons.order.systems import IN_DISTRIBUTION, System, scores_of, systems_of
from comparisons.order.trajectories import half_times, recovery_curves, resampled_curves, staggering
from comparisons.reproductions.rabinowitz_2019.claims import LEARNERS
from comparisons.rows import Over, Resampler, Row, from_resamples
from comparisons.statistics.intervals import NUM_RESAMPLES
from metalearners.learner_configs import DeepLinearConfig
from metalearners.linear_network_dynamics import effective_initial_strength, half_time, rise_time

Trees = Mapping[str, xr.DataTree]
"""Trees of the experiments by name."""

_TASKS = Over("tasks")


def _staggering_over_network(trees: Trees, over: Resampler) -> Iterator[Row]:
    for name, learner in LEARNERS.items():
        if name in trees:
            network, ordinary = (_half_times(_systems(trees[name])[one], over.seed) for one in ("network", learner))
            ratios = [_ratio(staggering(one), staggering(other)) for one, other in zip(ordinary, network, strict=True)]
            yield from_resamples(learner, float(ratios[0]), ratios[1], _TASKS, experiment=name)


def _samples_over_network(trees: Trees, over: Resampler) -> Iterator[Row]:
    if "linear" in trees:
        systems = _systems(trees["linear"])
        network, ordinary = (_half_times(systems[one], over.seed) for one in ("network", "SGD"))
        more = [_ratio(one.min(-1), other.max(-1)) for one, other in zip(ordinary, network, strict=True)]
        yield from_resamples("SGD", float(more[0]), more[1], _TASKS, experiment="linear")


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
    rng = np.random.default_rng(over.seed)

    def medians(system: str, count: int) -> np.ndarray:
        values = found[system, count]
        rows = np.vstack([np.arange(len(values)), rng.integers(len(values), size=(NUM_RESAMPLES, len(values)))])
        return np.quantile(values[rows], 0.5, axis=1, method="inverted_cdf")

    shared, separate = (
        _ratio(medians(system, counts[-1]), medians(system, counts[0]))
        for system in ("shared biases", "separate biases")
    )
    growth = _ratio(shared, separate)
    yield from_resamples("policy gradient", float(growth[0]), growth[1:], _TASKS, experiment="bandit")


def _largest_error_of_form(trees: Trees, over: Resampler) -> Iterator[Row]:
    """Yield the largest relative error of the half-times of the closed form of Saxe et al. 2013."""
    if "linear" in trees:
        config = DeepLinearConfig()
        initial = effective_initial_strength(config.hidden_size, config.initialisation.scale)
        form = half_time(np.array(STRENGTHS), initial=initial, time_constant=1 / config.optimizer.learning_rate)
        reached = _half_times(_systems(trees["linear"])["gradient descent"], over.seed)
        errors = [np.abs(times / np.asarray(form) - 1).max(axis=-1) for times in reached]
        yield from_resamples("gradient descent", float(errors[0]), errors[1], _TASKS, experiment="linear")


def _rise_over_form(trees: Trees, over: Resampler) -> Iterator[Row]:
    """Yield the 10-90 % rise of the first mode over that of the closed form."""
    if "linear" in trees:
        system = _systems(trees["linear"])["gradient descent"]
        late, early = (_half_times(system, over.seed, level=level) for level in (0.9, 0.1))
        with np.errstate(invalid="ignore"):
            rises = [(one[..., 0] - other[..., 0]) for one, other in zip(late, early, strict=True)]
        expected = float(
            np.asarray(rise_time(STRENGTHS[0], time_constant=1 / DeepLinearConfig().optimizer.learning_rate))
        )
        rise, resampled = float(rises[0] / expected), rises[1] / expected
        yield from_resamples("gradient descent", rise, resampled, _TASKS, experiment="linear")


def _systems(tree: xr.DataTree) -> dict[str, System]:
    """Return the systems of a tree by name, on tasks as in training."""
    return {system.name: system for system in systems_of(tree) if system.condition == IN_DISTRIBUTION}


def _half_times(system: System, seed: int, *, level: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Return the times at which each mode reaches a level of recovery, and the same under resamples."""
    curves, resampled = recovery_curves(system.recoveries), resampled_curves(system.recoveries, seed=seed)
    return half_times(curves, system.times, level=level), half_times(resampled, system.times, level=level)


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
