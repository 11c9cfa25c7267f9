"""What is claimed of any network meta-trained to predict."""

import pandas as pd

from comparisons.claims import Agrees, AtMost, Claim, decidable


def prediction_claims(table: pd.DataFrame) -> tuple[Claim, ...]:
    """What is claimed; those claims that the table can decide.

    The margins are this package's own: a 300th of the best memoryless predictor's error, 1 % of miscalibration, and
    a thousandth of a nat for the order of the observations.
    """
    claims: list[Claim] = [
        AtMost(
            "The network is at least 300 times closer to Bayes than the best predictor without memory.",
            "share_of_memoryless_gap",
            "network",
            1 / 300,
        ),
        Agrees(
            "KL to Bayes and excess log loss, two estimates of one number, agree.",
            "kl_minus_excess_log_loss",
            "network",
        ),
        Agrees("The sampled KL agrees with the exact sum over all histories.", "sampled_minus_certified", "network"),
        AtMost("The network's stated probabilities are right to within 0.01.", "calibration_error", "network", 0.01),
    ]
    positions = [m for m in table.measure if m.startswith("order_cost_after_")]
    if positions:
        claims.append(
            AtMost(
                "Forgetting that order does not matter costs the network at most 0.001 nats.",
                positions[-1],
                "network",
                1e-3,
            )
        )
    return decidable(claims, table)
