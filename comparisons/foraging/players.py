"""Scores of networks and references as the measures read them, and returns over training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.foraging.transfer import LifetimeTransfer, TransferTable, lifetime_transfer
from comparisons.foraging.tree import REFERENCES, longest_lifetime, train_lifetimes
from comparisons.rows import Row, curve_of, over_tasks
from comparisons.statistics.intervals import Interval

WHO = dict(zip(REFERENCES, ("optimal", "small goal", "oracle"), strict=True))
"""Names of the references in tables, by their names in the tree."""

EXACT_VALUES = dict(zip(WHO.values(), ("optimal", "small_goal", "full_information"), strict=True))
"""Names of the exact values of the references in the tree, by their names in tables."""

UNIT_OF_ROW = ""
"""Unit of a measure whose rows have their own, which names the longest lifetime."""

TaskScores = Float[np.ndarray, "training_seed task"]


class Player(NamedTuple):
    """Scores of one player in the longest lifetime, by name."""

    who: str
    at: Mapping[str, int]
    values: dict[str, TaskScores]


class Transfer(NamedTuple):
    """Returns for every pair of lifetimes, without training lifetimes of which a network diverged."""

    train_lifetimes: list[int]
    test_lifetimes: list[int]
    found: LifetimeTransfer

    def rows(self, table: TransferTable, num_seeds: int) -> Iterator[Row]:
        """Yield a row of a table for every pair of lifetimes."""
        for row, train_lifetime in enumerate(self.train_lifetimes):
            for column, test_lifetime in enumerate(self.test_lifetimes):
                interval = Interval(*(float(part[row, column]) for part in table))
                at = {"train_lifetime": train_lifetime, "test_lifetime": test_lifetime}
                yield Row("network", interval, over_tasks(num_seeds), at)


@dataclass(frozen=True)
class Scores:
    """Scores of all players, and the groups of the tree that some measures read."""

    tree: xr.DataTree
    networks: xr.Dataset
    lifetimes: list[int]
    """Training lifetimes, in steps."""
    longest: int
    """The longest tested lifetime, in steps."""
    players: list[Player]
    """Networks of every training lifetime, untrained networks and references, in the longest lifetime."""
    exact: dict[str, float]
    """Exact returns of the references in the longest lifetime."""
    transfer: Transfer | None
    """Absent if at least one network diverged for every tested lifetime."""

    @property
    def rewards_unit(self) -> str:
        """Return the unit of rewards in the longest lifetime."""
        return f"rewards per {self.longest} steps"

    @property
    def entries_unit(self) -> str:
        """Return the unit of entries of a goal in the longest lifetime."""
        return f"per {self.longest} steps"

    @property
    def num_seeds(self) -> int:
        """Return the number of training seeds."""
        return self.networks.sizes["training_seed"]

    @property
    def whole_range(self) -> dict[str, int]:
        """Return the coordinates of a change from the shortest to the longest training lifetime."""
        return {"from_lifetime": self.lifetimes[0], "to_lifetime": self.lifetimes[-1]}

    def by_lifetime(self, name: str) -> Float[np.ndarray, "train_lifetime training_seed task"]:
        """Return a score of the networks in the longest lifetime, by training lifetime."""
        return np.stack([player.values[name] for player in self.players if player.who == "network"])


def scores_of(tree: xr.DataTree) -> Scores:
    """Return the scores of a comparison of foragers."""
    networks, longest = tree["networks"].to_dataset().astype(float), longest_lifetime(tree)
    return Scores(
        tree,
        networks,
        train_lifetimes(tree),
        longest,
        players=list(_players(tree, networks, longest)),
        exact={who: float(tree["exact"].dataset[name][-1]) for who, name in EXACT_VALUES.items()},
        transfer=_transfer(networks),
    )


def curves_of(scores: Scores) -> xr.Dataset:
    """Return the return in the longest lifetime at checkpoints of training, with intervals."""
    course = scores.tree["course"].dataset["rewards"].astype(float)
    returns = []
    for lifetime in course["train_lifetime"].to_numpy():
        values = course.sel(train_lifetime=lifetime).transpose("training_seed", "course_task", "step").to_numpy()
        curve = curve_of(np.nan_to_num(values))
        is_finite = np.asarray(np.isfinite(values).all(axis=(0, 1)))
        returns.append(np.where(is_finite[:, None], curve, np.nan))
    coordinates = {"bound": list(Interval._fields)} | {
        name: course[name].to_numpy() for name in ("train_lifetime", "step")
    }
    return xr.Dataset({"returns": (("train_lifetime", "step", "bound"), np.stack(returns))}, coords=coordinates)


def _players(tree: xr.DataTree, networks: xr.Dataset, longest: int) -> Iterator[Player]:
    for lifetime in train_lifetimes(tree):
        found = networks.sel(test_lifetime=longest, train_lifetime=lifetime)
        yield Player("network", {"train_lifetime": lifetime}, _values(found))
    untrained = tree["untrained"].to_dataset().astype(float).sel(test_lifetime=longest)
    yield Player("untrained network", {}, _values(untrained))
    references = tree["references"].to_dataset().astype(float).sel(test_lifetime=longest)
    for reference, who in WHO.items():
        yield Player(who, {}, _values(references.sel(reference=reference).expand_dims("training_seed")))


def _values(found: xr.Dataset) -> dict[str, TaskScores]:
    return {str(name): found[name].to_numpy() for name in found.data_vars}


def _transfer(networks: xr.Dataset) -> Transfer | None:
    rewards = networks["rewards"].transpose("train_lifetime", "test_lifetime", "training_seed", "task")
    is_finite = np.asarray(np.isfinite(rewards.to_numpy()).all(axis=(1, 2, 3)))
    train = [int(t) for t, kept in zip(rewards["train_lifetime"].to_numpy(), is_finite, strict=True) if kept]
    test = [int(t) for t in rewards["test_lifetime"].to_numpy() if t in train]
    if not test:
        return None
    kept = rewards.sel(train_lifetime=train, test_lifetime=test).to_numpy()
    return Transfer(train, test, lifetime_transfer(kept, np.array(train), np.array(test)))
