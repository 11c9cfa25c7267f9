"""The experiment without networks: three answers to when learning pays, over a grid of settings and lifetimes."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.rows import Measure
from comparisons.statistics.intervals import LEVEL


@dataclass(frozen=True)
class TheoryExperiment(AbstractExperiment):
    """The printed formula, the commit optimum and the sequential optimum, at every setting of a grid."""

    name: str
    """Where the results go."""
    reward_scales: tuple[float, ...]
    """How much the rewards of the uncertain arm vary, in rewards."""
    prior_scales: tuple[float, ...]
    """How much its mean varies from task to task, in rewards."""
    lifetimes: tuple[int, ...]
    """Trials."""
    training_seeds: tuple[int, ...] = (0,)
    seed: int = 0

    def __post_init__(self) -> None:
        require_seeds(self)
        for field in ("reward_scales", "prior_scales", "lifetimes"):
            values = getattr(self, field)
            if not values or list(values) != sorted(set(values)):
                raise ValueError(f"{field} must be at least one number, in ascending order; got {values!r}")

    @property
    def id(self) -> str:
        return self.name

    @property
    def question(self) -> str:
        return "When does learning pay: by the printed formula, the best commitment, and the best policy of all?"

    def smoke(self) -> "TheoryExperiment":
        return dataclasses.replace(
            self,
            reward_scales=self.reward_scales[:: max(1, len(self.reward_scales) - 1)],
            prior_scales=self.prior_scales[:: max(1, len(self.prior_scales) - 1)],
            lifetimes=self.lifetimes[:1],
        )

    def require_feasible(self) -> None:
        """Nothing here outgrows the machine."""

    def training_units(self) -> tuple[TrainingUnit, ...]:
        return ()

    def is_trained(self, directory: Path) -> bool:
        return True

    def train(self, unit: TrainingUnit, directory: Path) -> None:
        """Nothing is trained."""

    def evaluate(self, directories: tuple[Path, ...]) -> xr.DataTree:
        from comparisons.lifetimes.theory import theory_of
        from comparisons.provenance import versions
        from comparisons.seams.fixed_arms import Setting
        from comparisons.tree import LIFETIME_SCHEMA, validate

        places = [
            Setting(reward_scale, prior_scale, lifetime)
            for lifetime in self.lifetimes
            for reward_scale in self.reward_scales
            for prior_scale in self.prior_scales
        ]
        tree = xr.DataTree.from_dict({"theory": theory_of(places)})
        tree.attrs = {
            "schema": LIFETIME_SCHEMA,
            "name": self.name,
            "question": self.question,
            "is_generalist": 0,
            "training_seeds": 0,
            "evaluation": json.dumps({}),
            "seed": self.seed,
            "notes": json.dumps([]),
            "versions": json.dumps(versions()),
        }
        return validate(tree)

    def measure(self, tree: xr.DataTree) -> xr.DataTree:
        theory = tree["theory"].to_dataset()
        table = pd.DataFrame(theory_measures(theory))
        measures = xr.Dataset({name: (("row",), table[name].to_numpy()) for name in table.columns})
        measures.attrs["level"] = LEVEL
        curves = theory[["commit_trials", "printed_trials", "sequential_probe_pulls"]]
        return tree.assign({"measures": xr.DataTree(measures), "curves": xr.DataTree(curves)})


def theory_measures(theory: xr.Dataset) -> list[Measure]:
    """Learning cells, longest exploration, and what each yardstick is worth, for every lifetime; all are exact."""
    rows: list[Measure] = []

    def exact(measure: str, who: str, value: float, unit: str, error: float = 0.0) -> None:
        rows.append(Measure(measure, who, value, value - error, value + error, unit, "nothing: exact"))

    for lifetime in np.unique(theory["lifetime"].to_numpy()):
        one = theory.isel(cell=theory["lifetime"].to_numpy() == lifetime)
        where = f"lifetime {lifetime}"
        commit, printed = one["commit_trials"].to_numpy(), one["printed_trials"].to_numpy()
        best, error = one["sequential_value"].to_numpy(), one["sequential_value_error"].to_numpy()
        exact("learning_count", f"{where}: printed formula", float((printed > 0).sum()), "cells")
        exact("learning_count", f"{where}: commit optimum", float((commit > 0).sum()), "cells")
        exact("learning_count", f"{where}: sequential optimum", float((best > error).sum()), "cells")
        exact("longest_exploration", f"{where}: printed formula", float(printed.max()), "trials")
        exact("longest_exploration", f"{where}: commit optimum", float(commit.max()), "trials")
        differing = float(((printed > 0) != (commit > 0)).sum())
        exact("differing_count", f"{where}: printed formula with commit optimum", differing, "cells")
        excess = one["commit_value"].to_numpy() - best - error
        exact("largest_excess", f"{where}: commit optimum over sequential", float(excess.max()), "rewards")
        total = float(best.sum())
        share_error = float(error.sum()) / total if total else 0.0
        for who, column in (("commit optimum", "commit_value"), ("printed formula", "printed_policy_value")):
            share = float(one[column].sum()) / total if total else float("nan")
            exact("share_of_sequential", f"{where}: {who}", share, "fraction", share_error)
        exact("largest_error", f"{where}: sequential optimum", float(error.max()), "rewards")
        gap = float((best - one["commit_value"].to_numpy()).max())
        exact("largest_gap", f"{where}: commit optimum below sequential", gap, "rewards", float(error.max()))
    return rows
