"""Trains and evaluates the networks of an experiment on prediction."""

from pathlib import Path

import xarray as xr

from comparisons.experiment import TrainingUnit
from comparisons.predictions import evaluation
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.seams.training import at_checkpoints, meta_train, new_predictor
from metalearners.network import SequencePredictor

EVALUATION_VERSION = 1


def train(experiment: PredictionExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Train the network of one seed."""
    meta_train(
        experiment.family,
        seed=unit.seed,
        training=experiment.training,
        network=experiment.network,
        directory=directory,
    )


def evaluate(experiment: PredictionExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return the scores of the trained networks, and of all their checkpoints."""

    def make(seed: int) -> SequencePredictor:
        return new_predictor(experiment.family, experiment.network, seed=seed)

    checkpoints = at_checkpoints(make, experiment.training, experiment.training_seeds, directories)
    return evaluation.evaluate(
        checkpoints[max(checkpoints)],
        experiment.family,
        seed=experiment.seed,
        evaluation=experiment.evaluation,
        checkpoints=checkpoints,
    )
