"""The order in which singular modes are learned: by networks within a task, exact Bayes, deep linear networks."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayesopt.families import LinearRegression
from bayesopt.family import family_id
from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.order.settings import NamedLearner, OrderEvaluationConfig
from metalearners.configs import LSTMConfig, NetworkConfig, TrainingConfig
from metalearners.learner_configs import DeepLinearConfig

if TYPE_CHECKING:
    from bayesopt.episodes import Regressions
    from bayesopt.spectral_maps import SpectralMaps
    from comparisons.order.systems import OuterRecoveries, System
    from metalearners.regression import RegressionPredictor


STRENGTHS = (1.6, 1.2, 0.8, 0.4, 0.2)
"""Singular values across the central 95 % of those that 5 × 5 maps of variance 1/5 have."""


@dataclass(frozen=True)
class LinearOrderExperiment(AbstractExperiment):
    """Meta-train networks on linear maps, then compare the order in which singular modes are recovered."""

    family: LinearRegression = LinearRegression()
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig(hidden_size=256)
    """The network that is meta-trained."""
    training: TrainingConfig = TrainingConfig()
    """How it is meta-trained."""
    singular_values: tuple[float, ...] = STRENGTHS
    """The spectrum of every map that is tested, strongest first; its directions are uniform over all rotations."""
    multiples: tuple[float, ...] = (4.0,)
    """Out of distribution: the spectrum times each of these."""
    learners: tuple[NamedLearner, ...] = (NamedLearner("SGD, two layers", DeepLinearConfig()),)
    """Gradient learners that learn each map from scratch."""
    evaluation: OrderEvaluationConfig = OrderEvaluationConfig()
    """What everyone is tested on."""
    training_seeds: tuple[int, ...] = (0,)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, probes, learners' initial weights, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)
        if list(self.singular_values) != sorted(self.singular_values, reverse=True):
            raise ValueError(f"singular_values must be strongest first; got {self.singular_values!r}")
        if not self.singular_values or min(self.singular_values) < 0:
            raise ValueError(f"singular_values must be at least one, none below 0; got {self.singular_values!r}")

    @property
    def id(self) -> str:
        return f"{family_id(self.family)}_order"

    @property
    def question(self) -> str:
        size = f"{self.family.num_outputs} × {self.family.num_inputs}"
        noise = f"noise of standard deviation {self.family.noise_scale:g}"
        return f"In which order does a meta-trained network recover the singular modes of {size} maps, under {noise}?"

    def smoke(self) -> "LinearOrderExperiment":
        from comparisons.order.runs import smaller_evaluation, smaller_learners, smaller_training

        return dataclasses.replace(
            self,
            network=dataclasses.replace(self.network, hidden_size=min(16, self.network.hidden_size)),
            training=smaller_training(self.training),
            learners=smaller_learners(self.learners),
            evaluation=smaller_evaluation(self.evaluation),
        )

    def require_feasible(self) -> None:
        num_probes, num_inputs = self.evaluation.num_probes, self.family.num_inputs
        if num_probes <= num_inputs:
            raise ValueError(
                f"a linear fit in {num_inputs} inputs needs at least {num_inputs + 1} probes; "
                f"got evaluation.num_probes {num_probes}"
            )
        if len(self.singular_values) > min(num_inputs, self.family.num_outputs):
            raise ValueError(
                f"maps from {num_inputs} inputs to {self.family.num_outputs} outputs have at most "
                f"{min(num_inputs, self.family.num_outputs)} singular values; got {self.singular_values!r}"
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
        yield self._systems(IN_DISTRIBUTION, 1.0, networks, length, self.evaluation.num_tasks)
        for multiple in self.multiples:
            yield self._systems(f"singular values × {multiple:g}", multiple, networks, length, few)
        if (lifetimes := self.evaluation.lifetimes) > 1:
            yield self._systems(f"{lifetimes} × the lifetime", 1.0, networks, lifetimes * length, few)

    def _systems(
        self, condition: str, multiple: float, networks: "list[RegressionPredictor]", length: int, num_tasks: int
    ) -> "list[System]":
        from bayesopt.spectral_maps import SpectralMaps, weights_of
        from comparisons.order.readouts import singular_overlaps
        from comparisons.order.systems import IN_DISTRIBUTION, system_of
        from metalearners.deep_linear_learner import learn_linear_maps

        truth, pairs = self.tasks(multiple, length=length, num_tasks=num_tasks)
        modes = tuple((f"s = {multiple * s:g}", stage) for stage, s in enumerate(self.singular_values))

        def system(name: str, role: str, maps: np.ndarray, times: np.ndarray, unit: str) -> "System":
            found = singular_overlaps(maps, SpectralMaps(*(part[: maps.shape[-4]] for part in truth)))
            return system_of(name, role, found, condition=condition, times=times, time_unit=unit, modes=modes)  # pyright: ignore[reportArgumentType]

        times = np.arange(length)
        found = [
            system("network", "network", self.network_maps(networks, pairs), times, "pairs seen"),
            system("Bayes", "Bayes", self.bayes_maps(pairs), times, "pairs seen"),
        ]
        if condition == IN_DISTRIBUTION:
            for learner in self.learners:
                assert isinstance(learner.config, DeepLinearConfig)
                weights = weights_of(truth)[: learner.num_tasks]
                scales = self.family.input_scales
                learned = learn_linear_maps(weights, learner.config, seed=self.seed, input_scales=scales)
                found.append(system(learner.name, learner.role, learned.maps, learned.steps, "gradient steps"))
        return found

    def tasks(self, multiple: float, *, length: int, num_tasks: int) -> "tuple[SpectralMaps, Regressions]":
        """Maps of the tested spectrum times a number, and the pairs that everyone is shown of them."""
        from bayesopt.episodes import sample_regressions_given
        from bayesopt.spectral_maps import sample_rotated_maps, weights_of
        from comparisons.seeding import key_for

        truth = sample_rotated_maps(
            key_for(self.seed, f"maps × {multiple:g}"),
            tuple(multiple * s for s in self.singular_values),
            num_tasks=num_tasks,
            num_outputs=self.family.num_outputs,
            num_inputs=self.family.num_inputs,
        )
        key = key_for(self.seed, f"pairs × {multiple:g}, {length}")
        return truth, sample_regressions_given(self.family, {"weights": weights_of(truth)}, key, length=length)

    def network_maps(
        self, networks: "list[RegressionPredictor]", pairs: "Regressions"
    ) -> Float[np.ndarray, "training_seed task time output input"]:
        """The linear map that each network has in effect at every time, from its answers to probes."""
        from comparisons.order.readouts import fit_linear_maps
        from comparisons.seeding import integer_for
        from metalearners.probing import probe

        rng = np.random.default_rng(integer_for(self.seed, "probes"))
        scales = np.array(self.family.input_scales)
        probes = scales * rng.standard_normal((self.evaluation.num_probes, self.family.num_inputs))
        return np.stack([fit_linear_maps(probes, probe(n, pairs.inputs, pairs.targets, probes)) for n in networks])

    def bayes_maps(self, pairs: "Regressions") -> Float[np.ndarray, "task time output input"]:
        """The exact posterior mean of the map at every time at which networks are asked."""
        from bayesopt.beliefs import filter_posterior_means

        means = filter_posterior_means(self.family, pairs.inputs, pairs.targets)["weights"]
        return means[:, : pairs.inputs.shape[1]]

    def _outer(self, by_step: "Mapping[int, list[RegressionPredictor]]") -> "list[OuterRecoveries]":
        from comparisons.order.readouts import singular_overlaps
        from comparisons.order.runs import outer_recoveries

        length = self.training.length
        truth, pairs = self.tasks(1.0, length=length, num_tasks=self.evaluation.num_outer)
        found = {
            step: singular_overlaps(self.network_maps(networks, pairs), truth) for step, networks in by_step.items()
        }
        labels = tuple(f"s = {s:g}" for s in self.singular_values)
        moments = {f"after {time} pairs": time for time in (min(self.family.num_inputs, length - 1), length - 1)}
        return outer_recoveries(found, moments, labels)


_NOTES = (
    "Dimensions, spectrum, noise, sizes and training of the original are not known; these are choices of this package.",
    "A network's map is the linear part of an affine fit to its answers to probes, with its state frozen; index t "
    "conditions on t complete pairs.",
    "Bayes is exact: the posterior mean under the prior that networks were trained on, also out of distribution.",
)
