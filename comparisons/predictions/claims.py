"""Claims about any network meta-trained to predict."""

from collections.abc import Iterator

import xarray as xr

from comparisons.claims import Agrees, AtMost, Claim
from comparisons.rows import Table


def claims_of(tree: xr.DataTree, table: Table) -> Iterator[Claim]:
    """Yield the claims.

    The margins are this package's own: a 300th of the best memoryless predictor's error, 1 % of miscalibration, and
    a thousandth of a nat for the order of the observations.
    """
    yield AtMost(
        "The network is at least 300 times closer to Bayes than the best predictor without memory.",
        "share_of_memoryless_gap",
        "network",
        1 / 300,
    )
    yield Agrees(
        "KL to Bayes and excess log loss, two estimates of one number, agree.", "kl_minus_excess_log_loss", "network"
    )
    yield Agrees("The sampled KL agrees with the exact sum over all histories.", "sampled_minus_certified", "network")
    yield AtMost("The network's stated probabilities are right to within 0.01.", "calibration_error", "network", 0.01)
    for row in table.of("order_cost")[-1:]:
        yield AtMost(
            "Forgetting that order does not matter costs the network at most 0.001 nats.",
            "order_cost",
            "network",
            1e-3,
            at=row.at,
        )
