"""The order in which singular modes are learned: by networks within a task, exact Bayes, deep linear networks."""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayesopt.beliefs import filter_posterior_means
from bayesopt.episodes import Regressions, sample_regressions_given
from bayesopt.spectral_maps import SpectralMaps, sample_rotated_maps, weights_of
from comparisons.order.experiments import LinearOrderExperiment
from comparisons.order.readouts import fit_linear_maps, singular_overlaps
from comparisons.order.runs import outer_recoveries, regression_tree
from comparisons.order.systems import IN_DISTRIBUTION, OuterRecoveries, Role, System, system_of
from comparisons.seeding import integer_for, key_for
from metalearners.deep_linear_learner import learn_linear_maps
from metalearners.learner_configs import DeepLinearConfig
from metalearners.probing import probe
from metalearners.regression import RegressionPredictor


def evaluate_linear(experiment: LinearOrderExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return what networks, Bayes and gradient learners recover of every singular mode."""
    return regression_tree(
        experiment,
        directories,
        conditions=functools.partial(_conditions, experiment),
        outer=functools.partial(_outer, experiment),
        notes=_NOTES,
    )


def _conditions(experiment: LinearOrderExperiment, networks: list[RegressionPredictor]) -> Iterator[list[System]]:
    length, few = experiment.training.length, experiment.evaluation.num_elsewhere
    yield _systems(experiment, IN_DISTRIBUTION, 1.0, networks, length, experiment.evaluation.num_tasks)
    for multiple in experiment.multiples:
        yield _systems(experiment, f"singular values × {multiple:g}", multiple, networks, length, few)
    if (lifetimes := experiment.evaluation.lifetimes) > 1:
        yield _systems(experiment, f"{lifetimes} × the lifetime", 1.0, networks, lifetimes * length, few)


def _systems(
    experiment: LinearOrderExperiment,
    condition: str,
    multiple: float,
    networks: list[RegressionPredictor],
    length: int,
    num_tasks: int,
) -> list[System]:
    truth, pairs = tasks(experiment, multiple, length=length, num_tasks=num_tasks)
    modes = tuple((f"s = {multiple * s:g}", stage) for stage, s in enumerate(experiment.singular_values))

    def system(name: str, role: Role, maps: np.ndarray, times: np.ndarray, unit: str) -> System:
        found = singular_overlaps(maps, SpectralMaps(*(part[: maps.shape[-4]] for part in truth)))
        return system_of(name, role, found, condition=condition, times=times, time_unit=unit, modes=modes)

    times = np.arange(length)
    found = [
        system("network", "network", network_maps(experiment, networks, pairs), times, "pairs seen"),
        system("Bayes", "Bayes", bayes_maps(experiment, pairs), times, "pairs seen"),
    ]
    if condition == IN_DISTRIBUTION:
        for learner in experiment.learners:
            assert isinstance(learner.config, DeepLinearConfig)
            weights = weights_of(truth)[: learner.num_tasks]
            scales = experiment.family.input_scales
            learned = learn_linear_maps(weights, learner.config, seed=experiment.seed, input_scales=scales)
            found.append(system(learner.name, learner.role, learned.maps, learned.steps, "gradient steps"))
    return found


def tasks(
    experiment: LinearOrderExperiment, multiple: float, *, length: int, num_tasks: int
) -> tuple[SpectralMaps, Regressions]:
    """Return maps of the tested spectrum times a number, and the pairs that all systems see of them."""
    truth = sample_rotated_maps(
        key_for(experiment.seed, f"maps × {multiple:g}"),
        tuple(multiple * s for s in experiment.singular_values),
        num_tasks=num_tasks,
        num_outputs=experiment.family.num_outputs,
        num_inputs=experiment.family.num_inputs,
    )
    key = key_for(experiment.seed, f"pairs × {multiple:g}, {length}")
    return truth, sample_regressions_given(experiment.family, {"weights": weights_of(truth)}, key, length=length)


def network_maps(
    experiment: LinearOrderExperiment, networks: list[RegressionPredictor], pairs: Regressions
) -> Float[np.ndarray, "training_seed task time output input"]:
    """Return the effective linear map of each network at every time, from its answers to probes."""
    rng = np.random.default_rng(integer_for(experiment.seed, "probes"))
    scales = np.array(experiment.family.input_scales)
    probes = scales * rng.standard_normal((experiment.evaluation.num_probes, experiment.family.num_inputs))
    return np.stack([fit_linear_maps(probes, probe(n, pairs.inputs, pairs.targets, probes)) for n in networks])


def bayes_maps(experiment: LinearOrderExperiment, pairs: Regressions) -> Float[np.ndarray, "task time output input"]:
    """Return the exact posterior mean of the map at every time at which networks are probed."""
    means = filter_posterior_means(experiment.family, pairs.inputs, pairs.targets)["weights"]
    return means[:, : pairs.inputs.shape[1]]


def _outer(
    experiment: LinearOrderExperiment, by_step: Mapping[int, list[RegressionPredictor]]
) -> list[OuterRecoveries]:
    length = experiment.training.length
    truth, pairs = tasks(experiment, 1.0, length=length, num_tasks=experiment.evaluation.num_outer)
    found = {
        step: singular_overlaps(network_maps(experiment, networks, pairs), truth) for step, networks in by_step.items()
    }
    labels = tuple(f"s = {s:g}" for s in experiment.singular_values)
    moments = {f"after {time} pairs": time for time in (min(experiment.family.num_inputs, length - 1), length - 1)}
    return outer_recoveries(found, moments, labels)


_NOTES = (
    "Dimensions, spectrum, noise, sizes and training of the original are not known; these are choices of this package.",
    "A network's map is the linear part of an affine fit to its answers to probes, with its state frozen; index t "
    "conditions on t complete pairs.",
    "Bayes is exact: the posterior mean under the prior that networks were trained on, also out of distribution.",
)
