"""One network that receives its setting as input beside networks trained for each setting: the same settings, paired.

The measures are over settings, and so are their intervals.
"""

from collections.abc import Iterator, Mapping

import pandas as pd
import xarray as xr

from comparisons.lifetimes.grid import PLACE
from comparisons.lifetimes.players import NETWORK
from comparisons.lifetimes.regimes import THRESHOLD
from comparisons.lifetimes.scores import OVER_SETTINGS
from comparisons.rows import Row, explained
from comparisons.statistics.counts import share_interval
from comparisons.statistics.intervals import Interval, correlation_interval, ratio_interval

EXPLORATION, REGRET = "exploration", "regret"

UNITS = {EXPLORATION: "trials", REGRET: "rewards per trial"}

SPECIALISTS = "networks trained for each setting"
"""What the one network is compared with."""

ONE_NETWORK, MAPS = "one_network", ("map_25", "map_100")
"""Experiments: the one network, and the maps of networks trained for each setting."""

FEWEST_SETTINGS = 4
"""Lifetimes with fewer settings in common are not compared."""


def has_pairs(trees: Mapping[str, xr.DataTree]) -> bool:
    """Return whether there is the one network, and a map to compare it with."""
    return ONE_NETWORK in trees and any(name in trees for name in MAPS)


def pair_table(trees: Mapping[str, xr.DataTree]) -> pd.DataFrame:
    """Return every setting that both were scored in, with a column for each, means over training seeds.

    Settings in which either diverged are left out. `sequential` is the exploration of the Bayes-optimal policy, and 0
    for its regret.
    """
    found = pd.concat([_settings(trees[name]) for name in MAPS if name in trees], ignore_index=True)
    pairs = _settings(trees[ONE_NETWORK]).merge(found, on=PLACE, suffixes=("_one", "_many")).dropna()
    tables = [
        pairs[PLACE].assign(
            quantity=quantity,
            one_network=pairs[f"{quantity}_one"],
            specialists=pairs[f"{quantity}_many"],
            sequential=pairs["sequential_one"] if quantity == EXPLORATION else 0.0,
            ceiling=pairs["ceiling_one"],
            unit=unit,
        )
        for quantity, unit in UNITS.items()
    ]
    return pd.concat(tables, ignore_index=True)


def regret_beside_specialists(table: pd.DataFrame) -> Iterator[Row]:
    """Yield how much more the one network loses, by lifetime, as a fraction of the oracle's rewards."""
    for lifetime, rows in _by_lifetime(table, REGRET):
        extra = (rows.one_network - rows.specialists).to_numpy()[None]
        interval = ratio_interval(extra, rows.ceiling.to_numpy()[None])
        yield _row(interval, lifetime)


def pulls_correlation(table: pd.DataFrame) -> Iterator[Row]:
    """Yield the correlation of exploration over settings, by lifetime."""
    for lifetime, rows in _by_lifetime(table, EXPLORATION):
        ours, theirs = rows.one_network.to_numpy(), rows.specialists.to_numpy()
        yield _row(correlation_interval(ours, theirs), lifetime)


def regime_agreement(table: pd.DataFrame) -> Iterator[Row]:
    """Yield the fraction of settings in which both learn or both hard-code, by lifetime."""
    for lifetime, rows in _by_lifetime(table, EXPLORATION):
        alike = int(((rows.one_network > THRESHOLD) == (rows.specialists > THRESHOLD)).sum())
        yield _row(share_interval(alike, len(rows)), lifetime)


def _by_lifetime(table: pd.DataFrame, quantity: str) -> Iterator[tuple[int, pd.DataFrame]]:
    for lifetime, rows in table[table.quantity == quantity].groupby("lifetime"):
        if len(rows) >= FEWEST_SETTINGS:
            yield int(lifetime), rows  # pyright: ignore[reportArgumentType]


def _row(interval: Interval, lifetime: int) -> Row:
    return explained(Row(NETWORK, interval, OVER_SETTINGS, {"lifetime": lifetime, "reference": SPECIALISTS}))


def _settings(tree: xr.DataTree) -> pd.DataFrame:
    """Return a row per setting: exploration and regret per trial of its networks, and exact values."""
    theory, curves = tree["theory"].to_dataset(), tree["curves"].to_dataset()
    lifetimes = theory["lifetime"].to_numpy()
    return pd.DataFrame(
        {
            **{name: theory[name].to_numpy() for name in PLACE},
            EXPLORATION: curves["probe_pulls"].to_numpy().astype(float),
            REGRET: curves["shortfall"].to_numpy() / lifetimes,
            "sequential": theory["sequential_probe_pulls"].to_numpy().astype(float),
            "ceiling": theory["full_information_value"].to_numpy() / lifetimes,
        }
    )
