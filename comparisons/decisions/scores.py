"""Scores of all agents of a comparison of decisions, grouped into agents, with their curves over trials."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from comparisons.rows import Scores, curve_of
from comparisons.statistics.intervals import Interval

CURVES = ("action_gap", "optimal_probs", "uncertain_probs", "matching_distance")
"""Scores by trial that have a curve with intervals."""


@dataclass(frozen=True)
class Decisions:
    """Scores of all agents; the training seeds of a network are one agent."""

    tree: xr.DataTree
    players: dict[str, list[int]]
    """Rows of each agent along `player`; the oracle is among them."""
    length: int
    """Trials per episode."""
    totals: xr.Dataset
    trials: xr.Dataset

    @property
    def agents(self) -> list[str]:
        """All agents but the oracle."""
        return [name for name in self.players if name != "oracle"]

    @property
    def has_optimum(self) -> bool:
        """Whether the exact optimum is known."""
        return has_optimum(self.tree)

    def total(self, variable: str, name: str) -> Scores:
        """Return sums over the trials of each task."""
        return self.totals[variable].to_numpy()[self.players[name]].astype(float)

    def mean(self, variable: str, name: str) -> Scores:
        """Return means over the trials of each detailed task."""
        return np.nanmean(self.trials[variable].to_numpy()[self.players[name]], axis=2)


def scores_of(tree: xr.DataTree) -> Decisions:
    """Return the scores of a comparison of decisions."""
    totals, trials = tree["totals"].to_dataset(), tree["trials"].to_dataset()
    return Decisions(tree, player_groups(tree), int(tree.attrs["length"]), totals, trials)


def player_groups(tree: xr.DataTree) -> dict[str, list[int]]:
    """Return the players that are one agent to the reader, by index: training seeds together, references alone."""
    groups: dict[str, list[int]] = {}
    for index, player in enumerate(tree["totals"]["player"].to_numpy()):
        name = str(player)
        for several in ("untrained network", "network"):
            if name.removeprefix(f"{several} ").isdigit():
                name = several
        groups.setdefault(name, []).append(index)
    return groups


def has_optimum(tree: xr.DataTree) -> bool:
    """Return whether the exact optimum is known, so that there are action gaps and shortfalls."""
    return "optimal_value" in tree.attrs


def curves_of(scores: Decisions) -> xr.Dataset:
    """Return mean scores at every trial with intervals, and the cumulative regret to the oracle."""
    trials, groups = scores.trials, scores.players
    curves = {
        variable: np.stack([curve_of(trials[variable].to_numpy()[rows]) for rows in groups.values()])
        for variable in CURVES
    }
    best = scores.tree["tasks"]["best_expected_reward"].to_numpy()[None, : trials.sizes["detailed_task"], None]
    expected = trials["expected_rewards"].to_numpy()
    curves["cumulative_regret"] = np.stack(
        [curve_of(np.cumsum(best - expected[rows], axis=2)) for rows in groups.values()]
    )
    dimensions = ("predictor", "time", "bound")
    return xr.Dataset(
        {variable: (dimensions, values) for variable, values in curves.items()},
        coords={"predictor": list(groups), "bound": list(Interval._fields)},
    )
