"""A run in four stages, train, evaluate, measure, render: each a function from files to files.

A finished stage is skipped and every file is written whole or not at all, so a run that was killed at any moment
and started again gives the numbers of one that was not.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from comparisons.expected import require_instance
from comparisons.experiment import AbstractExperiment, running_of
from comparisons.isolation import isolated
from comparisons.provenance import today
from comparisons.records import checkpoints_of, read_settings, unit_folder
from comparisons.report.page import write_report
from comparisons.results import CHECKPOINTS, EVALUATION_FILE, MEASURES_FILE, is_measured, measure, result_in, scores_in
from comparisons.training import DATE, TRAINING, WALL_TIMES, folder_of, seconds_in, timed, train_experiments
from comparisons.tree import digest_of, save_tree
from comparisons.user_code import reporting_user_code
from metalearners.atomic import write_atomically
from metalearners.progress import elapsed


@reporting_user_code()
@isolated
def run_experiment(experiment: AbstractExperiment, results: Path, *, scheduler: str | None = None) -> Path:
    """Run the stages of an experiment that are not done below `results`; return the path of its report.

    What trains is as in `train_experiments`; everything else runs in this process. Raises `ValueError` for a file
    that is damaged or that another run left in the folder.
    """
    require_instance(experiment, AbstractExperiment, "experiment", "E.g. comparisons.PredictionExperiment(family)")
    train_experiments([experiment], results, scheduler=scheduler)
    folder = folder_of(experiment, results)
    if not _is_evaluated(experiment, folder):
        with elapsed(f"evaluate {experiment.id}"):
            timed(folder, "evaluate", _evaluate, experiment, folder)
    return render(folder)


@isolated
def render(folder: Path) -> Path:
    """Write the report of an evaluated run from its files alone; return the path of the report.

    Raises `FileNotFoundError` where a stage is missing, `ValueError` where a file is damaged or does not belong.
    """
    if not is_measured(folder):
        timed(folder, "measure", measure, folder)
    settings = read_settings(folder)
    provenance = {
        **_flat(settings.settings),
        "fingerprint of these settings": settings.fingerprint or "not recorded",
        f"digest of {MEASURES_FILE}": digest_of(folder / MEASURES_FILE),
        **_wall_times(folder),
    }
    return write_report(result_in(folder), folder / "report", question=settings.question, provenance=provenance)


def _evaluate(experiment: AbstractExperiment, folder: Path) -> None:
    running, checkpoints = running_of(experiment), checkpoints_of(experiment, folder)
    directories = tuple(unit_folder(folder, unit) for unit in experiment.training_units())
    tree: xr.DataTree = running.evaluate(experiment, directories)
    columns = {
        name: (("checkpoint",), np.array([getattr(one, name) for one in checkpoints], str))
        for name in ("file", "sha256")
    }
    tree = tree.assign({CHECKPOINTS: xr.DataTree(xr.Dataset(columns))})
    trained_with = sorted({one.versions for one in checkpoints} - {""})
    tree.attrs |= {
        "evaluation_version": running.EVALUATION_VERSION,
        "is_smoke": int(experiment.is_smoke),
        "fingerprint": experiment.fingerprint(),
        "training_versions": json.dumps([json.loads(versions) for versions in trained_with]),
    }
    save_tree(tree, folder / EVALUATION_FILE)
    write_atomically(folder / WALL_TIMES / DATE, today().encode())


def _is_evaluated(experiment: AbstractExperiment, folder: Path) -> bool:
    """Return whether the scores are there, as the present version of the evaluation makes them."""
    if not (folder / EVALUATION_FILE).exists():
        return False
    found = int(scores_in(folder).attrs.get("evaluation_version", 1))
    return found == running_of(experiment).EVALUATION_VERSION


def _wall_times(folder: Path) -> dict[str, str]:
    """Return how long every stage took; for training, the sum over its units, which may be hundreds."""
    seconds: dict[str, float | None] = {}
    for path in sorted((folder / WALL_TIMES).glob("*.json")):
        stage = "train, sum over units" if path.stem.startswith(TRAINING) else path.stem
        before, more = seconds.get(stage, 0.0), seconds_in(path)
        seconds[stage] = None if before is None or more is None else before + more
    return {
        f"wall time, {stage}": "unknown, because a file of times is damaged" if total is None else f"{total:.0f} s"
        for stage, total in seconds.items()
    }


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat[f"{prefix}{name}"] = str(value["type"])
            flat |= _flat({k: v for k, v in value.items() if k != "type"}, f"{prefix}{name}.")
        elif name != "type":
            flat[f"{prefix}{name}"] = str(value)
    return flat
