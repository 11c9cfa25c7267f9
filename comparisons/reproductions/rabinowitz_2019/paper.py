"""Rabinowitz 2019, Meta-learners' learning dynamics are unlike learners': the order of learning, reconstructed.

The paper (arXiv 1905.01320) finds that gradient learners pick up the structure of a task in stages, and meta-trained
LSTMs nearly all of it at once, as Bayes-optimal inference does, in linear regression, nonlinear regression and
contextual bandits. Its full text, sizes, spectra, noise, optimisers and numerical results were not at hand; the three
families and all settings and margins here are a reconstruction. Nobody else's code for this paper is known.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesopt.families import FunctionRegression, LinearRegression
from comparisons.experiment import AbstractExperiment
from comparisons.kind import taken
from comparisons.order.experiments import ContextualOrderExperiment, FunctionOrderExperiment, LinearOrderExperiment
from comparisons.order.settings import NamedLearner, OrderEvaluationConfig
from comparisons.reproductions.rabinowitz_2019.claims import all_claims
from comparisons.reproductions.rabinowitz_2019.measures import SECTIONS
from comparisons.rows import Resampler, Table, concatenated, table_of
from comparisons.seeding import integer_for
from metalearners.configs import (
    AllActions,
    LSTMConfig,
    ReinforcementConfig,
    TrainingConfig,
    ValueBaseline,
    VarianceWeightedLogLoss,
)
from metalearners.learner_configs import (
    SGD,
    AdamOptimizer,
    Decoupled,
    DeepLinearConfig,
    FullBatch,
    LogLikelihood,
    MLPConfig,
    Momentum,
    PolicyGradientConfig,
    RandomInitialisation,
    Tanh,
)

QUESTION = (
    "Do gradient learners uncover a task's structure in stages, and meta-trained LSTMs all at once, as Bayes-optimal "
    "inference does (Rabinowitz 2019)?"
)


_REGRESSION = TrainingConfig(
    num_steps=60_000,
    batch_size=64,
    length=20,
    learning_rate=6e-3,
    warmup_fraction=0.05,
    num_checkpoints=16,
    is_mixed_precision=True,
    objective=VarianceWeightedLogLoss(1.0),
)


_FUNCTIONS = dataclasses.replace(_REGRESSION, length=24)


_BANDIT = ReinforcementConfig(
    num_steps=3000,
    batch_size=64,
    horizon=50,
    learning_rate=0.01,
    value_weight=0.0,
    num_checkpoints=16,
    baseline=ValueBaseline(),
    surrogate=AllActions(),
)


_EVALUATION = OrderEvaluationConfig(num_outer=250)


_GRID = dataclasses.replace(_EVALUATION, num_probes=32)


_SOME = 1000
"""Tasks of learners that are not the headline's."""


_LINEAR_LEARNERS = (
    NamedLearner("SGD", DeepLinearConfig()),
    NamedLearner("gradient descent", DeepLinearConfig(batches=FullBatch()), num_tasks=_SOME),
    NamedLearner("momentum", DeepLinearConfig(optimizer=Momentum(0.001)), num_tasks=_SOME),
    NamedLearner("Adam", DeepLinearConfig(optimizer=AdamOptimizer(1e-3)), num_tasks=_SOME),
    NamedLearner("one layer", DeepLinearConfig(depth=1), "control", num_tasks=_SOME),
    NamedLearner(
        "large initial weights",
        DeepLinearConfig(initialisation=RandomInitialisation(0.3)),
        "control",
        num_tasks=_SOME,
    ),
)


_MLP = MLPConfig()


