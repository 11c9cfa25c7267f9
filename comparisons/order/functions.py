"""The order in which frequencies are learned: by networks within a task, exact Gaussian processes, MLPs."""

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from bayesopt.beliefs import filter_posterior_means
from bayesopt.episodes import Regressions, sample_regressions
from bayesopt.families import FunctionRegression
from bayesopt.families.function_regression import fourier_features
from bayesopt.float64 import in_float64
from comparisons.order.experiments import FunctionOrderExperiment
from comparisons.order.readouts import circular_grid, fourier_overlaps
from comparisons.order.runs import outer_recoveries, regression_tree
from comparisons.order.systems import IN_DISTRIBUTION, OuterRecoveries, Role, System, system_of
from comparisons.seeding import key_for
from metalearners.learner_configs import MLPConfig
from metalearners.mlp_learner import learn_functions
from metalearners.probing import probe
from metalearners.regression import RegressionPredictor


def evaluate_functions(experiment: FunctionOrderExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return what networks, Bayes and gradient learners recover of every frequency."""
    return regression_tree(
        experiment,
        directories,
        conditions=functools.partial(_conditions, experiment),
        outer=functools.partial(_outer, experiment),
        notes=_NOTES,
    )


def _conditions(experiment: FunctionOrderExperiment, networks: list[RegressionPredictor]) -> Iterator[list[System]]:
    length, few = experiment.training.length, experiment.evaluation.num_elsewhere
    yield _systems(experiment, IN_DISTRIBUTION, experiment.family, networks, length, experiment.evaluation.num_tasks)
    for tasks in experiment.elsewhere:
        yield _systems(experiment, _condition(tasks), tasks, networks, length, few)
    if (lifetimes := experiment.evaluation.lifetimes) > 1:
        yield _systems(experiment, f"{lifetimes} × the lifetime", experiment.family, networks, lifetimes * length, few)


def _systems(
    experiment: FunctionOrderExperiment,
    condition: str,
    spectrum: FunctionRegression,
    networks: list[RegressionPredictor],
    length: int,
    num_tasks: int,
) -> list[System]:
    pairs = tasks(experiment, spectrum, length=length, num_tasks=num_tasks)
    coefficients = pairs.latents["coefficients"]
    frequencies = spectrum.frequencies
    modes = tuple((_label(experiment, k), stage) for stage, k in enumerate(frequencies))
    in_training = tuple(k in experiment.family.frequencies for k in frequencies)
    in_training = () if all(in_training) else in_training

    def system(name: str, role: Role, answers: np.ndarray, times: np.ndarray, unit: str) -> System:
        num_tasks, num_points = answers.shape[-3], answers.shape[-1]
        truth = values_on(circular_grid(num_points), coefficients[:num_tasks], frequencies)
        found = fourier_overlaps(answers, truth, frequencies)
        return system_of(
            name, role, found, condition=condition, times=times, time_unit=unit, modes=modes, in_training=in_training
        )

    times = np.arange(length)
    found = [
        system("network", "network", network_functions(experiment, networks, pairs), times, "pairs seen"),
        system("Bayes", "Bayes", bayes_functions(experiment, pairs), times, "pairs seen"),
    ]
    if condition == IN_DISTRIBUTION:
        for learner in experiment.learners:
            assert isinstance(learner.config, MLPConfig)
            points = circular_grid(learner.config.num_points)
            targets = values_on(points, coefficients[: learner.num_tasks], frequencies)
            learned = learn_functions(points[:, 0], targets, learner.config, seed=experiment.seed)
            found.append(system(learner.name, learner.role, learned.outputs, learned.steps, "gradient steps"))
    return found


def tasks(
    experiment: FunctionOrderExperiment, spectrum: FunctionRegression, *, length: int, num_tasks: int
) -> Regressions:
    """Return functions of a spectrum, and the pairs that all systems see of them, with the family's own noise."""
    noisy = dataclasses.replace(spectrum, noise_scale=experiment.family.noise_scale)
    key = key_for(experiment.seed, f"functions of {spectrum.frequencies}, {length}")
    return sample_regressions(noisy, key, num_tasks=num_tasks, length=length)


def network_functions(
    experiment: FunctionOrderExperiment, networks: list[RegressionPredictor], pairs: Regressions
) -> Float[np.ndarray, "training_seed task time point"]:
    """Return the effective function of each network at every time: its answers on a grid."""
    grid = circular_grid(experiment.evaluation.num_probes)
    return np.stack([probe(n, pairs.inputs, pairs.targets, grid)[..., 0] for n in networks])


def bayes_functions(experiment: FunctionOrderExperiment, pairs: Regressions) -> Float[np.ndarray, "task time point"]:
    """Return the exact posterior mean of the function on the grid, at every time at which networks are probed."""
    means = filter_posterior_means(experiment.family, pairs.inputs, pairs.targets)["coefficients"]
    grid = circular_grid(experiment.evaluation.num_probes)
    return values_on(grid, means[:, : pairs.inputs.shape[1]], experiment.family.frequencies)


def _outer(
    experiment: FunctionOrderExperiment, by_step: Mapping[int, list[RegressionPredictor]]
) -> list[OuterRecoveries]:
    length, frequencies = experiment.training.length, experiment.family.frequencies
    pairs = tasks(experiment, experiment.family, length=length, num_tasks=experiment.evaluation.num_outer)
    grid = circular_grid(experiment.evaluation.num_probes)
    truth = values_on(grid, pairs.latents["coefficients"], frequencies)
    found = {
        step: fourier_overlaps(network_functions(experiment, networks, pairs), truth, frequencies)
        for step, networks in by_step.items()
    }
    num_coefficients = pairs.latents["coefficients"].shape[1]
    moments = {f"after {time} pairs": time for time in (min(num_coefficients, length - 1), length - 1)}
    return outer_recoveries(found, moments, tuple(_label(experiment, k) for k in frequencies))


def _label(experiment: FunctionOrderExperiment, frequency: int) -> str:
    return f"k = {frequency}" if frequency in experiment.family.frequencies else f"k = {frequency}, stop band"


def values_on(
    grid: Float[np.ndarray, "point 1"],
    coefficients: Float[np.ndarray, "*batch feature"],
    frequencies: tuple[int, ...],
) -> Float[np.ndarray, "*batch point"]:
    """Return functions with these coefficients, on a grid of the circle."""
    features = in_float64(lambda: fourier_features(jnp.asarray(grid[:, 0]), frequencies))()
    return coefficients @ np.asarray(features).T


def _condition(tasks: FunctionRegression) -> str:
    return "frequencies " + ", ".join(map(str, tasks.frequencies))


_NOTES = (
    "Spectra, noise, lifetimes, sizes and training of the original are not known; these are choices of this package.",
    "Places are shown to the network as points on a circle, and go through rectified linear units before the LSTM.",
    "Bayes is exact: the Gaussian process with the spectrum that networks were trained on, also out of distribution.",
)
