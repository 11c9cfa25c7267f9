"""A run in four stages, train, evaluate, measure, render: each a function from files to files.

A finished stage is skipped and every file is written whole or not at all, so a run that was killed at any moment
and started again gives the numbers of one that was not.
"""

import json
from pathlib import Path
from typing import Any

import xarray as xr

from comparisons.comparison import Comparison
from comparisons.experiment import AbstractExperiment, running_of
from comparisons.isolation import isolated
from comparisons.kind import measured
from comparisons.kinds import kind_of
from comparisons.report.page import write_report
from comparisons.rows import LAYOUT
from comparisons.training import (
    EXPERIMENT_FILE,
    TRAINING,
    WALL_TIMES,
    folder_of,
    timed,
    train_experiments,
    unit_folder,
)
from comparisons.tree import open_tree, save_tree, validate
from metalearners.progress import elapsed

EVALUATION_FILE = "evaluation.nc"
MEASURES_FILE = "measures.nc"


@isolated
def run_experiment(experiment: AbstractExperiment, results: Path, *, scheduler: str | None = None) -> Path:
    """Run the stages of an experiment that are not done below `results`; return the path of its report.

    What trains is as in `train_experiments`; everything else runs in this process.
    """
    train_experiments([experiment], results, scheduler=scheduler)
    folder = folder_of(experiment, results)
    if not _is_evaluated(experiment, folder):
        with elapsed(f"evaluate {experiment.id}"):
            timed(folder, "evaluate", _evaluate, experiment, folder)
        (folder / MEASURES_FILE).unlink(missing_ok=True)
    if not _is_measured(folder):
        timed(folder, "measure", _measure, folder)
    return render(folder)


@isolated
def open_result(folder: Path) -> Comparison:
    """Return the comparison that a run left in its folder. Results of an earlier version are measured again.

    Raises `FileNotFoundError` where a stage is missing, `ValueError` where a file is truncated or foreign.
    """
    tree = _scores(folder)
    measures = open_tree(folder / MEASURES_FILE)
    if set(measures.children) != {"measures", "curves"}:
        raise ValueError(f"{folder / MEASURES_FILE} is not a table of measures")
    if not _is_current(measures, tree):
        _measure(folder)
        measures = open_tree(folder / MEASURES_FILE)
    return Comparison(tree.assign(dict(measures.children)))


@isolated
def render(folder: Path) -> Path:
    """Write the report of a finished run from its files alone; return the path of the report."""
    comparison = open_result(folder)
    settings = json.loads((folder / EXPERIMENT_FILE).read_text(encoding="utf-8"))
    provenance = {**_flat(settings), **_wall_times(folder)}
    question = str(provenance.pop("question"))
    return write_report(comparison.tree, folder / "report", question=question, provenance=provenance)


def _evaluate(experiment: AbstractExperiment, folder: Path) -> None:
    running = running_of(experiment)
    directories = tuple(unit_folder(folder, unit) for unit in experiment.training_units())
    tree: xr.DataTree = running.evaluate(experiment, directories)
    tree.attrs["evaluation_version"] = running.EVALUATION_VERSION
    save_tree(tree, folder / EVALUATION_FILE)


def _is_evaluated(experiment: AbstractExperiment, folder: Path) -> bool:
    """Return whether the scores are there, as the present version of the evaluation makes them."""
    path = folder / EVALUATION_FILE
    if not path.exists():
        return False
    return int(open_tree(path).attrs.get("evaluation_version", 1)) == running_of(experiment).EVALUATION_VERSION


def _measure(folder: Path) -> None:
    tree = _scores(folder)
    found = measured(tree, kind_of(tree))
    groups = {name: found[name].to_dataset() for name in ("measures", "curves")}
    save_tree(xr.DataTree.from_dict(groups), folder / MEASURES_FILE)


def _is_measured(folder: Path) -> bool:
    path = folder / MEASURES_FILE
    return path.exists() and _is_current(open_tree(path), _scores(folder))


def _is_current(measures: xr.DataTree, tree: xr.DataTree) -> bool:
    """Return whether a table of measures has the present layout and the present version of its kind."""
    attributes = measures["measures"].attrs
    return bool(attributes.get("layout") == LAYOUT and attributes.get("version", 1) == kind_of(tree).version)


def _scores(folder: Path) -> xr.DataTree:
    path = folder / EVALUATION_FILE
    tree = open_tree(path)
    return validate(tree, kind_of(tree, str(path)).schema, str(path))


def _wall_times(folder: Path) -> dict[str, str]:
    """Return how long every stage took; for training, the sum over its units, which may be hundreds."""
    seconds: dict[str, float] = {}
    for path in sorted((folder / WALL_TIMES).glob("*.json")):
        stage = "train, sum over units" if path.stem.startswith(TRAINING) else path.stem
        seconds[stage] = seconds.get(stage, 0.0) + json.loads(path.read_text())
    return {f"wall time, {stage}": f"{total:.0f} s" for stage, total in seconds.items()}


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat[f"{prefix}{name}"] = str(value["type"])
            flat |= _flat({k: v for k, v in value.items() if k != "type"}, f"{prefix}{name}.")
        elif name != "type":
            flat[f"{prefix}{name}"] = str(value)
    return flat
