"""A run in four stages, train, evaluate, measure, render: each a function from files to files.

A finished stage is skipped and every file is written whole or not at all, so a run that was killed at any moment
and started again gives the numbers of one that was not.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import joblib
import xarray as xr

from comparisons.claims import Verdict, judge, prediction_claims
from comparisons.comparing import evaluate
from comparisons.comparison import Comparison
from comparisons.experiment import PredictionExperiment
from comparisons.measures import with_measures
from comparisons.report import write_report
from comparisons.training import meta_train, new_predictor
from comparisons.tree import open_tree, save_tree, validate
from metalearners.atomic import write_atomically
from metalearners.checkpoints import log_spaced_steps
from metalearners.network import SequencePredictor
from metalearners.supervised import is_trained, load_checkpoint

EVALUATION_FILE = "evaluation.nc"
MEASURES_FILE = "measures.nc"
EXPERIMENT_FILE = "experiment.json"


def run_experiment(experiment: PredictionExperiment, results: Path) -> Path:
    """Run whatever of an experiment is not yet done below `results`; the path of its report."""
    folder = results / experiment.id / experiment.fingerprint()
    settings = {"question": experiment.question, **experiment.settings()}
    write_atomically(folder / EXPERIMENT_FILE, json.dumps(settings, indent=2).encode())
    _timed(folder, "train", _train_all, experiment, folder)
    if not (folder / EVALUATION_FILE).exists():
        _timed(folder, "evaluate", _evaluate, experiment, folder)
    if not (folder / MEASURES_FILE).exists():
        _timed(folder, "measure", _measure, experiment, folder)
    return render(folder)


def open_result(folder: Path) -> Comparison:
    """The comparison that a run left in its folder.

    Raises `FileNotFoundError` where a stage is missing, `ValueError` where a file is truncated or foreign.
    """
    tree = validate(open_tree(folder / EVALUATION_FILE), str(folder / EVALUATION_FILE))
    measured = open_tree(folder / MEASURES_FILE)
    if set(measured.children) != {"measures", "curves"}:
        raise ValueError(f"{folder / MEASURES_FILE} is not a table of measures")
    return Comparison(tree.assign(dict(measured.children)))


def verdicts_of(comparison: Comparison) -> list[Verdict]:
    """The verdicts on what is claimed of every meta-trained predictor."""
    table = comparison.to_dataframe()
    return judge(table, prediction_claims(table))


def render(folder: Path) -> Path:
    """Write the report of a finished run from its files alone; the path of the report."""
    comparison = open_result(folder)
    settings = json.loads((folder / EXPERIMENT_FILE).read_text())
    provenance = {**_flat(settings), **_wall_times(folder)}
    question = str(provenance.pop("question"))
    return write_report(
        comparison.tree, folder / "report", question=question, verdicts=verdicts_of(comparison), provenance=provenance
    )


def seed_folder(folder: Path, seed: int) -> Path:
    """Where the checkpoints of one training seed are kept."""
    return folder / "checkpoints" / f"seed-{seed:02d}"


def _train_all(experiment: PredictionExperiment, folder: Path) -> None:
    waiting = [s for s in experiment.training_seeds if not is_trained(seed_folder(folder, s), experiment.training)]
    num_processes = min(len(waiting), os.cpu_count() or 1)
    if num_processes == 1:
        for seed in waiting:
            _train_one(experiment, folder, seed)
    elif waiting:
        joblib.Parallel(n_jobs=num_processes)(joblib.delayed(_train_one)(experiment, folder, seed) for seed in waiting)


def _train_one(experiment: PredictionExperiment, folder: Path, seed: int) -> None:
    meta_train(
        experiment.family,
        seed=seed,
        training=experiment.training,
        network=experiment.network,
        directory=seed_folder(folder, seed),
    )


def trained_network(experiment: PredictionExperiment, folder: Path, *, seed: int, step: int) -> SequencePredictor:
    """One network as it was after `step` training steps."""
    predictor = new_predictor(experiment.family, experiment.network, seed=seed)
    load_checkpoint(predictor, seed_folder(folder, seed), step)
    return predictor.eval()


def _evaluate(experiment: PredictionExperiment, folder: Path) -> None:
    steps = log_spaced_steps(experiment.training.num_steps, experiment.training.num_checkpoints)
    checkpoints = {
        step: [trained_network(experiment, folder, seed=seed, step=step) for seed in experiment.training_seeds]
        for step in steps
    }
    tree = evaluate(
        checkpoints[steps[-1]],
        experiment.family,
        seed=experiment.seed,
        evaluation=experiment.evaluation,
        checkpoints=checkpoints,
    )
    save_tree(tree, folder / EVALUATION_FILE)


def _measure(experiment: PredictionExperiment, folder: Path) -> None:
    tree = validate(open_tree(folder / EVALUATION_FILE), str(folder / EVALUATION_FILE))
    measured = with_measures(tree, seed=experiment.seed)
    save_tree(
        xr.DataTree.from_dict({name: measured[name].to_dataset() for name in ("measures", "curves")}),
        folder / MEASURES_FILE,
    )


def _timed(folder: Path, stage: str, function: Any, *args: Any) -> None:
    start = time.monotonic()
    function(*args)
    path = folder / "wall_times.json"
    times = json.loads(path.read_text()) if path.exists() else {}
    times[stage] = times.get(stage, 0.0) + time.monotonic() - start
    write_atomically(path, json.dumps(times).encode())


def _wall_times(folder: Path) -> dict[str, str]:
    path = folder / "wall_times.json"
    times = json.loads(path.read_text()) if path.exists() else {}
    return {f"wall time, {stage}": f"{seconds:.0f} s" for stage, seconds in times.items()}


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat[f"{prefix}{name}"] = str(value["type"])
            flat |= _flat({k: v for k, v in value.items() if k != "type"}, f"{prefix}{name}.")
        elif name != "type":
            flat[f"{prefix}{name}"] = str(value)
    return flat
