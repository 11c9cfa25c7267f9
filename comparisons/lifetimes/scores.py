"""Scores of a map of fixed-arm bandits, prepared for measures: by lifetime, by setting and by single network."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from comparisons.lifetimes.grid import has_few_cells
from comparisons.lifetimes.players import BAYES, REFERENCES
from comparisons.lifetimes.regimes import THRESHOLD
from comparisons.rows import ONE_NETWORK, Coordinate, Over, Row
from comparisons.statistics.counts import share_interval
from comparisons.statistics.intervals import Interval, mean_interval, t_interval

OVER_SETTINGS = Over("settings")

ByNetwork = Float[np.ndarray, "training_seed cell"]


@dataclass(frozen=True)
class MapScores:
    """Networks and exact references in all settings of one lifetime; NaN for a network that diverged."""

    lifetime: int
    theory: xr.Dataset
    shortfall: ByNetwork
    untrained_shortfall: ByNetwork
    pulls: ByNetwork
    """Mean pulls of the unknown arm in probe tasks."""
    error: float
    """Standard error over tasks of the summed shortfall, mean over training seeds."""

    @property
    def ceilings(self) -> Float[np.ndarray, "cell"]:
        """Return the rewards of the oracle in every setting."""
        return self.theory["full_information_value"].to_numpy()

    @property
    def learns(self) -> ByNetwork:
        """Return 1 for networks that learn and 0 for those that do not."""
        return np.where(np.isnan(self.pulls), np.nan, self.pulls > THRESHOLD)

    def share(self, shortfall: ByNetwork) -> Float[np.ndarray, "training_seed"]:
        """Return summed shortfalls as a fraction of the oracle's rewards, without networks that diverged."""
        possible = np.where(np.isfinite(shortfall), self.ceilings, 0.0).sum(axis=1)
        return np.where(possible > 0, np.nansum(shortfall, axis=1) / np.where(possible > 0, possible, 1.0), np.nan)

    def is_learned_by(self, who: str) -> Bool[np.ndarray, "cell"]:
        """Return where a reference explores at all, or where the Bayes-optimal policy learns by the networks' rule."""
        return self.theory[REFERENCES[who]].to_numpy().astype(float) > (THRESHOLD if who == BAYES else 0)


@dataclass(frozen=True)
class CellScores:
    """Networks and exact references in one setting; NaN for a network that diverged."""

    at: Mapping[str, Coordinate]
    theory: xr.Dataset
    shortfall: Float[np.ndarray, "training_seed"]
    untrained_shortfall: Float[np.ndarray, "training_seed"]
    error: float
    """Standard error of a shortfall over tasks, mean over training seeds."""
    pulls: Float[np.ndarray, "kept_seed probe"]
    """Pulls of the unknown arm in every probe task, without networks that diverged."""

    @property
    def best(self) -> float:
        """Return the value of the Bayes-optimal policy, in rewards per lifetime."""
        return float(self.theory["sequential_value"])

    @property
    def lifetime(self) -> int:
        """Return the number of trials."""
        return int(self.theory["lifetime"])


@dataclass(frozen=True)
class Scores:
    """Scores of a tree. A tree of theory alone has only `theories`; a tree of networks has everything else."""

    tree: xr.DataTree
    maps: tuple[MapScores, ...] = ()
    """Scores of each lifetime."""
    cells: tuple[CellScores, ...] = ()
    """Scores of each setting, if there are few."""
    theories: tuple[xr.Dataset, ...] = ()
    """Exact references of each lifetime."""


def scores_of(tree: xr.DataTree) -> Scores:
    """Return the scores of a map of fixed-arm bandits."""
    theory = tree["theory"].to_dataset()
    chosen = [theory["lifetime"].to_numpy() == lifetime for lifetime in lifetimes_of(tree)]
    if "networks" not in tree.children:
        return Scores(tree, theories=tuple(theory.isel(cell=cells) for cells in chosen))
    networks = tree["networks"].to_dataset()
    cells = range(theory.sizes["cell"] if has_few_cells(tree) else 0)
    return Scores(
        tree,
        tuple(_map_scores(theory.isel(cell=cells), networks.isel(cell=cells)) for cells in chosen),
        tuple(_cell_scores(theory.isel(cell=cell), networks.isel(cell=cell)) for cell in cells),
    )


