"""Claims about networks that forage, after Lange & Sprekeler 2020; every bound is this package's own.

The paper's figures give medians without tests, so bounds leave room around them.
"""

from collections.abc import Iterator

import xarray as xr

from comparisons.claims import AtLeast, AtMost, Claim, Within, decidable, set_when
from comparisons.foraging.published import is_paper_setting
from comparisons.rows import Table

NEAR, FAR = 0.9, 0.6
"""Shares of the exact optimum that count as near it and far from it; the small goal alone earns nearly the second."""

COMPONENTS = 3
"""Principal components in the paper's figure 9."""


def claims_of(tree: xr.DataTree, table: Table) -> tuple[Claim, ...]:
    """Return the claims about numbers in the table: networks may have diverged, or have other training lifetimes."""
    return decidable(possible_claims(is_paper=is_paper_setting(tree)), table.known())


def possible_claims(*, is_paper: bool) -> list[Claim]:
    """Return all claims; only general ones on other grids than the paper's, or in a longest lifetime other than 100."""
    return set_when("before", _claims(is_paper=is_paper))


def _claims(*, is_paper: bool) -> Iterator[Claim]:
    if is_paper:
        yield from _regimes()
        yield from _optimality()
    yield from _own_lifetimes()
    yield from _mismatch()
    if is_paper:
        yield from _transfer()
        yield from _choices()
        yield from _dimensions()


def _regimes() -> Iterator[Claim]:
    """Figures 4 and 5: entries of goals by training lifetime."""
    yield Within(
        "The shortest lifetime in which learning pays is 9 steps.",
        "shortest_learning_lifetime",
        "optimal",
        9,
        9,
        bound_set="theory",
    )
    yield _most(
        "Networks trained for 5 steps enter the high goal at most 0.5 times per 100 steps.", "high_goals", 5, 0.5
    )
    yield _most(
        "Networks trained for 5 steps enter the medium goal at most 0.5 times per 100 steps.", "medium_goals", 5, 0.5
    )
    yield _least(
        "Networks trained for 5 steps enter the small goal at least 40 times per 100 steps; 50 are possible.",
        "small_goals",
        5,
        40,
    )
    yield _least(
        "Networks trained for 10 steps enter the medium goal at least 0.5 times per 100 steps.", "medium_goals", 10, 0.5
    )
    yield _most(
        "Networks trained for 10 steps enter the high goal at most 0.5 times per 100 steps.", "high_goals", 10, 0.5
    )
    yield _least("Networks trained for 15 steps enter the high goal at least once per 100 steps.", "high_goals", 15, 1)
    yield _most(
        "Networks trained for 100 steps enter the small goal at most 3 times per 100 steps.", "small_goals", 100, 3
    )
    yield AtLeast(
        "The rank correlation of the return in 100 steps and the training lifetime, from 5 to 100 steps, is at least "
        "0.8.",
        "return_rank_correlation",
        "network",
        0.8,
        at=_change(5, 100),
    )
    yield AtLeast(
        "Networks trained for 100 steps earn at least 25 rewards more per 100 steps than networks trained for 5.",
        "return_gain",
        "network",
        25,
        at=_change(5, 100),
    )


def _optimality() -> Iterator[Claim]:
    """Figure 5: returns in 100 steps beside the exact optimum."""
    for lifetime in (60, 80, 100):
        yield _least(
            f"Networks trained for {lifetime} steps earn at least 90 % of the exact optimum in 100 steps.",
            "return_share",
            lifetime,
            NEAR,
        )
    for lifetime in (5, 10):
        yield _most(
            f"Networks trained for {lifetime} steps earn at most 60 % of the exact optimum in 100 steps.",
            "return_share",
            lifetime,
            FAR,
        )


def _own_lifetimes() -> Iterator[Claim]:
    """Figure 6, diagonal: returns in the training lifetime beside its exact optimum."""
    for lifetime in (10, 20, 50, 100):
        yield _least(
            f"Networks trained for {lifetime} steps earn at least 90 % of the exact optimum in that lifetime.",
            "own_return_share",
            lifetime,
            NEAR,
        )


def _mismatch() -> Iterator[Claim]:
    """Figure 6, as a whole."""
    yield AtLeast(
        "Each doubling of the ratio between tested and training lifetime costs networks at least 0 % more rewards.",
        "mismatch_slope",
        "network",
        0,
    )


def _transfer() -> Iterator[Claim]:
    """Figure 6: losses in lifetimes of other lengths."""
    for trained, tested in ((10, 100), (20, 100), (100, 10), (50, 10)):
        yield AtLeast(
            f"Networks trained for {trained} steps earn at least 10 % less in {tested} steps than networks trained for "
            f"{tested}.",
            "transfer_loss",
            "network",
            10,
            at={"train_lifetime": trained, "test_lifetime": tested},
        )


def _choices() -> Iterator[Claim]:
    """Figure 9: how networks trained for the longest lifetime spend it."""
    yield _least(
        "Networks trained for 100 steps take a shortest path on at least 90 % of their trips to the high goal, "
        "once they have found it.",
        "shortest_trips",
        100,
        NEAR,
    )
    yield _least(
        "Networks trained for 100 steps that have found the high goal enter no better goal after at least 50 % "
        "of their entries of the small goal.",
        "late_small_goals",
        100,
        0.5,
    )


def _dimensions() -> Iterator[Claim]:
    """Figure 9: spread of hidden states by training lifetime."""
    for first, last in ((10, 20), (20, 50)):
        yield AtLeast(
            f"The participation ratio of hidden states grows by at least 0 dimensions from training for {first} steps "
            f"to {last}.",
            "participation_ratio_gain",
            "network",
            0,
            at=_change(first, last),
        )
    yield AtMost(
        "The share of variance of hidden states along three components grows by at most 0 % from training for 10 steps "
        "to 50.",
        "explained_variance_gain",
        "network",
        0,
        at={**_change(10, 50), "components": COMPONENTS},
    )


def _least(statement: str, measure: str, lifetime: int, bound: float) -> Claim:
    """Return a claim about the networks of one training lifetime."""
    return AtLeast(statement, measure, "network", bound, at={"train_lifetime": lifetime})


def _most(statement: str, measure: str, lifetime: int, bound: float) -> Claim:
    """Return a claim about the networks of one training lifetime."""
    return AtMost(statement, measure, "network", bound, at={"train_lifetime": lifetime})


def _change(first: int, last: int) -> dict[str, int]:
    return {"from_lifetime": first, "to_lifetime": last}
