"""Claims about any network meta-trained to predict."""

from collections.abc import Iterator

import xarray as xr

from comparisons.claims import Agrees, AtMost, Claim, set_when
from comparisons.rows import Table


def claims_of(tree: xr.DataTree, table: Table) -> list[Claim]:
    """Return the claims.

    The margins are this package's own: a 300th of the best memoryless predictor's error, 1 % of miscalibration, and
    a thousandth of a nat for the order of the observations.
    """
    return set_when("before", _claims_of(tree, table))


def _claims_of(tree: xr.DataTree, table: Table) -> Iterator[Claim]:
    yield AtMost(
        "The network's KL from Bayes is at most 0.333 % (one 300th) of that of the best predictor without memory.",
        "share_of_memoryless_gap",
        "network",
        1 / 300,
    )
    yield Agrees(
        "KL from Bayes and excess log loss, two estimates of one number, differ by at most 4 standard errors.",
        "kl_minus_excess_log_loss",
        "network",
    )
    yield Agrees(
        "The sampled KL differs from the exact sum over all histories by at most 4 standard errors.",
        "sampled_minus_certified",
        "network",
    )
    yield AtMost(
        "The network's predicted probabilities differ from observed frequencies by at most 0.01 on average.",
        "calibration_error",
        "network",
        0.01,
    )
    for row in table.of("order_cost")[-1:]:
        yield AtMost(
            "The order of the observations costs the network at most 0.001 nats.",
            "order_cost",
            "network",
            1e-3,
            at=row.at,
        )