def curves_of(scores: Scores) -> xr.Dataset:
    """Return means over training seeds in every setting, or what the references explore if there are no networks.

    They are pulls in probe tasks, the share of training seeds that learn, and the shortfall. Nothing is resampled.
    """
    if "networks" not in scores.tree.children:
        return scores.tree["theory"].to_dataset()[["commit_trials", "printed_trials", "sequential_probe_pulls"]]
    networks = scores.tree["networks"].to_dataset()
    pulls = networks["probe_pulls"].mean("probe")
    with np.errstate(invalid="ignore"):
        return xr.Dataset(
            {
                "probe_pulls": pulls.mean("training_seed"),
                "shortfall": networks["shortfall"].mean("training_seed"),
                "is_learning": (pulls > THRESHOLD).where(pulls.notnull()).mean("training_seed"),
            }
        )


def lifetimes_of(tree: xr.DataTree) -> list[int]:
    """Return the lifetimes of a map, in ascending order."""
    return [int(lifetime) for lifetime in np.unique(tree["theory"].dataset["lifetime"].to_numpy())]


def place_of(setting: xr.Dataset) -> dict[str, Coordinate]:
    """Return the coordinates of one setting."""
    scales = {name: float(setting[name]) for name in ("reward_scale", "prior_scale")}
    return {**scales, "lifetime": int(setting["lifetime"])}


def mean_over_seeds(
    who: str,
    values: Float[np.ndarray, "training_seed"],
    error: float,
    *,
    at: Mapping[str, Coordinate],
    unit: str = "",
    least: float = -np.inf,
    most: float = np.inf,
) -> Row:
    """Return a mean over training seeds with Student's interval; that of a single network is over tasks, by `error`."""
    interval = t_interval(values, error, least=least, most=most)
    over = over_networks(int(np.isfinite(values).sum()) or len(values))
    return Row(who, interval, ONE_NETWORK if np.isnan(interval.lower) else over, at, unit)


def mean_over_seeds_and_tasks(
    who: str, values: Float[np.ndarray, "training_seed task"], *, at: Mapping[str, Coordinate], most: float = np.inf
) -> Row:
    """Return a mean over training seeds with Student's interval; that of a single network is over its tasks."""
    if len(values) == 1:
        return Row(who, mean_interval(values, most=most), over_networks(1), at)
    return mean_over_seeds(who, values.mean(axis=1), np.nan, at=at, least=0, most=most)


def share_of_settings(
    who: str, is_counted: Float[np.ndarray, "training_seed cell"], *, at: Mapping[str, Coordinate]
) -> Row:
    """Return the share of settings in which something is the case, mean over training seeds; NaN does not count.

    The interval is Student's over the networks' shares; that of a single network is over settings, as of a count.
    """
    known = np.isfinite(is_counted)
    counts, numbers = np.nansum(is_counted, axis=1), known.sum(axis=1)
    counts, numbers = counts[numbers > 0], numbers[numbers > 0]
    if len(counts) == 1:
        return Row(who, share_interval(float(counts[0]), int(numbers[0])), OVER_SETTINGS, at)
    if len(counts) == 0:
        return Row(who, Interval(np.nan, np.nan, np.nan), over_networks(len(is_counted)), at)
    return mean_over_seeds(who, counts / numbers, np.nan, at=at, least=0, most=1)


def over_networks(number: int) -> Over:
    """Return what an interval over networks is over; that of a single network is over tasks."""
    return Over("", number) if number > 1 else Over("tasks")


def _map_scores(theory: xr.Dataset, networks: xr.Dataset) -> MapScores:
    errors = networks["shortfall_error"].to_numpy()
    return MapScores(
        int(theory["lifetime"][0]),
        theory,
        networks["shortfall"].to_numpy(),
        networks["untrained_shortfall"].to_numpy(),
        networks["probe_pulls"].mean("probe").to_numpy(),
        float(np.sqrt(np.nansum(errors**2, axis=1)).mean()),
    )


def _cell_scores(theory: xr.Dataset, networks: xr.Dataset) -> CellScores:
    pulls = networks["probe_pulls"].to_numpy().astype(float)
    return CellScores(
        place_of(theory),
        theory,
        networks["shortfall"].to_numpy(),
        networks["untrained_shortfall"].to_numpy(),
        float(networks["shortfall_error"].mean()),
        pulls[np.isfinite(pulls).all(axis=1)],
    )
