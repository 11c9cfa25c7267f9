"""What is claimed of networks that forage, after Lange & Sprekeler 2020; every bound is this package's own.

The paper's figures give medians without tests, so bounds leave room around them: they say "far from" and "near".
"""

from collections.abc import Iterator

import pandas as pd
import xarray as xr

from comparisons.claims import AtLeast, AtMost, Claim, Within, decidable
from comparisons.foraging.measures import longer, trained_for
from comparisons.foraging.published import is_paper_family

NEAR, FAR = 0.9, 0.6
"""Nine tenths of the optimum are near it; six tenths, which the small goal alone nearly earns, are far from it."""


def foraging_claims(tree: xr.DataTree, table: pd.DataFrame) -> tuple[Claim, ...]:
    """Those claims that a table can decide: it may be of other lifetimes than the paper's, or of diverged networks.

    Of other grids, or tested in other lifetimes than 100 steps, only what is said of any.
    """
    claims: tuple[Claim, ...] = (*_own_lifetimes(), *_mismatch())
    if is_paper_family(tree):
        claims = (*_regimes(), *_optimality(), *claims, *_transfer(), *_courses(), *_dimensions())
    return decidable(claims, table[table.estimate.notna()])


def _regimes() -> Iterator[Claim]:
    """Figures 4 and 5: which goals are used, by training lifetime."""
    short, long = trained_for(5), trained_for(100)
    yield Within(
        "In theory, learning pays in lifetimes of 9 steps and more.", "shortest_learning_lifetime", "optimal", 9, 9
    )
    yield AtMost("Networks trained for 5 steps do not learn: no high goal in 100 steps.", "high_goals", short, 0.5)
    yield AtMost("Nor a medium one.", "medium_goals", short, 0.5)
    yield AtLeast("They enter the small goal at least 40 of 50 times.", "small_goals", short, 40)
    yield AtLeast("Trained for 10 steps, they use the medium goal.", "medium_goals", trained_for(10), 0.5)
    yield AtMost("Trained for 10 steps, they do not use the high goal yet.", "high_goals", trained_for(10), 0.5)
    yield AtLeast("Trained for 15 steps, they use the high goal.", "high_goals", trained_for(15), 1)
    yield AtMost("Trained for 100 steps, they have all but given up the small goal.", "small_goals", long, 3)
    every = longer(5, 100)
    yield AtLeast("Returns in 100 steps rise with the training lifetime.", "return_rank_correlation", every, 0.8)
    yield AtLeast("From training for 5 to 100 steps they rise by 25 or more.", "return_gain", every, 25)


def _optimality() -> Iterator[Claim]:
    """Figure 5: how near the exact optimum networks come in 100 steps."""
    for lifetime in (60, 80, 100):
        yield AtLeast(
            f"Trained for {lifetime} steps, networks earn nine tenths of the optimum in 100.",
            "share_of_optimum",
            trained_for(lifetime),
            NEAR,
        )
    for lifetime in (5, 10):
        yield AtMost(
            f"Trained for {lifetime} steps, they earn at most six tenths of it.",
            "share_of_optimum",
            trained_for(lifetime),
            FAR,
        )


def _own_lifetimes() -> Iterator[Claim]:
    """Figure 6, diagonal: how near it they come in their own lifetime."""
    for lifetime in (10, 20, 50, 100):
        yield AtLeast(
            f"In the {lifetime} steps that they were trained for, networks earn nine tenths of the optimum.",
            "own_share_of_optimum",
            trained_for(lifetime),
            NEAR,
        )


def _mismatch() -> Iterator[Claim]:
    """Figure 6, as a whole."""
    yield AtLeast("The more lifetimes differ, the more is lost.", "mismatch_slope", "networks", 0)


def _transfer() -> Iterator[Claim]:
    """Figure 6: strategies tuned to one lifetime fail in others."""
    for trained, tested in ((10, 100), (20, 100), (100, 10), (50, 10)):
        yield AtLeast(
            f"Trained for {trained} steps, networks lose at least a tenth in {tested}, beside those trained for them.",
            f"transfer_loss_in_{tested}",
            trained_for(trained),
            10,
        )


def _courses() -> Iterator[Claim]:
    """Figure 9: how networks with long lifetimes spend them."""
    long = trained_for(100)
    yield AtLeast(
        "Once networks trained for 100 steps have found the high goal, nine of ten ways to it are shortest.",
        "shortest_trips",
        long,
        NEAR,
    )
    yield AtLeast(
        "When they still use the small goal then, it is in most cases near the end, after all better goals.",
        "late_small_goals",
        long,
        0.5,
    )


def _dimensions() -> Iterator[Claim]:
    """Figure 9: hidden states spread in more dimensions, the more there is to learn."""
    for first, last in ((10, 20), (20, 50)):
        yield AtLeast(
            f"Hidden states spread in more dimensions for lifetimes of {last} steps than of {first}.",
            "participation_ratio_gain",
            longer(first, last),
            0,
        )
    yield AtMost(
        "From 10 to 50 steps, the share of variance along three components falls.",
        "explained_by_three_gain",
        longer(10, 50),
        0,
    )
