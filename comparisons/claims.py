"""Claims and verdicts: statements made beforehand, and whether the intervals support them.

A claim is decided by the interval, not by the estimate: it held if the whole interval lies on the claimed side,
failed if the whole interval lies on the other, and is undecided in between. Without an interval it is not measurable.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from comparisons.rows import Coordinate, Over, Table

Outcome = Literal["held", "failed", "undecided", "not measurable", "not judged"]
"""What comes of a claim. It is not measurable without an interval, and not judged where it is of a smoke run."""

BoundSet = Literal["before", "after", "theory", "paper", "not recorded"]
"""When and from what the bound of a claim was set, as far as the history of this code records it.

It was written before any result was stored and not moved since; it was written or moved after a result was seen; it
follows from theory; it is a number of the paper; or the history does not tell.
"""

At = Mapping[str, Coordinate]


@dataclass(frozen=True)
class AtMost:
    """A measure, with its interval, does not exceed a bound."""

    statement: str
    measure: str
    who: str
    bound: float
    at: At = field(default_factory=dict)
    bound_set: BoundSet = "not recorded"


@dataclass(frozen=True)
class AtLeast:
    """A measure, with its interval, does not fall short of a bound."""

    statement: str
    measure: str
    who: str
    bound: float
    at: At = field(default_factory=dict)
    bound_set: BoundSet = "not recorded"


@dataclass(frozen=True)
class Within:
    """A measure, with its interval, lies between two bounds: a claim of equivalence."""

    statement: str
    measure: str
    who: str
    least: float
    most: float
    at: At = field(default_factory=dict)
    bound_set: BoundSet = "not recorded"


@dataclass(frozen=True)
class Agrees:
    """Two estimates of one number differ by at most this many standard errors of their difference.

    Its bound leaves room for the sampling error, so that the estimate decides, and not the interval.
    """

    statement: str
    measure: str
    who: str
    standard_errors: float = 4.0
    at: At = field(default_factory=dict)
    bound_set: BoundSet = "not recorded"


Claim = AtMost | AtLeast | Within | Agrees


class Verdict(NamedTuple):
    """The outcome of a claim: the estimate with its interval, and the claimed interval from `least` to `most`."""

    statement: str
    outcome: Outcome
    estimate: float
    lower: float
    upper: float
    least: float
    most: float
    unit: str
    over: Over
    bound_set: BoundSet = "not recorded"
    measure: str = ""
    experiment: str = ""
    """The experiment of a reproduction that the claim is about; empty elsewhere."""


def set_when(bound_set: BoundSet, claims: Iterable[Claim]) -> list[Claim]:
    """Return these claims with a statement when their bounds were set; a claim that says it itself keeps its own."""
    return [
        dataclasses.replace(claim, bound_set=bound_set) if claim.bound_set == "not recorded" else claim
        for claim in claims
    ]


def judge(table: Table, claims: Sequence[Claim]) -> list[Verdict]:
    """Return the verdict on every claim. Raises `KeyError` naming the measure that the table lacks."""
    return [_judge_one(table, claim) for claim in claims]


def decidable(claims: Iterable[Claim], table: Table) -> tuple[Claim, ...]:
    """Return the claims whose measures are in the table."""
    return tuple(claim for claim in claims if table.get(claim.measure, claim.who, **claim.at) is not None)


def _judge_one(table: Table, claim: Claim) -> Verdict:
    row = table.one(claim.measure, claim.who, **claim.at)
    estimate, lower, upper = row.interval
    least, most = _claimed(claim)
    low, high = (estimate, estimate) if isinstance(claim, Agrees) else (lower, upper)
    outcome: Outcome
    if np.isnan(low) or np.isnan(high):
        outcome = "not measurable"
    elif least <= low and high <= most:
        outcome = "held"
    elif low > most or high < least:
        outcome = "failed"
    else:
        outcome = "undecided"
    origin = (claim.bound_set, claim.measure, str(claim.at.get("experiment", "")))
    return Verdict(claim.statement, outcome, estimate, lower, upper, least, most, row.unit, row.over, *origin)


def _claimed(claim: Claim) -> tuple[float, float]:
    """Return the ends of the claimed interval."""
    match claim:
        case AtMost():
            return -np.inf, claim.bound
        case AtLeast():
            return claim.bound, np.inf
        case Within():
            return claim.least, claim.most
        case Agrees():
            return -claim.standard_errors, claim.standard_errors
