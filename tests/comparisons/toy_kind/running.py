"""Trains and evaluates guessers."""

from pathlib import Path

import numpy as np
import xarray as xr

from comparisons.experiment import TrainingUnit
from comparisons.tree import validate
from tests.comparisons.toy_kind.experiment import GuessExperiment
from tests.comparisons.toy_kind.tree import SCHEMA

EVALUATION_VERSION = 1


def train(experiment: GuessExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Write the factor that a seed comes to."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "shrinkage.txt").write_text(str(experiment.shrinkage + 0.01 * unit.seed))


def evaluate(experiment: GuessExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return squared errors of the learner, of Bayes and of a guesser that learns nothing."""
    rng = np.random.default_rng(experiment.seed)
    means = rng.standard_normal(experiment.num_tasks)
    averages = means + rng.standard_normal(experiment.num_tasks) / experiment.length**0.5
    factors = [float((directory / "shrinkage.txt").read_text()) for directory in directories]
    errors = xr.Dataset(
        {
            "learner": (("training_seed", "task"), np.stack([(factor * averages - means) ** 2 for factor in factors])),
            "Bayes": (("task",), (averages * experiment.length / (experiment.length + 1) - means) ** 2),
            "prior": (("task",), means**2),
        }
    )
    tree = xr.DataTree.from_dict({"errors": errors})
    tree.attrs = {
        "schema": SCHEMA.name,
        "kind": "tests.comparisons.toy_kind",
        "question": experiment.question,
        "seed": experiment.seed,
        "notes": "[]",
        "versions": "{}",
    }
    return validate(tree, SCHEMA)
