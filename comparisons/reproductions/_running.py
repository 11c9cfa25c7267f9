"""Runs of a paper's reproduction: its experiments, then one table, one set of verdicts and one report.

Each experiment keeps its own folder, checkpoints and report, so a reproduction that was stopped resumes, and every
number in the common table can be followed to where it comes from.
"""

import dataclasses
import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from comparisons import reproductions
from comparisons.comparison import REPRODUCTION_FILE, open_comparison
from comparisons.experiment import AbstractExperiment
from comparisons.isolation import isolated
from comparisons.provenance import today, versions
from comparisons.results import MEASURES_FILE
from comparisons.stages import run_experiment
from comparisons.statistics.intervals import LEVEL
from comparisons.training import folder_name, folder_of, train_experiments, untrained_units
from comparisons.tree import REPRODUCTION, digest_of, is_smoke, save_tree, validate

EXPERIMENTS = "experiments"
"""Folder below that of the paper with the folders of its experiments."""
LONGEST_NAME = 100
"""Characters of the name of a part that lists its experiments."""

MOST_SEEDS = 10_000
"""Largest number of networks per experiment; more would train for years."""


@dataclass(frozen=True)
class ReproductionOptions:
    """Choice of the experiments of a reproduction."""

    smoke: bool = False
    """Run tiny versions of the experiments, which prove nothing."""
    seeds: int = 0
    """Networks to train per experiment; 0 leaves the number to the paper's reproduction."""
    only: tuple[str, ...] = ()
    """Names of the experiments to run; all of them if none is named."""

    def __post_init__(self) -> None:
        if not 0 <= self.seeds <= MOST_SEEDS:
            raise ValueError(
                f"seeds must be at least 1, or 0 for the reproduction's own number, and at most {MOST_SEEDS}; "
                f"got {self.seeds}"
            )


def experiments_of(identifier: str, options: ReproductionOptions) -> dict[str, Any]:
    """Return the experiments that these options choose, by name.

    Raises `KeyError` naming what there is for an unknown reproduction or experiment.
    """
    paper = reproductions.load(identifier)
    default = paper.experiments()
    known = default | paper.further_experiments()
    if unknown := [name for name in options.only if name not in known]:
        raise KeyError(f"no experiment {unknown[0]!r} in {identifier}; there are {', '.join(known)}")
    chosen: dict[str, Any] = {}
    for name in [name for name in known if name in options.only] or default:
        experiment = known[name]
        if options.seeds:
            experiment = dataclasses.replace(experiment, training_seeds=tuple(range(options.seeds)))
        chosen[name] = experiment.smoke() if options.smoke else experiment
    return chosen


@isolated
def run_reproduction(
    identifier: str, results: Path, options: ReproductionOptions, *, scheduler: str | None = None
) -> Path:
    """Run the parts of a reproduction that are not done below `results`; return the path of its report.

    Networks of all experiments are trained first, one process per core or, with the address of a scheduler, on its
    Dask cluster. Raises as `experiments_of` and `train_experiments`.
    """
    chosen: dict[str, AbstractExperiment] = experiments_of(identifier, options)
    everything, folder = _folder(identifier, results, options), folder_of_report(identifier, results, options)
    train_experiments(list(chosen.values()), everything / EXPERIMENTS, scheduler=scheduler)
    reports = {name: run_experiment(experiment, everything / EXPERIMENTS) for name, experiment in chosen.items()}
    trees = {name: open_comparison(report.parent.parent).tree for name, report in reports.items()}
    places = {name: Path(os.path.relpath(report, folder)).as_posix() for name, report in reports.items()}
    tree = reproduction_tree(identifier, trees, reports=places)
    digests = {name: digest_of(report.parent.parent / MEASURES_FILE) for name, report in reports.items()}
    left_out = [name for name in reproductions.load(identifier).experiments() if name not in chosen]
    tree.attrs |= {
        "command": _command(identifier, options),
        "date": today(),
        "measures": json.dumps(digests),
        "notes": json.dumps([*_notes_on_parts(identifier, options, list(chosen), left_out), *_notes_of(tree)]),
    }
    save_tree(tree, folder / REPRODUCTION_FILE)
    return render_reproduction(folder)


