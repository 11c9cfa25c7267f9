"""Trains and evaluates the networks of experiments on the order of learning."""

from pathlib import Path

import xarray as xr

from comparisons.experiment import TrainingUnit
from comparisons.order.contexts import evaluate_contexts
from comparisons.order.experiments import ContextualOrderExperiment, FunctionOrderExperiment, LinearOrderExperiment
from comparisons.order.functions import evaluate_functions
from comparisons.order.linear import evaluate_linear
from comparisons.seams.training import meta_train

EVALUATION_VERSION = 1

OrderExperiment = LinearOrderExperiment | FunctionOrderExperiment | ContextualOrderExperiment


def train(experiment: OrderExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Train the network of one seed."""
    meta_train(  # pyright: ignore[reportCallIssue]
        experiment.family,  # pyright: ignore[reportArgumentType]
        seed=unit.seed,
        training=experiment.training,  # pyright: ignore[reportArgumentType]
        network=experiment.network,
        directory=directory,
    )


def evaluate(experiment: OrderExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return what networks, Bayes and gradient learners recover of every mode."""
    match experiment:
        case LinearOrderExperiment():
            return evaluate_linear(experiment, directories)
        case FunctionOrderExperiment():
            return evaluate_functions(experiment, directories)
        case ContextualOrderExperiment():
            return evaluate_contexts(experiment, directories)
