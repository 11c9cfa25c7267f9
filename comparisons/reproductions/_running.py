"""Runs of a paper's reproduction: its experiments, then one table, one set of verdicts and one report.

Each experiment keeps its own folder, checkpoints and report, so a reproduction that was stopped resumes, and every
number in the common table can be followed to where it comes from.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from comparisons import reproductions
from comparisons.comparison import open_comparison
from comparisons.experiment import AbstractExperiment
from comparisons.isolation import isolated
from comparisons.provenance import versions
from comparisons.stages import open_result, run_experiment
from comparisons.statistics.intervals import LEVEL
from comparisons.training import folder_of, train_experiments, untrained_units
from comparisons.tree import REPRODUCTION, save_tree, validate

REPRODUCTION_FILE = "reproduction.nc"


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
        if self.seeds < 0:
            raise ValueError(f"seeds must be at least 1, or 0 for the reproduction's own number; got {self.seeds}")


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
    for name in options.only or default:
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
    folder = _folder(identifier, results, options)
    train_experiments(list(chosen.values()), folder / "experiments", scheduler=scheduler)
    reports = {name: run_experiment(experiment, folder / "experiments") for name, experiment in chosen.items()}
    trees = {name: open_result(report.parent.parent).tree for name, report in reports.items()}
    places = {name: str(report.relative_to(folder)) for name, report in reports.items()}
    save_tree(reproduction_tree(identifier, trees, reports=places), folder / REPRODUCTION_FILE)
    return render_reproduction(folder)


@isolated
def render_reproduction(folder: Path) -> Path:
    """Write the report of a finished reproduction from its files alone; return the path of the report.

    Raises `FileNotFoundError` where there is none, `ValueError` where its file is truncated or foreign.
    """
    return open_comparison(folder / REPRODUCTION_FILE).write_report(folder / "report")


def num_untrained(identifier: str, results: Path, options: ReproductionOptions) -> int:
    """Return how many units of training are not finished below `results`. Raises as `experiments_of`."""
    folder = _folder(identifier, results, options) / "experiments"
    chosen = experiments_of(identifier, options).values()
    return sum(len(untrained_units(experiment, folder_of(experiment, folder))) for experiment in chosen)


def _folder(identifier: str, results: Path, options: ReproductionOptions) -> Path:
    return results / (f"{identifier}_smoke" if options.smoke else identifier)


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
        "notes": json.dumps([" ".join((paper.__doc__ or "").split())]),
        "versions": json.dumps(versions()),
    }
    return validate(tree, REPRODUCTION)
