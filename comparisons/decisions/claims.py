"""Claims about any network meta-trained to decide."""

from collections.abc import Iterator

import xarray as xr

from comparisons.claims import Agrees, AtMost, Claim, set_when
from comparisons.rows import Table

SMALL_SHARE = 0.01
"""This package's own margin: a small part of what the random policy loses."""


def claims_of(tree: xr.DataTree, table: Table) -> list[Claim]:
    """Return the claims.

    With an exact optimum they are about the shortfall. Without one they are about the rewards below the reference;
    their bounds are then estimates too: a hundredth of what the random policy loses to the reference, and what the
    greedy policy loses to it.
    """
    return set_when("before", _claims_of(tree, table))


def _claims_of(tree: xr.DataTree, table: Table) -> Iterator[Claim]:
    yield AtMost(
        "The network loses at most 1 % of the rewards that the random policy loses to the Bayes-optimal policy.",
        "share_of_uniform_shortfall",
        "network",
        SMALL_SHARE,
    )
    yield AtMost(
        "The network loses at most 100 % of the rewards that the greedy policy loses to the Bayes-optimal policy.",
        "share_of_greedy_shortfall",
        "network",
        1.0,
    )
    yield AtMost(
        "The network's shortfall exceeds that of the Gittins policy by at most 0 rewards.",
        "shortfall_above_gittins",
        "network",
        0.0,
    )
    yield Agrees(
        "Summed action gaps and lost rewards, two estimates of the shortfall, differ by at most 4 standard errors.",
        "gap_minus_lost_rewards",
        "network",
    )
    yield Agrees(
        "The sampled shortfall differs from the exact sum over all histories by at most 4 standard errors.",
        "sampled_minus_certified",
        "network",
    )
    if not table.of("shortfall"):
        yield AtMost(
            "The network loses to the reference at most 1 % of the rewards that the random policy loses to it.",
            "rewards_below_reference",
            "network",
            SMALL_SHARE * table.one("rewards_below_reference", "uniform").interval.estimate,
        )
        yield AtMost(
            "The network loses to the reference at most the rewards that the greedy policy loses to it.",
            "rewards_below_reference",
            "network",
            table.one("rewards_below_reference", "greedy").interval.estimate,
        )