_FUNCTION_LEARNERS = (
    NamedLearner("Adam, ReLU", _MLP),
    NamedLearner("Adam, tanh", dataclasses.replace(_MLP, activation=Tanh()), num_tasks=_SOME // 2),
    NamedLearner(
        "gradient descent, ReLU",
        dataclasses.replace(_MLP, optimizer=SGD(0.05), num_steps=3000),
        num_tasks=_SOME // 2,
    ),
)


_POLICY = PolicyGradientConfig(initial_scale=2.0, learning_rate=0.5, num_steps=12_000)


_BANDIT_LEARNERS = (
    NamedLearner("policy gradient", _POLICY),
    NamedLearner("policy gradient, decoupled", dataclasses.replace(_POLICY, coupling=Decoupled()), num_tasks=_SOME),
    NamedLearner("log likelihood", dataclasses.replace(_POLICY, objective=LogLikelihood()), "control", num_tasks=_SOME),
    NamedLearner(
        "policy gradient, near zero", dataclasses.replace(_POLICY, initial_scale=0.01), "control", num_tasks=_SOME
    ),
)


def experiments() -> dict[str, AbstractExperiment]:
    """Return the experiments by name, in the order of the report."""
    low_pass = FunctionRegression()
    return {
        "linear": LinearOrderExperiment(training=_REGRESSION, learners=_LINEAR_LEARNERS, evaluation=_EVALUATION),
        "linear_low_noise": LinearOrderExperiment(
            LinearRegression(noise_scale=0.01), training=_REGRESSION, learners=(), evaluation=_EVALUATION
        ),
        "functions": FunctionOrderExperiment(
            low_pass, training=_FUNCTIONS, learners=_FUNCTION_LEARNERS, evaluation=_GRID
        ),
        "bandit": ContextualOrderExperiment(
            network=LSTMConfig(hidden_size=128, longest_memory=50), training=_BANDIT, learners=_BANDIT_LEARNERS
        ),
        "functions_band_pass": FunctionOrderExperiment(
            FunctionRegression((2, 3), (0.25, 0.25)),
            training=dataclasses.replace(_FUNCTIONS, num_steps=10_000),
            elsewhere=(low_pass,),
            learners=(),
            evaluation=_GRID,
        ),
        "functions_decaying": FunctionOrderExperiment(
            FunctionRegression(variances=_decaying(low_pass.frequencies)),
            training=dataclasses.replace(_FUNCTIONS, num_steps=15_000),
            learners=(),
            evaluation=_GRID,
        ),
    }


def further_experiments() -> dict[str, AbstractExperiment]:
    """Return further experiments that run only by name: none."""
    return {}


def duration(chosen: Mapping[str, Any]) -> str:
    """Return how long some experiments take, in words."""
    minutes = sum(_MINUTES[name] * len(experiment.training_seeds) for name, experiment in chosen.items())
    return f"about {minutes / 2:.0f} minutes on two cores, if they are otherwise idle"


def measures(trees: Mapping[str, xr.DataTree]) -> Table:
    """Return the table of results: those of all experiments, and measures that span systems."""
    tables = [table_of(tree).placed(experiment=label(name)) for name, tree in trees.items()]
    return concatenated([*tables, taken(SECTIONS, trees, Resampler(integer_for(0, "bootstrap")), {})])


def figure_points(trees: Mapping[str, xr.DataTree]) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Return the curves of every experiment, with its name."""
    tables = [
        tree["curves"].to_dataset().to_dataframe().reset_index(drop=True).assign(variant=label(name))
        for name, tree in trees.items()
    ]
    return {"curves": ("point", pd.concat(tables).to_dict("records"))}


def statements() -> list[str]:
    """Return the statements of all claims."""
    return [claim.statement for claim in all_claims()]


def _decaying(frequencies: tuple[int, ...]) -> tuple[float, ...]:
    """Variances 1 / k², that of frequency 0 as of 1, with a total variance of 1."""
    weights = np.array([1.0 / max(k, 1) ** 2 for k in frequencies])
    total = sum(weight * (1 if k == 0 else 2) for k, weight in zip(frequencies, weights, strict=True))
    return tuple(float(weight / total) for weight in weights)


def label(name: str) -> str:
    """Return the name of an experiment in words."""
    return name.replace("_", " ")


_MINUTES = {
    "linear": 26,
    "linear_low_noise": 24,
    "functions": 50,
    "bandit": 10,
    "functions_band_pass": 12,
    "functions_decaying": 14,
}
"""What each takes on one of two cores, as measured."""
