"""The first stage of a run: training whatever units of experiments are not yet trained.

Processes and workers that train import this module, so it loads nothing that evaluating, measuring or drawing need.
"""

import functools
import json
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bayesopt.floating_point import usual_errors
from comparisons.experiment import AbstractExperiment, TrainingUnit, running_of
from comparisons.jobs import Job, require_address, run_here, run_on_cluster
from metalearners.atomic import write_atomically

EXPERIMENT_FILE = "experiment.json"
WALL_TIMES = "wall_times"
TRAINING = "train, "
"""How names of wall times of training begin."""


def train_experiments(
    experiments: Sequence[AbstractExperiment], results: Path, *, scheduler: str | None = None
) -> None:
    """Train the units of these experiments that are not yet trained, in the order given.

    Without a scheduler they are trained here, one process per core; with the address of one, as tcp://host:8786, on
    the workers of its Dask cluster, which must all see `results` under the same path. A process that is killed is
    replaced. Raises as `comparisons.jobs` does, and whatever training raises.
    """
    if scheduler is not None:
        require_address(scheduler)
    for experiment in experiments:
        experiment.require_feasible()
        names = [unit.name for unit in experiment.training_units()]
        if repeated := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"names of training units must be distinct; {repeated[0]!r} repeats in {experiment.id}")
    jobs: dict[str, Job] = {}
    for experiment in experiments:
        folder = folder_of(experiment, results.resolve())  # workers are in other directories
        settings = {"question": experiment.question, **experiment.settings()}
        write_atomically(folder / EXPERIMENT_FILE, json.dumps(settings, indent=2).encode())
        for unit in untrained_units(experiment, folder):
            is_trained = functools.partial(experiment.is_trained, unit_folder(folder, unit))
            name = f"{experiment.id}/{folder.name}/{unit.name}"
            jobs[name] = Job(name, functools.partial(_train, experiment, unit, folder), is_trained)
    if scheduler is None:
        run_here(list(jobs.values()))
    elif jobs:
        run_on_cluster(list(jobs.values()), scheduler)


def folder_of(experiment: AbstractExperiment, results: Path) -> Path:
    """Return the folder of an experiment."""
    return results / experiment.id / experiment.fingerprint()


def untrained_units(experiment: AbstractExperiment, folder: Path) -> list[TrainingUnit]:
    """Return the units of an experiment whose training is not finished in its folder."""
    return [unit for unit in experiment.training_units() if not experiment.is_trained(unit_folder(folder, unit))]


def unit_folder(folder: Path, unit: TrainingUnit) -> Path:
    """Return the folder of the checkpoints of one training unit."""
    return folder / "checkpoints" / unit.name


def timed(folder: Path, stage: str, function: Callable[..., object], *args: Any) -> None:
    """Call a function, and add its time to the time that the stage took before it was last interrupted."""
    start = time.monotonic()
    function(*args)
    path = folder / WALL_TIMES / f"{stage}.json"
    before = json.loads(path.read_text()) if path.exists() else 0.0
    write_atomically(path, json.dumps(before + time.monotonic() - start).encode())


def _train(experiment: AbstractExperiment, unit: TrainingUnit, folder: Path) -> None:
    if not (folder / EXPERIMENT_FILE).exists():
        raise FileNotFoundError(f"no {folder} on {platform.node()}: all workers must see the results folder")
    with usual_errors():
        timed(
            folder, f"{TRAINING}{unit.name}", running_of(experiment).train, experiment, unit, unit_folder(folder, unit)
        )
