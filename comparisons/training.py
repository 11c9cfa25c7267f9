"""The first stage of a run: training whatever units of experiments are not yet trained.

Processes and workers that train import this module, so it loads nothing that evaluating, measuring or drawing need.
"""

import functools
import json
import math
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bayesopt.floating_point import usual_errors
from comparisons.experiment import AbstractExperiment, TrainingUnit, require_names, running_of
from comparisons.jobs import Job, require_address, run_here, run_on_cluster
from comparisons.provenance import versions
from comparisons.records import EXPERIMENT_FILE, owner_of, unit_folder, write_settings
from comparisons.user_code import reporting_user_code
from metalearners.atomic import write_atomically
from metalearners.sealed_files import stamped

WALL_TIMES = "wall_times"
TRAINING = "train, "
"""How names of wall times of training begin."""
DATE = "evaluated_on.txt"
"""File beside the wall times with the date of the evaluation: no file that equal runs have in common tells it."""


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
        require_names(experiment)
    jobs: dict[str, Job] = {}
    for experiment in experiments:
        folder = folder_of(experiment, results.resolve())  # workers are in other directories
        write_settings(experiment, folder)
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
    return results / folder_name(experiment.id, is_smoke=experiment.is_smoke) / experiment.fingerprint()


def folder_name(name: str, *, is_smoke: bool) -> str:
    """Return the name of the folder of an experiment or a paper below `results`: smoke runs have folders apart."""
    return f"{name}_smoke" if is_smoke else name


def untrained_units(experiment: AbstractExperiment, folder: Path) -> list[TrainingUnit]:
    """Return the units of an experiment whose training is not finished in its folder."""
    return [unit for unit in experiment.training_units() if not experiment.is_trained(unit_folder(folder, unit))]


def timed(folder: Path, stage: str, function: Callable[..., object], *args: Any) -> None:
    """Call a function, and add its time to the time that the stage took before it was last interrupted."""
    start = time.monotonic()
    function(*args)
    path = folder / WALL_TIMES / f"{stage}.json"
    before = seconds_in(path) if path.exists() else 0.0
    write_atomically(path, json.dumps((before or 0.0) + time.monotonic() - start).encode())


def seconds_in(path: Path) -> float | None:
    """Return the time that a stage took; `None` where its file is damaged, because no result rests on it."""
    try:
        seconds = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    is_time = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < math.inf
    return float(seconds) if is_time else None


@reporting_user_code()
def _train(experiment: AbstractExperiment, unit: TrainingUnit, folder: Path) -> None:
    """Train a unit. The folder is named after the fingerprint, which a worker may not find: a script's class moves."""
    if not (folder / EXPERIMENT_FILE).exists():
        raise FileNotFoundError(f"no {folder} on {platform.node()}: all workers must see the results folder")
    with usual_errors(), stamped(owner_of(folder.name, unit), versions=versions()):
        directory = unit_folder(folder, unit)
        timed(folder, f"{TRAINING}{unit.name}", running_of(experiment).train, experiment, unit, directory)
