"""Experiments on the order of learning: singular modes of maps, frequencies of functions, contexts of bandits."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from bayesopt.families import ContextualBandit, FunctionRegression, LinearRegression
from bayesopt.family import family_id
from bayesopt.titles import title_of
from comparisons.experiment import AbstractExperiment, require_seeds
from comparisons.memory_needs import require_scores, require_training
from comparisons.order.settings import InterferenceConfig, NamedLearner, OrderEvaluationConfig
from metalearners.configs import LSTMConfig, NetworkConfig, ReinforcementConfig, TrainingConfig
from metalearners.learner_configs import DeepLinearConfig, MLPConfig, PolicyGradientConfig
from metalearners.settings_fields import require_reals, require_tuple

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
    """Settings of its meta-training."""
    singular_values: tuple[float, ...] = STRENGTHS
    """The spectrum of every map that is tested, strongest first; its directions are uniform over all rotations."""
    multiples: tuple[float, ...] = (4.0,)
    """Out of distribution: the spectrum times each of these."""
    learners: tuple[NamedLearner, ...] = (NamedLearner("SGD, two layers", DeepLinearConfig()),)
    """Gradient learners that learn each map from scratch."""
    evaluation: OrderEvaluationConfig = OrderEvaluationConfig()
    """Settings of the tests, which all systems take."""
    training_seeds: tuple[int, ...] = (0,)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, probes, learners' initial weights, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)
        require_reals(self, "singular_values")
        require_reals(self, "multiples")
        require_tuple(self, "learners", NamedLearner)
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
        return dataclasses.replace(
            self,
            is_smoke=True,
            network=dataclasses.replace(self.network, hidden_size=min(16, self.network.hidden_size)),
            training=_smaller_training(self.training),
            learners=_smaller_learners(self.learners),
            evaluation=_smaller_evaluation(self.evaluation),
        )

    def require_feasible(self) -> None:
        _require_two_moments("training.length", self.training.length)
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
        _require_room(self, self.training.length, num_modes=len(self.singular_values))


@dataclass(frozen=True)
class FunctionOrderExperiment(AbstractExperiment):
    """Meta-train networks on functions of one spectrum, then compare the order in which frequencies are recovered."""

    family: FunctionRegression = FunctionRegression()
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig(hidden_size=256, embedding_size=256)
    """The network that is meta-trained."""
    training: TrainingConfig = TrainingConfig(length=30)
    """Settings of its meta-training."""
    elsewhere: tuple[FunctionRegression, ...] = ()
    """Out of distribution: functions of each of these spectra, shown with the family's own noise."""
    learners: tuple[NamedLearner, ...] = (NamedLearner("Adam, ReLU", MLPConfig()),)
    """Gradient learners that learn each function from scratch."""
    evaluation: OrderEvaluationConfig = OrderEvaluationConfig(num_probes=32)
    """Settings of the tests, which all systems take; probes are a grid on the circle."""
    training_seeds: tuple[int, ...] = (0,)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, learners' initial weights, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)
        require_tuple(self, "elsewhere", FunctionRegression)
        require_tuple(self, "learners", NamedLearner)

    @property
    def id(self) -> str:
        return f"{family_id(self.family)}_order"

    @property
    def question(self) -> str:
        frequencies = ", ".join(map(str, self.family.frequencies))
        noise = f"noise of standard deviation {self.family.noise_scale:g}"
        return f"In which order does a meta-trained network recover frequencies {frequencies}, under {noise}?"

    def smoke(self) -> "FunctionOrderExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            network=dataclasses.replace(self.network, hidden_size=min(16, self.network.hidden_size)),
            training=_smaller_training(self.training),
            learners=_smaller_learners(self.learners),
            evaluation=_smaller_evaluation(self.evaluation),
        )

    def require_feasible(self) -> None:
        _require_two_moments("training.length", self.training.length)
        highest = max(max(family.frequencies) for family in (self.family, *self.elsewhere))
        if 2 * highest >= self.evaluation.num_probes:
            raise ValueError(
                f"a grid of evaluation.num_probes {self.evaluation.num_probes} points resolves frequencies below "
                f"{self.evaluation.num_probes / 2:g}; got {highest}"
            )
        _require_room(self, self.training.length, num_modes=len(self.family.frequencies))


