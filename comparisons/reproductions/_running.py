"""Running a paper's reproduction: its experiments, then one table, one set of verdicts and one report.

Each experiment keeps its own folder, checkpoints and report, so a reproduction that was stopped resumes, and every
number in the common table can be followed to where it comes from.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import xarray as xr

from comparisons import reproductions
from comparisons.experiment import AbstractExperiment
from comparisons.provenance import versions
from comparisons.report.page import write_report
from comparisons.stages import folder_of, open_result, run_experiment, train_experiments, untrained_units
from comparisons.statistics.intervals import LEVEL
from comparisons.tree import REPRODUCTION_SCHEMA, save_tree, validate

REPRODUCTION_FILE = "reproduction.nc"


@dataclass(frozen=True)
class ReproductionOptions:
    """What of a reproduction to run."""

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
    """The experiments that these options choose, by name.

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


def run_reproduction(
    identifier: str, results: Path, options: ReproductionOptions, *, scheduler: str | None = None
) -> Path:
    """Run whatever of a reproduction is not yet done below `results`; the path of its report.

    Networks of all experiments are trained first, one process per core or, with the address of a scheduler, on its
    Dask cluster. Raises as `experiments_of` and `train_experiments`.
    """
    paper = reproductions.load(identifier)
    chosen: dict[str, AbstractExperiment] = experiments_of(identifier, options)
    folder = _folder(identifier, results, options)
    train_experiments(list(chosen.values()), folder / "experiments", scheduler=scheduler)
    reports = {name: run_experiment(experiment, folder / "experiments") for name, experiment in chosen.items()}
    trees = {name: open_result(report.parent.parent).tree for name, report in reports.items()}
    tree = reproduction_tree(identifier, paper, trees)
    save_tree(tree, folder / REPRODUCTION_FILE)
    settings = {name: str(report.relative_to(folder)) for name, report in reports.items()}
    return write_report(tree, folder / "report", question=paper.QUESTION, provenance=settings)


def num_untrained(identifier: str, results: Path, options: ReproductionOptions) -> int:
    """How many units of training are not yet, or not wholly, trained below `results`. Raises as `experiments_of`."""
    folder = _folder(identifier, results, options) / "experiments"
    chosen = experiments_of(identifier, options).values()
    return sum(len(untrained_units(experiment, folder_of(experiment, folder))) for experiment in chosen)


def _folder(identifier: str, results: Path, options: ReproductionOptions) -> Path:
    return results / (f"{identifier}_smoke" if options.smoke else identifier)


def reproduction_tree(identifier: str, paper: ModuleType, trees: Mapping[str, xr.DataTree]) -> xr.DataTree:
    """The common table of a reproduction, and what its figures are drawn from: points, or trees of its experiments."""
    parts = {"measures": ("row", paper.measures(trees, seed=0)), **paper.figure_points(trees)}
    groups: dict[str, xr.Dataset | xr.DataTree] = {}
    for name, part in parts.items():
        if isinstance(part, xr.DataTree):
            groups[name] = part
            continue
        dimension, rows = part
        table = pd.DataFrame(rows)
        columns = {column: ((dimension,), table[column].to_numpy()) for column in table.columns}
        groups[name] = xr.Dataset(columns).assign_attrs(level=LEVEL)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": REPRODUCTION_SCHEMA,
        "paper": identifier,
        "notes": json.dumps([" ".join((paper.__doc__ or "").split())]),
        "versions": json.dumps(versions()),
    }
    return validate(tree)
