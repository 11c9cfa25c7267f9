"""Claims about the networks of any one map of fixed-arm bandits; every bound is this package's own."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from comparisons.claims import AtLeast, AtMost, Claim, Within, decidable, set_when
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, NEVER, PRINTED, REFERENCES
from comparisons.lifetimes.regimes import THRESHOLD
from comparisons.lifetimes.scores import lifetimes_of
from comparisons.rows import Table

REGAINED = 0.5
"""Least share of the regret of never exploring that networks are claimed to regain."""

BOUNDARY_RATIO = 1.25
"""Factor, either way, within which the networks' learning threshold is that of the Bayes-optimal policy."""


def claims_of(tree: xr.DataTree, table: Table) -> tuple[Claim, ...]:
    """Return the claims for every lifetime of the map whose measures are numbers.

    Some bounds are scores of a reference policy on the same settings, which are exact.
    """
    lifetimes = lifetimes_of(tree)
    of_lifetime = _of_networks if "networks" in tree.children else _of_theory
    claims = [claim for lifetime in lifetimes for claim in of_lifetime(tree, table, lifetime, len(lifetimes) > 1)]
    return decidable(set_when("before", claims), table.known())


def agreement_with_optimum(tree: xr.DataTree, lifetime: int, reference: str) -> float:
    """Return the fraction of settings in which a reference is in the regime of the Bayes-optimal policy; exact."""
    theory = tree["theory"].to_dataset()
    chosen = theory["lifetime"].to_numpy() == lifetime
    optimum, other = (theory[REFERENCES[who]].to_numpy()[chosen] for who in (BAYES, reference))
    return float(((optimum > THRESHOLD) == (other > 0)).mean())


def _of_theory(tree: xr.DataTree, table: Table, lifetime: int, is_named: bool) -> Iterator[Claim]:
    yield AtMost(
        f"In lifetimes of {lifetime} trials, " * is_named
        + "the best explore-then-commit policy exceeds the Bayes-optimal policy by at most 0 rewards in any setting.",
        "largest_excess",
        COMMIT,
        0.0,
        at={"lifetime": lifetime},
        bound_set="theory",
    )


def _of_networks(tree: xr.DataTree, table: Table, lifetime: int, is_named: bool) -> Iterator[Claim]:
    where = f" in lifetimes of {lifetime} trials" if is_named else ""
    begin = f"In lifetimes of {lifetime} trials, networks" if is_named else "Networks"
    at = {"lifetime": lifetime}
    against_bayes = {**at, "reference": BAYES}
    never, commit = (table.get("regret_share", who, **at) for who in (NEVER, COMMIT))
    if never is not None and commit is not None and never.interval.estimate > 0:  # else nothing can be earned
        yield AtMost(
            f"The regret of networks{where} is at most half of that of never exploring.",
            "regret_share",
            NETWORK,
            REGAINED * never.interval.estimate,
            at,
        )
        yield AtMost(
            f"The regret of networks{where} is at most that of the best explore-then-commit policy.",
            "regret_share",
            NETWORK,
            commit.interval.estimate,
            at,
        )
    yield AtLeast(
        f"{begin} are in the regime of the Bayes-optimal policy, learn or hard-code, in at least as many settings as "
        "the paper's printed formula is.",
        "regime_agreement",
        NETWORK,
        agreement_with_optimum(tree, lifetime, PRINTED),
        against_bayes,
    )
    limit = float(np.log(BOUNDARY_RATIO))
    yield Within(
        f"The learning threshold of networks{where} is within a factor of {BOUNDARY_RATIO:g} of the Bayes-optimal "
        f"policy's (natural logarithm of their ratio within ±{limit:.3g}).",
        "boundary_log_ratio",
        NETWORK,
        -limit,
        limit,
        against_bayes,
    )