@dataclass(frozen=True)
class ContextualOrderExperiment(AbstractExperiment):
    """Meta-train networks to play contextual bandits, then compare the order in which contexts are learned."""

    family: ContextualBandit = ContextualBandit()
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig(hidden_size=128)
    """The network that is meta-trained."""
    training: ReinforcementConfig = ReinforcementConfig(horizon=50)
    """Settings of its meta-training."""
    learners: tuple[NamedLearner, ...] = (NamedLearner("policy gradient, shared bias", PolicyGradientConfig()),)
    """Gradient learners that learn each task from scratch."""
    interference: InterferenceConfig = InterferenceConfig()
    """Settings of the measurement of interference between contexts."""
    evaluation: OrderEvaluationConfig = OrderEvaluationConfig()
    """Settings of the tests, which all systems take."""
    training_seeds: tuple[int, ...] = (0,)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, actions, learners' initial weights, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)
        require_tuple(self, "learners", NamedLearner)

    @property
    def id(self) -> str:
        return f"{family_id(self.family)}_order"

    @property
    def question(self) -> str:
        return f"In which order does a meta-trained network learn the contexts of {title_of(self.family)}?"

    def smoke(self) -> "ContextualOrderExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            network=dataclasses.replace(self.network, hidden_size=min(16, self.network.hidden_size)),
            training=dataclasses.replace(
                self.training,
                num_steps=min(10, self.training.num_steps),
                batch_size=min(32, self.training.batch_size),
                num_checkpoints=min(3, self.training.num_checkpoints),
            ),
            learners=_smaller_learners(self.learners),
            interference=InterferenceConfig(counts=self.interference.counts[:1], num_tasks=20, longest=50.0),
            evaluation=_smaller_evaluation(self.evaluation),
        )

    def require_feasible(self) -> None:
        _require_two_moments("training.horizon", self.training.horizon)
        _require_room(self, self.training.horizon, num_modes=self.family.num_contexts)


def _require_room(experiment: Any, length: int, *, num_modes: int) -> None:
    """Raise `ValueError` if training or the recoveries of the modes do not fit in memory."""
    evaluation = experiment.evaluation
    require_training(experiment.network, batch_size=experiment.training.batch_size, length=length)
    for num_tasks, num_times in (
        (evaluation.num_tasks, length),
        (evaluation.num_elsewhere, evaluation.lifetimes * length),
    ):
        require_scores(num_tasks, num_times, num_networks=len(experiment.training_seeds), numbers=num_modes)


def _require_two_moments(name: str, length: int) -> None:
    """Raise `ValueError` for tasks that are too short to have an order in which something is learned."""
    if length < 2:
        raise ValueError(f"{name} must be at least 2, because an order of learning needs two moments; got {length}")


def _smaller_training(training: TrainingConfig) -> TrainingConfig:
    """Return a tiny version of a training."""
    return dataclasses.replace(
        training,
        num_steps=min(40, training.num_steps),
        batch_size=min(32, training.batch_size),
        num_checkpoints=min(3, training.num_checkpoints),
    )


def _smaller_evaluation(evaluation: OrderEvaluationConfig) -> OrderEvaluationConfig:
    """Return the evaluation on few tasks."""
    return dataclasses.replace(
        evaluation, num_tasks=60, num_elsewhere=20, num_outer=20, num_probes=min(16, evaluation.num_probes)
    )


def _smaller_learners(learners: tuple[NamedLearner, ...]) -> tuple[NamedLearner, ...]:
    """Return the learners with few steps and small networks."""
    return tuple(dataclasses.replace(learner, config=_smaller_config(learner.config)) for learner in learners)


def _smaller_config(config: Any) -> Any:
    changes: dict[str, Any] = {"num_steps": min(200, config.num_steps), "num_records": min(12, config.num_records)}
    match config:
        case DeepLinearConfig():
            changes["hidden_size"] = min(8, config.hidden_size)
        case MLPConfig():
            changes["hidden_sizes"] = tuple(min(16, size) for size in config.hidden_sizes)
        case _:
            pass
    return dataclasses.replace(config, **changes)