@isolated
def render_reproduction(folder: Path) -> Path:
    """Write the report of a finished reproduction from its files alone; return the path of the report.

    Raises `FileNotFoundError` where there is none, `ValueError` where its file is damaged, foreign, or was made from
    other measures than its experiments have now.
    """
    path = folder / REPRODUCTION_FILE
    if not path.exists():
        raise FileNotFoundError(f"no results at {path}")
    comparison = open_comparison(folder)
    digests, places = (json.loads(comparison.tree.attrs.get(name, "{}")) for name in ("measures", "experiments"))
    for name, digest in digests.items():
        measures = (folder / places[name]).parent.parent / MEASURES_FILE
        if measures.exists() and digest_of(measures) != digest:
            raise ValueError(
                f"{path} was not made from {measures} as it is now ({name}). Run "
                f"`{comparison.tree.attrs['command']}`: it makes the file again and trains nothing that is trained"
            )
    return comparison.write_report(folder / "report")


def folder_of_report(identifier: str, results: Path, options: ReproductionOptions) -> Path:
    """Return the folder of a reproduction's table and report: that of the paper, or one below it for a part of it.

    Another number of seeds is another reproduction, and so is a choice of experiments; neither replaces the whole.
    The experiments themselves are shared.
    """
    folder = _folder(identifier, results, options)
    if options.seeds:
        folder /= f"seeds-{options.seeds}"
    chosen = list(experiments_of(identifier, options))
    if chosen == list(reproductions.load(identifier).experiments()):
        return folder
    name = "+".join(chosen)
    if len(name) > LONGEST_NAME:
        name = f"{len(chosen)}-experiments-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return folder / "parts" / name


def _notes_on_parts(identifier: str, options: ReproductionOptions, chosen: list[str], left_out: list[str]) -> list[str]:
    """Return what a reader must know of a report that is not the whole reproduction."""
    if not options.seeds and not left_out:
        return []
    said = [f"This is not the whole reproduction, which is `bayesgauge run {identifier}`."]
    if options.seeds:
        said.append(f"Every experiment has {options.seeds} training seeds.")
    if left_out:
        said.append(f"It has {', '.join(chosen)}; left out: {', '.join(left_out)}.")
    return [" ".join(said)]


def _notes_of(tree: xr.DataTree) -> list[str]:
    return json.loads(tree.attrs["notes"])


def _command(identifier: str, options: ReproductionOptions) -> str:
    """Return the command line that makes a reproduction again."""
    flags = ["--smoke"] if options.smoke else []
    flags += ["--seeds", str(options.seeds)] if options.seeds else []
    flags += ["--only", *options.only] if options.only else []
    return shlex.join(["bayesgauge", "run", identifier, *flags])


def num_untrained(identifier: str, results: Path, options: ReproductionOptions) -> int:
    """Return how many units of training are not finished below `results`. Raises as `experiments_of`."""
    folder = _folder(identifier, results, options) / EXPERIMENTS
    chosen = experiments_of(identifier, options).values()
    return sum(len(untrained_units(experiment, folder_of(experiment, folder))) for experiment in chosen)


def _folder(identifier: str, results: Path, options: ReproductionOptions) -> Path:
    return results / folder_name(identifier, is_smoke=options.smoke)


def reproduction_tree(identifier: str, trees: Mapping[str, xr.DataTree], *, reports: Mapping[str, str]) -> xr.DataTree:
    """Return the common table of a reproduction, and what its figures are drawn from.

    `trees` are the measured trees of its experiments by name, and `reports` where the report of each is.
    """
    paper = reproductions.load(identifier)
    groups: dict[str, xr.Dataset | xr.DataTree] = {"measures": paper.measures(trees).to_dataset()}
    for name, part in paper.figure_points(trees).items():
        if isinstance(part, xr.DataTree):
            groups[name] = part
            continue
        dimension, rows = part
        table = pd.DataFrame(rows)
        columns = {column: ((dimension,), table[column].to_numpy()) for column in table.columns}
        groups[name] = xr.Dataset(columns).assign_attrs(level=LEVEL)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": REPRODUCTION.name,
        "kind": f"comparisons.reproductions.{identifier}",
        "paper": identifier,
        "experiments": json.dumps(dict(reports)),
        "is_smoke": int(any(is_smoke(tree) for tree in trees.values())),
        "notes": json.dumps([" ".join((paper.__doc__ or "").split())]),
        "versions": json.dumps(versions()),
    }
    return validate(tree, REPRODUCTION)
