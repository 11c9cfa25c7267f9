"""What is claimed of any network meta-trained to decide."""

import pandas as pd

from comparisons.claims import Agrees, AtMost, Claim, decidable

SMALL_SHARE = 0.01
"""This package's own margin: what counts as a small part of what uniform play loses."""


def decision_claims(table: pd.DataFrame) -> tuple[Claim, ...]:
    """What is claimed; those claims that the table can decide.

    With an exact optimum, of the shortfall. Without one, of the rewards below the reference, whose bounds are then
    estimates too: a hundredth of what uniform play loses to the reference, and what greedy play loses to it.
    """
    claims: list[Claim] = [
        AtMost(
            "The network loses at most 1 % of the rewards that uniform play loses to the Bayes-optimal policy.",
            "share_of_uniform_shortfall",
            "network",
            SMALL_SHARE,
        ),
        AtMost(
            "The network loses at most as much as greedy play does (100 %).",
            "share_of_greedy_shortfall",
            "network",
            1.0,
        ),
        AtMost("The network loses no more than the Gittins policy does.", "shortfall_above_gittins", "network", 0.0),
        Agrees(
            "Summed action gaps and lost rewards, two estimates of one shortfall, agree.",
            "gap_minus_lost_rewards",
            "network",
        ),
        Agrees(
            "The sampled shortfall agrees with the exact sum over all histories.", "sampled_minus_certified", "network"
        ),
    ]
    if not (table.measure == "shortfall").any():
        claims += _claims_below_reference(table)
    return decidable(claims, table)


def _claims_below_reference(table: pd.DataFrame) -> list[Claim]:
    lost = table[table.measure == "rewards_below_reference"].set_index("predictor").estimate
    return [
        AtMost(
            "The network loses to the reference at most 1 % of what uniform play loses to it.",
            "rewards_below_reference",
            "network",
            SMALL_SHARE * float(lost["uniform"]),
        ),
        AtMost(
            "The network loses to the reference no more than greedy play does.",
            "rewards_below_reference",
            "network",
            float(lost["greedy"]),
        ),
    ]
