"""What is claimed of the networks of any one map of fixed-arm bandits; every bound is this package's own."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import AtLeast, AtMost, Claim, Within, decidable
from comparisons.lifetimes.players import COMMIT, NETWORK, NEVER, PRINTED, SEQUENTIAL, YARDSTICKS
from comparisons.lifetimes.regimes import THRESHOLD

REGAINED = 0.5
"""Share of what never learning loses that networks regain, at least."""


BOUNDARY_RATIO = 1.25
"""The learned boundary lies within this factor of the exact edge, either way."""


def lifetime_claims(tree: xr.DataTree, table: pd.DataFrame) -> tuple[Claim, ...]:
    """Those claims that the table can decide, for every lifetime of the map.

    Some bounds are what a yardstick, which is exact, reaches on the same settings.
    """
    lifetimes = np.unique(tree["theory"].dataset["lifetime"].to_numpy())
    of_lifetime = _of_networks if "networks" in tree.children else _of_theory
    claims = [claim for lifetime in lifetimes for claim in of_lifetime(tree, table, int(lifetime), len(lifetimes) > 1)]
    return decidable(claims, table[table.estimate.notna()])


def agreement_with_optimum(tree: xr.DataTree, lifetime: int, yardstick: str) -> float:
    """In which share of the settings a yardstick is in the regime of the sequential optimum; exact."""
    theory = tree["theory"].to_dataset()
    chosen = theory["lifetime"].to_numpy() == lifetime
    optimum, other = (theory[YARDSTICKS[who]].to_numpy()[chosen] for who in (SEQUENTIAL, yardstick))
    return float(((optimum > THRESHOLD) == (other > 0)).mean())


def _of_theory(tree: xr.DataTree, table: pd.DataFrame, lifetime: int, is_named: bool) -> Iterator[Claim]:
    yield AtMost(
        f"In lifetimes of {lifetime} trials, " * is_named + "committing never earns more than the sequential optimum.",
        "largest_excess",
        f"lifetime {lifetime}: {COMMIT} over sequential",
        0.0,
    )


def _of_networks(tree: xr.DataTree, table: pd.DataFrame, lifetime: int, is_named: bool) -> Iterator[Claim]:
    where = f"lifetime {lifetime}"
    begin = f"In lifetimes of {lifetime} trials, networks" if is_named else "Networks"
    network = f"{where}: {NETWORK}"
    regrets = table[table.measure == "regret_share"].set_index("predictor").estimate
    never, commit = (float(regrets.get(f"{where}: {who}", np.nan)) for who in (NEVER, COMMIT))
    if never > 0:  # else there is nothing to be had, by anybody
        yield AtMost(
            f"{begin} regain at least half of what never learning loses.", "regret_share", network, REGAINED * never
        )
        yield AtMost(
            f"{begin} lose no more than the best policy that explores and then commits.",
            "regret_share",
            network,
            commit,
        )
    yield AtLeast(
        f"{begin} are in the regime of the sequential optimum, learn or hard-code, in at least as many settings as the "
        "paper's printed formula is.",
        "regime_agreement",
        f"{where}: {NETWORK} with {SEQUENTIAL}",
        agreement_with_optimum(tree, lifetime, PRINTED),
    )
    limit = float(np.log(BOUNDARY_RATIO))
    yield Within(
        f"{begin} begin to learn within a quarter of the prior scale at which the sequential optimum does.",
        "boundary_log_ratio",
        f"{where}: {NETWORK} against {SEQUENTIAL}",
        -limit,
        limit,
    )
