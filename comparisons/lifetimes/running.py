"""Trains and evaluates experiments on when to learn."""

from pathlib import Path

import xarray as xr

from comparisons.experiment import TrainingUnit
from comparisons.lifetimes.evaluation import evaluate_generalists, evaluate_specialists, evaluate_theory
from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment
from comparisons.lifetimes.theory_experiment import TheoryExperiment
from comparisons.lifetimes.training import train_generalist, train_specialists

EVALUATION_VERSION = 2

NetworkExperiment = SpecialistExperiment | GeneralistExperiment


def train(experiment: NetworkExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Train the networks of one unit."""
    match experiment:
        case SpecialistExperiment():
            train_specialists(experiment, unit, directory)
        case GeneralistExperiment():
            train_generalist(experiment, unit, directory)


def evaluate(experiment: NetworkExperiment | TheoryExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return the scores of the trained networks beside the exact references, or the references alone."""
    match experiment:
        case SpecialistExperiment():
            return evaluate_specialists(experiment, directories)
        case GeneralistExperiment():
            return evaluate_generalists(experiment, directories)
        case TheoryExperiment():
            return evaluate_theory(experiment)
