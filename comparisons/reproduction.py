"""Running a paper's reproduction: its experiments one by one, then one table, one set of verdicts and one report.

Each experiment keeps its own folder, checkpoints and report, so a reproduction that was stopped resumes, and every
number in the common table can be followed to where it comes from.
"""

import json
from pathlib import Path
from types import ModuleType

import pandas as pd
import xarray as xr

from comparisons import reproductions
from comparisons.intervals import LEVEL
from comparisons.provenance import versions
from comparisons.report import write_report
from comparisons.stages import open_result, run_experiment
from comparisons.tree import REPRODUCTION_SCHEMA, save_tree, validate

REPRODUCTION_FILE = "reproduction.nc"


def run_reproduction(identifier: str, results: Path, *, smoke: bool) -> Path:
    """Run whatever of a reproduction is not yet done below `results`; the path of its report.

    With `smoke` every experiment is tiny and proves nothing. Raises `KeyError` for an unknown reproduction.
    """
    paper = reproductions.load(identifier)
    folder = results / (f"{identifier}_smoke" if smoke else identifier)
    reports: dict[str, Path] = {}
    for name, experiment in paper.experiments().items():
        reports[name] = run_experiment(experiment.smoke() if smoke else experiment, folder / "experiments")
    trees = {name: open_result(report.parent.parent).tree for name, report in reports.items()}
    tree = reproduction_tree(identifier, paper, trees)
    save_tree(tree, folder / REPRODUCTION_FILE)
    settings = {name: str(report.relative_to(folder)) for name, report in reports.items()}
    return write_report(tree, folder / "report", question=paper.QUESTION, provenance=settings)


def reproduction_tree(identifier: str, paper: ModuleType, trees: dict[str, xr.DataTree]) -> xr.DataTree:
    """The common table of a reproduction, and how far its networks were from Bayes at each checkpoint."""
    table = pd.DataFrame(paper.measures(trees, seed=0))
    measures = xr.Dataset({name: (("row",), table[name].to_numpy()) for name in table.columns})
    measures.attrs["level"] = LEVEL
    points = [
        {"variant": name, "training_seed": seed, "step": int(step), "share_of_floor": float(share)}
        for name, tree in trees.items()
        for behaviour in [paper.behaviour_of(tree)]
        for seed, shares in enumerate(behaviour.by_step.mean(axis=2) / behaviour.few_floor.mean())
        for step, share in zip(behaviour.steps, shares, strict=True)
    ]
    long = pd.DataFrame(points)
    convergence = xr.Dataset({name: (("point",), long[name].to_numpy()) for name in long.columns})
    tree = xr.DataTree.from_dict({"measures": measures, "convergence": convergence})
    tree.attrs = {
        "schema": REPRODUCTION_SCHEMA,
        "paper": identifier,
        "notes": json.dumps([" ".join((paper.__doc__ or "").split())]),
        "versions": json.dumps(versions()),
    }
    return validate(tree)
