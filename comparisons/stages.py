"""A run in four stages, train, evaluate, measure, render: each a function from files to files.

A finished stage is skipped and every file is written whole or not at all, so a run that was killed at any moment
and started again gives the numbers of one that was not.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import xarray as xr

from comparisons.comparison import Comparison
from comparisons.experiment import AbstractExperiment
from comparisons.report import write_report
from comparisons.tree import open_tree, save_tree, validate
from metalearners.atomic import write_atomically

EVALUATION_FILE = "evaluation.nc"
MEASURES_FILE = "measures.nc"
EXPERIMENT_FILE = "experiment.json"
WALL_TIMES = "wall_times"


def run_experiment(experiment: AbstractExperiment, results: Path) -> Path:
    """Run whatever of an experiment is not yet done below `results`; the path of its report."""
    train_experiments([experiment], results)
    folder = folder_of(experiment, results)
    if not (folder / EVALUATION_FILE).exists():
        _timed(folder, "evaluate", _evaluate, experiment, folder)
    if not (folder / MEASURES_FILE).exists():
        _timed(folder, "measure", _measure, experiment, folder)
    return render(folder)


def train_experiments(experiments: Sequence[AbstractExperiment], results: Path) -> None:
    """Train whatever networks of these experiments are not yet trained, one process per core, in the order given."""
    for experiment in experiments:
        experiment.require_feasible()
    waiting: list[tuple[AbstractExperiment, int, Path]] = []
    for experiment in experiments:
        folder = folder_of(experiment, results)
        settings = {"question": experiment.question, **experiment.settings()}
        write_atomically(folder / EXPERIMENT_FILE, json.dumps(settings, indent=2).encode())
        waiting += [
            (experiment, seed, folder)
            for seed in experiment.training_seeds
            if not experiment.is_trained(seed_folder(folder, seed))
        ]
    num_processes = min(len(waiting), os.cpu_count() or 1)
    if num_processes == 1:
        for one in waiting:
            _train(*one)
    elif waiting:
        joblib.Parallel(n_jobs=num_processes, batch_size=1, pre_dispatch=num_processes)(
            joblib.delayed(_train)(*one) for one in waiting
        )


def folder_of(experiment: AbstractExperiment, results: Path) -> Path:
    """Where everything of an experiment is kept."""
    return results / experiment.id / experiment.fingerprint()


def open_result(folder: Path) -> Comparison:
    """The comparison that a run left in its folder.

    Raises `FileNotFoundError` where a stage is missing, `ValueError` where a file is truncated or foreign.
    """
    tree = validate(open_tree(folder / EVALUATION_FILE), str(folder / EVALUATION_FILE))
    measured = open_tree(folder / MEASURES_FILE)
    if set(measured.children) != {"measures", "curves"}:
        raise ValueError(f"{folder / MEASURES_FILE} is not a table of measures")
    return Comparison(tree.assign(dict(measured.children)))


def render(folder: Path) -> Path:
    """Write the report of a finished run from its files alone; the path of the report."""
    comparison = open_result(folder)
    settings = json.loads((folder / EXPERIMENT_FILE).read_text())
    provenance = {**_flat(settings), **_wall_times(folder)}
    question = str(provenance.pop("question"))
    return write_report(comparison.tree, folder / "report", question=question, provenance=provenance)


def seed_folder(folder: Path, seed: int) -> Path:
    """Where the checkpoints of one training seed are kept."""
    return folder / "checkpoints" / f"seed-{seed:02d}"


def _train(experiment: AbstractExperiment, seed: int, folder: Path) -> None:
    _timed(folder, f"train, seed {seed}", experiment.train, seed, seed_folder(folder, seed))


def _evaluate(experiment: AbstractExperiment, folder: Path) -> None:
    tree = experiment.evaluate(tuple(seed_folder(folder, seed) for seed in experiment.training_seeds))
    save_tree(tree, folder / EVALUATION_FILE)


def _measure(experiment: AbstractExperiment, folder: Path) -> None:
    measured = experiment.measure(validate(open_tree(folder / EVALUATION_FILE), str(folder / EVALUATION_FILE)))
    save_tree(
        xr.DataTree.from_dict({name: measured[name].to_dataset() for name in ("measures", "curves")}),
        folder / MEASURES_FILE,
    )


def _timed(folder: Path, stage: str, function: Any, *args: Any) -> None:
    """Call a function, and add the time it took to what the stage took before it was last interrupted."""
    start = time.monotonic()
    function(*args)
    path = folder / WALL_TIMES / f"{stage}.json"
    before = json.loads(path.read_text()) if path.exists() else 0.0
    write_atomically(path, json.dumps(before + time.monotonic() - start).encode())


def _wall_times(folder: Path) -> dict[str, str]:
    paths = sorted((folder / WALL_TIMES).glob("*.json"))
    return {f"wall time, {path.stem}": f"{json.loads(path.read_text()):.0f} s" for path in paths}


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat[f"{prefix}{name}"] = str(value["type"])
            flat |= _flat({k: v for k, v in value.items() if k != "type"}, f"{prefix}{name}.")
        elif name != "type":
            flat[f"{prefix}{name}"] = str(value)
    return flat
