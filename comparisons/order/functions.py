"""The order in which frequencies are learned: by networks within a task, exact Gaussian processes, MLPs."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayesopt.families import FunctionRegression
from bayesopt.family import family_id
from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.order.settings import NamedLearner, OrderEvaluationConfig
from metalearners.configs import LSTMConfig, NetworkConfig, TrainingConfig
from metalearners.learner_configs import MLPConfig

if TYPE_CHECKING:
    from bayesopt.episodes import Regressions
    from comparisons.order.systems import OuterRecoveries, System
    from metalearners.regression import RegressionPredictor


@dataclass(frozen=True)
class FunctionOrderExperiment(AbstractExperiment):
    """Meta-train networks on functions of one spectrum, then compare the order in which frequencies are recovered."""

    family: FunctionRegression = FunctionRegression()
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig(hidden_size=256, embedding_size=256)
    """The network that is meta-trained."""
    training: TrainingConfig = TrainingConfig(length=30)
    """How it is meta-trained."""
    elsewhere: tuple[FunctionRegression, ...] = ()
    """Out of distribution: functions of each of these spectra, shown with the family's own noise."""
    learners: tuple[NamedLearner, ...] = (NamedLearner("Adam, ReLU", MLPConfig()),)
    """Gradient learners that learn each function from scratch."""
    evaluation: OrderEvaluationConfig = OrderEvaluationConfig(num_probes=32)
    """What everyone is tested on; probes are a grid on the circle."""
    training_seeds: tuple[int, ...] = (0,)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, learners' initial weights, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)

    @property
    def id(self) -> str:
        return f"{family_id(self.family)}_order"

    @property
    def question(self) -> str:
        frequencies = ", ".join(map(str, self.family.frequencies))
        noise = f"noise of standard deviation {self.family.noise_scale:g}"
        return f"In which order does a meta-trained network recover frequencies {frequencies}, under {noise}?"

    def smoke(self) -> "FunctionOrderExperiment":
        from comparisons.order.runs import smaller_evaluation, smaller_learners, smaller_training

        return dataclasses.replace(
            self,
            network=dataclasses.replace(self.network, hidden_size=min(16, self.network.hidden_size)),
            training=smaller_training(self.training),
            learners=smaller_learners(self.learners),
            evaluation=smaller_evaluation(self.evaluation),
        )

    def require_feasible(self) -> None:
        highest = max(max(family.frequencies) for family in (self.family, *self.elsewhere))
        if 2 * highest >= self.evaluation.num_probes:
            raise ValueError(
                f"a grid of evaluation.num_probes {self.evaluation.num_probes} points resolves frequencies below "
                f"{self.evaluation.num_probes / 2:g}; got {highest}"
            )

    def is_trained(self, directory: Path) -> bool:
        from metalearners.checkpoint_files import is_trained

        return is_trained(directory, self.training)

    def train(self, unit: TrainingUnit, directory: Path) -> None:
        from comparisons.seams.training import meta_train_regression

        meta_train_regression(
            self.family, seed=unit.seed, training=self.training, network=self.network, directory=directory
        )

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.order.runs import regression_tree

        return regression_tree(self, directories, conditions=self._conditions, outer=self._outer, notes=_NOTES)

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        from comparisons.order.measures import with_order_measures

        return with_order_measures(tree, seed=self.seed)

    def _conditions(self, networks: "list[RegressionPredictor]") -> "Iterator[list[System]]":
        from comparisons.order.systems import IN_DISTRIBUTION

        length, few = self.training.length, self.evaluation.num_elsewhere
        yield self._systems(IN_DISTRIBUTION, self.family, networks, length, self.evaluation.num_tasks)
        for tasks in self.elsewhere:
            yield self._systems(_condition(tasks), tasks, networks, length, few)
        if (lifetimes := self.evaluation.lifetimes) > 1:
            yield self._systems(f"{lifetimes} × the lifetime", self.family, networks, lifetimes * length, few)

    def _systems(
        self,
        condition: str,
        spectrum: FunctionRegression,
        networks: "list[RegressionPredictor]",
        length: int,
        num_tasks: int,
    ) -> "list[System]":
        from comparisons.order.readouts import circular_grid, fourier_overlaps
        from comparisons.order.systems import IN_DISTRIBUTION, system_of
        from metalearners.mlp_learner import learn_functions

        pairs = self.tasks(spectrum, length=length, num_tasks=num_tasks)
        coefficients = pairs.latents["coefficients"]
        frequencies = spectrum.frequencies
        modes = tuple((self._label(k), stage) for stage, k in enumerate(frequencies))

        def system(name: str, role: str, answers: np.ndarray, times: np.ndarray, unit: str) -> "System":
            num_tasks, num_points = answers.shape[-3], answers.shape[-1]
            truth = values_on(circular_grid(num_points), coefficients[:num_tasks], frequencies)
            found = fourier_overlaps(answers, truth, frequencies)
            return system_of(name, role, found, condition=condition, times=times, time_unit=unit, modes=modes)  # pyright: ignore[reportArgumentType]

        times = np.arange(length)
        found = [
            system("network", "network", self.network_functions(networks, pairs), times, "pairs seen"),
            system("Bayes", "Bayes", self.bayes_functions(pairs), times, "pairs seen"),
        ]
        if condition == IN_DISTRIBUTION:
            for learner in self.learners:
                assert isinstance(learner.config, MLPConfig)
                points = circular_grid(learner.config.num_points)
                targets = values_on(points, coefficients[: learner.num_tasks], frequencies)
                learned = learn_functions(points[:, 0], targets, learner.config, seed=self.seed)
                found.append(system(learner.name, learner.role, learned.outputs, learned.steps, "gradient steps"))
        return found

    def tasks(self, spectrum: FunctionRegression, *, length: int, num_tasks: int) -> "Regressions":
        """Functions of a spectrum, and the pairs that everyone is shown of them, with the family's own noise."""
        from bayesopt.episodes import sample_regressions
        from comparisons.seeding import key_for

        noisy = dataclasses.replace(spectrum, noise_scale=self.family.noise_scale)
        key = key_for(self.seed, f"functions of {spectrum.frequencies}, {length}")
        return sample_regressions(noisy, key, num_tasks=num_tasks, length=length)

    def network_functions(
        self, networks: "list[RegressionPredictor]", pairs: "Regressions"
    ) -> Float[np.ndarray, "training_seed task time point"]:
        """The function that each network has in effect at every time: its answers on a grid."""
        from comparisons.order.readouts import circular_grid
        from metalearners.probing import probe

        grid = circular_grid(self.evaluation.num_probes)
        return np.stack([probe(n, pairs.inputs, pairs.targets, grid)[..., 0] for n in networks])

    def bayes_functions(self, pairs: "Regressions") -> Float[np.ndarray, "task time point"]:
        """The exact posterior mean of the function on the grid, at every time at which networks are asked."""
        from bayesopt.beliefs import filter_posterior_means
        from comparisons.order.readouts import circular_grid

        means = filter_posterior_means(self.family, pairs.inputs, pairs.targets)["coefficients"]
        grid = circular_grid(self.evaluation.num_probes)
        return values_on(grid, means[:, : pairs.inputs.shape[1]], self.family.frequencies)

    def _outer(self, by_step: "Mapping[int, list[RegressionPredictor]]") -> "list[OuterRecoveries]":
        from comparisons.order.readouts import circular_grid, fourier_overlaps
        from comparisons.order.runs import outer_recoveries

        length, frequencies = self.training.length, self.family.frequencies
        pairs = self.tasks(self.family, length=length, num_tasks=self.evaluation.num_outer)
        grid = circular_grid(self.evaluation.num_probes)
        truth = values_on(grid, pairs.latents["coefficients"], frequencies)
        found = {
            step: fourier_overlaps(self.network_functions(networks, pairs), truth, frequencies)
            for step, networks in by_step.items()
        }
        num_coefficients = pairs.latents["coefficients"].shape[1]
        moments = {f"after {time} pairs": time for time in (min(num_coefficients, length - 1), length - 1)}
        return outer_recoveries(found, moments, tuple(self._label(k) for k in frequencies))

    def _label(self, frequency: int) -> str:
        return f"k = {frequency}" if frequency in self.family.frequencies else f"k = {frequency}, stop band"


def values_on(
    grid: Float[np.ndarray, "point 1"],
    coefficients: Float[np.ndarray, "*batch feature"],
    frequencies: tuple[int, ...],
) -> Float[np.ndarray, "*batch point"]:
    """Functions with these coefficients, on a grid of the circle."""
    import jax.numpy as jnp

    from bayesopt.families.function_regression import fourier_features
    from bayesopt.float64 import in_float64

    features = in_float64(lambda: fourier_features(jnp.asarray(grid[:, 0]), frequencies))()
    return coefficients @ np.asarray(features).T


def _condition(tasks: FunctionRegression) -> str:
    return "frequencies " + ", ".join(map(str, tasks.frequencies))


_NOTES = (
    "Spectra, noise, lifetimes, sizes and training of the original are not known; these are choices of this package.",
    "Places are shown to the network as points on a circle, and go through rectified linear units before the LSTM.",
    "Bayes is exact: the Gaussian process with the spectrum that networks were trained on, also out of distribution.",
)
