"""Trains and evaluates the networks of a foraging experiment."""

import dataclasses
from pathlib import Path

import xarray as xr

from comparisons.experiment import TrainingUnit
from comparisons.foraging import evaluation
from comparisons.foraging.experiment import ForagingExperiment
from comparisons.seams.foraging import train_forager

EVALUATION_VERSION = 2


def train(experiment: ForagingExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Train one network. If it diverges its weights become NaN, and the other networks are trained all the same."""
    lifetime = experiment.lifetime_of(unit)
    train_forager(
        experiment.family,
        experiment.network_of(lifetime),
        dataclasses.replace(experiment.training, lifetime=lifetime),
        lifetime_at=lambda step: experiment.lifetime_at(lifetime, step),
        seed=unit.seed,
        directory=directory,
        label=unit.name,
    )


def evaluate(experiment: ForagingExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return the scores of the trained networks and of the references."""
    return evaluation.evaluate(experiment, directories)
